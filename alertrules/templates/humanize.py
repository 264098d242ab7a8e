"""Numbers for people: with SI prefixes, as durations, percentages and times. The forms are Prometheus'."""

import math
import re
from typing import Final

from alertrules.templates.gotime import Duration, TimePointer
from alertrules.templates.literals import floating
from alertrules.templates.values import ANY, CallError, Function, Functions, Value, type_name
from promql.gofloat import general
from timeseries.text import quote

_LARGE: Final = ("k", "M", "G", "T", "P", "E", "Z", "Y")
_SMALL: Final = ("m", "u", "n", "p", "f", "a", "z", "y")
_BINARY: Final = ("ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi")
_MAX_NS: Final = float(1 << 63)
_WORDS: Final = re.compile(r"[+-]?inf(?:inity)?|nan", re.IGNORECASE)


def number_of(value: Value) -> float:
    """Return the number that a value is, or that it is written as; raises CallError."""
    if type(value) is float:
        return value
    if type(value) is int:
        return float(value)
    if isinstance(value, Duration):
        return value / 1e9
    if type(value) is str:
        return _parsed(value)
    raise CallError(f"can't convert {type_name(value)} to float")


def time_of(value: float) -> TimePointer:
    """Return the time that is some seconds after 1970, cut to milliseconds; raises CallError."""
    if not math.isfinite(value):
        raise CallError("value is NaN or Inf")
    nanoseconds = value * 1e9
    if not -_MAX_NS <= nanoseconds < _MAX_NS:
        raise CallError(
            f"{general(value)} cannot be represented as a nanoseconds timestamp since it overflows int64"
        )
    return TimePointer(_cut(int(nanoseconds), 1_000_000) * 1_000_000)


def _parsed(text: str) -> float:
    if _WORDS.fullmatch(text):
        return float(text)
    number = floating(text)
    if number is None:
        raise CallError(f"strconv.ParseFloat: parsing {quote(text)}: invalid syntax")
    if math.isinf(number):
        raise CallError(f"strconv.ParseFloat: parsing {quote(text)}: value out of range")
    return number


def _cut(number: int, by: int) -> int:
    return number // by if number >= 0 else -(-number // by)


def four_digits(value: float) -> str:
    """Write a number with four significant digits."""
    if math.isfinite(value):
        return "%.4g" % value  # noqa: UP031
    return general(value)


def _up(value: float, names: tuple[str, ...], base: float) -> tuple[float, str]:
    name = ""
    for next_name in names:
        if abs(value) < base:
            break
        name = next_name
        value /= base
    return value, name


def _down(value: float) -> tuple[float, str]:
    name = ""
    for next_name in _SMALL:
        if abs(value) >= 1:
            break
        name = next_name
        value *= 1000
    return value, name


def humanize(given: Value) -> str:
    """Write a number with an SI prefix: `1.049M`."""
    value = number_of(given)
    if value == 0 or not math.isfinite(value):
        return four_digits(value)
    value, name = _up(value, _LARGE, 1000) if abs(value) >= 1 else _down(value)
    return four_digits(value) + name


def humanize1024(given: Value) -> str:
    """Write a number with a binary prefix: `1Mi`."""
    value = number_of(given)
    if abs(value) <= 1 or not math.isfinite(value):
        return four_digits(value)
    value, name = _up(value, _BINARY, 1024)
    return four_digits(value) + name


def humanize_duration(given: Value) -> str:
    """Write seconds as a duration: `2m 15s`."""
    value = number_of(given)
    if not math.isfinite(value):
        return four_digits(value)
    if value == 0:
        return f"{four_digits(value)}s"
    if abs(value) < 1:
        value, name = _down(value)
        return f"{four_digits(value)}{name}s"
    sign, value = "-" if value < 0 else "", abs(value)
    minutes, seconds = _divided(_whole(value), 60)
    hours, minutes = _divided(minutes, 60)
    days, hours = _divided(hours, 24)
    if not (days or hours or minutes):
        return f"{sign}{four_digits(value)}s"
    text = f"{days}d " if days else ""
    text += f"{hours}h " if days or hours else ""
    return f"{sign}{text}{minutes}m {seconds}s"


def _whole(value: float) -> int:
    """Cut what is behind the point; what 64 bits don't hold is the least that they hold."""
    return int(value if value < _MAX_NS else -_MAX_NS)


def _divided(number: int, by: int) -> tuple[int, int]:
    """Divide towards 0."""
    whole = _cut(number, by)
    return whole, number - whole * by


def humanize_percentage(given: Value) -> str:
    """Write a ratio as a percentage: `95.9%`."""
    return f"{four_digits(number_of(given) * 100)}%"


def humanize_timestamp(given: Value) -> str:
    """Write seconds since 1970 as a time: `2022-01-25 12:36:43 +0000 UTC`."""
    value = number_of(given)
    return time_of(value).go_text() if math.isfinite(value) else four_digits(value)


_ANYTHING: Final = (ANY,)

HUMANIZE_FUNCTIONS: Final[Functions] = {
    "humanize": Function(call=humanize, params=_ANYTHING),
    "humanize1024": Function(call=humanize1024, params=_ANYTHING),
    "humanizeDuration": Function(call=humanize_duration, params=_ANYTHING),
    "humanizePercentage": Function(call=humanize_percentage, params=_ANYTHING),
    "humanizeTimestamp": Function(call=humanize_timestamp, params=_ANYTHING),
}
