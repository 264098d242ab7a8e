"""Functions of a window that look at all its values together: variance, slope, prediction, smoothing."""

from collections.abc import Sequence

import numpy as np

from promql.context import Context
from promql.errors import EvaluationError
from promql.language.ast import Call
from promql.ranges.frame import frame_of, from_floats
from promql.ranges.segments import blocks
from promql.values import Value, Vector
from timeseries.columns import Bools, Columns, Floats, Ints


def stdvar_over_time(call: Call, args: Sequence[Value], context: Context) -> Vector:
    """Return the variance of the values."""
    frame = frame_of(call, args, context)
    values = frame.windows.columns.values
    return from_floats(frame, 1, lambda first, last, _: variances(values, first, last))


def stddev_over_time(call: Call, args: Sequence[Value], context: Context) -> Vector:
    """Return the standard deviation of the values."""
    frame = frame_of(call, args, context)
    values = frame.windows.columns.values
    return from_floats(frame, 1, lambda first, last, _: np.sqrt(variances(values, first, last)))


def variances(values: Floats, first: Ints, last: Ints) -> Floats:
    """Return the population variance of each window; exactly 0 when all values are the same."""
    result = np.empty(len(first))
    for cells, index, inside in blocks(first, last):
        own = values[index]
        # What is relative to a value of the window is 0 throughout when all are equal.
        matrix = np.where(inside, own - own[:, :1], 0.0)
        counts = np.count_nonzero(inside, axis=1)
        means = matrix.sum(axis=1) / counts
        rest = np.where(inside, matrix - means[:, None], 0.0)
        result[cells] = ((rest * rest).sum(axis=1) - rest.sum(axis=1) ** 2 / counts) / counts
    return result


def deriv(call: Call, args: Sequence[Value], context: Context) -> Vector:
    """Return the slope of the line that fits the values best, per second."""
    frame = frame_of(call, args, context)
    columns = frame.windows.columns
    return from_floats(frame, 2, lambda first, last, _: fits(columns, first, last)[0])


def predict_linear(call: Call, args: Sequence[Value], context: Context) -> Vector:
    """Return where that line will be, seconds after the step's time."""
    frame = frame_of(call, args, context)
    columns = frame.windows.columns
    ahead = args[1]
    if not isinstance(ahead, np.ndarray):
        raise TypeError("the time to predict must be a scalar")
    times = context.steps.times

    def found(first: Ints, last: Ints, steps: Ints) -> Floats:
        slopes, means, centres = fits(columns, first, last)
        now = (times[steps] - columns.times[first]) / 1000 - centres
        return slopes * ahead[steps] + (means + slopes * now)

    return from_floats(frame, 2, found)


def fits(columns: Columns, first: Ints, last: Ints) -> tuple[Floats, Floats, Floats]:
    """Fit a line to each window by least squares.

    Return its slope per second, the mean value, and the mean time in seconds after the window's first sample:
    the line goes through these two. Equal values make no slope, whatever their size; infinite ones make NaN.
    """
    slopes, means, centres = np.empty(len(first)), np.empty(len(first)), np.empty(len(first))
    for cells, index, inside in blocks(first, last):
        counts = np.count_nonzero(inside, axis=1)
        # Nearly all blocks are full.
        outside = None if inside.all() else ~inside
        seconds = _cleared((columns.times[index] - columns.times[first[cells], None]) / 1000, outside)
        own = columns.values[index]
        level = own[:, 0]
        values = _cleared(own - level[:, None], outside)
        constant = ~values.any(axis=1) | np.isinf(level) & np.all((own == level[:, None]) | ~inside, axis=1)
        centre = seconds.sum(axis=1) / counts
        mean = values.sum(axis=1) / counts
        apart = _cleared(seconds - centre[:, None], outside)
        rest = _cleared(values - mean[:, None], outside)
        slope = np.einsum("ij,ij->i", apart, rest) / np.einsum("ij,ij->i", apart, apart)
        slopes[cells] = np.where(constant, np.where(np.isinf(level), np.nan, 0.0), slope)
        means[cells] = np.where(constant, level, mean + level)
        centres[cells] = centre
    return slopes, means, centres


def _cleared(matrix: Floats, outside: Bools | None) -> Floats:
    """Put 0 where no sample is."""
    if outside is not None:
        matrix[outside] = 0.0
    return matrix


def double_exponential_smoothing(call: Call, args: Sequence[Value], context: Context) -> Vector:
    """Return the last value, smoothed with its trend; factors not between 0 and 1 raise EvaluationError."""
    frame = frame_of(call, args, context)
    smoothing, trend = args[1], args[2]
    if not isinstance(smoothing, np.ndarray) or not isinstance(trend, np.ndarray):
        raise TypeError("the factors must be scalars")
    used = (frame.floats + (0 if frame.histograms is None else frame.histograms) > 0).any(axis=0)
    for what, factors in (("smoothing", smoothing), ("trend", trend)):
        for factor in factors[used & ((factors <= 0) | (factors >= 1))].tolist():
            raise EvaluationError(f"invalid {what} factor. Expected: 0 < {what[0]}f < 1, got: {factor:f}")
    values = frame.windows.columns.values

    def found(first: Ints, last: Ints, steps: Ints) -> Floats:
        return smoothed(values, first, last, smoothing[steps], trend[steps])

    return from_floats(frame, 2, found)


def smoothed(values: Floats, first: Ints, last: Ints, smoothing: Floats, trend: Floats) -> Floats:
    """Smooth windows of two samples or more: a value needs the one before, so the loop is over places."""
    result = np.empty(len(first))
    for cells, index, inside in blocks(first, last):
        matrix, factor, share = values[index], smoothing[cells], trend[cells]
        before, level = np.zeros(len(cells)), matrix[:, 0]
        slope = matrix[:, 1] - matrix[:, 0]
        for place in range(1, matrix.shape[1]):
            if place > 1:
                slope = share * (level - before) + (1 - share) * slope
            following = factor * matrix[:, place] + (1 - factor) * (level + slope)
            live = inside[:, place]
            before, level = np.where(live, level, before), np.where(live, following, level)
        result[cells] = level
    return result
