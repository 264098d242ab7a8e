"""Every function of range vectors says, for all windows at once, what the plainest one says of each."""

import math
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promql.engine import Answer, run_range
from promql.ranges import RANGE_FUNCTIONS
from promql.values import Steps, Vector
from tests.promql.memory import Memory, Point, memories, ordinary, series, special
from tests.promql.naive import FUNCTIONS, Window, plain_sum
from timeseries.labels import METRIC_NAME, Labels
from timeseries.stale import is_stale

KEEPING_NAMES = ("first_over_time({})", "last_over_time({})")

steps = st.builds(
    lambda start, count, step: Steps(start_ms=start, end_ms=start + count * step, step_ms=step),
    st.integers(-60, 240).map(lambda seconds: seconds * 1000) | st.integers(-60_000, 240_000),
    st.integers(0, 8),
    st.sampled_from((1, 999, 1000, 7000, 60_000)),
)
ranges = st.sampled_from((1, 500, 1000, 20_000, 90_000, 300_000))


def values_of(answer: Answer) -> dict[Labels, list[float | None]]:
    """Return the numbers of an answer, None where there is no sample."""
    vector = answer.value
    assert isinstance(vector, Vector)
    return {
        labels: [float(value) if there else None for value, there in zip(row, present, strict=True)]
        for labels, row, present in zip(vector.labels, vector.values, vector.present, strict=True)
    }


def windows(points: list[Point], at: Steps, offset: int, range_ms: int) -> Iterator[Window]:
    """Yield the samples of a series in the range before each step."""
    for time in at.times.tolist():
        end = time - offset
        start = end - range_ms
        inside = [p for p in points if start < p.time_ms <= end and not is_stale(p.value)]
        yield Window(points=inside, start=start, end=end, now=time)


def same(one: float | None, other: float | None) -> bool:
    """Compare as closely as Prometheus' answers are promised to be."""
    if one is None or other is None:
        return one is other
    return (math.isnan(one) and math.isnan(other)) or math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)


def check(query: str, memory: Memory, at: Steps, range_ms: int, offset: int = 0) -> None:
    """Compare one function with the naive one, for all series and steps."""
    text = query.format(f"x_total[{range_ms}ms] offset {offset}ms")
    found = values_of(run_range(text, at, memory))
    wanted = {}
    for labels, row in memory.floats.items():
        expected = [FUNCTIONS[query](window) for window in windows(list(row), at, offset, range_ms)]
        if any(value is not None for value in expected):
            wanted[labels if query in KEEPING_NAMES else labels.dropping((METRIC_NAME,))] = expected
    assert found.keys() == wanted.keys()
    for labels, expected in wanted.items():
        assert all(map(same, found[labels], expected)), (labels, found[labels], expected)


def test_every_function_of_ranges_has_a_naive_one() -> None:
    named = {query.split("(", maxsplit=1)[0] for query in FUNCTIONS}
    assert named == RANGE_FUNCTIONS.keys() - {"absent_over_time"}


@pytest.mark.parametrize("query", FUNCTIONS)
@settings(max_examples=50)
@given(memory=memories(ordinary), at=steps, range_ms=ranges, offset=st.sampled_from((0, 1, -7000, 60_000)))
def test_functions_agree_with_the_naive_ones(
    query: str, memory: Memory, at: Steps, range_ms: int, offset: int
) -> None:
    check(query, memory, at, range_ms, offset)


@pytest.mark.parametrize("query", [query for query in FUNCTIONS if "smoothing" not in query])
@settings(max_examples=50)
@given(memory=memories(ordinary | special), at=steps, range_ms=ranges)
def test_functions_agree_on_what_is_no_number_too(
    query: str, memory: Memory, at: Steps, range_ms: int
) -> None:
    check(query, memory, at, range_ms)


@pytest.mark.parametrize("query", ["rate({})", "increase({})", "irate({})", "resets({})"])
@given(memory=memories(ordinary, starts=True), at=steps, range_ms=ranges)
def test_counters_heed_when_their_counting_began(
    query: str, memory: Memory, at: Steps, range_ms: int
) -> None:
    check(query, memory, at, range_ms)


@given(memory=memories(ordinary | special), at=steps, range_ms=ranges)
def test_absent_is_where_no_series_has_a_sample(memory: Memory, at: Steps, range_ms: int) -> None:
    answer = values_of(run_range(f'absent_over_time(x_total{{zone="a"}}[{range_ms}ms])', at, memory))
    assert answer == {Labels({"zone": "a"}): [1.0] * len(at)}
    found = values_of(run_range(f"absent_over_time(x_total[{range_ms}ms])", at, memory))
    rows = [list(windows(list(row), at, 0, range_ms)) for row in memory.floats.values()]
    absent = [not any(row[step].points for row in rows) for step in range(len(at))]
    assert found.get(Labels(), [None] * len(at)) == [1.0 if gone else None for gone in absent]


wild = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from((1e100, -1e100, 1e300, 1.0, 0.1))


@given(values=st.lists(wild, min_size=1, max_size=20))
def test_sums_are_compensated(values: list[float]) -> None:
    memory = Memory(floats={series(0): [Point(1 + at, value) for at, value in enumerate(values)]})
    once = Steps(start_ms=1000, end_ms=1000, step_ms=1)
    ((total,),) = values_of(run_range("sum_over_time(x_total[1s])", once, memory)).values()
    ((mean,),) = values_of(run_range("avg_over_time(x_total[1s])", once, memory)).values()
    assert total is not None
    assert mean is not None
    try:
        exact = plain_sum(values)
    except OverflowError:
        exact = None
    if exact is None:
        return
    magnitude = math.fsum(abs(value) / len(values) for value in values)
    off = 1e-15 * magnitude * len(values)
    if math.isfinite(off) and math.isfinite(total):
        assert math.isclose(total, exact, rel_tol=1e-12, abs_tol=off)
    assert math.isclose(mean, exact / len(values), rel_tol=1e-12, abs_tol=off)


@pytest.mark.parametrize(
    ("values", "total", "mean"),
    [
        ([1, 1e100, 1, -1e100], 2.0, 0.5),
        ([0.1] * 10, 1.0, 0.1),
        ([1e308, 1e308], math.inf, 1e308),
        ([1e308, 1e308, -1e308, -1e308], math.inf, 0.0),
        ([1e308, 1e308, -5e307], math.inf, 5e307),
        ([math.inf, 1, -math.inf], math.nan, math.nan),
        ([-math.inf, 1e308, 1e308], -math.inf, -math.inf),
    ],
)
def test_sums_that_go_wrong_when_they_are_just_added_up(
    values: list[float], total: float, mean: float
) -> None:
    memory = Memory(floats={series(0): [Point(1 + at, value) for at, value in enumerate(values)]})
    once = Steps(start_ms=1000, end_ms=1000, step_ms=1)
    ((found,),) = values_of(run_range("sum_over_time(x_total[1s])", once, memory)).values()
    assert same(found, total)
    ((found,),) = values_of(run_range("avg_over_time(x_total[1s])", once, memory)).values()
    assert same(found, mean) or (found is not None and math.isclose(found, mean, rel_tol=1e-15))


@pytest.mark.parametrize(
    ("points", "increase"),
    [
        # Begun inside of the window, at its border, and when it was sampled.
        ([Point(5000, 3.0, 2001), Point(10_000, 5.0, 2001)], 5.0),
        ([Point(5000, 3.0, 2000), Point(10_000, 5.0, 2000)], 2 * 8 / 5),
        ([Point(5000, 3.0, 5000), Point(10_000, 5.0, 5000)], 2 * 8 / 5),
        ([Point(10_000, 5.0, 2001)], 5.0),
        ([Point(10_000, 5.0, 2000)], None),
        # Deltas: each begins where the last one ended.
        ([Point(5000, 3.0, 2001), Point(10_000, 5.0, 5000)], 8.0),
    ],
)
def test_a_beginning_inside_the_window_was_zero(points: list[Point], increase: float | None) -> None:
    once = Steps(start_ms=10_000, end_ms=10_000, step_ms=1)
    found = values_of(run_range("increase(x_total[8s])", once, Memory(floats={series(0): points})))
    assert same(found.get(series(0).dropping((METRIC_NAME,)), [None])[0], increase)


def test_a_line_through_infinities_is_none() -> None:
    memory = Memory(floats={series(0): [Point(at, math.inf) for at in (1000, 2000)]})
    once = Steps(start_ms=2000, end_ms=2000, step_ms=1)
    for query in ("deriv(x_total[5s])", "predict_linear(x_total[5s], 1)"):
        ((found,),) = values_of(run_range(query, once, memory)).values()
        assert found is not None
        assert math.isnan(found)


def test_quantiles_count_nan_as_the_least() -> None:
    memory = Memory(
        floats={series(0): [Point(at, value) for at, value in enumerate((1.0, math.nan, 3.0), 1)]}
    )
    once = Steps(start_ms=9, end_ms=9, step_ms=1)
    for wanted, expected in ((0, math.nan), (0.25, math.nan), (0.5, 1.0), (0.75, 2.0), (1, 3.0)):
        query = f"quantile_over_time({wanted}, x_total[9ms])"
        ((found,),) = values_of(run_range(query, once, memory)).values()
        assert same(found, expected)
