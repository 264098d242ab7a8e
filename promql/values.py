"""What expressions come to: values for all steps at once, never one step at a time."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from timeseries.columns import Bools, Columns, Floats, Ints
from timeseries.labels import Labels

Item = TypeVar("Item")

# FloatHistogram (promql.histograms) where there is a histogram, None elsewhere.
Objects = NDArray[np.object_]


class LabelSets(tuple[Labels, ...]):
    """The labels of series that are asked for again and again, and what was worked out of them before.

    A source that gives the same object for the same series spares the grouping and sorting of labels.
    """

    def __init__(self, _: Iterable[Labels] = ()) -> None:
        self.results: dict[object, object] = {}


def worked_out(labels: Sequence[Labels], key: object, work: Callable[[Sequence[Labels]], Item]) -> Item:
    """Return what the work comes to for these labels; the key stands for the work."""
    if not isinstance(labels, LabelSets):
        return work(labels)
    if key not in labels.results:
        labels.results[key] = work(labels)
    return cast("Item", labels.results[key])


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """The times of a query, in ms: start, start + step, … up to end. An instant query has one."""

    start_ms: int
    end_ms: int
    step_ms: int

    def __len__(self) -> int:
        """Count them."""
        return (self.end_ms - self.start_ms) // self.step_ms + 1

    @property
    def times(self) -> Ints:
        """All of them."""
        return np.arange(len(self), dtype=np.int64) * self.step_ms + self.start_ms


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Vector:
    """An instant vector at every step: rows are series, columns are steps.

    Where `present` is false there is no sample, and the value means nothing. Where `histograms` has an object
    the sample is a histogram, `present` is true, and the value means nothing. `histograms` is None when there
    are none at all. `drop_name` says of each series that its `__name__` is to be removed at the end: until
    then the labels keep it (delayed name removal).
    """

    labels: Sequence[Labels]
    values: Floats
    present: Bools
    drop_name: Bools
    histograms: Objects | None = None

    def __len__(self) -> int:
        """Count the series."""
        return len(self.labels)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Windows:
    """A range vector at every step: all samples once, and for each series and step which of them are inside.

    Samples carry times as stored: for step j the window of row i is `columns.row(i)[first[i, j]:last[i, j]]`
    with indices into the flat arrays: `times[first[i, j]:last[i, j]]`. Stale markers are gone. Likewise
    `histogram_times`, `histograms` are flat, and `histogram_first`, `histogram_last` index them.
    `ends` and `starts` are the times (ms) of the window's borders at each step: after start, up to end.
    """

    labels: Sequence[Labels]
    columns: Columns
    sample_starts: Ints
    first: Ints
    last: Ints
    histogram_times: Ints
    histogram_starts: Ints
    histograms: Objects
    histogram_first: Ints
    histogram_last: Ints
    starts: Ints
    ends: Ints
    drop_name: Bools


# A scalar has one number a step.
Scalar = Floats
Value = Vector | Windows | Scalar | str
