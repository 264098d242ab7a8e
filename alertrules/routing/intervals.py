"""Time intervals of Alertmanager: times of day, days, months and years in a place of the world.

Owns how they are written and which times they hold. Where the zones of the world come from is a parameter.
"""

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

Zone = Callable[[str], tzinfo]
"""Finds a zone by its name; raises KeyError, ValueError or OSError when there is none."""
Range = tuple[int, int]

LOCAL: Final = "Local"
"""The name of the zone that the machine is in."""

_WEEKDAYS: Final = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_MONTHS: Final = tuple(name.lower() for name in (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
))  # fmt: skip
_CLOCK: Final = re.compile(r"(?:([01][0-9]|2[0-3]):([0-5][0-9])|(24):(00))")
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,18}")
_MINUTES_OF_HOUR: Final = 60
_LONGEST_MONTH: Final = 31
# With it a range that is empty in every month is told; some are empty only in short months.
_SHORTEST_MONTH: Final = 28


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeInterval:
    """A set of times. Each field that is empty leaves nothing out; all that are not must hold.

    Ranges hold both of their ends, but `times` (minutes of the day) do not hold the end. `weekdays` count
    from Sunday = 0; days of the month that are negative count from its end.
    """

    times: tuple[Range, ...] = ()
    weekdays: tuple[Range, ...] = ()
    days_of_month: tuple[Range, ...] = ()
    months: tuple[Range, ...] = ()
    years: tuple[Range, ...] = ()
    location: str = "UTC"

    def contains(self, time_ms: int, zone: Zone = ZoneInfo) -> bool:
        """Tell whether a time is in it."""
        at = _there(time_ms, self.location, zone)
        minute = at.hour * _MINUTES_OF_HOUR + at.minute
        return (
            (not self.times or any(start <= minute < end for start, end in self.times))
            and _holds(self.weekdays, at.isoweekday() % 7)
            and _holds(self.months, at.month)
            and _holds(self.years, at.year)
            and (not self.days_of_month or any(_is_day_in(each, at) for each in self.days_of_month))
        )


def _there(time_ms: int, location: str, zone: Zone) -> datetime:
    at = datetime.fromtimestamp(time_ms // 1000, UTC)
    return at.astimezone(None if location == LOCAL else zone(location))


def _holds(ranges: tuple[Range, ...], number: int) -> bool:
    return not ranges or any(first <= number <= last for first, last in ranges)


def _is_day_in(days: Range, at: datetime) -> bool:
    length = calendar.monthrange(at.year, at.month)[1]
    first, last = (day if day > 0 else length + day + 1 for day in days)
    return first <= at.day <= last


def parse_location(text: str, zone: Zone = ZoneInfo) -> str:
    """Return the name of a zone that there is; raises ValueError."""
    if text == LOCAL:
        return text
    name = text or "UTC"
    try:
        zone(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(
            f'there is no time zone "{text}"; write one such as Europe/Berlin, UTC or {LOCAL}'
        ) from None
    return name


def parse_times(start: str, end: str) -> Range:
    """Return the minutes of the day of two times, `09:00` and `24:00`; raises ValueError."""
    first, last = _minute(start), _minute(end)
    if first >= last:
        raise ValueError(f"it must start before it ends: {start} is not before {end}")
    return first, last


def parse_weekdays(text: str) -> Range:
    """Return `monday:friday` or `sunday`; raises ValueError."""
    return _ordered(_range(text, _weekday), text)


def parse_months(text: str) -> Range:
    """Return `1:3`, `may:august` or `december`; raises ValueError."""
    return _ordered(_range(text, _month), text)


def parse_years(text: str) -> Range:
    """Return `2026:2030` or `2026`; raises ValueError."""
    return _ordered(_range(text, _number), text)


def parse_days_of_month(text: str) -> Range:
    """Return `1:5`, `-3:-1` or `15`; raises ValueError."""
    first, last = _range(text, _number)
    for day in (first, last):
        if not 1 <= abs(day) <= _LONGEST_MONTH:
            raise ValueError(
                f'"{text}": a day is 1 to {_LONGEST_MONTH}, or -1 to -{_LONGEST_MONTH} from the end'
            )
    if first < 0 < last:
        raise ValueError(f'"{text}": when it starts from the end of the month, it must end so, too')
    _ordered((_from_start(first), _from_start(last)), text)
    return first, last


def _from_start(day: int) -> int:
    return day if day > 0 else _SHORTEST_MONTH + day


def _range(text: str, parse: Callable[[str], int]) -> Range:
    ends = text.lower().split(":")
    if len(ends) > 2:
        raise ValueError(f'"{text}" is no range; write START:END')
    return parse(ends[0]), parse(ends[-1])


def _ordered(ends: Range, text: str) -> Range:
    if ends[0] > ends[1]:
        raise ValueError(f'"{text}" ends before it starts')
    return ends


def _weekday(text: str) -> int:
    if text not in _WEEKDAYS:
        raise ValueError(f'"{text}" is no day of the week; there are {", ".join(_WEEKDAYS)}')
    return _WEEKDAYS.index(text)


def _month(text: str) -> int:
    if text in _MONTHS:
        return _MONTHS.index(text) + 1
    if not _WHOLE.fullmatch(text):
        raise ValueError(f'"{text}" is no month; write its name, or 1 to {len(_MONTHS)}')
    return int(text)


def _number(text: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise ValueError(f'"{text}" is no whole number')
    return int(text)


def _minute(text: str) -> int:
    found = _CLOCK.fullmatch(text)
    if found is None:
        raise ValueError(f'"{text}" is no time of day; write it such as 09:00, up to 24:00')
    hour, minute = (part for part in found.groups() if part is not None)
    return int(hour) * _MINUTES_OF_HOUR + int(minute)
