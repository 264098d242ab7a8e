"""The points behind a series in a script: `1 2+3x4 _ stale {{count:1}}x2`, and start times `-1mx4`."""

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate, repeat
from typing import Final

from tests.promqltest.errors import ScriptError
from tests.promqltest.shape import Shape
from timeseries.stale import STALE

# A value, a histogram, or nothing.
Point = float | Shape | None

_NUMBER: Final = r"(?:(?:\d[\d_]*\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf|nan)"
_HISTOGRAM: Final = r"\{\{[^}]*\}\}"
_UNIT: Final = r"(?:(?:\d+(?:ms|[smhdwy]))+|\d+(?:\.\d+)?)"
_TIMES: Final = r"(?:x(?P<times>\d+))?(?=\s|$)"

_POINT: Final = re.compile(
    rf"\s*(?:(?P<gap>_)|(?P<stale>stale)|(?P<number>[+-]?{_NUMBER})(?P<by>[+-]{_NUMBER})?"
    rf"|(?P<histogram>{_HISTOGRAM})(?:(?P<sign>[+-])(?P<other>{_HISTOGRAM}))?){_TIMES}",
    re.IGNORECASE,
)
_START: Final = re.compile(rf"\s*(?:(?P<gap>_)|(?P<first>-?{_UNIT})(?P<by>[+-]{_UNIT})?){_TIMES}")
_DURATION: Final = re.compile(r"(\d+)(ms|[smhdwy])")
_UNITS_MS: Final = {
    "ms": 1,
    "s": 1000,
    "m": 60_000,
    "h": 3_600_000,
    "d": 86_400_000,
    "w": 604_800_000,
    "y": 31_536_000_000,
}


def parse_duration(text: str) -> int:
    """Read `1m30s`, `-10s`, or seconds; returns ms."""
    plain = text.strip().removeprefix("+")
    if plain.startswith("-"):
        return -parse_duration(plain[1:])
    pieces = _DURATION.findall(plain)
    if pieces and "".join(number + unit for number, unit in pieces) == plain:
        return sum(int(number) * _UNITS_MS[unit] for number, unit in pieces)
    try:
        return round(float(plain) * 1000)
    except ValueError:
        raise ScriptError(f"this is no duration: {text}") from None


def parse_number(text: str) -> float | None:
    """Read a number as a result of its own, `3`, `0x1F`, `-Inf`; None for anything else."""
    for read in (_whole, float):
        try:
            return read(text)
        except ValueError:
            continue
    return None


def _whole(text: str) -> float:
    return float(int(text, 0))


def parse_points(text: str) -> list[Point]:
    """Read the points of a series, one a step."""
    points: list[Point] = []
    for found in _pieces(_POINT, text):
        times = found["times"]
        count = int(times) if times is not None else 0
        if found["gap"]:
            points += repeat(None, count if times is not None else 1)
        elif found["histogram"]:
            points += _histograms(found, count)
        elif found["stale"]:
            points += repeat(STALE, count + 1)
        else:
            step = float(found["by"] or 0)
            first = float(found["number"])
            points += repeat(first, count + 1) if not found["by"] else _stepping(first, step, count)
    return points


def parse_starts(text: str) -> list[int | None]:
    """Read the start times of a series, each in ms after the time of its sample; None is unknown."""
    starts: list[int | None] = []
    for found in _pieces(_START, text):
        times = found["times"]
        count = int(times) if times is not None else 0
        if found["gap"]:
            starts += repeat(None, count if times is not None else 1)
        else:
            by = parse_duration(found["by"]) if found["by"] else 0
            first = parse_duration(found["first"])
            starts += [first + by * at for at in range(count + 1)]
    return starts


def _pieces(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    at = 0
    while text[at:].strip():
        found = pattern.match(text, at)
        if found is None:
            raise ScriptError(f"this is no point: {text[at:].strip()}")
        yield found
        at = found.end()


def _stepping(first: float, step: float, count: int) -> Iterator[float]:
    """Add again and again, as Prometheus does: the rounding of the last value is part of it."""
    return accumulate([first, *repeat(step, count)])


def _histograms(found: re.Match[str], count: int) -> Sequence[Shape]:
    first = Shape.parse(found["histogram"])
    if found["other"] is None:
        return [first] * (count + 1)
    other = Shape.parse(found["other"])
    combine = Shape.plus if found["sign"] == "+" else Shape.minus
    return list(accumulate([first, *repeat(other, count)], combine))
