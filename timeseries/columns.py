"""Columns: the samples of many series as three flat arrays. The only module here that needs numpy."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from timeseries.errors import InvalidColumns
from timeseries.stale import STALE_BITS

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Columns:
    """Ragged rows, one a series: row i is `times[offsets[i]:offsets[i + 1]]`, in ms; `values` likewise."""

    times: Ints
    values: Floats
    offsets: Ints

    def __post_init__(self) -> None:
        """Raise InvalidColumns when the arrays do not fit together."""
        if self.times.dtype != np.int64 or self.values.dtype != np.float64 or self.offsets.dtype != np.int64:
            raise InvalidColumns("times and offsets must be int64, values float64")
        if self.times.ndim != 1 or self.times.shape != self.values.shape:
            raise InvalidColumns(f"times {self.times.shape} and values {self.values.shape} differ in shape")
        ends = self.offsets
        if ends.ndim != 1 or not len(ends) or ends[0] != 0 or ends[-1] != len(self.times):
            raise InvalidColumns(f"offsets must run from 0 to {len(self.times)}")
        if np.any(ends[1:] < ends[:-1]):
            raise InvalidColumns("offsets must not descend")

    @classmethod
    def from_rows(cls, rows: Iterable[tuple[Ints, Floats]]) -> Self:
        """Lay rows of (times, values) end to end; raises InvalidColumns."""
        pairs = list(rows)
        lengths = np.fromiter((len(times) for times, _ in pairs), np.int64, len(pairs))
        if any(len(times) != len(values) for times, values in pairs):
            raise InvalidColumns("a row has more times than values, or fewer")
        return cls(
            times=np.concatenate([np.empty(0, np.int64), *(times for times, _ in pairs)]),
            values=np.concatenate([np.empty(0, np.float64), *(values for _, values in pairs)]),
            offsets=offsets_of(lengths),
        )

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.offsets) - 1

    def row(self, index: int) -> tuple[Ints, Floats]:
        """Return the times and values of one row, as views."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        part = slice(self.offsets[index], self.offsets[index + 1])
        return self.times[part], self.values[part]

    @property
    def lengths(self) -> Ints:
        """How many samples each row has."""
        return np.diff(self.offsets)

    def take(self, rows: Ints) -> Self:
        """Return the rows at these indices, in their order; negative ones count from the end."""
        lengths = self.lengths[rows]
        offsets = offsets_of(lengths)
        starts = self.offsets[:-1][rows]
        source = np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], lengths)
        return type(self)(times=self.times[source], values=self.values[source], offsets=offsets)

    def where(self, keep: Bools) -> Self:
        """Return all rows with only the samples marked."""
        if keep.shape == self.times.shape and keep.all():
            return self
        kept = offsets_of(keep)
        return type(self)(times=self.times[keep], values=self.values[keep], offsets=kept[self.offsets])

    def between(self, after_ms: int, until_ms: int) -> Self:
        """Return all rows with only the samples in the window, left-open and right-closed."""
        return self.where((self.times > after_ms) & (self.times <= until_ms))

    @property
    def stale(self) -> Bools:
        """Which samples are stale markers."""
        stale: Bools = self.values.view(np.int64) == STALE_BITS
        return stale


def offsets_of(lengths: Ints | Bools) -> Ints:
    """Return where each row starts, and where the last one ends."""
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets
