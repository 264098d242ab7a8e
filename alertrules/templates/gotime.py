"""Points in time and durations as templates see them: Go's layouts, methods and texts. Reads no clock."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import ClassVar, Final, Self
from zoneinfo import ZoneInfo

from alertrules.templates.values import CallError, Function, Functions

_SECOND: Final = 1_000_000_000
_MINUTE: Final = 60 * _SECOND
_HOUR: Final = 60 * _MINUTE
_DAY_SECONDS: Final = 86_400
_EPOCH_DAYS: Final = date(1970, 1, 1).toordinal()
_MAX_DURATION: Final = (1 << 63) - 1
# Those of years 1 and 9999, which Python's dates hold.
_FIRST_SECOND: Final = (date.min.toordinal() - _EPOCH_DAYS) * _DAY_SECONDS
_LAST_SECOND: Final = (date.max.toordinal() - _EPOCH_DAYS) * _DAY_SECONDS

MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
WEEKDAYS: Final = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")

_LAYOUT: Final = re.compile(
    r"January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|002|0[1-6]|15|1|2006|_2(?!006)|__2|2|3|4|5|PM|pm"
    r"|[Z-]07(?:0000|:00:00|00|:00)?|[.,](?:0+|9+)(?![0-9])"
)
_DEFAULT_LAYOUT: Final = "2006-01-02 15:04:05.999999999 -0700 MST"
_UNITS: Final = ((1, "ns"), (1000, "µs"), (1_000_000, "ms"))


class Month(int):
    """A month, from 1 on."""

    go_type: ClassVar[str] = "time.Month"
    methods: ClassVar[Functions] = {"String": Function(call=lambda month: month.go_text())}

    def go_text(self) -> str:
        """Return its name."""
        return MONTHS[self - 1]


class Weekday(int):
    """A day of the week; 0 is Sunday."""

    go_type: ClassVar[str] = "time.Weekday"
    methods: ClassVar[Functions] = {"String": Function(call=lambda day: day.go_text())}

    def go_text(self) -> str:
        """Return its name."""
        return WEEKDAYS[self]


class Duration(int):
    """A duration in nanoseconds."""

    go_type: ClassVar[str] = "time.Duration"
    methods: ClassVar[Functions] = {
        "String": Function(call=lambda duration: duration.go_text()),
        "Seconds": Function(call=lambda duration: duration / _SECOND),
        "Minutes": Function(call=lambda duration: duration / _MINUTE),
        "Hours": Function(call=lambda duration: duration / _HOUR),
        "Milliseconds": Function(call=lambda duration: int(duration / 1_000_000)),
        "Nanoseconds": Function(call=int),
        "Round": Function(call=lambda duration, unit: duration.rounded(unit), params=("time.Duration",)),
        "Truncate": Function(call=lambda duration, unit: duration.truncated(unit), params=("time.Duration",)),
    }

    def truncated(self, unit: int) -> Self:
        """Cut what is no whole unit."""
        return self if unit <= 0 else type(self)((abs(self) // unit * unit) * (-1 if self < 0 else 1))

    def rounded(self, unit: int) -> Self:
        """Round to whole units, halves away from 0."""
        if unit <= 0:
            return self
        return type(self)((abs(self) + unit // 2) // unit * unit * (-1 if self < 0 else 1))

    def go_text(self) -> str:
        """Write it as Go does: `1h2m3.5s`, `1.5ms`, `0s`."""
        left, sign = abs(self), "-" if self < 0 else ""
        if left == 0:
            return "0s"
        if left < _SECOND:
            size, unit = max((size, unit) for size, unit in _UNITS if left >= size)
            return f"{sign}{_fraction(left, size)}{unit}"
        hours, left = divmod(left, _HOUR)
        minutes, left = divmod(left, _MINUTE)
        text = f"{hours}h" if hours else ""
        text += f"{minutes}m" if hours or minutes else ""
        return f"{sign}{text}{_fraction(left, _SECOND)}s"


class Time:
    """A point in time, in nanoseconds since 1970, shown in some zone."""

    go_type: ClassVar[str] = "time.Time"
    is_struct: ClassVar[bool] = True
    methods: ClassVar[Functions]
    __slots__ = ("ns", "zone")

    def __init__(self, ns: int, zone: tzinfo = UTC) -> None:
        self.ns = ns
        self.zone = zone

    def __eq__(self, other: object) -> bool:
        """Compare the points in time."""
        return isinstance(other, Time) and self.ns == other.ns

    def __hash__(self) -> int:
        """Hash the point in time."""
        return hash(self.ns)

    @property
    def clock(self) -> datetime:
        """What a clock shows in the zone."""
        seconds = self.ns // _SECOND
        if not _FIRST_SECOND <= seconds < _LAST_SECOND:
            raise CallError("the time is not between the years 1 and 9999")
        days, second = divmod(seconds, _DAY_SECONDS)
        here = datetime.fromordinal(days + _EPOCH_DAYS) + timedelta(seconds=second)
        if self.zone is UTC:
            return here.replace(tzinfo=self.zone)
        return here.replace(tzinfo=UTC).astimezone(self.zone)

    def formatted(self, layout: str) -> str:
        """Write it by a layout."""
        clock, nanosecond = self.clock, self.ns % _SECOND
        return _LAYOUT.sub(lambda found: _written(found[0], clock, nanosecond), layout)

    def go_text(self) -> str:
        """Write it as Go does."""
        return self.formatted(_DEFAULT_LAYOUT)

    def moved(self, duration: int) -> "Time":
        """Return a time that is later."""
        return Time(self.ns + duration, self.zone)

    def since(self, other: "Time") -> Duration:
        """Return what lies between them, at most 292 years."""
        return Duration(max(-_MAX_DURATION - 1, min(_MAX_DURATION, self.ns - other.ns)))


class TimePointer(Time):
    """A pointer to a time, which some functions return."""

    go_type = "*time.Time"
    __slots__ = ()


ZERO_TIME: Final = Time(_FIRST_SECOND * _SECOND)
"""Go's time that was not set: year 1."""


def zone_named(name: str) -> tzinfo:
    """Return a time zone; raises CallError."""
    if name in ("", "UTC", "Local"):
        return UTC
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise CallError(f"unknown time zone {name}") from None


def _clocked(read: Callable[[datetime], object]) -> Function:
    return Function(call=lambda time: read(time.clock))


Time.methods = {
    "Format": Function(call=Time.formatted, params=("string",)),
    "String": Function(call=Time.go_text),
    "Unix": Function(call=lambda time: time.ns // _SECOND),
    "UnixMilli": Function(call=lambda time: time.ns // 1_000_000),
    "UnixNano": Function(call=lambda time: time.ns),
    "UTC": Function(call=lambda time: Time(time.ns)),
    "Local": Function(call=lambda time: Time(time.ns)),
    "Add": Function(call=Time.moved, params=("time.Duration",)),
    "Sub": Function(call=Time.since, params=("time.Time",)),
    "Before": Function(call=lambda time, other: time.ns < other.ns, params=("time.Time",)),
    "After": Function(call=lambda time, other: time.ns > other.ns, params=("time.Time",)),
    "Equal": Function(call=lambda time, other: time.ns == other.ns, params=("time.Time",)),
    "IsZero": Function(call=lambda time: time == ZERO_TIME),
    "Year": _clocked(lambda clock: clock.year),
    "Month": _clocked(lambda clock: Month(clock.month)),
    "Day": _clocked(lambda clock: clock.day),
    "Hour": _clocked(lambda clock: clock.hour),
    "Minute": _clocked(lambda clock: clock.minute),
    "Second": _clocked(lambda clock: clock.second),
    "Nanosecond": Function(call=lambda time: time.ns % _SECOND),
    "Weekday": _clocked(lambda clock: Weekday(clock.isoweekday() % 7)),
    "YearDay": _clocked(lambda clock: clock.timetuple().tm_yday),
}


def _fraction(value: int, size: int) -> str:
    whole, rest = divmod(value, size)
    if not rest:
        return str(whole)
    return f"{whole}.{str(rest).rjust(len(str(size)) - 1, '0').rstrip('0')}"


def _twelve(clock: datetime) -> int:
    return clock.hour % 12 or 12


_WORDS: Final[dict[str, Callable[[datetime], str]]] = {
    "January": lambda clock: MONTHS[clock.month - 1],
    "Jan": lambda clock: MONTHS[clock.month - 1][:3],
    "Monday": lambda clock: WEEKDAYS[clock.isoweekday() % 7],
    "Mon": lambda clock: WEEKDAYS[clock.isoweekday() % 7][:3],
    "MST": lambda clock: clock.tzname() or "",
    "2006": lambda clock: f"{clock.year:04d}",
    "01": lambda clock: f"{clock.month:02d}",
    "1": lambda clock: str(clock.month),
    "02": lambda clock: f"{clock.day:02d}",
    "_2": lambda clock: f"{clock.day:2d}",
    "2": lambda clock: str(clock.day),
    "002": lambda clock: f"{clock.timetuple().tm_yday:03d}",
    "__2": lambda clock: f"{clock.timetuple().tm_yday:3d}",
    "15": lambda clock: f"{clock.hour:02d}",
    "03": lambda clock: f"{_twelve(clock):02d}",
    "3": lambda clock: str(_twelve(clock)),
    "04": lambda clock: f"{clock.minute:02d}",
    "4": lambda clock: str(clock.minute),
    "05": lambda clock: f"{clock.second:02d}",
    "5": lambda clock: str(clock.second),
    "06": lambda clock: f"{clock.year % 100:02d}",
    "PM": lambda clock: "AM" if clock.hour < 12 else "PM",
    "pm": lambda clock: "am" if clock.hour < 12 else "pm",
}


def _written(part: str, clock: datetime, nanosecond: int) -> str:
    known = _WORDS.get(part)
    if known is not None:
        return known(clock)
    if part[0] in ".,":
        digits = f"{nanosecond:09d}".ljust(len(part), "0")[: len(part) - 1]
        if part[1] == "9":
            digits = digits.rstrip("0")
            return part[0] + digits if digits else ""
        return part[0] + digits
    return _offset(part, int((clock.utcoffset() or timedelta()).total_seconds()))


def _offset(part: str, seconds: int) -> str:
    if part[0] == "Z" and seconds == 0:
        return "Z"
    between = ":" if ":" in part else ""
    hours, left = divmod(abs(seconds), 3600)
    pieces = [f"{'-' if seconds < 0 else '+'}{hours:02d}", f"{left // 60:02d}", f"{left % 60:02d}"]
    return between.join(pieces[: len(part.replace(":", "")) // 2])
