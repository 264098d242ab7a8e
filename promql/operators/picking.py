"""Aggregations that let some series of each group pass as they are: topk, bottomk, limitk, limit_ratio."""

from dataclasses import replace
from typing import Final

import numpy as np

from promql.cells import float_cells, histogram_cells, no_series, only_where, take, without_empty
from promql.context import Context
from promql.errors import EvaluationError
from promql.gofloat import general
from promql.language.ast import Aggregate, Span
from promql.operators.grouping import Groups
from promql.operators.sampling import offsets
from promql.values import Scalar, Vector
from timeseries.columns import Bools, Ints

PICKERS: Final = ("topk", "bottomk", "limitk", "limit_ratio")
# Where Prometheus' conversion to a 64-bit integer ends.
LARGEST_COUNT: Final = 9223372036854774784.0
SMALLEST_COUNT: Final = -9223372036854775808.0

# Keys of samples, beside those of numbers.
_LARGEST: Final = (1 << 63) - 1
_OF_NOTHING: Final = -(1 << 63)
_OF_NAN: Final = _OF_NOTHING + 1


def pick(node: Aggregate, vector: Vector, param: Scalar, span: Span, context: Context) -> Vector:
    """Return the series that are picked at some step; at one step alone in their order within the group.

    The span is that of the parameter.
    """
    wanted = _check_ratio(param, span, context) if node.op == "limit_ratio" else _check_count(param)
    if not wanted or not len(vector):
        return no_series(len(context.steps))
    groups = Groups.by(vector.labels, node.labels, without=node.without)
    if node.op == "limit_ratio":
        return _picked(vector, _by_ratio(vector, param))
    counts = np.clip(param, 0, len(vector)).astype(np.int64)
    if node.op == "limitk":
        return _picked(vector, vector.present & (_turns(vector.present, groups) < counts))
    if histogram_cells(vector) is not None:
        context.annotations.info(f"ignored histogram in {node.op} aggregation", node.span)
    keys = _keys(vector, descending=node.op == "topk")
    picked = _highest(keys, groups, counts)
    if len(context.steps) > 1:
        return _picked(vector, picked)
    rows = np.flatnonzero(picked[:, 0])
    order = rows[np.lexsort((~keys[rows, 0], groups.of[rows]))]
    return take(_with(vector, picked), order)


def _check_count(count: Scalar) -> bool:
    """Tell whether anything is wanted; raises EvaluationError."""
    greatest, least = float(count.max()), float(count.min())
    if greatest < 1:
        return False
    if np.isnan(greatest):
        raise EvaluationError("Parameter value is NaN")
    if least <= SMALLEST_COUNT:
        raise EvaluationError(f"Scalar value {general(least)} underflows int64")
    if greatest >= LARGEST_COUNT:
        raise EvaluationError(f"Scalar value {general(greatest)} overflows int64")
    return True


def _check_ratio(ratio: Scalar, span: Span, context: Context) -> bool:
    greatest, least = float(ratio.max()), float(ratio.min())
    if greatest == least == 0:
        return False
    if np.isnan(greatest):
        raise EvaluationError("Ratio value is NaN")
    if greatest > 1:
        context.annotations.warn(_beyond(greatest, 1), span)
    if least < -1:
        context.annotations.warn(_beyond(least, -1), span)
    return True


def _beyond(ratio: float, limit: int) -> str:
    return f"ratio value should be between -1 and 1, got {general(ratio)}, capping to {limit}"


def _by_ratio(vector: Vector, ratio: Scalar) -> Bools:
    own = offsets(vector.labels)[:, None]
    capped = np.clip(ratio, -1, 1)
    return vector.present & np.where(capped >= 0, own < capped, own >= 1 + capped)


def _turns(marks: Bools, groups: Groups) -> Ints:
    """Count the marked series of the group before each series."""
    ordered = marks[groups.order]
    seen = np.cumsum(ordered, axis=0, dtype=np.int64) - ordered
    turns = np.empty_like(seen)
    turns[groups.order] = seen - np.repeat(seen[groups.starts], groups.sizes, axis=0)
    return turns


def _keys(vector: Vector, *, descending: bool) -> Ints:
    """Return integers in the order of the floats, or the opposite one.

    NaN is below all numbers, and what is no float is below NaN.
    """
    values = (vector.values if descending else -vector.values) + 0.0
    bits = values.view(np.int64)
    keys = bits ^ ((bits >> 63) & _LARGEST)
    keys[np.isnan(values)] = _OF_NAN
    keys[~float_cells(vector)] = _OF_NOTHING
    return keys


def _highest(keys: Ints, groups: Groups, counts: Ints) -> Bools:
    """Mark at each step so many of each group as are wanted: the highest; of equal ones the first."""
    least = np.empty((len(groups), keys.shape[1]), np.int64)
    for numbers, rows in groups.blocks():
        size = rows.shape[1]
        block = np.ascontiguousarray(np.moveaxis(keys[rows], 1, 2))
        for count in np.unique(counts).tolist():
            steps = np.flatnonzero(counts == count)
            place = np.ix_(numbers, steps)
            if count >= size:
                least[place] = _OF_NOTHING
            elif count < 1:
                least[place] = _LARGEST
            else:
                least[place] = np.partition(block[:, steps], size - count, axis=2)[:, :, size - count]
    limits = least[groups.of]
    above, equal = keys > limits, keys == limits
    missing = (counts - groups.count(above))[groups.of]
    highest = above | (equal & (_turns(equal, groups) < missing))
    return np.asarray(highest & (keys != _OF_NOTHING))


def _with(vector: Vector, picked: Bools) -> Vector:
    histograms = None if vector.histograms is None else only_where(vector.histograms, picked)
    return replace(vector, present=picked, histograms=histograms)


def _picked(vector: Vector, picked: Bools) -> Vector:
    return without_empty(_with(vector, picked))
