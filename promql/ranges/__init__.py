"""All functions of range vectors, by name."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from promql.context import Context
from promql.histograms.sums import mean, total
from promql.language.ast import Call
from promql.ranges import natives, order, presence, steps, trends
from promql.ranges.extended import extended
from promql.ranges.extended_natives import extended_natives
from promql.ranges.frame import frame_of, selector_of
from promql.ranges.rates import extrapolated, of_last_two, tell_non_counters
from promql.ranges.sums import averages, sums
from promql.values import Value, Vector
from timeseries.columns import Floats, Ints

RangeFunction = Callable[[Call, Sequence[Value], Context], Vector]


def _rate(*, counter: bool, per_second: bool) -> RangeFunction:
    def function(call: Call, args: Sequence[Value], context: Context) -> Vector:
        frame = frame_of(call, args, context)
        selector = selector_of(call)
        if selector is not None and (selector.anchored or selector.smoothed):
            smoothed = selector.smoothed
            values, present = extended(frame, smoothed=smoothed, counter=counter, per_second=per_second)
            native = extended_natives(frame, smoothed=smoothed, counter=counter, per_second=per_second)
        else:
            values, present = extrapolated(frame, counter=counter, per_second=per_second)
            native = natives.extrapolated(frame, counter=counter, per_second=per_second)
        if counter:
            tell_non_counters(frame)
        return natives.beside(frame, values, present, native)

    return function


def _of_last_two(*, rate: bool) -> RangeFunction:
    def function(call: Call, args: Sequence[Value], context: Context) -> Vector:
        frame = frame_of(call, args, context)
        values, present = of_last_two(frame, rate=rate)
        return natives.of_last_two(frame, values, present, rate=rate)

    return function


def sum_over_time(call: Call, args: Sequence[Value], context: Context) -> Vector:
    """Add up the samples."""
    return _added_up(call, args, context, average=False)


def avg_over_time(call: Call, args: Sequence[Value], context: Context) -> Vector:
    """Average the samples."""
    return _added_up(call, args, context, average=True)


def _added_up(call: Call, args: Sequence[Value], context: Context, *, average: bool) -> Vector:
    frame = frame_of(call, args, context)
    windows = frame.windows
    values, present = np.zeros(frame.floats.shape), frame.floats > 0
    if present.any():
        add: Callable[[Floats, Ints, Ints], Floats] = averages if average else sums
        with np.errstate(all="ignore"):
            values[present] = add(windows.columns.values, windows.first[present], windows.last[present])
    return natives.beside(frame, values, present, natives.added_up(frame, mean if average else total))


RANGE_FUNCTIONS: Final[dict[str, RangeFunction]] = {
    "absent_over_time": presence.absent_over_time,
    "avg_over_time": avg_over_time,
    "changes": steps.changes,
    "count_over_time": presence.count_over_time,
    "delta": _rate(counter=False, per_second=False),
    "deriv": trends.deriv,
    "double_exponential_smoothing": trends.double_exponential_smoothing,
    "first_over_time": presence.first_over_time,
    "idelta": _of_last_two(rate=False),
    "increase": _rate(counter=True, per_second=False),
    "irate": _of_last_two(rate=True),
    "last_over_time": presence.last_over_time,
    "mad_over_time": order.mad_over_time,
    "max_over_time": order.max_over_time,
    "min_over_time": order.min_over_time,
    "predict_linear": trends.predict_linear,
    "present_over_time": presence.present_over_time,
    "quantile_over_time": order.quantile_over_time,
    "rate": _rate(counter=True, per_second=True),
    "resets": steps.resets,
    "stddev_over_time": trends.stddev_over_time,
    "stdvar_over_time": trends.stdvar_over_time,
    "sum_over_time": sum_over_time,
    "ts_of_first_over_time": presence.ts_of_first_over_time,
    "ts_of_last_over_time": presence.ts_of_last_over_time,
    "ts_of_max_over_time": order.ts_of_max_over_time,
    "ts_of_min_over_time": order.ts_of_min_over_time,
}
