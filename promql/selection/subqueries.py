"""What subqueries come to: the inner expression at steps of its own, as windows. Knows no expressions."""

from collections.abc import Callable

import numpy as np

from promql.cells import float_cells, histogram_cells
from promql.context import Context
from promql.errors import EvaluationError
from promql.language.ast import Expr, Subquery
from promql.selection.selectors import milliseconds, shifted
from promql.selection.windows import Borders, HistogramRows, windows_of
from promql.values import Steps, Value, Vector, Windows
from timeseries.columns import Bools, Columns, Ints, offsets_of


def subquery_windows(node: Subquery, context: Context, evaluate: Callable[[Expr, Context], Value]) -> Windows:
    """Evaluate the inner expression once, at all multiples of the step in all windows; raises QueryError."""
    ends = shifted(node.shift, context)
    starts = ends - milliseconds(node.range, context, positive=True)
    step = context.subquery_step_ms
    if node.step is not None:
        step = max(milliseconds(node.step, context, positive=True), 1)
    steps = inner_steps(int(starts[0]), int(ends[-1]), step)
    if steps is None:
        vector = _nothing()
        times = np.empty(0, np.int64)
    else:
        inside = context.at(steps)
        inside.make(1)  # the times alone may be too many
        inner = evaluate(node.expr, inside)
        if not isinstance(inner, Vector):
            raise EvaluationError("subquery is only allowed on instant vector")
        vector, times = inner, steps.times
    return windows_at(vector, times, Borders(starts=starts, ends=ends), context)


def inner_steps(after_ms: int, until_ms: int, step_ms: int) -> Steps | None:
    """Return the multiples of the step after one time, up to another; None when there are none."""
    first = (after_ms // step_ms + 1) * step_ms
    return None if first > until_ms else Steps(start_ms=first, end_ms=until_ms, step_ms=step_ms)


def windows_at(vector: Vector, times: Ints, borders: Borders, context: Context) -> Windows:
    """Return the samples of a vector, taken at these times, as windows; raises QueryTooLarge."""
    floats = float_cells(vector)
    found = histogram_cells(vector)
    rows = HistogramRows.none(len(vector))
    if found is not None and vector.histograms is not None:
        where, offsets = _flat(times, found)
        rows = HistogramRows(
            times=where, starts=np.zeros_like(where), objects=vector.histograms[found], offsets=offsets
        )
    flat, offsets = _flat(times, floats)
    context.load(len(flat) + len(rows.times))
    columns = Columns(times=flat, values=vector.values[floats], offsets=offsets)
    return windows_of(vector.labels, columns, np.zeros_like(flat), rows, borders, drop_name=vector.drop_name)


def _flat(times: Ints, marks: Bools) -> tuple[Ints, Ints]:
    """Return the times of the marked cells, row by row, and where each row starts."""
    return np.broadcast_to(times, marks.shape)[marks], offsets_of(np.count_nonzero(marks, axis=1))


def _nothing() -> Vector:
    empty = np.empty((0, 0))
    return Vector(labels=[], values=empty, present=empty.astype(np.bool_), drop_name=np.empty(0, np.bool_))
