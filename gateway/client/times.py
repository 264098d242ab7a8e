"""Times and lengths of time as people write them at a prompt. Reads no clock: its callers know the time."""

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from gateway.client.errors import WrongRequest
from runtime.values import Duration

POINTS: Final = 250
"""Of each series, when no step is given: enough for a chart as wide as a screen."""

_STEPS: Final = (
    1,
    2,
    5,
    10,
    15,
    20,
    30,
    60,
    120,
    300,
    600,
    900,
    1800,
    3600,
    7200,
    10_800,
    21_600,
    43_200,
    86_400,
)
_AGO: Final = re.compile(r"(?:now)?-([0-9][0-9a-z]*[a-z])")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CALENDAR: Final = (-62e9, 253e9)
"""From the year 5 to the year 9987."""
_MAX_SECONDS: Final = 1e11
"""Unix seconds until the year 5138; what is more is in milliseconds."""


def moment(text: str, now: Callable[[], float]) -> float:
    """Read a time as Unix seconds: a number, RFC 3339, `now`, `-1h`; raises WrongRequest."""
    if text == "now":
        return now()
    ago = _AGO.fullmatch(text)
    if ago is not None:
        return now() - length(ago[1])
    found = _number(text)
    if found is None:
        found = _rfc_3339(text)
    if found is None:
        raise WrongRequest(
            f'"{text}" is no time. Write Unix seconds, RFC 3339 such as 2026-09-21T13:33:20Z, now, or -1h'
        )
    if abs(found) > _MAX_SECONDS:
        raise WrongRequest(f'"{text}" is too far from now. Are these milliseconds? Write seconds')
    return found


def length(text: str) -> float:
    """Read a duration such as `5m`, or a number of seconds, as seconds above 0; raises WrongRequest."""
    found = _number(text)
    if found is None:
        try:
            found = Duration.parse(text).ms / 1000
        except ValueError:
            raise WrongRequest(f'"{text}" is no duration. Write 30s, 5m or 1h30m') from None
    if not 0 < found <= _MAX_SECONDS:
        raise WrongRequest(f'"{text}" must be longer than nothing, and shorter than all time')
    return found


def step_for(seconds: float) -> float:
    """Return the step that shows so much time in at most POINTS points: one that people would choose."""
    wanted = seconds / POINTS
    day = _STEPS[-1]
    return next((step for step in _STEPS if step >= wanted), math.ceil(wanted / day) * day)


def written(seconds: float) -> str:
    """Write a time as RFC 3339, which `moment` reads back."""
    at = stamp(seconds)
    return at.isoformat(timespec="milliseconds" if at.microsecond else "seconds").replace("+00:00", "Z")


def stamp(seconds: float) -> datetime:
    """Return a time, in UTC and to the millisecond; beyond the calendar the nearest that is in it."""
    first, last = _CALENDAR
    return _EPOCH + timedelta(milliseconds=round(min(max(seconds, first), last) * 1000))


def _number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def _rfc_3339(text: str) -> float | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    aware = found if found.tzinfo else found.replace(tzinfo=UTC)
    return (aware - _EPOCH).total_seconds()
