"""Functions of a window that ask only which samples there are: how many, the first, the last, none."""

from collections.abc import Sequence

import numpy as np

from promql.cells import any_series
from promql.context import Context
from promql.functions.absence import absent_labels
from promql.language.ast import Call
from promql.ranges.frame import Frame, frame_of
from promql.selection.seeking import held
from promql.values import Value, Vector
from timeseries.columns import Bools, Ints


def count_over_time(call: Call, args: Sequence[Value], context: Context) -> Vector:
    """Count the samples."""
    frame = frame_of(call, args, context)
    counts = _counts(frame)
    return frame.vector(counts.astype(np.float64), counts > 0)


def present_over_time(call: Call, args: Sequence[Value], context: Context) -> Vector:
    """Return 1 where there is a sample."""
    frame = frame_of(call, args, context)
    return frame.vector(np.ones(frame.floats.shape), _counts(frame) > 0)


def absent_over_time(call: Call, args: Sequence[Value], context: Context) -> Vector:
    """Return 1 where no series has a sample, under the labels that the selector names."""
    frame = frame_of(call, args, context)
    absent = ~any_series(_counts(frame) > 0)[None, :]
    return Vector(
        labels=[absent_labels(call.args[0])],
        values=np.ones(absent.shape),
        present=absent,
        drop_name=np.zeros(1, np.bool_),
    )


def first_over_time(call: Call, args: Sequence[Value], context: Context) -> Vector:
    """Return the oldest sample."""
    frame = frame_of(call, args, context)
    windows = frame.windows
    return _picked(frame, windows.first, windows.histogram_first, oldest=True)


def last_over_time(call: Call, args: Sequence[Value], context: Context) -> Vector:
    """Return the newest sample."""
    frame = frame_of(call, args, context)
    windows = frame.windows
    return _picked(frame, windows.last - 1, windows.histogram_last - 1, oldest=False)


def ts_of_first_over_time(call: Call, args: Sequence[Value], context: Context) -> Vector:
    """Return when the oldest sample was taken, in seconds."""
    frame = frame_of(call, args, context)
    windows = frame.windows
    return _times(frame, windows.first, windows.histogram_first, oldest=True)


def ts_of_last_over_time(call: Call, args: Sequence[Value], context: Context) -> Vector:
    """Return when the newest sample was taken, in seconds."""
    frame = frame_of(call, args, context)
    windows = frame.windows
    return _times(frame, windows.last - 1, windows.histogram_last - 1, oldest=False)


def _counts(frame: Frame) -> Ints:
    return frame.floats if frame.histograms is None else frame.floats + frame.histograms


def _picked(frame: Frame, at: Ints, histogram_at: Ints, *, oldest: bool) -> Vector:
    windows = frame.windows
    present = _counts(frame) > 0
    values = np.zeros(present.shape)
    if len(windows.columns.values):
        values = held(windows.columns.values, at)
    histograms = None
    if frame.histograms is not None:
        chosen = _is_histogram(frame, at, histogram_at, oldest=oldest)
        histograms = frame.no_histograms()
        histograms[chosen] = windows.histograms[histogram_at[chosen]]
    return frame.vector(values, present, histograms, keep_name=True)


def _times(frame: Frame, at: Ints, histogram_at: Ints, *, oldest: bool) -> Vector:
    windows = frame.windows
    present = _counts(frame) > 0
    times = np.zeros(present.shape, np.int64)
    if len(windows.columns.times):
        times = held(windows.columns.times, at)
    if frame.histograms is not None:
        own = held(windows.histogram_times, histogram_at)
        times = np.where(_is_histogram(frame, at, histogram_at, oldest=oldest), own, times)
    return frame.vector(times / 1000, present)


def _is_histogram(frame: Frame, at: Ints, histogram_at: Ints, *, oldest: bool) -> Bools:
    """Mark the windows whose oldest or newest sample is a histogram."""
    windows = frame.windows
    some: Bools = windows.histogram_last > windows.histogram_first
    if not len(windows.columns.times):
        return some
    float_times, times = held(windows.columns.times, at), held(windows.histogram_times, histogram_at)
    sooner = times <= float_times if oldest else times >= float_times
    found: Bools = some & (sooner | (frame.floats == 0))
    return found
