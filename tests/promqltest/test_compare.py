"""What counts as the same answer, and what must not."""

import math
from dataclasses import replace

import numpy as np
import pytest

from promql.context import Usage
from promql.engine import Answer
from promql.language.ast import ValueType
from promql.values import Steps, Value, Vector
from tests.promqltest.compare import (
    Mismatch,
    almost_equal,
    check_annotations,
    check_instant,
    check_middle,
    check_range,
    same_shape,
)
from tests.promqltest.points import Point
from tests.promqltest.script import Eval, Expected, Times, parse_script
from tests.promqltest.shape import Shape
from timeseries.histogram import ResetHint
from timeseries.labels import Labels
from timeseries.stale import STALE

UP, DOWN = Labels({"__name__": "up"}), Labels({"__name__": "down"})


def answer(
    value: Value, *, steps: int = 1, warnings: tuple[str, ...] = (), infos: tuple[str, ...] = ()
) -> Answer:
    return Answer(
        type=ValueType.VECTOR,
        value=value,
        steps=Steps(start_ms=0, end_ms=(steps - 1) * 60_000, step_ms=60_000),
        ordered=False,
        warnings=list(warnings),
        infos=list(infos),
        usage=Usage(),
    )


def vector(rows: dict[Labels, list[float | None]]) -> Vector:
    values = np.array(
        [[math.nan if value is None else value for value in row] for row in rows.values()], np.float64
    )
    present = np.array([[value is not None for value in row] for row in rows.values()], np.bool_)
    return Vector(labels=list(rows), values=values, present=present, drop_name=np.zeros(len(rows), np.bool_))


def expected(text: str) -> Expected:
    [command] = parse_script(text)
    assert isinstance(command, Eval)
    return command.expected


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        (1.0, 1.0, True),
        (1.0, 1.0000001, True),
        (1.0, 1.00001, False),
        (0.0, 1e-9, False),
        (0.0, -0.0, True),
        (math.inf, math.inf, True),
        (math.inf, -math.inf, False),
        (math.inf, 1e308, False),
        (math.nan, math.nan, True),
        (math.nan, 1.0, False),
        (math.nan, STALE, False),
        (STALE, STALE, True),
    ],
)
def test_numbers(one: float, two: float, same: bool) -> None:
    assert almost_equal(one, two) is same
    assert almost_equal(two, one) is same


BASE = Shape(schema=1, count=3, sum=2, zero_count=1, zero_threshold=0.1, positive={0: 2}, negative={1: 4})


@pytest.mark.parametrize(
    "change",
    [
        {"schema": 2},
        {"count": 4},
        {"sum": 2.1},
        {"zero_count": 2},
        {"zero_threshold": 0.2},
        {"positive": {0: 3}},
        {"positive": {1: 2}},
        {"negative": {}},
        {"custom_values": (1.0,)},
    ],
)
def test_histograms_differ_in_each_field(change: dict[str, object]) -> None:
    assert same_shape(BASE, BASE)
    assert not same_shape(BASE, replace(BASE, **change))  # type: ignore[arg-type]


def test_empty_buckets_do_not_count_and_a_hint_only_when_it_is_written() -> None:
    assert same_shape(BASE, replace(BASE, positive={-1: 0, 0: 2.0000001, 1: 0}))
    assert same_shape(BASE, replace(BASE, hint=ResetHint.GAUGE))
    assert not same_shape(replace(BASE, hinted=True), replace(BASE, hint=ResetHint.GAUGE))


GOOD: dict[Labels, list[float | None]] = {UP: [1.0], DOWN: [2.0]}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("up 1", vector(GOOD)),
        ("up 1\n down 2\n other 3", vector(GOOD)),
        ("up 1\n down 3", vector(GOOD)),
        ("up {{count:1}}\n down 2", vector(GOOD)),
        ("down 2\n expect ordered\n up 1", vector(GOOD)),
        ("1", vector(GOOD)),
        ("1", np.array([2.0])),
        ("{} 1", np.array([1.0])),
        ("expect string 'a'", "b"),
        ("", "b"),
        (
            "up 1",
            Vector(
                labels=[UP, UP],
                values=np.ones((2, 1)),
                present=np.ones((2, 1), np.bool_),
                drop_name=np.zeros(2, np.bool_),
            ),
        ),
    ],
)
def test_what_is_not_expected_at_one_time(text: str, value: Value) -> None:
    with pytest.raises(Mismatch):
        check_instant(expected(f"eval instant at 0 up\n {text}".rstrip()), answer(value))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("down 2\n up 1", vector(GOOD)),
        ("up 1\n expect ordered\n down 2", vector(GOOD)),
        ("up 1", vector({UP: [1.0], DOWN: [None]})),
        ("1", np.array([1.0])),
        ("expect string 'a'", "a"),
    ],
)
def test_what_is_expected_at_one_time(text: str, value: Value) -> None:
    check_instant(expected(f"eval instant at 0 up\n {text}"), answer(value))


def checked_range(points: list[Point], value: Value) -> None:
    times = Times(start_ms=0, end_ms=120_000, step_ms=60_000)
    check_range(Expected(series={UP: points}), times, answer(value, steps=3))


def test_ranges() -> None:
    value = vector({UP: [1.0, None, 3.0]})
    checked_range([1, None, 3], value)
    bad: list[list[Point]] = [[1, None, 4], [1, 2, 3], [1, None], [1], [1, None, 3, None], [1, 3], []]
    for points in bad:
        with pytest.raises(Mismatch):
            checked_range(points, value)
    with pytest.raises(Mismatch, match="sorted"):
        checked_range([1], vector({UP: [1.0, None, None], DOWN: [1.0, None, None]}))


def test_a_scalar_over_a_range_is_a_series_without_labels() -> None:
    times = Times(start_ms=0, end_ms=60_000, step_ms=60_000)
    check_range(Expected(series={Labels(): [1, 2]}), times, answer(np.array([1.0, 2.0]), steps=2))
    with pytest.raises(Mismatch):
        check_range(Expected(series={Labels(): [1, 1]}), times, answer(np.array([1.0, 2.0]), steps=2))


def test_the_middle_of_a_range() -> None:
    value = vector({DOWN: [None, None, 1.0], UP: [1.0, 2.0, None]})
    check_middle(Expected(series={UP: [2]}), answer(value, steps=3), 1)
    for step in (0, 2):
        with pytest.raises(Mismatch):
            check_middle(Expected(series={UP: [2]}), answer(value, steps=3), step)
    check_middle(Expected(scalar=2), answer(np.array([1.0, 2.0, 3.0]), steps=3), 1)
    with pytest.raises(Mismatch):
        check_middle(Expected(scalar=2), answer(np.array([1.0, 3.0, 3.0]), steps=3), 1)


@pytest.mark.parametrize(
    ("text", "warnings", "infos", "good"),
    [
        ("", ("any",), ("any",), True),
        ("expect no_warn", ("any",), (), False),
        ("expect no_warn", (), ("any",), True),
        ("expect no_info", ("any",), (), True),
        ("expect no_info", (), ("any",), False),
        ("expect warn", (), ("any",), False),
        ("expect warn", ("any", "other"), (), True),
        ("expect warn msg: any", ("any",), (), True),
        ("expect warn msg: an", ("any",), (), False),
        ("expect warn msg: any", ("any", "other"), (), False),
        ("expect warn regex: an", ("any", "can"), (), True),
        ("expect info", ("any",), (), False),
        ("expect info msg: any", (), ("any",), True),
    ],
)
def test_annotations(text: str, warnings: tuple[str, ...], infos: tuple[str, ...], good: bool) -> None:
    wanted = expected(f"eval instant at 0 up\n {text}".rstrip())
    got = answer(vector(GOOD), warnings=warnings, infos=infos)
    if good:
        check_annotations(wanted, got)
    else:
        with pytest.raises(Mismatch):
            check_annotations(wanted, got)
