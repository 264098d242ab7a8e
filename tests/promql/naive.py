"""The functions of range vectors as one would write them first: window by window, sample after sample."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from tests.promql.memory import Point


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The samples of one series after `start`, up to `end`, and the time of the step."""

    points: Sequence[Point]
    start: int
    end: int
    now: int

    @property
    def values(self) -> list[float]:
        """Their values."""
        return [point.value for point in self.points]


def quantile(wanted: float, values: Sequence[float]) -> float:
    """Interpolate between the values next to the rank; NaN is least."""
    if math.isnan(wanted):
        return math.nan
    if not 0 <= wanted <= 1:
        return math.copysign(math.inf, wanted)
    ordered = sorted(values, key=lambda value: (not math.isnan(value), 0 if math.isnan(value) else value))
    rank = wanted * (len(ordered) - 1)
    low, share = math.floor(rank), rank - math.floor(rank)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] * (1 - share) + ordered[high] * share


def began_anew(before: Point, now: Point) -> bool:
    """Whether the counting of a sample began after the one before."""
    if now.start_ms == 0 or now.start_ms >= now.time_ms or now.start_ms < before.time_ms:
        return False
    if now.start_ms > before.time_ms:
        return True
    return before.start_ms != 0 and before.start_ms < before.time_ms


def was_reset(before: Point, now: Point) -> bool:
    """Whether a counter was reset between two samples."""
    return now.value < before.value or began_anew(before, now)


def extrapolated(window: Window, *, counter: bool, per_second: bool) -> float | None:
    """rate, increase and delta."""
    points = window.points
    if not points:
        return None
    first, last = points[0], points[-1]
    change = last.value - first.value
    if counter:
        for before, now in pairwise(points):
            change += before.value if was_reset(before, now) else 0
    to_start, to_end = (first.time_ms - window.start) / 1000, (window.end - last.time_ms) / 1000
    sampled = (last.time_ms - first.time_ms) / 1000
    average = sampled / (len(points) - 1) if len(points) > 1 else 0
    if counter and window.start < first.start_ms < first.time_ms and first.start_ms:
        to_start, sampled = 0, (last.time_ms - first.start_ms) / 1000
        change += first.value
    elif len(points) == 1:
        return None
    else:
        if to_start >= average * 1.1:
            to_start = average / 2
        if counter and change > 0 and first.value >= 0:
            to_start = min(to_start, sampled * (first.value / change))
    if to_end >= average * 1.1:
        to_end = average / 2
    result = change * ((sampled + to_start + to_end) / sampled)
    return result / ((window.end - window.start) / 1000) if per_second else result


def of_last_two(window: Window, *, rate: bool) -> float | None:
    """irate and idelta."""
    if len(window.points) < 2:
        return None
    before, now = window.points[-2:]
    change = now.value - before.value
    if rate and was_reset(before, now):
        change = now.value
    return change / ((now.time_ms - before.time_ms) / 1000) if rate else change


def extreme(window: Window, *, sign: int) -> Point | None:
    """Return the last of the samples with the largest value times the sign; NaN is less than all."""
    found: Point | None = None
    for point in window.points:
        if found is None or math.isnan(found.value) or sign * point.value >= sign * found.value:
            found = point
    return found


def variance(values: Sequence[float]) -> float | None:
    """Return the mean square of the deviations from the mean."""
    if not values:
        return None
    if not all(map(math.isfinite, values)):
        return math.nan
    mean = math.fsum(values) / len(values)
    return math.fsum((value - mean) ** 2 for value in values) / len(values)


def line(window: Window, at_ms: int) -> tuple[float, float] | None:
    """Return the slope of the line through the samples, and what it is at a time."""
    if len(window.points) < 2:
        return None
    values = window.values
    if all(value == values[0] for value in values):
        return (math.nan, math.nan) if math.isinf(values[0]) else (0.0, values[0])
    if not all(map(math.isfinite, values)):
        return math.nan, math.nan
    times = [(point.time_ms - at_ms) / 1000 for point in window.points]
    centre, mean = math.fsum(times) / len(times), math.fsum(values) / len(values)
    square = math.fsum((time - centre) ** 2 for time in times)
    slope = math.fsum((t - centre) * (v - mean) for t, v in zip(times, values, strict=True)) / square
    return slope, mean - slope * centre


def smoothed(values: Sequence[float], factor: float, trend: float) -> float | None:
    """Double exponential smoothing."""
    if len(values) < 2:
        return None
    level, slope = values[0], values[1] - values[0]
    before = 0.0
    for place, value in enumerate(values[1:], 1):
        if place > 1:
            slope = trend * (level - before) + (1 - trend) * slope
        before, level = level, factor * value + (1 - factor) * (level + slope)
    return level


def plain_sum(values: Sequence[float]) -> float | None:
    """Add up, infinities included."""
    if not values:
        return None
    return math.fsum(values) if all(map(math.isfinite, values)) else sum(values)


def average(values: Sequence[float]) -> float | None:
    """Divide the sum by the count."""
    total = plain_sum(values)
    return None if total is None else total / len(values)


def deviation(values: Sequence[float]) -> float | None:
    """Return the median absolute deviation."""
    if not values:
        return None
    if any(map(math.isnan, values)):
        return math.nan
    median = quantile(0.5, values)
    return quantile(0.5, [abs(value - median) for value in values])


def root(value: float | None) -> float | None:
    """Return the square root, if any."""
    return None if value is None else math.sqrt(value)


def _value(point: Point | None) -> float | None:
    return None if point is None else point.value


def _time(point: Point | None) -> float | None:
    return None if point is None else point.time_ms / 1000


def _pairs(window: Window) -> list[tuple[Point, Point]]:
    return list(pairwise(window.points))


def _differ(one: float, other: float) -> bool:
    return one != other and not (math.isnan(one) and math.isnan(other))


def resets(window: Window) -> float | None:
    """Count the resets."""
    return float(sum(was_reset(*pair) for pair in _pairs(window))) if window.points else None


def changes(window: Window) -> float | None:
    """Count the changes."""
    if not window.points:
        return None
    return float(sum(_differ(before.value, now.value) for before, now in _pairs(window)))


def slope(window: Window) -> float | None:
    """deriv."""
    found = line(window, window.end)
    return None if found is None else found[0]


def prediction(window: Window) -> float | None:
    """predict_linear for a minute."""
    found = line(window, window.now)
    return None if found is None else found[1] + found[0] * 60


# What stands before and after the range in the call, and the function.
FUNCTIONS: Final[dict[str, Callable[[Window], float | None]]] = {
    "avg_over_time({})": lambda window: average(window.values),
    "changes({})": changes,
    "count_over_time({})": lambda window: float(len(window.points)) or None,
    "delta({})": lambda window: extrapolated(window, counter=False, per_second=False),
    "deriv({})": slope,
    "double_exponential_smoothing({}, 0.3, 0.6)": lambda window: smoothed(window.values, 0.3, 0.6),
    "first_over_time({})": lambda window: _value(window.points[0]) if window.points else None,
    "idelta({})": lambda window: of_last_two(window, rate=False),
    "increase({})": lambda window: extrapolated(window, counter=True, per_second=False),
    "irate({})": lambda window: of_last_two(window, rate=True),
    "last_over_time({})": lambda window: _value(window.points[-1]) if window.points else None,
    "mad_over_time({})": lambda window: deviation(window.values),
    "max_over_time({})": lambda window: _value(extreme(window, sign=1)),
    "min_over_time({})": lambda window: _value(extreme(window, sign=-1)),
    "predict_linear({}, 60)": prediction,
    "present_over_time({})": lambda window: 1.0 if window.points else None,
    "quantile_over_time(0.3, {})": lambda window: quantile(0.3, window.values) if window.points else None,
    "rate({})": lambda window: extrapolated(window, counter=True, per_second=True),
    "resets({})": resets,
    "stddev_over_time({})": lambda window: root(variance(window.values)),
    "stdvar_over_time({})": lambda window: variance(window.values),
    "sum_over_time({})": lambda window: plain_sum(window.values),
    "ts_of_first_over_time({})": lambda window: _time(window.points[0]) if window.points else None,
    "ts_of_last_over_time({})": lambda window: _time(window.points[-1]) if window.points else None,
    "ts_of_max_over_time({})": lambda window: _time(extreme(window, sign=1)),
    "ts_of_min_over_time({})": lambda window: _time(extreme(window, sign=-1)),
}
