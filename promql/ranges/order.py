"""Functions of a window that order its values: least, largest, when they were, quantiles, deviations."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from promql.context import Context
from promql.histograms.notes import invalid_quantile
from promql.language.ast import Call
from promql.ranges.frame import frame_of, from_floats
from promql.ranges.segments import blocks, padded, reduced
from promql.values import Value, Vector
from timeseries.columns import Floats, Ints


def min_over_time(call: Call, args: Sequence[Value], context: Context) -> Vector:
    """Return the least value; NaN only when there is nothing else."""
    frame = frame_of(call, args, context)
    values = padded(frame.windows.columns.values)
    return from_floats(frame, 1, lambda first, last, _: reduced(np.fmin, values, first, last))


def max_over_time(call: Call, args: Sequence[Value], context: Context) -> Vector:
    """Return the largest value; NaN only when there is nothing else."""
    frame = frame_of(call, args, context)
    values = padded(frame.windows.columns.values)
    return from_floats(frame, 1, lambda first, last, _: reduced(np.fmax, values, first, last))


def ts_of_max_over_time(call: Call, args: Sequence[Value], context: Context) -> Vector:
    """Return when the largest value was seen last, in seconds."""
    return _time_of_largest(call, args, context, sign=1.0)


def ts_of_min_over_time(call: Call, args: Sequence[Value], context: Context) -> Vector:
    """Return when the least value was seen last, in seconds."""
    return _time_of_largest(call, args, context, sign=-1.0)


def _time_of_largest(call: Call, args: Sequence[Value], context: Context, sign: float) -> Vector:
    frame = frame_of(call, args, context)
    columns = frame.windows.columns
    values = sign * columns.values
    # NaN is less than all, and among equals the last one wins: then the largest rank in a window is the one.
    order = np.lexsort((values, ~np.isnan(values)))
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order))
    ranks = padded(ranks)

    def times(first: Ints, last: Ints, _: Ints) -> Floats:
        found: Floats = columns.times[order[reduced(np.maximum, ranks, first, last)]] / 1000
        return found

    return from_floats(frame, 1, times)


def quantile_over_time(call: Call, args: Sequence[Value], context: Context) -> Vector:
    """Return a quantile of the values; NaN is less than all."""
    # As in Prometheus, all that is annotated is annotated at the quantile.
    frame = replace(frame_of(call, args, context), span=call.args[0].span)
    wanted = args[0]
    if not isinstance(wanted, np.ndarray):
        raise TypeError("the quantile must be a scalar")
    used = (frame.floats > 0).any(axis=0)
    for value in dict.fromkeys(wanted[used & ~((wanted >= 0) & (wanted <= 1))].tolist()):
        context.annotations.warn(invalid_quantile(value), frame.span)
    values = frame.windows.columns.values

    def found(first: Ints, last: Ints, steps: Ints) -> Floats:
        return quantiles(values, first, last, wanted[steps])

    return from_floats(frame, 1, found)


def mad_over_time(call: Call, args: Sequence[Value], context: Context) -> Vector:
    """Return the median of the absolute deviations from the median; NaN when there is one."""
    frame = frame_of(call, args, context)
    values = frame.windows.columns.values

    def found(first: Ints, last: Ints, _: Ints) -> Floats:
        result = np.empty(len(first))
        half = np.full(len(first), 0.5)
        for cells, index, inside in blocks(first, last):
            counts = np.count_nonzero(inside, axis=1)
            matrix = np.where(inside, values[index], np.nan)
            median = _at_rank(np.sort(matrix, axis=1), counts, half[cells])
            deviations = np.sort(np.abs(matrix - median[:, None]), axis=1)
            some_nan = np.count_nonzero(np.isnan(matrix), axis=1) > index.shape[1] - counts
            result[cells] = np.where(some_nan, np.nan, _at_rank(deviations, counts, half[cells]))
        return result

    return from_floats(frame, 1, found)


def quantiles(values: Floats, first: Ints, last: Ints, wanted: Floats) -> Floats:
    """Return a quantile of each window; below 0 and above 1 it is infinite, and for NaN it is NaN."""
    result = np.empty(len(first))
    for cells, index, inside in blocks(first, last):
        matrix = np.sort(np.where(inside, values[index], np.nan), axis=1)
        counts = np.count_nonzero(inside, axis=1)
        result[cells] = _at_rank(matrix, counts, wanted[cells])
    result = np.where(wanted < 0, -np.inf, np.where(wanted > 1, np.inf, result))
    return np.where(np.isnan(wanted), np.nan, result)


def _at_rank(matrix: Floats, counts: Ints, wanted: Floats) -> Floats:
    """Interpolate between the two values next to the rank; rows are sorted, with NaNs at the end.

    Of these some are values and come first, the others only fill the row.
    """
    nans = np.count_nonzero(np.isnan(matrix), axis=1) - (matrix.shape[1] - counts)
    rank = np.clip(np.nan_to_num(wanted), 0, 1) * (counts - 1)
    lower = np.floor(rank)
    weight = rank - lower
    upper = np.minimum(lower + 1, counts - 1)
    rows = np.arange(len(matrix))

    def value(place: Floats) -> Floats:
        # Numbers begin after the NaNs; a place before that is the last column, which is NaN then.
        return np.where(place < nans, np.nan, matrix[rows, np.maximum(place - nans, 0).astype(np.int64)])

    found: Floats = value(lower) * (1 - weight) + value(upper) * weight
    return found
