"""The functions histogram_* over vectors: who belongs together, what is told."""

import math
from dataclasses import replace

import numpy as np
import pytest

from promql.context import Context
from promql.errors import EvaluationError
from promql.histograms.functions import HISTOGRAM_FUNCTIONS, parse_bound
from promql.histograms.model import FloatHistogram
from promql.language.ast import Call
from promql.language.parser import parse
from promql.values import Value
from tests.promql.histograms.drawn import custom, exponential
from tests.promql.vectors import Sample, context, rows_of, vector
from timeseries.labels import Labels

STEPS = 3
Rows = dict[str, list[Sample | None]]
HALVES = exponential(0, 2, 2, total=12)
NANS = replace(HALVES, count=5.0, sum=math.nan)


def labels(text: str) -> Labels:
    """Read `name a=1 b=2`."""
    name, *pairs = text.split()
    return Labels({"__name__": name, **dict(pair.split("=", 1) for pair in pairs)})


def call(
    query: str, rows: Rows, *scalars: float | list[float], into: Context | None = None
) -> dict[str, list[Sample | None]]:
    """Call a function; the numbers that stand for its zeros are given apart, a list where they change."""
    node = parse(query)
    assert isinstance(node, Call)
    numbers = iter(scalars)
    made = vector({labels(text): samples for text, samples in rows.items()}, STEPS)
    args: list[Value] = []
    for arg in node.args:
        written = query[arg.span.start : arg.span.end]
        if written == "x":
            args.append(made)
        elif written.startswith('"'):
            args.append(written.strip('"'))
        else:
            args.append(np.broadcast_to(np.array(next(numbers), np.float64), STEPS))
    result = HISTOGRAM_FUNCTIONS[node.function](node, args, into or context(STEPS))
    assert not isinstance(result, str | np.ndarray)
    assert result.drop_name.all()
    return rows_of(result)


def buckets(*counts: float, name: str = "x_bucket", more: str = "") -> Rows:
    """Make a classic histogram with these counts up to 1, 2, 4 and infinity at the first step."""
    return {
        f"{name} le={bound}{more}": [count, None, None]
        for bound, count in zip(("1", "2", "4", "+Inf"), counts, strict=False)
    }


def test_one_number_is_read_off_each_histogram() -> None:
    rows: Rows = {"x a=1": [HALVES, None, 5.0], "x a=2": [7.0, 7.0, 7.0]}
    assert call("histogram_count(x)", rows) == {'x{a="1"}': [4, None, None]}
    assert call("histogram_sum(x)", rows) == {'x{a="1"}': [12, None, None]}
    assert call("histogram_avg(x)", rows) == {'x{a="1"}': [3, None, None]}
    deviation = call("histogram_stddev(x)", rows)['x{a="1"}'][0]
    spread = call("histogram_stdvar(x)", rows)['x{a="1"}'][0]
    assert isinstance(deviation, float)
    assert isinstance(spread, float)
    assert (
        deviation**2 == pytest.approx(spread) == pytest.approx((((2**0.5 - 3) ** 2) + (8**0.5 - 3) ** 2) / 2)
    )
    assert call("histogram_avg(x)", {"x": [exponential(0)]})["x"][0] is not None
    assert not call("histogram_count(x)", {"x": [1.0]})


def test_native_and_classic_ones_stand_side_by_side() -> None:
    rows = buckets(2, 4, 8, 8, more=" b=1")
    rows["x a=1"] = [HALVES, None, HALVES]
    assert call("histogram_quantile(0, x)", rows, [0.5, 0.5, 2]) == {
        'x{a="1"}': [2, None, math.inf],
        'x_bucket{b="1"}': [2, None, None],
    }
    assert call("histogram_fraction(0, 0, x)", rows, 1, [2, 2, 4]) == {
        'x{a="1"}': [0.5, None, 1],
        'x_bucket{b="1"}': [0.25, None, None],
    }


def test_buckets_may_come_and_go() -> None:
    rows: Rows = {
        "x le=1": [1.0, None, 1.0],
        "x le=2": [None, 3.0, 3.0],
        "x le=+Inf": [4.0, 4.0, None],
    }
    found = call("histogram_quantile(0, x)", rows, 0.5)["x"]
    assert found[:2] == [1, 4 / 3]
    assert isinstance(found[2], float)
    assert math.isnan(found[2])


def test_histograms_with_other_bounds_or_labels_are_apart() -> None:
    rows: Rows = buckets(2, 2, 2, 2, more=" a=1") | buckets(0, 2, 2, 2, more=" a=2")
    rows |= {"x_bucket le=8 a=3": [4.0], "x_bucket le=+Inf a=3": [4.0], "y le=+Inf": [1.0], "y le=2": [1.0]}
    assert call("histogram_quantile(0, x)", rows, 0.5) == {
        'x_bucket{a="1"}': [0.5, None, None],
        'x_bucket{a="2"}': [1.5, None, None],
        'x_bucket{a="3"}': [4, None, None],
        "y": [1, None, None],
    }


@pytest.mark.parametrize("query", ["histogram_quantile(0, x)", "histogram_fraction(0, 0, x)"])
def test_what_is_both_kinds_at_a_step_is_neither_there(query: str) -> None:
    into = context(STEPS)
    rows: Rows = buckets(2, 4, 8, 8, name="x") | {"x": [HALVES, HALVES, None]}
    rows["x le=1"] = [2.0, None, 3.0]
    rows["x le=+Inf"] = [8.0, None, 3.0]
    found = call(query, rows, 1, 1, into=into)["x"]
    assert found[0] is None
    assert None not in found[1:]
    [told] = into.annotations.warnings(query)
    assert told == (
        'PromQL warning: vector contains a mix of classic and native histograms for metric name "x" '
        f"(1:{query.index('x') + 1})"
    )


def test_series_without_a_readable_bound_are_left_out() -> None:
    into = context(STEPS)
    assert call("histogram_quantile(0, x)", {"x": [1.0], "y le=1e": [1.0]}, 0.5, into=into) == {}
    told = 'PromQL warning: bucket label "le" is missing or has a malformed value of'
    assert into.annotations.warnings("histogram_quantile(0, x)") == [
        f'{told} "" for metric name "x" (1:23)',
        f'{told} "1e" for metric name "y" (1:23)',
    ]


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("1", 1.0),
        (".5", 0.5),
        ("+Inf", math.inf),
        ("-inf", -math.inf),
        ("Infinity", math.inf),
        ("1e3", 1000.0),
        ("0x1p-2", 0.25),
        ("1e400", None),
        ("1_000", None),
        (" 1", None),
        ("", None),
        ("0x1", None),
    ],
)
def test_bounds_are_read_as_go_does(text: str, bound: float | None) -> None:
    assert parse_bound(text) == bound


def test_quantiles_out_of_range_are_told_even_without_series() -> None:
    into = context(STEPS)
    assert call("histogram_quantile(0, x)", {}, [0.5, -1, math.nan], into=into) == {}
    assert into.annotations.warnings("histogram_quantile(0, x)") == [
        "PromQL warning: quantile value should be between 0 and 1, got -1 (1:20)",
        "PromQL warning: quantile value should be between 0 and 1, got NaN (1:20)",
    ]


def test_many_quantiles_are_told_apart_by_a_label() -> None:
    rows = buckets(2, 4, 8, 8)
    rows["x a=1"] = [HALVES, HALVES]
    assert call('histogram_quantiles(x, "q", 0, 0)', rows, [0.5, 1, 1], 0) == {
        'x{a="1", q="0.5"}': [2, None, None],
        'x{a="1", q="1.0"}': [None, 4, None],
        'x{a="1", q="0.0"}': [1, 1, None],
        'x_bucket{q="0.5"}': [2, None, None],
        'x_bucket{q="0.0"}': [0, None, None],
    }
    with pytest.raises(EvaluationError, match="same labelset"):
        call('histogram_quantiles(x, "q", 0, 0)', rows, 0.5, 0.5)
    with pytest.raises(EvaluationError, match="same labelset"):
        call('histogram_quantiles(x, "a", 0)', {"x a=1": [HALVES], "x a=2": [HALVES]}, 0.5)


def test_counts_that_descend_are_told_of_once_for_all_steps() -> None:
    into = context(STEPS, start_ms=1_000_000)
    rows: Rows = buckets(5, 3, 8, 9) | buckets(5, 5, 4, 9, more=" a=1") | buckets(9, 0, name="y")
    rows["x_bucket le=1"] = [5.0, 4.0, 5.0]
    rows["x_bucket le=2"] = [3.0, 3.5, 3.0]
    rows["x_bucket le=+Inf"] = [9.0, 9.0, None]
    call("histogram_quantile(0, x)", rows, 0.5, into=into)
    [told] = into.annotations.infos("histogram_quantile(0, x)")
    assert told == (
        "PromQL info: input to histogram_quantile needed to be fixed for monotonicity (see "
        "https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile) "
        'for metric name "x_bucket", from buckets 2 to 4, with a max diff of 2, over 3 samples '
        "from 1970-01-01T00:16:40Z to 1970-01-01T00:17:40Z (1:23)"
    )


@pytest.mark.parametrize(("q", "told"), [(0.2, "skewed higher"), (0.9, "NaN")])
def test_observations_of_nan_are_told_of(q: float, told: str) -> None:
    into = context(STEPS)
    call("histogram_quantile(0, x)", {"x": [NANS, HALVES]}, q, into=into)
    [info] = into.annotations.infos("histogram_quantile(0, x)")
    assert info == (
        "PromQL info: input to histogram_quantile has NaN observations, "
        f'result is {told} for metric name "x" (1:20)'
    )


def test_observations_of_nan_are_in_no_fraction() -> None:
    into = context(STEPS)
    found = call("histogram_fraction(0, 0, x)", {"x": [NANS]}, -math.inf, math.inf, into=into)
    assert found == {"x": [0.8, None, None]}
    [info] = into.annotations.infos("histogram_fraction(0, 0, x)")
    assert info == (
        "PromQL info: input to histogram_fraction has NaN observations, "
        'which are excluded from all fractions for metric name "x" (1:20)'
    )


def test_custom_buckets_are_histograms_too() -> None:
    both: list[FloatHistogram] = [custom((1, 2), 1, 1), custom((2,), 2)]
    assert call("histogram_quantile(0, x)", {"x": [*both]}, 0.5) == {"x": [1, 1, None]}
