"""The range vector of a call as its function sees it: how many samples windows hold, what to annotate."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from promql.cells import empty_objects
from promql.context import Context
from promql.histograms.model import FloatHistogram
from promql.invariance import unwrapped
from promql.language.ast import Call, MatrixSelector, Span, VectorSelector
from promql.ranges import notes
from promql.values import Objects, Value, Vector, Windows
from timeseries.columns import Bools, Floats, Ints


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """The windows, the call they are for, and the place of the range vector in the query."""

    windows: Windows
    call: Call
    span: Span
    context: Context
    floats: Ints
    # How many histograms; None when there are none at all.
    histograms: Ints | None = field(default=None)

    @property
    def mixed(self) -> Bools | None:
        """Which windows hold floats and histograms; None when none does."""
        if self.histograms is None:
            return None
        both = (self.floats > 0) & (self.histograms > 0)
        return both if both.any() else None

    def name(self, row: int) -> str:
        """Return the metric's name of a series."""
        return self.windows.labels[row].metric_name

    def warn(self, cells: Bools, note: Callable[[str], str]) -> None:
        """Warn about the series of some windows."""
        for row in rows_with(cells):
            self.context.annotations.warn(note(self.name(row)), self.span)

    def info(self, cells: Bools, note: Callable[[str], str]) -> None:
        """Inform about the series of some windows."""
        for row in rows_with(cells):
            self.context.annotations.info(note(self.name(row)), self.span)

    def vector(
        self, values: Floats, present: Bools, histograms: Objects | None = None, *, keep_name: bool = False
    ) -> Vector:
        """Return the function's result."""
        windows = self.windows
        return Vector(
            labels=windows.labels,
            values=values,
            present=present,
            drop_name=windows.drop_name if keep_name else np.ones(len(windows.labels), np.bool_),
            histograms=histograms,
        )

    def history(self, row: int, step: int) -> list[FloatHistogram]:
        """Return the histograms of one window."""
        windows = self.windows
        found: list[FloatHistogram] = windows.histograms[
            windows.histogram_first[row, step] : windows.histogram_last[row, step]
        ].tolist()
        return found

    def no_histograms(self) -> Objects:
        """Return an empty matrix for histograms."""
        return empty_objects(self.floats.shape)


def rows_with(cells: Bools) -> list[int]:
    """Return the rows in which something is marked."""
    found: list[int] = np.flatnonzero(cells.any(axis=1)).tolist()
    return found


def frame_of(call: Call, args: Sequence[Value], context: Context) -> Frame:
    """Find the range vector among the arguments."""
    context.check()
    at, windows = next((at, arg) for at, arg in enumerate(args) if isinstance(arg, Windows))
    context.make(len(windows.labels))
    inner = unwrapped(call.args[at])
    return Frame(
        windows=windows,
        call=call,
        # A subquery has no place of its own in annotations.
        span=inner.span if isinstance(inner, MatrixSelector) else Span(0, 0),
        context=context,
        floats=windows.last - windows.first,
        histograms=windows.histogram_last - windows.histogram_first if len(windows.histograms) else None,
    )


def selector_of(call: Call) -> VectorSelector | None:
    """Return the selector in a call's range vector, None for a subquery."""
    for arg in call.args:
        inner = unwrapped(arg)
        if isinstance(inner, MatrixSelector):
            return inner.selector
    return None


def from_floats(frame: Frame, least: int, compute: Callable[[Ints, Ints, Ints], Floats]) -> Vector:
    """Call `compute` for all windows with enough floats: with their first and last indices and their steps.

    Histograms beside floats are ignored, and told of.
    """
    present = frame.floats >= least
    mixed = frame.mixed
    if mixed is not None:
        frame.info(mixed, notes.histogram_ignored)
    values = np.zeros(present.shape)
    if present.any():
        windows = frame.windows
        with np.errstate(all="ignore"):
            values[present] = compute(windows.first[present], windows.last[present], np.nonzero(present)[1])
    return frame.vector(values, present)
