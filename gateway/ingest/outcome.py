"""What became of a request: what was kept, what was not and why, and what the sender is told.

Owns the status and the words. Must not know the headers and bodies that carry them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.ingest.errors import Unavailable, UnsupportedMedia
from remotewrite.decode.batch import Batch, Rejection
from remotewrite.errors import MalformedRequest, RequestTooLarge

KEPT: Final = 204
PARTLY_KEPT: Final = 400

STATUSES: Final[dict[type[Exception], int]] = {
    MalformedRequest: 400,
    RequestTooLarge: 413,
    UnsupportedMedia: 415,
    Unavailable: 503,
}
"""For a sender 4xx is final, and 5xx means to send the same again: then nothing of it may have been kept."""

UNKNOWN_VERSION: Final = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many of each kind."""

    samples: int = 0
    histograms: int = 0
    exemplars: int = 0

    def __str__(self) -> str:
        """Write those that there are: `1 sample and 2 exemplars`."""
        parts = [
            f"{number} {word}{'s' * (number != 1)}"
            for number, word in (
                (self.samples, "sample"),
                (self.histograms, "histogram"),
                (self.exemplars, "exemplar"),
            )
            if number
        ]
        return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


NOTHING: Final = Counts()


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a request took to read."""

    compressed_bytes: int
    decoded_bytes: int
    decode_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one request; `sentence` is empty when all of it was kept. `work` only if it was read."""

    status: int
    version: str
    sentence: str = ""
    kept: Counts = NOTHING
    rejected: Sequence[Rejection] = ()
    retry_after_s: int | None = None
    work: Work | None = None


def of_batch(batch: Batch, version: str, work: Work) -> Outcome:
    """All that could be kept of the request is."""
    kept = Counts(
        samples=len(batch.samples), histograms=len(batch.histograms), exemplars=len(batch.exemplars)
    )
    return Outcome(
        status=PARTLY_KEPT if batch.rejected else KEPT,
        version=version,
        sentence=_sentence(batch.rejected, kept) if batch.rejected else "",
        kept=kept,
        rejected=batch.rejected,
        work=work,
    )


def of_error(error: Exception, version: str = UNKNOWN_VERSION) -> Outcome:
    """Nothing was kept; the error is of a type in STATUSES."""
    return Outcome(
        status=STATUSES[type(error)],
        version=version,
        sentence=f"The request was refused: {error}.",
        retry_after_s=error.retry_after_s if isinstance(error, Unavailable) else None,
    )


def _sentence(rejected: Sequence[Rejection], kept: Counts) -> str:
    parts = [f"Rejected {_what(each)}: {each.reason}." for each in rejected]
    rest = f"The rest was kept: {kept}." if kept != NOTHING else "No sample, histogram or exemplar was kept."
    return " ".join([*parts, rest])


def _what(rejection: Rejection) -> str:
    counts = Counts(samples=rejection.samples, histograms=rejection.histograms, exemplars=rejection.exemplars)
    # What holds none of these is metadata, or a series that is nothing but labels.
    what = str(counts) or f"{rejection.times} entr{'ies' if rejection.times > 1 else 'y'}"
    return f"{what}, the first" if rejection.times > 1 else what
