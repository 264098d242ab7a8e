"""Series as unit tests write them: `up{job="node"}` with the values `1+1x5 _ stale {{schema:1 count:2}}`.

Owns the notation, which is Prometheus'. Knows no file and no rule.
"""

import re
from collections.abc import Iterator
from itertools import accumulate, chain, islice, repeat
from typing import Final

import numpy as np

from promql.errors import ParseError
from promql.histograms.model import FloatHistogram, MixedSchemas
from promql.histograms.sides import NO_SIDE, Side
from promql.language.parser import parse_selector
from timeseries.errors import InvalidHistogram, InvalidLabels
from timeseries.histogram import ResetHint
from timeseries.labels import Labels
from timeseries.matcher import MatchType
from timeseries.stale import STALE

MAX_POINTS: Final = 1_000_000
"""Of one series: a value a second for eleven days. `0x999999999` is a slip, and would take all memory."""

Value = float | FloatHistogram
Point = Value | None
"""A sample, or none at this time."""

_NUMBER: Final = r"(?:(?:\d[\d_]*\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf|nan)"
_HISTOGRAM: Final = r"\{\{[^}]*\}\}"
_POINT: Final = re.compile(
    rf"\s*(?:(?P<gap>_)|(?P<stale>stale)|(?P<number>[+-]?{_NUMBER})(?P<by>[+-]{_NUMBER})?"
    rf"|(?P<histogram>{_HISTOGRAM})(?:(?P<sign>[+-])(?P<other>{_HISTOGRAM}))?)(?:x(?P<times>\d+))?(?=\s|$)",
    re.IGNORECASE,
)
_FIELD: Final = re.compile(r"\s*([a-z_]+)\s*:\s*(\[[^\]]*\]|[^\s}]+)")
_HINTS: Final = {
    "unknown": ResetHint.UNKNOWN,
    "reset": ResetHint.RESET,
    "not_reset": ResetHint.NOT_RESET,
    "gauge": ResetHint.GAUGE,
}
_LISTS: Final = ("buckets", "n_buckets", "custom_values")
_NUMBERS: Final = ("schema", "sum", "count", "z_bucket", "z_bucket_w", "offset", "n_offset")
_HINT: Final = "counter_reset_hint"
_NO_LABELS: Final = re.compile(r"\{\s*\}")


def parse_series(text: str) -> Labels:
    """Read the labels of a series; raises ValueError, whose text says what is wrong."""
    written = text.strip()
    if not written or _NO_LABELS.fullmatch(written):
        return Labels()
    try:
        matchers = parse_selector(written)
        if any(matcher.type is not MatchType.EQUAL for matcher in matchers):
            raise ValueError(f"{written} is no series: its labels must have values, with =")
        return Labels((one.name, one.value) for one in matchers)
    except (ParseError, InvalidLabels) as error:
        raise ValueError(f"{written} is no series: {error}") from None


def parse_points(text: str) -> list[Point]:
    """Read the values of a series, one for each interval; raises ValueError."""
    points: list[Point] = []
    at = 0
    while text[at:].strip():
        found = _POINT.match(text, at)
        if found is None:
            raise ValueError(
                f"{text[at:].strip().split()[0]} is no value. Write such as 1 2.5 _ stale 0x3 1+2x5 "
                "{{schema:1 count:2}}"
            )
        at = found.end()
        room = MAX_POINTS - len(points)
        points += islice(_points(found), room + 1)
        if len(points) > MAX_POINTS:
            raise ValueError(f"a series has more than {MAX_POINTS} values")
    return points


def parse_histogram(text: str) -> FloatHistogram:
    """Read `{{schema:1 count:2 buckets:[1 1]}}`; raises ValueError."""
    body = text.strip()[2:-2]
    fields: dict[str, str] = {}
    at = 0
    while body[at:].strip():
        found = _FIELD.match(body, at)
        if found is None or found[1] in fields:
            raise ValueError(f"{text} is no histogram")
        fields[found[1]] = found[2]
        at = found.end()
    hint = fields.pop(_HINT, "unknown")
    if hint not in _HINTS:
        raise ValueError(f"there is no {_HINT} {hint}; there are {', '.join(_HINTS)}")
    known = (*_LISTS, *_NUMBERS)
    if unknown := [name for name in fields if name not in known]:
        raise ValueError(f"a histogram has no {unknown[0]}; it may have {', '.join((*known, _HINT))}")
    lists = {name: [float(one) for one in fields.get(name, "[]")[1:-1].split()] for name in _LISTS}
    numbers = {name: float(fields.get(name, "0")) for name in _NUMBERS}
    return FloatHistogram(
        schema=int(numbers["schema"]),
        zero_threshold=numbers["z_bucket_w"],
        zero_count=numbers["z_bucket"],
        count=numbers["count"],
        sum=numbers["sum"],
        positive=_side(int(numbers["offset"]), lists["buckets"]),
        negative=_side(int(numbers["n_offset"]), lists["n_buckets"]),
        custom_values=tuple(lists["custom_values"]),
        hint=_HINTS[hint],
    )


def _side(first: int, counts: list[float]) -> Side:
    if not counts:
        return NO_SIDE
    return Side(indices=np.arange(first, first + len(counts)), counts=np.array(counts))


def _points(found: re.Match[str]) -> Iterator[Point]:
    times = int(found["times"][:18]) if found["times"] else 0
    if found["gap"]:
        return repeat(None, times if found["times"] else 1)
    if found["stale"]:
        return repeat(STALE, times + 1)
    if found["histogram"]:
        return _histograms(found, times)
    first, by = float(found["number"]), float(found["by"] or 0)
    if not found["by"]:
        return repeat(first, times + 1)
    # Added again and again, as Prometheus does: the rounding of the last value is part of it.
    return accumulate(chain([first], repeat(by, times)))


def _histograms(found: re.Match[str], times: int) -> Iterator[FloatHistogram]:
    first = parse_histogram(found["histogram"])
    if not found["sign"]:
        return repeat(first, times + 1)
    other = parse_histogram(found["other"])
    steps: Iterator[FloatHistogram] = accumulate(
        chain([first], repeat(other, times)),
        lambda one, two: (one.plus(two) if found["sign"] == "+" else one.minus(two)).histogram,
    )
    return _summed(steps)


def _summed(steps: Iterator[FloatHistogram]) -> Iterator[FloatHistogram]:
    try:
        yield from steps
    except (MixedSchemas, InvalidHistogram):
        raise ValueError("a series adds histograms with and without custom buckets") from None
