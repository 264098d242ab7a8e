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

# Refused for what only people can mend, such as a token: asked again now and then, with as much chance in it.
MEND_WAIT_S: Final = 30.0

# A receiver that asks for more has made a mistake, and the agent would be silent for long.
MAX_RETRY_AFTER_S: Final = 3600.0

# Of what a receiver says, for the log.
MAX_EXCERPT_BYTES: Final = 1024

# What these say is about settings, not about the batch: nothing is lost while someone mends them.
_MENDABLE: Final = frozenset({401, 403, 404, 407})


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
    """Tried again with waits that grow."""
    MEND = auto()
    """Tried again now and then: someone has to mend the settings."""
    ANEW = auto()
    """Asked again at once: the conversation now puts it otherwise."""
    WAIT = auto()
    """Tried again after a while, and no failure."""
    SPLIT = auto()
    """Too large: sent in two halves."""


def verdict(answer: Answer) -> Verdict:
    """Judge an answer by its status alone.

    A redirect is tried again: nothing is lost while someone mends the address.
    """
    status = answer.status
    if 200 <= status < 300:
        return Verdict.TAKEN
    if status in _MENDABLE:
        return Verdict.MEND
    if status == 413:
        return Verdict.SPLIT
    return Verdict.REFUSED if 400 <= status < 500 and status != 429 else Verdict.RETRY


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

    def mend_s(self) -> float:
        """Return how long to leave it to people: half a minute to a minute."""
        return MEND_WAIT_S * (1 + self._chance())

    def reset(self) -> None:
        """Begin anew: something got through."""
        self._step_s = FIRST_WAIT_S
