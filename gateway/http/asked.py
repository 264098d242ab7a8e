"""The parameters of Prometheus' API: times, durations, limits and selectors, and its words for wrong ones."""

import math
import re
from typing import Final

from gateway.http.errors import ApiError
from gateway.http.parameters import MAX_TIME_MS, MIN_TIME_MS, Parameters, time_ms
from promql.errors import ParseError
from promql.language.parser import parse_selector
from runtime.values import Duration
from timeseries.matcher import Matcher
from timeseries.text import quote

_EXTREMES: Final = {
    "-292273086-05-16T16:47:06Z": MIN_TIME_MS,
    "292277025-08-18T07:12:54.999999999Z": MAX_TIME_MS,
}
"""How clients of Prometheus write "from the beginning" and "to the end": years that no calendar here has."""

_LATEST_MS: Final = 1 << 53
_MAX_SECONDS: Final = 2.0**63 / 1e9
# How the parser ends when all matchers take the empty text; beside match[] it is told otherwise.
_NON_EMPTY: Final = "at least one non-empty matcher"

_LARGEST_LIMIT: Final = (1 << 63) - 1
_LIMIT_DIGITS: Final = 100
"""Python itself reads no more than some thousand."""


def invalid(name: str, why: str) -> ApiError:
    """Return the error for a parameter that cannot be used."""
    return ApiError(f'invalid parameter "{name}": {why}')


def limit_of(parameters: Parameters) -> int | None:
    """Return how many results are wanted at most; None without a limit."""
    text = parameters.one("limit")
    if text is None:
        return None
    if not re.fullmatch(r"[+-]?[0-9]+", text, re.ASCII):
        raise invalid("limit", f"strconv.Atoi: parsing {quote(text)}: invalid syntax")
    if len(text) > _LIMIT_DIGITS or abs(int(text)) > _LARGEST_LIMIT:
        raise invalid("limit", f"strconv.Atoi: parsing {quote(text)}: value out of range")
    if int(text) < 0:
        raise invalid("limit", "limit must be non-negative")
    return int(text) or None


def moment(parameters: Parameters, name: str) -> int:
    """Return a time that must be given, in ms."""
    text = parameters.one(name) or ""
    found = _EXTREMES.get(text, time_ms(text))
    if found is None:
        raise invalid(name, _no_time(text))
    return found


def moment_or(parameters: Parameters, name: str, default: int) -> int:
    """Return a time in ms, the default when it is not given."""
    text = parameters.one(name)
    if text is None:
        return default
    found = _EXTREMES.get(text, time_ms(text))
    if found is None:
        raise invalid(name, f"invalid time value for '{name}': {_no_time(text)}")
    return found


def _no_time(text: str) -> str:
    return f"cannot parse {quote(text)} to a valid timestamp"


def near(time_ms: int) -> int:
    """Return a time, or the nearest one to it that something kept here can have."""
    return min(max(time_ms, 0), _LATEST_MS)


def span_of(parameters: Parameters) -> tuple[int, int]:
    """Return start and end in ms; what is not given has no limit."""
    return moment_or(parameters, "start", MIN_TIME_MS), moment_or(parameters, "end", MAX_TIME_MS)


def duration(text: str) -> float:
    """Read seconds or a duration such as `5m`, as seconds; raises ValueError with Prometheus' words."""
    try:
        seconds = float(text) if re.fullmatch(r"[0-9.eE+-]{1,64}", text) else math.nan
    except ValueError:
        seconds = math.nan
    if abs(seconds) > _MAX_SECONDS:
        raise ValueError(f"cannot parse {quote(text)} to a valid duration. It overflows int64")
    if not math.isnan(seconds):
        return seconds
    try:
        return Duration.parse(text).ms / 1000
    except ValueError:
        raise ValueError(f"cannot parse {quote(text)} to a valid duration") from None


def duration_of(parameters: Parameters, name: str) -> float | None:
    """Return a duration in seconds, None when it is not given."""
    text = parameters.one(name)
    return None if text is None else required_duration(text, name)


def required_duration(text: str, name: str) -> float:
    """Read a duration in seconds."""
    try:
        return duration(text)
    except ValueError as error:
        raise invalid(name, str(error)) from error


def selectors_of(parameters: Parameters) -> list[tuple[Matcher, ...]]:
    """Return what the parameters `match[]` select. Each needs a matcher that refuses the empty text."""
    try:
        return bare_selectors_of(parameters)
    except ApiError as error:
        raise invalid("match[]", str(error)) from error


def bare_selectors_of(parameters: Parameters) -> list[tuple[Matcher, ...]]:
    """Return the same, where Prometheus does not name the parameter when it is wrong."""
    selectors = []
    for text in parameters.all("match[]"):
        try:
            matchers = parse_selector(text)
        except ParseError as error:
            everything = error.reason.endswith(_NON_EMPTY)
            raise ApiError(f"match[] must contain {_NON_EMPTY}" if everything else str(error)) from error
        selectors.append(matchers)
    return selectors
