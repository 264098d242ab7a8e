"""Functions of times: parts of the date in UTC, and the times of steps and samples."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from promql.cells import constant
from promql.context import Context
from promql.functions.arguments import vector_at
from promql.functions.elements import mapped
from promql.language.ast import Call
from promql.values import Value, Vector
from timeseries.columns import Floats, Ints
from timeseries.labels import Labels

Part = Callable[[Ints], Ints]

_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
# 1970 began on a Thursday.
_FIRST_WEEKDAY: Final = 4
# Beyond these seconds there is no date: what numpy can hold as days, years and months without overflow.
_FURTHEST: Final = float(1 << 53)


def _days(seconds: Ints) -> NDArray[np.datetime64]:
    return (seconds // _DAY).astype("datetime64[D]")


def _whole(dates: NDArray[np.datetime64], unit: str) -> Ints:
    return dates.astype(f"datetime64[{unit}]").astype(np.int64)


def _day_of_month(seconds: Ints) -> Ints:
    days = _days(seconds)
    return np.asarray((days - days.astype("datetime64[M]")).astype(np.int64) + 1)


def _day_of_year(seconds: Ints) -> Ints:
    days = _days(seconds)
    return np.asarray((days - days.astype("datetime64[Y]")).astype(np.int64) + 1)


def _days_in_month(seconds: Ints) -> Ints:
    months = _days(seconds).astype("datetime64[M]")
    lengths = (months + 1).astype("datetime64[D]") - months.astype("datetime64[D]")
    return np.asarray(lengths.astype(np.int64))


_PARTS: Final[dict[str, Part]] = {
    "day_of_month": _day_of_month,
    "day_of_week": lambda seconds: (seconds // _DAY + _FIRST_WEEKDAY) % 7,
    "day_of_year": _day_of_year,
    "days_in_month": _days_in_month,
    "hour": lambda seconds: seconds % _DAY // _HOUR,
    "minute": lambda seconds: seconds % _HOUR // _MINUTE,
    "month": lambda seconds: _whole(_days(seconds), "M") % 12 + 1,
    "year": lambda seconds: _whole(_days(seconds), "Y") + 1970,
}


def _parts(part: Part, seconds: Floats) -> Floats:
    known = np.abs(seconds) <= _FURTHEST
    # As a conversion to an integer does: towards zero.
    whole = np.trunc(np.where(known, seconds, 0.0)).astype(np.int64)
    return np.where(known, part(whole), np.nan)


def _of_date(part: Part) -> Callable[[Call, Sequence[Value], Context], Value]:
    def call(_call: Call, args: Sequence[Value], context: Context) -> Vector:
        if not args:
            return constant(Labels(), _parts(part, (context.steps.times // 1000).astype(np.float64)))
        vector = vector_at(args, 0)
        return mapped(vector, _parts(part, vector.values))

    return call


def _timestamp(_call: Call, args: Sequence[Value], context: Context) -> Vector:
    """Return the time of the step; selectors, whose samples have other times, are the engine's."""
    vector = vector_at(args, 0)
    times = np.broadcast_to(context.steps.times / 1000, vector.values.shape)
    return mapped(vector, times, vector.present)


DATES: Final[dict[str, Callable[[Call, Sequence[Value], Context], Value]]] = {
    **{name: _of_date(part) for name, part in _PARTS.items()},
    "timestamp": _timestamp,
}
