"""Time intervals hold the times that they say, wherever in the world."""

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertrules.routing.intervals import (
    TimeInterval,
    parse_days_of_month,
    parse_location,
    parse_months,
    parse_times,
    parse_weekdays,
    parse_years,
)

HOUR_MS = 3_600_000


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


@pytest.mark.parametrize(
    ("interval", "inside", "outside"),
    [
        (TimeInterval(), ["1970-01-01T00:00Z", "2026-02-28T23:59Z"], []),
        (
            TimeInterval(times=(parse_times("09:00", "17:00"),)),
            ["2026-01-01T09:00Z", "2026-01-01T16:59:59Z"],
            ["2026-01-01T08:59:59Z", "2026-01-01T17:00Z"],
        ),
        (TimeInterval(times=(parse_times("23:59", "24:00"),)), ["2026-01-01T23:59Z"], ["2026-01-01T23:58Z"]),
        (
            TimeInterval(weekdays=(parse_weekdays("monday:friday"),)),
            ["2026-01-05T00:00Z", "2026-01-09T23:59Z"],
            ["2026-01-04T23:59Z", "2026-01-10T00:00Z"],
        ),
        (TimeInterval(weekdays=(parse_weekdays("Sunday"),)), ["2026-01-04T12:00Z"], ["2026-01-03T12:00Z"]),
        (
            TimeInterval(days_of_month=(parse_days_of_month("-3:-1"),)),
            ["2026-02-26T00:00Z", "2024-02-29T00:00Z"],
            ["2026-02-25T00:00Z", "2024-02-26T00:00Z"],
        ),
        (
            TimeInterval(days_of_month=(parse_days_of_month("30:31"),)),
            ["2026-03-30T00:00Z"],
            ["2026-02-28T00:00Z"],
        ),
        (
            TimeInterval(days_of_month=(parse_days_of_month("-31:-30"),)),
            ["2026-03-01T00:00Z"],
            ["2026-02-01T00:00Z"],
        ),
        (TimeInterval(months=(parse_months("May:august"),)), ["2026-05-01T00:00Z"], ["2026-09-01T00:00Z"]),
        (TimeInterval(years=(parse_years("2026"),)), ["2026-12-31T23:59Z"], ["2027-01-01T00:00Z"]),
        (
            TimeInterval(times=(parse_times("00:00", "00:30"),), location="Asia/Kolkata"),
            ["2026-01-01T18:30Z", "2026-01-01T18:59Z"],
            ["2026-01-01T18:29Z", "2026-01-01T19:00Z", "2026-01-01T00:10Z"],
        ),
        # The clocks go forward at 02:00 to 03:00 on this day.
        (
            TimeInterval(times=(parse_times("03:00", "04:00"),), location="Europe/Berlin"),
            ["2026-03-29T01:00Z", "2026-03-29T01:59Z"],
            ["2026-03-29T00:59Z", "2026-03-29T02:00Z"],
        ),
        # A month of 31 days is an hour short there, and still has its 31st.
        (
            TimeInterval(days_of_month=(parse_days_of_month("-1"),), location="Europe/Berlin"),
            ["2026-03-31T12:00Z"],
            ["2026-03-30T12:00Z"],
        ),
        (TimeInterval(location="Local"), ["2026-01-01T00:00Z"], []),
    ],
)
def test_times_are_in_an_interval_or_not(
    interval: TimeInterval, inside: list[str], outside: list[str]
) -> None:
    assert [interval.contains(ms(text)) for text in inside] == [True] * len(inside)
    assert [interval.contains(ms(text)) for text in outside] == [False] * len(outside)


@st.composite
def ranges(draw: st.DrawFn, low: int, high: int) -> tuple[tuple[int, int], ...]:
    pairs = draw(st.lists(st.tuples(st.integers(low, high), st.integers(low, high)), max_size=2))
    return tuple((min(pair), max(pair)) for pair in pairs)


DAYS = st.lists(
    st.sampled_from([(1, 5), (30, 31), (-3, -1), (1, -1), (15, -10), (-31, -28), (29, 29), (-1, -1)]),
    max_size=2,
).map(tuple)
INTERVALS = st.builds(
    TimeInterval,
    times=ranges(0, 1440),
    weekdays=ranges(0, 6),
    days_of_month=DAYS,
    months=ranges(1, 12),
    years=ranges(2024, 2028),
    location=st.sampled_from(["+0", "+5.5", "-11"]),
)


def fixed(name: str) -> tzinfo:
    return timezone(timedelta(hours=float(name)))


def closed(ends: tuple[int, int]) -> range:
    return range(ends[0], ends[1] + 1)


def naive(interval: TimeInterval, at: datetime) -> bool:
    """List everything that a range holds, and find the last day of the month by looking."""
    last = next(
        day for day in (31, 30, 29, 28) if (at.replace(day=1) + timedelta(days=day - 1)).month == at.month
    )
    from_start = {day: day if day > 0 else last + 1 + day for day in range(-31, 32) if day}
    fields = [
        (interval.times, lambda ends: at.hour * 60 + at.minute in range(*ends)),
        (interval.weekdays, lambda ends: at.weekday() in {(day + 6) % 7 for day in closed(ends)}),
        (interval.days_of_month, lambda ends: at.day in closed((from_start[ends[0]], from_start[ends[1]]))),
        (interval.months, lambda ends: at.month in closed(ends)),
        (interval.years, lambda ends: at.year in closed(ends)),
    ]  # fmt: skip
    return all(not several or any(map(holds, several)) for several, holds in fields)


@given(INTERVALS, st.datetimes(datetime(2024, 1, 1), datetime(2028, 12, 31)))  # noqa: DTZ001
def test_an_interval_holds_what_counting_says(interval: TimeInterval, when: datetime) -> None:
    at = when.replace(tzinfo=UTC, microsecond=0)
    expected = naive(interval, at.astimezone(fixed(interval.location)))
    assert interval.contains(round(at.timestamp()) * 1000, fixed) is expected


@given(
    st.sampled_from([parse_weekdays, parse_months, parse_years, parse_days_of_month]), st.text(max_size=12)
)
def test_no_text_does_anything_but_raise_value_error(parse: object, text: str) -> None:
    assert callable(parse)
    try:
        first, last = parse(text)
    except ValueError:
        return
    assert isinstance(first, int)
    assert isinstance(last, int)


def test_zones_come_from_where_the_caller_says() -> None:
    def only(name: str) -> tzinfo:
        return {"Here": fixed("+1")}[name]

    assert parse_location("Here", only) == "Here"
    assert parse_location("", ZoneInfo) == "UTC"
    with pytest.raises(ValueError, match='there is no time zone "UTC"'):
        parse_location("UTC", only)
    interval = TimeInterval(times=((0, 60),), location="Here")
    assert interval.contains(23 * HOUR_MS, only)
    assert not interval.contains(0 * HOUR_MS, only)
