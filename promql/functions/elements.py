"""Functions of each float by itself: roots, logarithms, angles, rounding, limits. Histograms are left out."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from promql.cells import float_cells, without_empty
from promql.context import Context
from promql.functions.arguments import scalar_at, vector_at
from promql.language.ast import Call
from promql.values import Value, Vector
from timeseries.columns import Bools, Floats

Element = Callable[[Floats], Floats]


def mapped(vector: Vector, values: Floats, present: Bools | None = None) -> Vector:
    """Return the vector's floats with other values; their names are to go."""
    return without_empty(
        Vector(
            labels=vector.labels,
            values=values,
            present=float_cells(vector) if present is None else present,
            drop_name=np.ones(len(vector), np.bool_),
        )
    )


def _of_each(function: Element) -> Callable[[Call, Sequence[Value], Context], Value]:
    def call(_call: Call, args: Sequence[Value], _context: Context) -> Vector:
        vector = vector_at(args, 0)
        with np.errstate(all="ignore"):
            return mapped(vector, function(vector.values))

    return call


def _sign(values: Floats) -> Floats:
    # Zeros keep their sign, and NaN is NaN.
    return np.where(values < 0, -1.0, np.where(values > 0, 1.0, values))


def _round(_call: Call, args: Sequence[Value], _context: Context) -> Vector:
    vector = vector_at(args, 0)
    nearest = scalar_at(args, 1) if len(args) > 1 else np.float64(1)
    with np.errstate(all="ignore"):
        # Halves go up. Dividing by the inverse keeps results like 0.1 short.
        inverse = 1 / nearest
        return mapped(vector, np.floor(vector.values * inverse + 0.5) / inverse)


def _larger(one: Floats, other: Floats) -> Floats:
    """Return the larger of two: NaN if one of them is, unless the other is +Inf, as in Go."""
    found: Floats = np.where((one == np.inf) | (other == np.inf), np.inf, np.maximum(one, other))
    return found


def _smaller(one: Floats, other: Floats) -> Floats:
    return -_larger(-one, -other)


def _clamp(_call: Call, args: Sequence[Value], _context: Context) -> Vector:
    vector, least, most = vector_at(args, 0), scalar_at(args, 1), scalar_at(args, 2)
    values = _larger(least, _smaller(most, vector.values))
    return mapped(vector, values, float_cells(vector) & ~(most < least))


def _clamp_min(_call: Call, args: Sequence[Value], _context: Context) -> Vector:
    vector = vector_at(args, 0)
    return mapped(vector, _larger(scalar_at(args, 1), vector.values))


def _clamp_max(_call: Call, args: Sequence[Value], _context: Context) -> Vector:
    vector = vector_at(args, 0)
    return mapped(vector, _smaller(scalar_at(args, 1), vector.values))


_UFUNCS: Final[dict[str, Element]] = {
    "abs": np.abs,
    "acos": np.arccos,
    "acosh": np.arccosh,
    "asin": np.arcsin,
    "asinh": np.arcsinh,
    "atan": np.arctan,
    "atanh": np.arctanh,
    "ceil": np.ceil,
    "cos": np.cos,
    "cosh": np.cosh,
    "deg": lambda values: values * 180 / np.pi,
    "exp": np.exp,
    "floor": np.floor,
    "ln": np.log,
    "log10": np.log10,
    "log2": np.log2,
    "rad": lambda values: values * np.pi / 180,
    "sgn": _sign,
    "sin": np.sin,
    "sinh": np.sinh,
    "sqrt": np.sqrt,
    "tan": np.tan,
    "tanh": np.tanh,
}
ELEMENTS: Final[dict[str, Callable[[Call, Sequence[Value], Context], Value]]] = {
    **{name: _of_each(function) for name, function in _UFUNCS.items()},
    "clamp": _clamp,
    "clamp_max": _clamp_max,
    "clamp_min": _clamp_min,
    "round": _round,
}
