"""The times that are taken: from the oldest that is kept to a little after now.

Owns these rules. Must not know how a request was written, nor read a clock.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, TypeVar

import numpy as np

from remotewrite.decode.batch import Batch, Rejection
from remotewrite.decode.names import describe
from timeseries.columns import Bools
from timeseries.exemplar import Exemplar
from timeseries.histogram import HistogramSample
from timeseries.labels import Labels

FUTURE_MS: Final = 10 * 60 * 1000
"""How far a sender's clock may be ahead. What lies further ahead would hide all true samples until then."""

TOO_OLD: Final = "too_old"
TOO_NEW: Final = "too_far_in_future"

Timed = TypeVar("Timed", HistogramSample, Exemplar)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From `oldest_ms` to `FUTURE_MS` after `now_ms`, both included."""

    oldest_ms: int
    now_ms: int

    def clip(self, batch: Batch, labels: Callable[[int], Labels]) -> Batch:
        """Return the batch with what lies outside as rejections; `labels` tells whose it was."""
        latest_ms = self.now_ms + FUTURE_MS
        times = batch.samples.times
        early, late = times < self.oldest_ms, times > latest_ms
        old = _Outside.of(batch, early, lambda time_ms: time_ms < self.oldest_ms)
        new = _Outside.of(batch, late, lambda time_ms: time_ms > latest_ms)
        if not old and not new:
            return batch
        rejected = list(batch.rejected)
        if old:
            limit = f"before {_moment(self.oldest_ms)}, the oldest time that is kept"
            rejected.append(old.rejection(TOO_OLD, limit, labels))
        if new:
            limit = f"over {FUTURE_MS // 60_000} minutes after now, {_moment(self.now_ms)}"
            rejected.append(new.rejection(TOO_NEW, limit, labels))
        return replace(
            batch,
            samples=batch.samples.where(~(early | late)),
            histograms=self._within(batch.histograms),
            exemplars=self._within(batch.exemplars),
            rejected=rejected,
        )

    def _within(self, pairs: Sequence[tuple[int, Timed]]) -> list[tuple[int, Timed]]:
        return [pair for pair in pairs if self.oldest_ms <= pair[1].time_ms <= self.now_ms + FUTURE_MS]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outside:
    """How many lie on one side of the window, and the reference and time of the first of them."""

    samples: int
    histograms: int
    exemplars: int
    first: tuple[int, int]

    @classmethod
    def of(cls, batch: Batch, mask: Bools, is_outside: Callable[[int], bool]) -> "_Outside | None":
        """Find them; most requests have none."""
        samples = int(np.count_nonzero(mask))
        histograms = [(ref, each.time_ms) for ref, each in batch.histograms if is_outside(each.time_ms)]
        exemplars = [(ref, each.time_ms) for ref, each in batch.exemplars if is_outside(each.time_ms)]
        if not (samples or histograms or exemplars):
            return None
        at = int(mask.argmax()) if samples else 0
        columns = batch.samples
        first = (int(columns.refs[at]), int(columns.times[at])) if samples else (*histograms, *exemplars)[0]
        return cls(samples=samples, histograms=len(histograms), exemplars=len(exemplars), first=first)

    def rejection(self, code: str, limit: str, labels: Callable[[int], Labels]) -> Rejection:
        """Say so, with the first as the example."""
        ref, time_ms = self.first
        pairs = [(name.encode(), value.encode()) for name, value in labels(ref)]
        return Rejection(
            code=code,
            reason=f"series {describe(pairs)}: its time, {_moment(time_ms)}, is {limit}",
            times=self.samples + self.histograms + self.exemplars,
            samples=self.samples,
            histograms=self.histograms,
            exemplars=self.exemplars,
        )


def _moment(time_ms: int) -> str:
    """Write a time; one in nanoseconds instead of milliseconds is beyond any calendar."""
    try:
        moment = datetime.fromtimestamp(time_ms / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return f"{time_ms} ms"
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
