"""Durations: `1h30m` to milliseconds and back, and what an expression of them comes to for a query."""

import math
import re
from typing import Final

from promql.errors import EvaluationError
from promql.language.ast import Duration, DurationFunction, DurationLiteral, DurationOperation, Span
from timeseries.text import quote

MAX_SECONDS: Final = 2.0**63 / 1e9
"""What 64 bits of nanoseconds hold: 292 years."""

_UNITS: Final = {
    "y": 365 * 86_400_000,
    "w": 7 * 86_400_000,
    "d": 86_400_000,
    "h": 3_600_000,
    "m": 60_000,
    "s": 1000,
    "ms": 1,
}
# Years and weeks are only written when nothing is left: 90d is easier to read than 12w6d.
_EXACT: Final = ("y", "w")
_PIECE: Final = re.compile(r"([0-9]+)([a-z]+)")
_OCTAL: Final = re.compile(r"0(?:_?[0-7])+")
# More digits than the largest duration has.
_MANY_DIGITS: Final = 20


def parse_duration(text: str) -> int:
    """Return milliseconds; raises ValueError, whose text says what is wrong."""
    total, last = 0, -1
    order = list(_UNITS)
    for number, unit in _PIECE.findall(text):
        if unit not in _UNITS:
            raise ValueError(f"unknown unit {quote(unit)} in duration {quote(text)}")
        place = order.index(unit)
        if place <= last:
            raise ValueError(f"not a valid duration string: {quote(text)}")
        last = place
        total += int(number.lstrip("0")[:_MANY_DIGITS] or "0") * _UNITS[unit]
    if total > MAX_SECONDS * 1000:
        raise ValueError("duration out of range")
    return total


def format_duration(ms: int) -> str:
    """Write milliseconds with units, `1h30m`; what is negative has a sign."""
    if ms == 0:
        return "0s"
    left, written = abs(ms), "-" if ms < 0 else ""
    for unit, size in _UNITS.items():
        if left >= size and (unit not in _EXACT or left % size == 0):
            written += f"{left // size}{unit}"
            left %= size
    return written


def parse_number(text: str) -> float:
    """Return what a number token means; raises ValueError, whose text says what is wrong."""
    digits = text.lower()
    try:
        if digits.startswith("0x"):
            return float(int(digits, 16))
        # A leading zero makes a whole number octal, unless it has other digits.
        if _OCTAL.fullmatch(digits):
            return float(int(digits, 8))
        number = float(digits)
    except (ValueError, OverflowError):
        raise ValueError(f"strconv.ParseFloat: parsing {quote(text)}: invalid syntax") from None
    if math.isinf(number) and "inf" not in digits:
        raise ValueError(f"strconv.ParseFloat: parsing {quote(text)}: value out of range")
    return number


def seconds_of(literal: DurationLiteral) -> float:
    """Return a literal's seconds; written as a number, they may be finer than its milliseconds."""
    if is_duration(literal):
        return literal.ms / 1000
    written = literal.written
    return -parse_number(written[1:]) if written.startswith("-") else parse_number(written)


def is_duration(literal: DurationLiteral) -> bool:
    """Tell whether it was written with units, `5m`, or as a number of seconds, `300`."""
    return literal.written[-1] in "ywdhms" and "x" not in literal.written.lower()


def resolve(duration: Duration, step_ms: int, range_ms: int, *, positive: bool = False) -> int:
    """Return milliseconds for a query with this step and range (its end less its start).

    Raises EvaluationError for what is no duration, and, when it must be positive, for what is not.
    """
    if isinstance(duration, DurationLiteral):
        return duration.ms
    seconds = _Resolver(step_ms / 1000, range_ms / 1000).seconds(duration)
    place = _place(duration)
    if positive and seconds <= 0:
        raise EvaluationError(f"{place}: duration must be greater than 0")
    if not abs(seconds) <= MAX_SECONDS:
        raise EvaluationError(f"{place}: duration is out of range")
    return int(math.copysign(math.floor(abs(seconds) * 1000 + 0.5), seconds))


class _Resolver:
    """Knows what `step()` and `range()` are, in seconds."""

    def __init__(self, step: float, range_: float) -> None:
        self._step = step
        self._range = range_

    def seconds(self, duration: Duration) -> float:
        if isinstance(duration, DurationLiteral):
            return seconds_of(duration)
        if isinstance(duration, DurationOperation):
            right = self.seconds(duration.right)
            if duration.left is not None:
                return _operate(duration, self.seconds(duration.left), right)
            return -right if duration.op == "-" else right
        if duration.name in ("step", "range"):
            return self._step if duration.name == "step" else self._range
        found = [self.seconds(arg) for arg in duration.args]
        return _extreme(found, largest=duration.name.startswith("max"))


def _extreme(found: list[float], largest: bool) -> float:
    if any(map(math.isnan, found)):
        return math.nan
    return max(found) if largest else min(found)


def _operate(node: DurationOperation, left: float, right: float) -> float:
    match node.op:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "^":
            return _power(left, right)
    if right == 0:
        name = "division" if node.op == "/" else "modulo"
        raise EvaluationError(f"{_place(node)}: {name} by zero")
    if node.op == "/":
        return left / right
    return math.nan if math.isinf(left) else math.fmod(left, right)


def _power(left: float, right: float) -> float:
    try:
        return math.pow(left, right)
    except ValueError:
        return math.nan
    except OverflowError:
        return math.inf


def _place(duration: Duration) -> str:
    """Write where an expression stands: characters from 0, without parentheses around it."""
    while isinstance(duration, DurationOperation) and duration.op == "(":
        duration = duration.right
    span = duration.span
    if isinstance(duration, DurationFunction) and duration.args:
        span = Span(duration.args[0].span.start, duration.args[-1].span.end)
    return f"{span.start}:{span.end}"
