"""The points of a series: what each way of writing them stands for."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.promqltest.errors import ScriptError
from tests.promqltest.points import parse_duration, parse_number, parse_points, parse_starts
from tests.promqltest.shape import Shape
from timeseries.histogram import ResetHint
from timeseries.stale import is_stale


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("", []),
        ("1 -2 +3.5 1e3 .5", [1, -2, 3.5, 1000, 0.5]),
        ("7x2", [7, 7, 7]),
        ("0+10x3", [0, 10, 20, 30]),
        ("5-2x2 9", [5, 3, 1, 9]),
        ("-1-1x1", [-1, -2]),
        ("_ 1 _x2 2", [None, 1, None, None, 2]),
        ("1e2+1e1x1", [100, 110]),
        ("Inf -inf", [math.inf, -math.inf]),
    ],
)
def test_numbers_and_gaps(text: str, points: list[float | None]) -> None:
    assert parse_points(text) == points


def test_steps_are_added_one_after_the_other() -> None:
    points = parse_points("0+0.1x3")
    assert points[3] == 0.1 + 0.1 + 0.1 != 0.3


def test_nan_and_the_stale_marker_are_not_the_same() -> None:
    nan, stale = parse_points("NaN stale")
    assert isinstance(nan, float)
    assert isinstance(stale, float)
    assert math.isnan(nan)
    assert not is_stale(nan)
    assert is_stale(stale)


@pytest.mark.parametrize(
    "text",
    [
        "1 two",
        "1+x3",
        "1x",
        "1 2,3",
        "0x1F",
        "{{count:1",
        "{{counts:1}}",
        "{{count:1 count:2}}",
        "{{counter_reset_hint:no}}",
    ],
)
def test_what_is_no_point(text: str) -> None:
    with pytest.raises(ScriptError):
        parse_points(text)


def test_a_histogram_with_all_its_fields() -> None:
    [shape] = parse_points(
        "{{schema:2 sum:-3.5 count:9 z_bucket:1 z_bucket_w:0.01 buckets:[1 2 0] offset:-1 n_buckets:[5] "
        "n_offset:3 counter_reset_hint:gauge}}"
    )
    assert shape == Shape(
        schema=2,
        sum=-3.5,
        count=9,
        zero_count=1,
        zero_threshold=0.01,
        positive={-1: 1, 0: 2, 1: 0},
        negative={3: 5},
        hint=ResetHint.GAUGE,
        hinted=True,
    )


def test_histograms_repeated_and_stepping() -> None:
    up = parse_points("{{count:1 sum:2 buckets:[1]}}+{{count:2 buckets:[0 2]}}x2")
    assert [one.count for one in up if isinstance(one, Shape)] == [1, 3, 5]
    assert isinstance(up[2], Shape)
    assert up[2].positive == {0: 1, 1: 4}
    [first, second] = parse_points("{{count:3}}-{{count:1}}x1")
    assert isinstance(second, Shape)
    assert second.count == 2
    assert parse_points("{{count:3}}x1") == [first, first]


def test_a_finer_step_is_added_at_the_resolution_of_the_coarser() -> None:
    last = parse_points("{{schema:0 buckets:[1 1]}}+{{schema:1 offset:1 buckets:[1 2 4]}}x1")[1]
    assert isinstance(last, Shape)
    # Buckets 1 and 2 of schema 1 end at 2, bucket 3 at 4.
    assert (last.schema, last.positive) == (0, {0: 1, 1: 4, 2: 4})


def test_a_step_with_other_bounds_keeps_those_of_both() -> None:
    first = "{{schema:-53 custom_values:[1 2 4] buckets:[1 1 1 1]}}"
    last = parse_points(f"{first}+{{{{schema:-53 custom_values:[2 8] buckets:[3 5 7]}}}}x1")[1]
    assert isinstance(last, Shape)
    assert (last.custom_values, last.positive) == ((2,), {0: 5, 1: 14})


def test_a_step_with_another_zero_bucket_gets_the_wider_one() -> None:
    last = parse_points("{{z_bucket:1 z_bucket_w:0.5 buckets:[2]}}+{{z_bucket:2 buckets:[3]}}x1")[1]
    assert isinstance(last, Shape)
    assert (last.zero_threshold, last.zero_count, last.positive) == (0.5, 3, {0: 5})
    with pytest.raises(ScriptError, match="overlaps"):
        parse_points("{{z_bucket_w:0.6 offset:1 buckets:[2]}}+{{buckets:[3]}}x1")


@pytest.mark.parametrize(
    ("text", "starts"),
    [
        ("-1mx2", [-60_000] * 3),
        ("_ _x2 -30s", [None, None, None, -30_000]),
        ("-1m-15sx2", [-60_000, -75_000, -90_000]),
        ("-1m+15sx1 0s", [-60_000, -45_000, 0]),
    ],
)
def test_start_times(text: str, starts: list[int | None]) -> None:
    assert parse_starts(text) == starts


@pytest.mark.parametrize(
    ("text", "ms"),
    [("5m", 300_000), ("1h30m", 5_400_000), ("10s53ms", 10_053), ("-2s", -2000), ("7.5", 7500)],
)
def test_durations(text: str, ms: int) -> None:
    assert parse_duration(text) == ms


@pytest.mark.parametrize("text", ["", "m", "5x", "1m?"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ScriptError):
        parse_duration(text)


@given(number=st.floats(allow_nan=False))
def test_numbers_as_results(number: float) -> None:
    assert parse_number(repr(number)) == number


def test_other_numbers_as_results() -> None:
    assert parse_number("0x1F") == 31
    assert parse_number("+Inf") == math.inf
    assert parse_number("foo") is None
    assert parse_number("{} 3") is None
