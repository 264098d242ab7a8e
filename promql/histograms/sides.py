"""One side of a native histogram: bucket indices, ascending, and their counts. Knows no zero bucket."""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from promql.histograms.bounds import upper_bounds
from timeseries.columns import Bools, Floats, Ints
from timeseries.histogram import Buckets, Span


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Side:
    """Buckets that are there, some perhaps empty; `indices` ascend strictly.

    Only these are kept, however far apart: spans may leave gaps of billions of buckets.
    """

    indices: Ints
    counts: Floats

    @classmethod
    def of(cls, buckets: Buckets) -> Self:
        """Return the buckets of a sample."""
        if not buckets.counts:
            return cls(indices=_NO_INDICES, counts=_NO_COUNTS)
        runs, at = [], 0
        for span in buckets.spans:
            at += span.offset
            runs.append(np.arange(at, at + span.length, dtype=np.int64))
            at += span.length
        return cls(indices=np.concatenate(runs), counts=np.array(buckets.counts, np.float64))

    @property
    def buckets(self) -> Buckets:
        """The buckets as a sample has them: spans without gaps."""
        if not len(self):
            return Buckets()
        spans: list[Span] = []
        end = 0
        for run in np.split(self.indices, np.flatnonzero(np.diff(self.indices) != 1) + 1):
            spans.append(Span(int(run[0]) - end, len(run)))
            end = int(run[-1]) + 1
        return Buckets(spans=tuple(spans), counts=tuple(self.counts.tolist()))

    def __len__(self) -> int:
        """Count the buckets."""
        return len(self.indices)

    def plus(self, other: "Side", sign: float = 1.0) -> "Side":
        """Add the other's counts times sign; has the buckets of both."""
        if len(self) == len(other) and np.array_equal(self.indices, other.indices):
            return Side(indices=self.indices, counts=self.counts + sign * other.counts)
        indices = np.union1d(self.indices, other.indices)
        counts = self.counts_at(indices)
        counts[np.searchsorted(indices, other.indices)] += sign * other.counts
        return Side(indices=indices, counts=counts)

    def grown(self, previous: "Side") -> bool:
        """Tell whether it has the same buckets as before, and none has less."""
        return (
            len(self) == len(previous)
            and np.array_equal(self.indices, previous.indices)
            and bool((self.counts >= previous.counts).all())
        )

    def with_counts(self, counts: Floats) -> "Side":
        """Return the same buckets with other counts."""
        return Side(indices=self.indices, counts=counts)

    def where(self, keep: Bools) -> "Side":
        """Return only some of the buckets."""
        return self if keep.all() else Side(indices=self.indices[keep], counts=self.counts[keep])

    def regrouped(self, targets: Ints) -> "Side":
        """Merge buckets: each goes to the index given for it; those must not descend."""
        if not len(self):
            return self
        first = np.flatnonzero(np.diff(targets, prepend=targets[0] - 1))
        return Side(indices=targets[first], counts=np.add.reduceat(self.counts, first))

    def reduced(self, steps: int) -> "Side":
        """Halve the resolution of exponential buckets so many times."""
        return self if not steps else self.regrouped(((self.indices - 1) >> steps) + 1)

    def above(self, threshold: float, schema: int) -> "Side":
        """Return the exponential buckets that do not lie within the threshold."""
        return self.where(upper_bounds(self.indices, schema) > threshold)

    def counts_at(self, indices: Ints) -> Floats:
        """Return a count for each of the indices, which must include the side's own."""
        counts = np.zeros(len(indices))
        counts[np.searchsorted(indices, self.indices)] = self.counts
        return counts


_NO_INDICES: Final = np.empty(0, np.int64)
_NO_COUNTS: Final = np.empty(0, np.float64)
NO_SIDE: Final = Side(indices=_NO_INDICES, counts=_NO_COUNTS)
