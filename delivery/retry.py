"""What to do after an answer, and how long to wait. Pure: chance and time are parameters."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from typing import Final

FIRST_WAIT_S: Final = 0.03
MAX_WAIT_S: Final = 5.0
# A wait is up to this part shorter than its step, so that many agents do not come back in one moment.
JITTER: Final = 0.1

# A receiver that asks for more has made a mistake, and the agent would be silent for long.
MAX_RETRY_AFTER_S: Final = 3600.0

# Of what a receiver says, for the log.
MAX_EXCERPT_BYTES: Final = 1024

_WRITTEN: Final = "x-prometheus-remote-write-{}-written"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer of a receiver: headers by their names in lower case, the start of the body."""

    status: int
    headers: Mapping[str, str]
    excerpt: bytes = b""


class Verdict(Enum):
    """What an answer means for the batch."""

    TAKEN = auto()
    REFUSED = auto()
    RETRY = auto()
    FALL_BACK = auto()


def verdict(answer: Answer, *, version: int) -> Verdict:
    """Judge an answer to a request of version 1 or 2.

    What acknowledges 2.0 without saying what it wrote has not read it: receivers of 1.0 pass over its fields.
    A redirect is tried again: nothing is lost while someone mends the address.
    """
    status = answer.status
    if 200 <= status < 300:
        return Verdict.TAKEN if version == 1 or written(answer) is not None else Verdict.FALL_BACK
    if status == 415 and version == 2:
        return Verdict.FALL_BACK
    return Verdict.REFUSED if 400 <= status < 500 and status != 429 else Verdict.RETRY


def written(answer: Answer) -> int | None:
    """Return how many samples and histograms the receiver says it kept; None when it does not say."""
    said = [answer.headers.get(_WRITTEN.format(kind)) for kind in ("samples", "histograms")]
    counts = [int(text) for text in said if text is not None and text.isascii() and text.isdigit()]
    return sum(counts) if counts else None


def retry_after_s(answer: Answer, *, now_s: float) -> float:
    """Return how long the receiver wants to be left alone, from seconds or a date; 0 when it does not say."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        # Digits without end are no number that a float holds.
        seconds = float(text[:12])
    else:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - now_s
        except (ValueError, OverflowError):
            return 0.0
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_S)


class Backoff:
    """Waits that double from 30 ms to 5 s, each at most a tenth shorter by chance."""

    def __init__(self, chance: Callable[[], float]) -> None:
        self._chance = chance
        self._step_s = FIRST_WAIT_S

    def next_s(self) -> float:
        """Return the next wait."""
        wait = self._step_s * (1 - JITTER * self._chance())
        self._step_s = min(2 * self._step_s, MAX_WAIT_S)
        return wait

    def reset(self) -> None:
        """Begin anew: something got through."""
        self._step_s = FIRST_WAIT_S
