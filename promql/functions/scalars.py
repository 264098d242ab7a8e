"""Functions that come to a scalar, or make a vector of one."""

import math
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from promql.cells import constant, float_cells
from promql.context import Context
from promql.functions.arguments import scalar_at, vector_at
from promql.language.ast import Call
from promql.values import Scalar, Value, Vector
from timeseries.labels import Labels


def _scalar(_call: Call, args: Sequence[Value], _context: Context) -> Scalar:
    """Return the vector's only float, NaN where there is none or more than one."""
    vector = vector_at(args, 0)
    floats = float_cells(vector)
    sums = np.where(floats, vector.values, 0.0).sum(axis=0)
    return np.where(floats.sum(axis=0) == 1, sums, np.nan)


def _vector(_call: Call, args: Sequence[Value], _context: Context) -> Vector:
    return constant(Labels(), scalar_at(args, 0))


def _constant(number: Callable[[Context], float]) -> Callable[[Call, Sequence[Value], Context], Scalar]:
    return lambda _call, _args, context: np.full(len(context.steps), number(context))


def _time(_call: Call, _args: Sequence[Value], context: Context) -> Scalar:
    return np.asarray(context.steps.times / 1000)


def _max_of(_call: Call, args: Sequence[Value], _context: Context) -> Scalar:
    return np.maximum(scalar_at(args, 0), scalar_at(args, 1))


def _min_of(_call: Call, args: Sequence[Value], _context: Context) -> Scalar:
    return np.minimum(scalar_at(args, 0), scalar_at(args, 1))


SCALARS: Final[dict[str, Callable[[Call, Sequence[Value], Context], Value]]] = {
    "end": _constant(lambda context: context.query_end_ms / 1000),
    "max_of": _max_of,
    "min_of": _min_of,
    "pi": _constant(lambda _context: math.pi),
    "range": _constant(lambda context: (context.query_end_ms - context.query_start_ms) / 1000),
    "scalar": _scalar,
    "start": _constant(lambda context: context.query_start_ms / 1000),
    "step": _constant(lambda context: context.query_step_ms / 1000),
    "time": _time,
    "vector": _vector,
}
