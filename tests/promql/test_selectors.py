"""Selectors and subqueries: which sample or window each step sees, against a search through all samples."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promql.context import Limits
from promql.engine import Options, run_instant, run_range
from promql.errors import EvaluationError, QueryTimeout, QueryTooLarge
from promql.values import Steps, Vector, Windows
from tests.promql.memory import Memory, Point, memories, ordinary, series, special
from tests.promql.test_ranges import ranges, same, steps, values_of, windows
from timeseries.histogram import Histogram, HistogramSample
from timeseries.labels import METRIC_NAME, Labels
from timeseries.stale import STALE, is_stale

LOOKBACK = 50_000
OPTIONS = Options(lookback_ms=LOOKBACK)


def latest(points: Sequence[Point], time: int) -> Point | None:
    """Return the sample that a selector sees."""
    seen = [point for point in points if time - LOOKBACK < point.time_ms <= time]
    return seen[-1] if seen and not is_stale(seen[-1].value) else None


def agree(found: list[float | None], wanted: list[float | None]) -> bool:
    """Compare numbers exactly; NaN is equal to itself."""
    return len(found) == len(wanted) and all(
        one is other or (one is not None and other is not None and np.array_equal(one, other, equal_nan=True))
        for one, other in zip(found, wanted, strict=True)
    )


@given(memory=memories(ordinary | special), at=steps, offset=st.sampled_from((0, 1, -20_000, 60_000)))
def test_a_selector_sees_the_latest_sample_within_the_lookback(
    memory: Memory, at: Steps, offset: int
) -> None:
    found = values_of(run_range(f"x_total offset {offset}ms", at, memory, OPTIONS))
    for labels, row in memory.floats.items():
        picked = [latest(row, time - offset) for time in at.times.tolist()]
        wanted = [None if point is None else point.value for point in picked]
        assert agree(found.get(labels, [None] * len(at)), wanted)
    times = values_of(run_range(f"timestamp((x_total offset {offset}ms))", at, memory, OPTIONS))
    for labels, row in memory.floats.items():
        picked = [latest(row, time - offset) for time in at.times.tolist()]
        wanted = [None if point is None else point.time_ms / 1000 for point in picked]
        assert agree(times.get(labels.dropping((METRIC_NAME,)), [None] * len(at)), wanted)


@given(memory=memories(ordinary | special), at=steps, fixed=st.integers(-50, 300), range_ms=ranges)
def test_a_fixed_time_is_the_same_at_every_step(memory: Memory, at: Steps, fixed: int, range_ms: int) -> None:
    once = Steps(start_ms=fixed * 1000, end_ms=fixed * 1000, step_ms=1)
    for query, moving in (
        (f"x_total @ {fixed}", "x_total"),
        (f"sum_over_time(x_total[{range_ms}ms] @ {fixed})", f"sum_over_time(x_total[{range_ms}ms])"),
        (
            f"max_over_time((-x_total)[{range_ms}ms:1s] @ {fixed})",
            f"max_over_time((-x_total)[{range_ms}ms:1s])",
        ),
        (f"timestamp(x_total @ {fixed})", "timestamp(x_total)"),
    ):
        found = values_of(run_range(query, at, memory, OPTIONS))
        wanted = values_of(run_range(moving, once, memory, OPTIONS))
        assert found.keys() == wanted.keys()
        assert all(agree(found[labels], wanted[labels] * len(at)) for labels in wanted)


def test_start_and_end_are_those_of_the_query_in_subqueries_too() -> None:
    memory = Memory(floats={series(0): [Point(second * 1000, second) for second in range(101)]})
    at = Steps(start_ms=40_000, end_ms=60_000, step_ms=10_000)
    for query, wanted in (
        ("x_total @ start()", [40.0] * 3),
        ("x_total @ end() offset 5s", [55.0] * 3),
        ("max_over_time((x_total @ end())[30s:10s])", [60.0] * 3),
        ("max_over_time(x_total[30s:10s] @ start())", [40.0] * 3),
        ("timestamp(abs(x_total @ start()))", [40.0, 50.0, 60.0]),
        ("predict_linear(x_total[30s] @ 50, 1)", [41.0, 51.0, 61.0]),
    ):
        (found,) = values_of(run_range(query, at, memory)).values()
        assert all(map(same, found, wanted)), query


@given(
    memory=memories(ordinary | special), at=steps, range_ms=ranges, step=st.sampled_from((500, 7000, 60_000))
)
def test_a_subquery_is_the_inner_query_at_the_multiples_of_its_step(
    memory: Memory, at: Steps, range_ms: int, step: int
) -> None:
    found = values_of(run_range(f"sum_over_time(x_total[{range_ms}ms:{step}ms])", at, memory, OPTIONS))
    for labels, row in memory.floats.items():
        wanted: list[float | None] = []
        for time in at.times.tolist():
            inner = range(((time - range_ms) // step + 1) * step, time + 1, step)
            picked = [point for point in (latest(row, moment) for moment in inner) if point is not None]
            wanted.append(math.fsum(point.value for point in picked) if _finite(picked) else None)
            if not wanted[-1] and not _finite(picked) and picked:
                wanted[-1] = sum(point.value for point in picked)
        own = found.get(labels.dropping((METRIC_NAME,)), [None] * len(at))
        assert all(map(same, own, wanted)), (own, wanted)


def _finite(picked: Sequence[Point]) -> bool:
    return bool(picked) and all(math.isfinite(point.value) for point in picked)


@given(memory=memories(ordinary | special), range_ms=ranges, time=st.integers(0, 240_000))
def test_an_instant_query_for_a_range_gives_its_samples(memory: Memory, range_ms: int, time: int) -> None:
    answer = run_instant(f"x_total[{range_ms}ms]", time, memory)
    assert isinstance(answer.value, Windows)
    for row, labels in enumerate(answer.value.labels):
        at = Steps(start_ms=time, end_ms=time, step_ms=1)
        (window,) = windows(list(memory.floats[labels]), at, 0, range_ms)
        inside = slice(answer.value.first[row, 0], answer.value.last[row, 0])
        assert answer.value.columns.times[inside].tolist() == [point.time_ms for point in window.points]


def _histogram(time: int, count: float = 1.0, total: float = 1.0) -> HistogramSample:
    return HistogramSample(time, Histogram(integer=False, schema=0, count=count, sum=total, zero_count=count))


def test_of_floats_and_histograms_the_later_one_is_seen() -> None:
    memory = Memory(
        floats={series(0): [Point(10_000, 1.0), Point(30_000, 3.0), Point(70_000, STALE)]},
        histograms={series(0): [_histogram(20_000), _histogram(40_000), _histogram(50_000, total=STALE)]},
    )
    at = Steps(start_ms=0, end_ms=100_000, step_ms=10_000)
    answer = run_range("x_total", at, memory, OPTIONS)
    assert isinstance(answer.value, Vector)
    assert answer.value.histograms is not None
    kinds = ["h" if one is not None else "f" for one in answer.value.histograms[0]]
    seen = [kind if there else "-" for kind, there in zip(kinds, answer.value.present[0], strict=True)]
    assert "".join(seen) == "-fhfh------"
    (times,) = values_of(run_range("timestamp(x_total)", at, memory, OPTIONS)).values()
    assert times == [None, 10.0, 20.0, 30.0, 40.0, *[None] * 6]
    (counts,) = values_of(run_range("count_over_time(x_total[35s])", at, memory, OPTIONS)).values()
    assert counts == [None, 1.0, 2.0, 3.0, 4.0, 3.0, 2.0, 1.0, None, None, None]
    (last,) = values_of(run_range("ts_of_last_over_time(x_total[1m])", at, memory, OPTIONS)).values()
    assert last == [None, 10.0, 20.0, *[30.0], *[40.0] * 6, None]


def test_start_timestamps_of_what_is_seen() -> None:
    memory = Memory(floats={series(0): [Point(10_000, 1.0, 7000)]})
    (found,) = values_of(run_instant("start_timestamp(x_total)", 20_000, memory)).values()
    assert found == [7.0]
    assert values_of(run_instant("start_timestamp(-x_total)", 20_000, memory)) == {}


def test_the_lookback_is_left_open() -> None:
    memory = Memory(floats={series(0): [Point(0, 1.0)], series(1): [Point(1, 2.0)]})
    found = values_of(run_instant("x_total", LOOKBACK, memory, OPTIONS))
    assert found == {series(1): [2.0]}
    ((counted,),) = values_of(run_instant("count_over_time(x_total[50s])", LOOKBACK, memory)).values()
    assert counted == 1.0


def test_queries_end_at_their_limits() -> None:
    memory = Memory(floats={series(row): [Point(at * 1000, 1.0) for at in range(10)] for row in range(3)})
    at = Steps(start_ms=0, end_ms=9000, step_ms=1000)
    run_range("x_total", at, memory, Options(limits=Limits(max_samples=30, max_cells=30)))
    with pytest.raises(QueryTooLarge, match="too many samples into memory"):
        run_range("x_total", at, memory, Options(limits=Limits(max_samples=29)))
    with pytest.raises(QueryTooLarge, match="3 series at 10 steps"):
        run_range("x_total", at, memory, Options(limits=Limits(max_cells=29)))
    with pytest.raises(QueryTimeout):
        run_range("x_total", at, memory, Options(limits=Limits(remaining=lambda: 0.0)))
    used = run_range("x_total", at, memory).usage
    assert (used.samples, used.peak_cells) == (30, 30)


def test_series_that_become_the_same_are_one_unless_they_meet() -> None:
    one, other = Labels({METRIC_NAME: "a"}), Labels({METRIC_NAME: "b"})
    at = Steps(start_ms=0, end_ms=20_000, step_ms=10_000)
    options = Options(lookback_ms=10_000)
    apart = Memory(floats={one: [Point(0, 1.0)], other: [Point(20_000, 2.0)]})
    assert values_of(run_range('-{__name__=~"a|b"}', at, apart, options)) == {Labels(): [-1.0, None, -2.0]}
    meeting = Memory(floats={one: [Point(0, 1.0)], other: [Point(0, 2.0)]})
    with pytest.raises(EvaluationError, match="same labelset"):
        run_range('-{__name__=~"a|b"}', at, meeting, options)


@pytest.mark.parametrize("query", ["x_total[5m]", '"text"'])
def test_a_range_query_is_for_vectors_and_scalars_only(query: str) -> None:
    at = Steps(start_ms=0, end_ms=9000, step_ms=1000)
    with pytest.raises(EvaluationError, match="for range query, must be Scalar or instant Vector"):
        run_range(query, at, Memory(floats={}))
