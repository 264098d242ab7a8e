"""Times as people write them at a prompt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.client.errors import WrongRequest
from gateway.client.times import POINTS, length, moment, step_for, written

NOW = 1_790_000_000.5


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("now", NOW),
        ("-1h", NOW - 3600),
        ("now-1h30m", NOW - 5400),
        ("1790000000.25", 1_790_000_000.25),
        ("-5", -5.0),
        ("2026-09-21T13:33:20Z", 1_789_997_600.0),
        ("2026-09-21T15:33:20.5+02:00", 1_789_997_600.5),
        ("2026-09-21", 1_789_948_800.0),
    ],
)
def test_a_time_is_read(text: str, seconds: float) -> None:
    assert moment(text, lambda: NOW) == seconds


@pytest.mark.parametrize(
    "text", ["", "soon", "1h", "now+1h", "-1x", "NaN", "inf", "2026-13-01", "1790000000000"]
)
def test_what_is_no_time_is_told(text: str) -> None:
    with pytest.raises(WrongRequest, match=r"is no time|no duration|Are these milliseconds"):
        moment(text, lambda: NOW)


def test_now_is_only_asked_for_when_it_is_meant() -> None:
    def never() -> float:
        raise AssertionError

    assert moment("1", never) == 1.0


@given(st.integers(-62_000_000_000_000, 100_000_000_000_000).map(lambda ms: ms / 1000))
def test_a_time_that_is_written_can_be_read(seconds: float) -> None:
    assert moment(written(seconds), lambda: NOW) == seconds


def test_a_time_beyond_the_calendar_is_written_all_the_same() -> None:
    assert written(1e15) == "9987-04-02T17:46:40Z"
    assert written(-1e15) == "0005-04-19T09:46:40Z"


@pytest.mark.parametrize(("text", "seconds"), [("15", 15.0), ("0.5", 0.5), ("5m", 300.0), ("1h30m", 5400.0)])
def test_a_length_is_read(text: str, seconds: float) -> None:
    assert length(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "-1", "0s", "5 m", "inf", "NaN"])
def test_what_is_no_length_is_told(text: str) -> None:
    with pytest.raises(WrongRequest, match=r"is no duration|must be longer than nothing"):
        length(text)


@given(st.floats(0, 1e10))
def test_a_step_gives_no_more_points_than_a_chart_has_room_for(seconds: float) -> None:
    step = step_for(seconds)
    assert step >= 1
    assert seconds / step <= POINTS


@pytest.mark.parametrize(
    ("seconds", "step"), [(0, 1), (250, 1), (251, 2), (3600, 15), (86_400, 600), (1e9, 47 * 86_400)]
)
def test_a_step_is_one_that_people_would_choose(seconds: float, step: float) -> None:
    assert step_for(seconds) == step
