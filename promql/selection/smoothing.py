"""An instant selector with `smoothed`: each step's value lies on a line between the samples around it."""

import numpy as np

from promql.cells import empty_objects
from promql.context import Context
from promql.histograms import notes as texts
from promql.histograms.model import FloatHistogram, MixedSchemas
from promql.histograms.rates import Notes
from promql.language.ast import VectorSelector
from promql.ranges.extended_natives import between
from promql.ranges.frame import rows_with
from promql.selection.seeking import held, until
from promql.selection.selectors import read_windows, shifted
from promql.selection.windows import Borders
from promql.values import Vector, Windows
from timeseries.columns import Bools, Floats
from timeseries.histogram import ResetHint


def select_smoothed(node: VectorSelector, context: Context) -> Vector:
    """Return the sample at each step's time, else the line between its neighbours, else the last one before.

    Neighbours are at most the lookback away.
    """
    times = shifted(node.shift, context)
    borders = Borders(starts=times, ends=times, before_ms=context.lookback_ms, after_ms=context.lookback_ms)
    windows = read_windows(node, borders, context)
    with np.errstate(all="ignore"):
        values, present = _floats(windows)
    histograms = None
    if len(windows.histograms):
        some = windows.histogram_last > windows.histogram_first
        mixed = some & (windows.last > windows.first)
        for row in rows_with(mixed):
            context.annotations.warn(texts.mixed_floats(windows.labels[row].metric_name), node.span)
        histograms = empty_objects(values.shape)
        present &= ~mixed
        for row, step in np.argwhere(some & ~mixed).tolist():
            found = _histogram(windows, row, step, node, context)
            histograms[row, step] = found
            present[row, step] = found is not None
    return Vector(
        labels=windows.labels,
        values=values,
        present=present,
        drop_name=windows.drop_name,
        histograms=histograms,
    )


def _floats(windows: Windows) -> tuple[Floats, Bools]:
    columns = windows.columns
    if not len(columns.times):
        return np.zeros(windows.first.shape), np.zeros(windows.first.shape, np.bool_)
    after = until(columns.times, columns.offsets, windows.ends - 1)
    before = after - 1
    has_before, has_after = before >= windows.first, after < windows.last
    low, high = held(columns.values, before), held(columns.values, after)
    begin, end = held(columns.times, before), held(columns.times, after)
    exact = has_after & (end == windows.ends)
    line = low + (high - low) * (windows.ends - begin) / (end - begin)
    values: Floats = np.where(exact, high, np.where(has_after, line, low))
    return values, exact | has_before


def _histogram(
    windows: Windows, row: int, step: int, node: VectorSelector, context: Context
) -> FloatHistogram | None:
    own = slice(windows.histogram_first[row, step], windows.histogram_last[row, step])
    times, histograms = windows.histogram_times[own].tolist(), windows.histograms[own].tolist()
    time = int(windows.ends[step])
    after = int(np.searchsorted(times, time))
    if after < len(times) and times[after] == time:
        found: FloatHistogram = histograms[after]
        return found
    if after == 0:
        return None
    low: FloatHistogram = histograms[after - 1]
    if after == len(times):
        return low.with_hint(ResetHint.UNKNOWN)
    high: FloatHistogram = histograms[after]
    counter = low.hint is not ResetHint.GAUGE or high.hint is not ResetHint.GAUGE
    notes = Notes()
    try:
        if low.custom != high.custom:
            raise MixedSchemas
        share = (time - times[after - 1]) / (times[after] - times[after - 1])
        line = between(low, high, share, notes, counter=counter)
    except MixedSchemas:
        context.annotations.warn(texts.mixed_schemas(windows.labels[row].metric_name), node.span)
        return None
    for info in notes.infos:
        context.annotations.info(info, node.span)
    return line
