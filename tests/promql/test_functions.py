"""Functions of instant vectors and scalars: against Python's own, and the corners that Prometheus has."""

import calendar
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cmp_to_key

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promql.context import Context
from promql.errors import EvaluationError
from promql.functions import FUNCTIONS
from promql.functions.absence import absent_labels
from promql.functions.relabeling import expanded
from promql.functions.sorting import compare_naturally
from promql.gofloat import general, plain
from promql.histograms.model import FloatHistogram
from promql.language.ast import Call, Expr, Paren, VectorSelector
from promql.source import Reading, Selected, unlimited
from promql.values import Value, Vector
from tests.promql.vectors import (
    SPAN,
    STEPS,
    context,
    floats,
    floats_of,
    rows_of,
    samples_at,
    vector,
    vectors,
)
from timeseries.columns import Columns
from timeseries.histogram import Histogram, HistogramSample
from timeseries.labels import Labels
from timeseries.matcher import Matcher, MatchType
from timeseries.stale import STALE

H = FloatHistogram(count=2.0, sum=4.0)


def call(function: str, *args: Expr) -> Call:
    return Call(span=SPAN, function=function, args=args)


def run(function: str, *args: Value, within: Context | None = None) -> Vector:
    found = FUNCTIONS[function](call(function), args, within or context())
    assert isinstance(found, Vector)
    return found


def number(function: str, *args: Value, within: Context | None = None) -> list[float]:
    found = FUNCTIONS[function](call(function), args, within or context())
    assert isinstance(found, np.ndarray)
    return [float(value) for value in found]


def one(*samples: float | FloatHistogram | None) -> Vector:
    return vector({Labels({"__name__": "m", "a": "1"}): samples}, len(samples))


def first(series: Vector) -> list[float]:
    """Return the floats of a vector of one series."""
    return [
        next(iter(floats_of(samples_at(series, step)).values())) for step in range(series.present.shape[1])
    ]


# --- floats by themselves ---

PLAIN: dict[str, Callable[[float], float]] = {
    "abs": abs,
    "acos": math.acos,
    "acosh": math.acosh,
    "asin": math.asin,
    "asinh": math.asinh,
    "atan": math.atan,
    "ceil": math.ceil,
    "cos": math.cos,
    "cosh": math.cosh,
    "deg": math.degrees,
    "exp": math.exp,
    "floor": math.floor,
    "rad": math.radians,
    "sin": math.sin,
    "sinh": math.sinh,
    "sqrt": math.sqrt,
    "tan": math.tan,
    "tanh": math.tanh,
}


@given(st.sampled_from(sorted(PLAIN)), st.floats(-700, 700))
def test_functions_are_those_of_mathematics(function: str, value: float) -> None:
    try:
        wanted = float(PLAIN[function](value))
    except ValueError:
        wanted = math.nan
    np.testing.assert_allclose(first(run(function, one(value))), [wanted], rtol=1e-9)


@pytest.mark.parametrize(
    ("function", "values", "wanted"),
    [
        ("ln", [math.e, 0.0, -1.0], [1.0, -math.inf, math.nan]),
        ("log2", [8.0, 0.0, -1.0], [3.0, -math.inf, math.nan]),
        ("log10", [1000.0, 0.0, -1.0], [3.0, -math.inf, math.nan]),
        ("atanh", [0.5, 1.0, 2.0], [0.5493061443340549, math.inf, math.nan]),
        ("sgn", [-math.inf, 0.0, math.nan], [-1.0, 0.0, math.nan]),
        ("exp", [1e4, -math.inf, math.nan], [math.inf, 0.0, math.nan]),
        ("round", [0.5, -0.5, -1.5], [1.0, 0.0, -1.0]),
    ],
)
def test_beyond_the_numbers(function: str, values: list[float], wanted: list[float]) -> None:
    np.testing.assert_allclose(first(run(function, one(*values))), wanted)


@given(vectors(), st.sampled_from(["abs", "sqrt", "hour", "round", "timestamp"]))
def test_names_are_to_go_and_nothing_else(series: Vector, function: str) -> None:
    found = run(function, series)
    assert found.drop_name.all()
    for step in range(STEPS):
        assert set(samples_at(found, step)) == set(samples_at(series, step))


@pytest.mark.parametrize("function", ["abs", "ln", "round", "sgn", "minute", "year"])
def test_histograms_are_left_out(function: str) -> None:
    found = run(function, vector({Labels({"a": "1"}): [H, 1.0], Labels({"a": "2"}): [H, H]}, 2))
    assert found.present.tolist() == [[False, True]]


def test_rounding_to_steps_of_any_size() -> None:
    assert first(run("round", one(2.25, 2.31, -5.25), np.full(3, 0.1))) == [2.3, 2.3, -5.2]
    assert first(run("round", one(7.0, 8.0), np.array([5.0, 2.0]))) == [5.0, 8.0]


@given(
    st.lists(floats, min_size=3, max_size=3),
    st.lists(floats, min_size=3, max_size=3),
    st.lists(floats, min_size=3, max_size=3),
)
def test_clamps_hold_values_between_limits(
    values: list[float], least: list[float], most: list[float]
) -> None:
    lower, upper = np.array(least), np.array(most)
    both = run("clamp", one(*values), lower, upper)
    for step, (low, value, high) in enumerate(zip(least, values, most, strict=True)):
        if high < low:
            assert samples_at(both, step) == {}
            continue
        (kept,) = floats_of(samples_at(both, step)).values()
        if math.isnan(low + value + high) and not math.isinf(low + value + high):
            assert math.isnan(kept) or any(map(math.isinf, (low, value, high)))
        else:
            assert low <= kept <= high
    raised = [larger(*pair) for pair in zip(values, least, strict=True)]
    np.testing.assert_array_equal(first(run("clamp_min", one(*values), lower)), raised)
    lowered = [-larger(-value, -high) for value, high in zip(values, most, strict=True)]
    np.testing.assert_array_equal(first(run("clamp_max", one(*values), upper)), lowered)


def larger(value: float, other: float) -> float:
    """Return the larger of two, in Go's way: beside +Inf a NaN does not count."""
    if math.inf in (value, other):
        return math.inf
    return math.nan if math.isnan(value) or math.isnan(other) else max(value, other)


# --- dates ---


@given(st.integers(-62_135_596_800, 253_402_300_799), st.floats(0, 0.9))
def test_parts_of_a_date_are_those_of_the_calendar(seconds: int, fraction: float) -> None:
    date = datetime.fromtimestamp(seconds, UTC)
    wanted = {
        "minute": date.minute,
        "hour": date.hour,
        "day_of_week": date.isoweekday() % 7,
        "day_of_month": date.day,
        "day_of_year": date.timetuple().tm_yday,
        "days_in_month": calendar.monthrange(date.year, date.month)[1],
        "month": date.month,
        "year": date.year,
    }
    value = seconds + math.copysign(fraction, seconds)
    for function, part in wanted.items():
        assert first(run(function, one(value))) == [part]
        now = run(function, within=context(1, start_ms=seconds * 1000 + round(fraction * 1000)))
        assert rows_of(now) == {"{}": [part]}
        assert not now.drop_name.any()


def test_there_is_no_date_of_what_is_no_time() -> None:
    assert all(map(math.isnan, first(run("year", one(math.nan, math.inf, 1e300)))))


def test_times_of_steps() -> None:
    within = context(3, start_ms=1500, step_ms=500)
    assert number("time", within=within) == [1.5, 2.0, 2.5]
    assert first(run("timestamp", one(7.0, H, 8.0), within=within)) == [1.5, 2.0, 2.5]
    within = replace(within, query_step_ms=500)
    assert [number(name, within=within)[0] for name in ("start", "end", "range", "step")] == [
        1.5,
        2.5,
        1.0,
        0.5,
    ]


# --- scalars ---


def test_a_scalar_is_the_only_float() -> None:
    series = vector(
        {
            Labels({"a": "1"}): [1.0, 1.0, None, H, math.inf],
            Labels({"a": "2"}): [None, 2.0, None, 4.0, H],
        },
        5,
    )
    np.testing.assert_array_equal(number("scalar", series), [1.0, math.nan, math.nan, 4.0, math.inf])


def test_vectors_of_scalars() -> None:
    found = run("vector", np.array([1.0, math.nan]), within=context(2))
    assert found.labels == [Labels()]
    assert found.present.all()
    assert number("pi") == [math.pi] * STEPS
    assert number("max_of", np.array([1.0, 5.0]), np.array([2.0, 3.0])) == [2.0, 5.0]
    assert number("min_of", np.array([1.0, 5.0]), np.array([2.0, 3.0])) == [1.0, 3.0]


# --- absent ---


def matcher(name: str, value: str, kind: MatchType = MatchType.EQUAL) -> Matcher:
    return Matcher(name=name, type=kind, value=value)


def selector(*matchers: Matcher) -> VectorSelector:
    return VectorSelector(span=SPAN, name="", matchers=matchers)


def test_absence_takes_the_labels_that_are_fixed() -> None:
    found = absent_labels(
        Paren(
            span=SPAN,
            expr=selector(
                matcher("__name__", "m"),
                matcher("a", "1"),
                matcher("b", "1"),
                matcher("b", "2"),
                matcher("b", "3"),
                matcher("c", ".*", MatchType.REGEX),
            ),
        )
    )
    assert found == Labels({"a": "1"})
    assert absent_labels(call("abs", selector(matcher("a", "1")))) == Labels()


def test_absence_is_told_where_no_series_is() -> None:
    series = vector({Labels({"a": "1"}): [1.0, None, H], Labels({"a": "2"}): [None, None, 1.0]}, 3)
    found = FUNCTIONS["absent"](call("absent", selector(matcher("b", "x"))), [series], context(3))
    assert rows_of(found) == {'{b="x"}': [None, 1.0, None]}


# --- labels ---


@pytest.mark.parametrize(
    ("template", "wanted"),
    [
        ("$1-$2", "x-"),
        ("${1}0", "x0"),
        ("$10", ""),
        ("$name!", "x!"),
        ("$$1", "$1"),
        ("$", "$"),
        ("$-${", "$-${"),
        ("$0", "xy"),
        ("$other", ""),
    ],
)
def test_templates_take_groups(template: str, wanted: str) -> None:
    assert expanded(template, {"0": "xy", "1": "x", "2": "", "name": "x"}) == wanted


def test_labels_are_replaced_where_the_expression_matches() -> None:
    series = vector({Labels({"a": "x-1"}): [1.0], Labels({"a": "y"}): [2.0]}, 1)
    found = run("label_replace", series, "b", "<$1>", "a", "x-(.*)")
    assert found.labels == [Labels({"a": "x-1", "b": "<1>"}), Labels({"a": "y"})]
    found = run("label_replace", series, "a", "", "a", "x-(.*)")
    assert found.labels == [Labels(), Labels({"a": "y"})]


def test_a_name_that_is_set_stays() -> None:
    series = one(1.0)
    series.drop_name[:] = True
    assert run("label_replace", series, "b", "x", "", "").drop_name.tolist() == [True]
    assert run("label_replace", series, "__name__", "x", "a", "1").drop_name.tolist() == [False]
    assert run("label_replace", series, "__name__", "x", "a", "2").drop_name.tolist() == [True]
    assert run("label_join", series, "__name__", "", "a").drop_name.tolist() == [False]


def test_labels_are_joined() -> None:
    found = run("label_join", vector({Labels({"a": "1", "b": "2"}): [1.0]}, 1), "c", "-", "a", "missing", "b")
    assert found.labels == [Labels({"a": "1", "b": "2", "c": "1--2"})]


def test_series_that_become_the_same_must_take_turns() -> None:
    rows: dict[Labels, list[float | FloatHistogram | None]] = {
        Labels({"a": "1"}): [1.0, None],
        Labels({"a": "2"}): [None, H],
    }
    series = vector(rows, 2)
    assert rows_of(run("label_replace", series, "a", "", "", "")) == {"{}": [1.0, H]}
    series = vector({Labels({"a": "1"}): [1.0], Labels({"a": "2"}): [2.0]}, 1)
    with pytest.raises(EvaluationError, match="vector cannot contain metrics with the same labelset"):
        run("label_join", series, "a", "")


@pytest.mark.parametrize(
    ("function", "args", "reason"),
    [
        ("label_replace", ("a", "", "b", "(.*"), "invalid regular expression in label_replace(): (.*"),
        ("label_replace", ("", "", "b", ""), "invalid destination label name in label_replace(): "),
        ("label_join", ("", "-", "a"), "invalid destination label name in label_join(): "),
        ("label_join", ("a", "-", ""), "invalid source label name in label_join(): "),
    ],
)
def test_labels_that_are_none_are_refused(function: str, args: Sequence[str], reason: str) -> None:
    with pytest.raises(EvaluationError) as raised:
        run(function, one(1.0), *args)
    assert str(raised.value) == reason


# --- order ---


def test_values_are_sorted_with_nan_at_the_end() -> None:
    values: list[float | FloatHistogram] = [2.0, math.nan, 1.0, H, 3.0]
    series = vector({Labels({"i": str(place)}): [value] for place, value in enumerate(values)}, 1)
    within = context(1)
    assert [own.get("i") for own in run("sort", series, within=within).labels] == ["2", "0", "4", "1"]
    assert [own.get("i") for own in run("sort_desc", series, within=within).labels] == ["4", "0", "2", "1"]
    assert within.annotations.warnings("x") == []


def test_labels_are_sorted_naturally() -> None:
    names = ["a10", "a2", "a2b", "", "b1", "a02"]
    series = vector({Labels({"x": name, "y": end}): [1.0] for name in names for end in "zy"}, 1)
    within = context(1)
    found = [own.get("x") + own.get("y") for own in run("sort_by_label", series, "x", within=within).labels]
    assert found == [name + end for name in ["", "a02", "a2", "a2b", "a10", "b1"] for end in "yz"]
    down = run("sort_by_label_desc", series, "x", within=within)
    assert [own.get("x") + own.get("y") for own in down.labels] == found[::-1]


@given(st.lists(st.text("ab019-", max_size=4), unique=True))
def test_natural_order_is_an_order(texts: list[str]) -> None:
    natural = cmp_to_key(compare_naturally)
    ordered = sorted(texts, key=natural)
    for place, text in enumerate(ordered):
        assert all(compare_naturally(text, later) < 0 for later in ordered[place + 1 :])


@pytest.mark.parametrize("function", ["sort", "sort_desc", "sort_by_label", "sort_by_label_desc"])
def test_over_many_steps_sorting_only_warns(function: str) -> None:
    within = context(2)
    series = vector({Labels({"a": "2"}): [2.0, 2.0], Labels({"a": "1"}): [1.0, 1.0]}, 2)
    assert (
        run(function, series, *(["a"] if "label" in function else []), within=within).labels == series.labels
    )
    (warning,) = within.annotations.warnings("x")
    assert warning == (
        "PromQL warning: sort is ineffective for range queries since results are always ordered by labels "
        "(1:1)"
    )


# --- info ---


class Infos:
    """Series of one sample or more each, as a place to select from."""

    def __init__(self, series: dict[Labels, list[tuple[int, float]]], histogram: bool = False) -> None:
        self.series = series
        self.histogram = histogram

    def select(
        self, matchers: Sequence[Matcher], start_ms: int, end_ms: int, _reading: Reading = unlimited
    ) -> Selected:
        """Return what matches."""
        chosen = [own for own in self.series if all(one.accepts(own) for one in matchers)]
        rows = [[sample for sample in self.series[own] if start_ms <= sample[0] <= end_ms] for own in chosen]
        columns = Columns.from_rows(
            (np.array([at for at, _ in row], np.int64), np.array([value for _, value in row], np.float64))
            for row in ([] if self.histogram else rows)
        )
        if self.histogram:
            columns = Columns.from_rows((np.empty(0, np.int64), np.empty(0)) for _ in rows)
        native = Histogram(integer=False, schema=0, count=0.0, sum=0.0)
        return Selected(
            labels=chosen,
            columns=columns,
            starts=np.zeros(len(columns.times), np.int64),
            histograms={
                place: [HistogramSample(at, native) for at, _ in row] for place, row in enumerate(rows)
            }
            if self.histogram
            else {},
        )


BASE = Labels({"__name__": "m", "job": "j", "instance": "i", "own": "1"})
TARGET = {"__name__": "target_info", "job": "j", "instance": "i"}


def enrich(
    series: Vector, infos: Infos, *matchers: Matcher, steps: int = 1, base: Expr | None = None
) -> dict[str, list[float | FloatHistogram | None]]:
    within = replace(context(steps), source=infos)
    node = call(
        "info", base or selector(matcher("__name__", "m")), *([selector(*matchers)] if matchers else [])
    )
    return rows_of(FUNCTIONS["info"](node, [series], within))


def test_labels_of_the_target_are_added_while_it_is_there() -> None:
    infos = Infos({Labels({**TARGET, "v": "1", "own": "2"}): [(0, 1.0), (60_000, STALE), (120_000, 1.0)]})
    found = enrich(vector({BASE: [5.0, 6.0, 7.0]}, 3), infos, steps=3)
    assert found == {
        'm{instance="i", job="j", own="1", v="1"}': [5.0, None, 7.0],
        'm{instance="i", job="j", own="1"}': [None, 6.0, None],
    }


def test_only_labels_that_are_asked_for_are_added() -> None:
    infos = Infos({Labels({**TARGET, "v": "1", "w": "2"}): [(0, 1.0)]})
    base = vector({BASE: [5.0]}, 1)
    assert list(enrich(base, infos, matcher("v", ".+", MatchType.REGEX))) == [
        'm{instance="i", job="j", own="1", v="1"}'
    ]
    assert enrich(base, infos, matcher("v", "other")) == {}
    assert list(enrich(base, infos, matcher("x", ".*", MatchType.REGEX))) == [
        'm{instance="i", job="j", own="1"}'
    ]


def test_other_info_metrics_are_asked_for_by_name() -> None:
    infos = Infos(
        {
            Labels({**TARGET, "v": "1"}): [(0, 1.0)],
            Labels({**TARGET, "__name__": "build_info", "w": "2"}): [(0, 1.0)],
        }
    )
    base = vector({BASE: [5.0]}, 1)
    both = matcher("__name__", ".+_info", MatchType.REGEX)
    assert list(enrich(base, infos, both)) == ['m{instance="i", job="j", own="1", v="1", w="2"}']
    assert list(enrich(base, infos, matcher("__name__", "build_info"))) == [
        'm{instance="i", job="j", own="1", w="2"}'
    ]


def test_info_metrics_themselves_stay_as_they_are() -> None:
    own = Labels(TARGET)
    infos = Infos({Labels({**TARGET, "v": "1"}): [(0, 1.0)]})
    assert list(enrich(vector({own: [1.0]}, 1), infos)) == [str(own)]


def test_the_newest_of_two_info_series_counts() -> None:
    infos = Infos(
        {Labels({**TARGET, "v": "old"}): [(0, 1.0)], Labels({**TARGET, "v": "new"}): [(60_000, 1.0)]}
    )
    found = enrich(vector({BASE: [5.0, 6.0]}, 2), infos, steps=2)
    assert found == {
        'm{instance="i", job="j", own="1", v="old"}': [5.0, None],
        'm{instance="i", job="j", own="1", v="new"}': [None, 6.0],
    }


def test_what_contradicts_itself_is_an_error() -> None:
    base = vector({BASE: [5.0]}, 1)
    twice = Infos({Labels({**TARGET, "v": "1"}): [(0, 1.0)], Labels({**TARGET, "v": "2"}): [(0, 1.0)]})
    with pytest.raises(EvaluationError) as raised:
        enrich(base, twice)
    assert str(raised.value) == (
        "found duplicate series for info metric: existing "
        '{__name__="target_info", instance="i", job="j", v="1"} @ 0, new '
        '{__name__="target_info", instance="i", job="j", v="2"} @ 0'
    )
    other = Labels({**TARGET, "__name__": "build_info", "v": "2"})
    conflict = Infos({Labels({**TARGET, "v": "1"}): [(0, 1.0)], other: [(0, 1.0)]})
    with pytest.raises(EvaluationError, match="conflicting label: v"):
        enrich(base, conflict, matcher("__name__", ".+_info", MatchType.REGEX))
    with pytest.raises(EvaluationError, match="this should be an info metric, with float samples"):
        enrich(base, Infos({Labels(TARGET): [(0, 1.0)]}, histogram=True))


def test_series_without_a_target_stay_unless_a_label_is_demanded() -> None:
    base = vector({Labels({"__name__": "m"}): [5.0]}, 1)
    infos = Infos({Labels({**TARGET, "v": "1"}): [(0, 1.0)]})
    assert enrich(base, infos) == {"m": [5.0]}
    assert enrich(base, infos, matcher("v", "1")) == {}


# --- floats as text ---


@pytest.mark.parametrize(
    ("value", "all_digits", "short"),
    [
        (0.0, "0", "0"),
        (-0.0, "-0", "-0"),
        (100000.0, "100000", "100000"),
        (1e6, "1000000", "1e+06"),
        (1234567.0, "1234567", "1.234567e+06"),
        (0.0001, "0.0001", "0.0001"),
        (0.00001, "0.00001", "1e-05"),
        (1.5e-7, "0.00000015", "1.5e-07"),
        (1e21, "1000000000000000000000", "1e+21"),
        (math.inf, "+Inf", "+Inf"),
        (-math.inf, "-Inf", "-Inf"),
        (math.nan, "NaN", "NaN"),
    ],
)
def test_floats_are_written_as_go_does(value: float, all_digits: str, short: str) -> None:
    assert (plain(value), general(value)) == (all_digits, short)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_written_floats_are_read_back(value: float) -> None:
    assert float(plain(value)) == float(general(value)) == value
