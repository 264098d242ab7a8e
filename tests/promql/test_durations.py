"""What durations come to, alone and in arithmetic."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promql.errors import EvaluationError
from promql.language.ast import Duration, MatrixSelector, VectorSelector
from promql.language.durations import format_duration, parse_duration, resolve
from promql.language.parser import parse
from tests.promql.expressions import durations, offsets


def range_of(written: str) -> Duration:
    """Return what stands in a range."""
    expr = parse(f"a[{written}]")
    assert isinstance(expr, MatrixSelector)
    return expr.range


def offset_of(written: str) -> Duration:
    """Return what stands as an offset."""
    expr = parse(f"a offset {written}")
    assert isinstance(expr, VectorSelector)
    assert expr.shift.offset is not None
    return expr.shift.offset


@given(st.integers(0, 9_223_372_036_854))
def test_what_is_written_is_read(ms: int) -> None:
    assert parse_duration(format_duration(ms)) == ms


@pytest.mark.parametrize(
    ("ms", "written"),
    [
        (0, "0s"),
        (1, "1ms"),
        (90_000, "1m30s"),
        (86_400_000, "1d"),
        (604_800_000, "1w"),
        (7_776_000_000, "90d"),
        (31_536_000_000, "1y"),
        (31_536_000_001, "365d1ms"),
        (-5_400_000, "-1h30m"),
    ],
)
def test_how_a_duration_is_written(ms: int, written: str) -> None:
    assert format_duration(ms) == written


@pytest.mark.parametrize(
    ("written", "ms"),
    [
        ("5m", 300_000),
        ("0.3", 300),
        ("0x10", 16_000),
        ("0xd", 13_000),
        ("0.0015", 1),
        ("1m + 30", 90_000),
        ("0.0005 * 2 + 1ms", 2),
        ("1m - 20s - 10s", 30_000),
        ("2 ^ 3 ^ 2 * 3", 1_536_000),
        ("-2 ^ 2 + 5", 1000),
        ("(1m + 1m) * 2", 240_000),
        ("100 / 3", 33_333),
        ("200 / 3", 66_667),
        ("7m % 2m", 60_000),
        ("0.0005 + 0", 1),
        ("step()", 15_000),
        ("STEP() * 2", 30_000),
        ("range()", 3_600_000),
        ("min_of(step(), 10s)", 10_000),
        ("max_of(step(), 10s)", 15_000),
        ("max(1s, min(5s, 3s))", 3_000),
    ],
)
def test_what_a_range_comes_to(written: str, ms: int) -> None:
    assert resolve(range_of(written), 15_000, 3_600_000, positive=True) == ms


@pytest.mark.parametrize(
    ("written", "ms"),
    [
        ("5m", 300_000),
        ("-5m", -300_000),
        ("+5m", 300_000),
        ("0", 0),
        ("-step()", -15_000),
        ("+step()", 15_000),
        ("-(1m + 1)", -61_000),
        ("(1s - 2s)", -1000),
        ("-min_of(1s, step())", -1000),
        ("(0 - 0.0005)", -1),
        ("(-5s % 3s)", -2000),
    ],
)
def test_what_an_offset_comes_to(written: str, ms: int) -> None:
    assert resolve(offset_of(written), 15_000, 3_600_000) == ms


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("step() - 15s", "2:14: duration must be greater than 0"),
        ("(5s - 1m)", "3:10: duration must be greater than 0"),
        ("min_of(1s, 0s)", "9:15: duration must be greater than 0"),
        ("5m / (0s)", "2:11: division by zero"),
        ("5m % (step() - 15)", "2:20: modulo by zero"),
        ("10 ^ 400", "2:10: duration is out of range"),
        ("(0-8) ^ 0.5", "2:13: duration is out of range"),
        ("0 - 10 ^ 400 % 5", "2:18: duration is out of range"),
        ("1 - 1", "2:7: duration must be greater than 0"),
    ],
)
def test_what_is_no_duration(written: str, message: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        resolve(range_of(written), 15_000, 3_600_000, positive=True)
    assert str(caught.value) == message


@given(durations | offsets)
def test_any_duration_is_one_or_an_error_that_says_so(duration: Duration) -> None:
    try:
        ms = resolve(duration, 15_000, 3_600_000)
    except EvaluationError:
        return
    assert abs(ms) < 2**63 / 1e6 + 1
