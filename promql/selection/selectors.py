"""What selectors come to: an instant vector, or windows of samples, at every step. Knows no function."""

from dataclasses import dataclass

import numpy as np

from promql.cells import empty_objects, has_object
from promql.context import HISTOGRAM_BYTES, Context
from promql.language.ast import AtEnd, Duration, MatrixSelector, Shift, VectorSelector
from promql.language.durations import resolve
from promql.selection.seeking import held, until
from promql.selection.windows import Borders, HistogramRows, windows_of
from promql.source import Selected
from promql.values import Vector, Windows
from timeseries.columns import Bools, Ints
from timeseries.stale import STALE_BITS


def milliseconds(duration: Duration, context: Context, *, positive: bool = False) -> int:
    """Return what a duration comes to in this query; raises EvaluationError."""
    query_range = context.query_end_ms - context.query_start_ms
    return resolve(duration, context.query_step_ms, query_range, positive=positive)


def shifted(shift: Shift, context: Context) -> Ints:
    """Return the times that are looked at, one a step; the same for all when they are fixed by `@`."""
    offset = 0 if shift.offset is None else milliseconds(shift.offset, context)
    if shift.at is None:
        return context.steps.times - offset
    ends = {AtEnd.START: context.query_start_ms, AtEnd.END: context.query_end_ms}
    at = ends[shift.at] if isinstance(shift.at, AtEnd) else shift.at
    return np.full(len(context.steps), at - offset, np.int64)


def read(node: VectorSelector, start_ms: int, end_ms: int, context: Context) -> Selected:
    """Ask the source, and count what it gives; raises QueryTooLarge, QueryTimeout."""
    told_series = told_samples = 0

    def reading(series: int, samples: int) -> None:
        nonlocal told_series, told_samples
        told_series, told_samples = told_series + series, told_samples + samples
        context.read(series, samples)

    selected = context.source.select(node.matchers, start_ms, end_ms, reading)
    samples = len(selected.columns.times)
    context.read(max(len(selected.labels) - told_series, 0), max(samples - told_samples, 0))
    context.load(sum(map(len, selected.histograms.values())), HISTOGRAM_BYTES)
    return selected


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Latest:
    """The latest sample of each series at each step: a float at `position`, or a histogram."""

    selected: Selected
    position: Ints
    is_float: Bools
    rows: HistogramRows
    histogram_position: Ints
    is_histogram: Bools


def _latest(node: VectorSelector, context: Context) -> _Latest:
    times = shifted(node.shift, context)
    oldest = times - context.lookback_ms
    selected = read(node, int(oldest[0]) + 1, int(times[-1]), context)
    columns = selected.columns
    position = until(columns.times, columns.offsets, times) - 1
    is_float = position >= columns.offsets[:-1, None]
    stale = np.False_
    if len(columns.times):
        is_float &= held(columns.times, position) > oldest
        stale = held(columns.values.view(np.int64), position) == STALE_BITS
    if not selected.histograms:
        nothing = np.zeros_like(is_float)
        rows = HistogramRows.none(len(selected.labels))
        return _Latest(
            selected=selected,
            position=position,
            is_float=is_float & ~stale,
            rows=rows,
            histogram_position=position,
            is_histogram=nothing,
        )
    rows = HistogramRows.of(selected)
    histogram_position = until(rows.times, rows.offsets, times) - 1
    is_histogram = histogram_position >= rows.offsets[:-1, None]
    histogram_times = held(rows.times, histogram_position)
    is_histogram &= histogram_times > oldest
    if len(columns.times):
        is_histogram &= ~is_float | (histogram_times > held(columns.times, position))
    return _Latest(
        selected=selected,
        position=position,
        is_float=is_float & ~is_histogram & ~stale,
        rows=rows,
        histogram_position=histogram_position,
        is_histogram=is_histogram & held(has_object(rows.objects), histogram_position),
    )


def select_vector(node: VectorSelector, context: Context) -> Vector:
    """Return the latest sample within the lookback at each step; a stale marker hides what is before it."""
    latest = _latest(node, context)
    selected = latest.selected
    values = np.zeros(latest.position.shape)
    if len(selected.columns.values):
        values = held(selected.columns.values, latest.position)
    histograms = None
    if selected.histograms:
        histograms = empty_objects(values.shape)
        cells = latest.is_histogram
        histograms[cells] = latest.rows.objects[latest.histogram_position[cells]]
    return Vector(
        labels=selected.labels,
        values=values,
        present=latest.is_float | latest.is_histogram,
        drop_name=np.zeros(len(selected.labels), np.bool_),
        histograms=histograms,
    )


def sample_times(node: VectorSelector, context: Context, *, starts: bool = False) -> Vector:
    """Return, in seconds, when the samples picked were taken, or when their counting began."""
    latest = _latest(node, context)
    selected, rows = latest.selected, latest.rows
    found = np.zeros(latest.position.shape, np.int64)
    if len(selected.columns.times):
        found = held(selected.starts if starts else selected.columns.times, latest.position)
    if len(rows.times):
        own = held(rows.starts if starts else rows.times, latest.histogram_position)
        found = np.where(latest.is_histogram, own, found)
    return Vector(
        labels=selected.labels,
        values=found / 1000,
        present=latest.is_float | latest.is_histogram,
        drop_name=np.ones(len(selected.labels), np.bool_),
    )


def select_windows(node: MatrixSelector, context: Context) -> Windows:
    """Return the samples in the range before each step, left-open.

    With `anchored` the lookback before the range is inside, too, with `smoothed` also that after it; `starts`
    and `ends` still tell the range itself.
    """
    selector = node.selector
    ends = shifted(selector.shift, context)
    lookback = context.lookback_ms
    borders = Borders(
        starts=ends - milliseconds(node.range, context, positive=True),
        ends=ends,
        before_ms=lookback if selector.anchored or selector.smoothed else 0,
        after_ms=lookback if selector.smoothed else 0,
    )
    return read_windows(selector, borders, context)


def read_windows(selector: VectorSelector, borders: Borders, context: Context) -> Windows:
    """Read the samples between the borders; stale markers are left out."""
    oldest = int(borders.starts[0]) - borders.before_ms
    selected = read(selector, oldest + 1, int(borders.ends[-1]) + borders.after_ms, context)
    columns, sample_starts = selected.columns, selected.starts
    stale = columns.stale
    if stale.any():
        columns, sample_starts = columns.where(~stale), sample_starts[~stale]
    rows = HistogramRows.none(len(selected.labels))
    if selected.histograms:
        rows = HistogramRows.of(selected).without_stale()
    return windows_of(selected.labels, columns, sample_starts, rows, borders)
