"""Groups of series, and sums and orders within them at all steps at once. Knows no aggregation by name."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from promql.cells import group_ids, group_starts
from promql.values import worked_out
from timeseries.columns import Bools, Floats, Ints
from timeseries.labels import METRIC_NAME, Labels

# So many series are added one after the other, as in a loop over them; then the sums of such runs likewise.
RUN: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Groups:
    """Which series are aggregated together.

    `of` is the group of each series. `order` lists the series by group, in each group in their own order;
    there group i begins at `starts[i]` and has `sizes[i]` series, at least one.
    """

    labels: list[Labels]
    of: Ints
    order: Ints
    starts: Ints
    sizes: Ints

    @classmethod
    def by(cls, labels: Sequence[Labels], names: Sequence[str], *, without: bool) -> Self:
        """Group series by some of their labels, or by all but some and the metric's name."""
        return worked_out(
            labels, (cls, tuple(names), without), lambda own: cls._by(own, names, without=without)
        )

    @classmethod
    def _by(cls, labels: Sequence[Labels], names: Sequence[str], *, without: bool) -> Self:
        # Plain tuples: of many series there are few groups, and only those become labels.
        if without:
            dropped = frozenset((*names, METRIC_NAME))
            keys = [tuple([pair for pair in own if pair[0] not in dropped]) for own in labels]
        else:
            kept = frozenset(names)
            keys = (
                [tuple([pair for pair in own if pair[0] in kept]) for own in labels]
                if kept
                else [()] * len(labels)
            )
        return cls.of_keys(keys)

    @classmethod
    def of_keys(cls, keys: Sequence[tuple[tuple[str, str], ...]]) -> Self:
        """Group series by the pairs that are given for each, sorted."""
        of, distinct = group_ids(keys)
        order = np.argsort(of, kind="stable")
        starts = group_starts(of[order], len(distinct))
        return cls(labels=distinct, of=of, order=order, starts=starts, sizes=np.diff(starts, append=len(of)))

    def __len__(self) -> int:
        """Count the groups."""
        return len(self.labels)

    def any(self, marks: Bools) -> Bools:
        """Tell of each group whether one of its series is marked."""
        return np.logical_or.reduceat(marks[self.order], self.starts, axis=0)

    def count(self, marks: Bools) -> Ints:
        """Count the marked series of each group."""
        return np.add.reduceat(marks[self.order], self.starts, axis=0, dtype=np.int64)

    def least(self, values: Floats) -> Floats:
        """Return the least value of each group; NaN only where all are NaN."""
        return np.fmin.reduceat(values[self.order], self.starts, axis=0)

    def greatest(self, values: Floats) -> Floats:
        """Return the greatest value of each group; NaN only where all are NaN."""
        return np.fmax.reduceat(values[self.order], self.starts, axis=0)

    def total(self, values: Floats) -> tuple[Floats, Floats]:
        """Return the sum of each group and what rounding took from it (Neumaier), 0 where the sum overflows.

        Groups of up to RUN series are added in their order. Larger ones are cut into runs, whose sums are
        added likewise: as exact, and not a step of this loop for each series.
        """
        sums, lost = values[self.order], np.zeros_like(values)
        starts, sizes = self.starts, self.sizes
        while int(sizes.max(initial=1)) > 1:
            runs = -(-sizes // RUN)
            first = np.cumsum(runs) - runs
            within = np.arange(int(runs.sum())) - np.repeat(first, runs)
            run_starts = np.repeat(starts, runs) + within * RUN
            run_sizes = np.minimum(np.repeat(sizes, runs) - within * RUN, RUN)
            sums, lost = _add_runs(sums, lost, run_starts, run_sizes)
            starts, sizes = first, runs
        return sums, lost

    def blocks(self) -> Iterator[tuple[Ints, Ints]]:
        """Yield groups of equal size together: their numbers, and a matrix with the series of each."""
        for size in np.unique(self.sizes).tolist():
            groups = np.flatnonzero(self.sizes == size)
            yield groups, self.order[self.starts[groups][:, None] + np.arange(size)]


def _add_runs(sums: Floats, lost: Floats, starts: Ints, sizes: Ints) -> tuple[Floats, Floats]:
    total, rest = sums[starts], lost[starts]
    for position in range(1, int(sizes.max())):
        live = np.flatnonzero(sizes > position)
        rows = starts[live] + position
        before, value = total[live], sums[rows]
        after = before + value
        larger = np.abs(before) >= np.abs(value)
        rounded = np.where(larger, (before - after) + value, (value - after) + before)
        total[live] = after
        rest[live] = np.where(np.isinf(after), 0.0, rest[live] + rounded + lost[rows])
    return total, rest


def quantiles(ordered: Floats, nans: Ints, counts: Ints, quantile: Floats) -> Floats:
    """Return a quantile of values that ascend along axis 1, with NaN at the end: `nans` of them are values.

    NaN counts as less than all numbers. Below 0 and above 1 the quantile is infinite. `counts` includes NaN.
    """
    rank = np.clip(quantile, 0, 1) * np.maximum(counts - 1, 0)
    lower = np.floor(np.nan_to_num(rank)).astype(np.int64)
    upper = np.minimum(lower + 1, np.maximum(counts - 1, 0))
    weight = rank - lower
    result = _at(ordered, lower - nans) * (1 - weight) + _at(ordered, upper - nans) * weight
    result = np.where(quantile < 0, -np.inf, np.where(quantile > 1, np.inf, result))
    return np.where(np.isnan(quantile), np.nan, result)


def _at(ordered: Floats, index: Ints) -> Floats:
    picked = np.take_along_axis(ordered, np.maximum(index, 0)[:, None], axis=1)[:, 0]
    return np.where(index < 0, np.nan, picked)
