"""Ranges with floats and native histograms side by side, and what functions of ranges annotate."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promql.engine import Answer, run_instant
from promql.errors import EvaluationError
from promql.values import Vector
from tests.promql.memory import Memory, Point, series
from tests.promql.test_extended import native
from tests.promql.test_ranges import values_of
from timeseries.histogram import HistogramSample
from timeseries.labels import METRIC_NAME, Labels

MINUTE = 60_000
MIXED = 'PromQL warning: encountered a mix of histograms and floats for metric name "x_total" ({})'
IGNORED = (
    "PromQL info: ignored histograms in a range containing both floats and histograms "
    'for metric name "x_total" ({})'
)


def both() -> Memory:
    """Return a series of two floats, then two histograms."""
    return Memory(
        floats={series(0): [Point(10_000, 2.0), Point(20_000, 5.0)]},
        histograms={series(0): [native(30_000, 1.0), native(40_000, 4.0)]},
    )


def only(answer: Answer) -> float | None:
    """Return the count of the only histogram or the only float, None when there is nothing."""
    vector = answer.value
    assert isinstance(vector, Vector)
    if not len(vector):
        return None
    if vector.histograms is not None and vector.histograms[0, 0] is not None:
        count: float = vector.histograms[0, 0].count
        return count
    return float(vector.values[0, 0])


@pytest.mark.parametrize(
    ("query", "floats", "mixed", "histograms"),
    [
        ("sum_over_time(x_total[{}])", 7.0, None, 5.0),
        ("avg_over_time(x_total[{}])", 3.5, None, 2.5),
        ("increase(x_total[{}])", 3.9, None, 3.9),
        ("count_over_time(x_total[{}])", 2.0, 4.0, 2.0),
        ("changes(x_total[{}])", 1.0, 3.0, 1.0),
        ("resets(x_total[{}])", 0.0, 1.0, 0.0),
    ],
)
def test_histograms_have_results_of_their_own(
    query: str, floats: float, mixed: float | None, histograms: float
) -> None:
    early = run_instant(query.format("13s"), 22_000, both())
    late = run_instant(query.format("13s"), 42_000, both())
    assert only(early) == pytest.approx(floats)
    assert only(late) == pytest.approx(histograms)
    answer = run_instant(query.format("1m"), 42_000, both())
    assert only(answer) == mixed
    place = f"1:{query.index('x') + 1}"
    assert answer.warnings == ([MIXED.format(place)] if mixed is None else [])
    assert not early.warnings
    assert not late.warnings


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("min_over_time(x_total[1m])", 2.0),
        ("max_over_time(x_total[1m])", 5.0),
        ("ts_of_max_over_time(x_total[1m])", 20.0),
        ("stdvar_over_time(x_total[1m])", 2.25),
        ("mad_over_time(x_total[1m])", 1.5),
        ("quantile_over_time(1, x_total[1m])", 5.0),
        ("deriv(x_total[1m])", 0.3),
        ("predict_linear(x_total[1m], 8)", 14.0),
        ("double_exponential_smoothing(x_total[1m], 0.5, 0.5)", 5.0),
    ],
)
def test_histograms_beside_floats_are_ignored_by_functions_of_numbers(query: str, value: float) -> None:
    answer = run_instant(query, 42_000, both())
    assert only(answer) == pytest.approx(value)
    place = 20 if query.startswith("quantile") else query.index("x_total") + 1
    assert [info.rsplit(" (", 1)[0] for info in answer.infos] == [IGNORED.rsplit(" (", 1)[0]]
    assert query.startswith("quantile") or answer.infos == [IGNORED.format(f"1:{place}")]
    alone = run_instant(query.replace("1m", "15s"), 42_000, both())
    assert only(alone) is None
    assert not alone.infos


@pytest.mark.parametrize(
    ("at", "irate", "idelta", "warned"),
    [(20, 0.3, 3.0, False), (30, None, None, True), (40, 0.3, 3.0, False), (50, None, None, False)],
)
def test_the_last_two_samples_must_be_of_one_kind(
    at: int, irate: float | None, idelta: float | None, warned: bool
) -> None:
    for query, wanted in (("irate(x_total[25s])", irate), ("idelta(x_total[25s])", idelta)):
        answer = run_instant(query, at * 1000 + (9000 if at == 50 else 0), both())
        found = only(answer)
        assert found == (None if wanted is None else pytest.approx(wanted))
        assert any("mix of histograms and floats" in warning for warning in answer.warnings) is warned


kinds = st.lists(st.none() | st.integers(0, 3), min_size=1, max_size=8)


@given(kinds=kinds, numbers=st.lists(st.integers(0, 3), min_size=8, max_size=8), seconds=st.integers(1, 90))
def test_steps_between_kinds_count(kinds: list[int | None], numbers: list[int], seconds: int) -> None:
    """A None is a float, whose value is the number at its place; else it is a histogram of that count."""
    points: list[Point] = []
    natives: list[HistogramSample] = []
    for at, count in enumerate(kinds):
        time = (at + 1) * 10_000
        if count is None:
            points.append(Point(time, float(numbers[at])))
        else:
            natives.append(native(time, float(count)))
    memory = Memory(floats={series(0): points}, histograms={series(0): natives})
    end = len(kinds) * 10_000
    inside = [at for at in range(len(kinds)) if end - seconds * 1000 < (at + 1) * 10_000]
    resets = changes = 0
    for before, now in pairwise(inside):
        one, other = kinds[before], kinds[now]
        if (one is None) != (other is None):
            resets, changes = resets + 1, changes + 1
            continue
        low = numbers[before] if one is None else one
        high = numbers[now] if other is None else other
        resets, changes = resets + (high < low), changes + (high != low)
    for function, wanted in (("resets", resets), ("changes", changes)):
        ((found,),) = values_of(run_instant(f"{function}(x_total[{seconds}s])", end, memory)).values()
        assert found == wanted


@pytest.mark.parametrize(
    ("labels", "infos"),
    [
        ({METRIC_NAME: "x_total"}, []),
        ({METRIC_NAME: "x_bucket", "A": "b"}, []),
        ({"A": "b"}, []),
        (
            {METRIC_NAME: "x"},
            ['metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "x"'],
        ),
        ({METRIC_NAME: "x", "__type__": "counter"}, []),
        (
            {METRIC_NAME: "x_total", "__type__": "gauge"},
            [
                (
                    'metric might not be a counter, __type__ label is not set to "counter" or "histogram", '
                    'got "gauge": "x_total"'
                )
            ],
        ),
    ],
)
def test_rates_of_what_is_no_counter_are_told(labels: dict[str, str], infos: list[str]) -> None:
    memory = Memory(floats={Labels({**labels, "job": "a"}): [Point(0, 1.0), Point(10_000, 2.0)]})
    for function in ("rate", "increase"):
        answer = run_instant(f'{function}({{job="a"}}[1m])', 20_000, memory)
        assert answer.infos == [f"PromQL info: {info} (1:{len(function) + 2})" for info in infos]
    assert not run_instant('delta({job="a"}[1m])', 20_000, memory).infos


def test_overlapping_starts_are_told() -> None:
    points = [Point(10_000, 1.0, 5000), Point(20_000, 2.0, 7000), Point(30_000, 3.0, 7000)]
    memory = Memory(floats={series(0): points})
    told = 'PromQL warning: overlapping start timestamps found for metric name "x_total" (1:6)'
    assert run_instant("rate(x_total[1m])", 30_000, memory).warnings == [told]
    assert not run_instant("rate(x_total[15s])", 30_000, memory).warnings


@pytest.mark.parametrize(("query", "told"), [("-0.1", "-0.1"), ("1.5", "1.5"), ("NaN", "NaN")])
def test_a_quantile_that_is_none_is_told(query: str, told: str) -> None:
    answer = run_instant(f"quantile_over_time({query}, x_total[1m])", 25_000, both())
    assert answer.warnings == [f"PromQL warning: quantile value should be between 0 and 1, got {told} (1:20)"]


@pytest.mark.parametrize("factors", ["0, 0.5", "1, 0.5", "0.5, 0", "0.5, 1"])
def test_factors_of_smoothing_are_between_0_and_1(factors: str) -> None:
    with pytest.raises(EvaluationError, match=r"factor\. Expected: 0 < "):
        run_instant(f"double_exponential_smoothing(x_total[1m], {factors})", 25_000, both())
