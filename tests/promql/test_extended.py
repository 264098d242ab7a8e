"""`anchored` and `smoothed`: what a series was at the borders of a range, one window at a time."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given

from promql.engine import Options, run_instant, run_range
from promql.errors import EvaluationError
from promql.values import Steps, Vector, Windows
from tests.promql.memory import Memory, Point, memories, ordinary, series, special
from tests.promql.test_ranges import ranges, same, steps, values_of
from timeseries.histogram import Buckets, Histogram, HistogramSample, ResetHint, Span
from timeseries.labels import METRIC_NAME
from timeseries.stale import is_stale

LOOKBACK = 50_000
OPTIONS = Options(lookback_ms=LOOKBACK)


def reachable(points: Sequence[Point], start: int, end: int, *, smoothed: bool) -> list[Point]:
    """Return the samples of a range and of the lookback before it, for smoothed also after it."""
    until = end + LOOKBACK if smoothed else end
    return [p for p in points if start - LOOKBACK < p.time_ms <= until and not is_stale(p.value)]


def first_of(found: Sequence[Point], start: int) -> int:
    """Return where the last sample up to the start is, else the first one."""
    after = [at for at in range(len(found) - 1) if found[at].time_ms > start]
    return max(0, (after[0] if after else len(found) - 1) - 1)


def on_line(before: Point, after: Point, time: int, *, counter: bool) -> float:
    """Return what lies between two samples; a counter that was reset begins at 0."""
    low = 0.0 if counter and after.value < before.value else before.value
    return low + (after.value - low) * (time - before.time_ms) / (after.time_ms - before.time_ms)


def extended(points: Sequence[Point], start: int, end: int, *, smoothed: bool, counter: bool) -> float | None:
    """Return increase (counter) or delta between the borders."""
    found = reachable(points, start, end, smoothed=smoothed)
    if not found:
        return None
    first, last = first_of(found, start), len(found) - 1
    if smoothed:
        last = next((at for at in range(last) if found[at].time_ms >= end), last)
    if found[last].time_ms <= start or (smoothed and found[first].time_ms > end):
        return None
    left, right = found[first].value, found[last].value
    if smoothed and found[first].time_ms < start:
        left = on_line(found[first], found[first + 1], start, counter=counter)
    if smoothed and last > 0 and found[last].time_ms > end:
        right = on_line(found[last - 1], found[last], end, counter=counter)
    inside = [p.value for p in found[first : last + 1] if start < p.time_ms < end]
    result = right - left
    if counter:
        result += sum(one for one, other in pairwise([left, *inside, right]) if other < one)
    return result


@pytest.mark.parametrize("smoothed", [False, True])
@pytest.mark.parametrize("function", ["rate", "increase", "delta"])
@given(memory=memories(ordinary), at=steps, range_ms=ranges)
def test_rates_between_the_borders(
    function: str, smoothed: bool, memory: Memory, at: Steps, range_ms: int
) -> None:
    modifier = "smoothed" if smoothed else "anchored"
    found = values_of(run_range(f"{function}(x_total[{range_ms}ms] {modifier})", at, memory, OPTIONS))
    for labels, row in memory.floats.items():
        wanted = []
        for time in at.times.tolist():
            change = extended(row, time - range_ms, time, smoothed=smoothed, counter=function != "delta")
            per_second = range_ms / 1000 if function == "rate" else 1
            wanted.append(None if change is None else change / per_second)
        own = found.get(labels.dropping((METRIC_NAME,)), [None] * len(at))
        assert all(map(same, own, wanted)), (own, wanted)


@given(memory=memories(ordinary), at=steps, range_ms=ranges)
def test_resets_and_changes_count_from_the_anchor(memory: Memory, at: Steps, range_ms: int) -> None:
    for function in ("resets", "changes"):
        found = values_of(run_range(f"{function}(x_total[{range_ms}ms] anchored)", at, memory, OPTIONS))
        for labels, row in memory.floats.items():
            wanted: list[float | None] = []
            for time in at.times.tolist():
                seen = reachable(row, time - range_ms, time, smoothed=False)
                pairs = pairwise(seen[first_of(seen, time - range_ms) :] if seen else [])
                counted = [
                    b.value < a.value if function == "resets" else b.value != a.value for a, b in pairs
                ]
                inside = seen and seen[-1].time_ms > time - range_ms
                wanted.append(float(sum(counted)) if inside else None)
            own = found.get(labels.dropping((METRIC_NAME,)), [None] * len(at))
            assert own == wanted


@given(memory=memories(ordinary | special), at=steps)
def test_a_smoothed_selector_draws_a_line(memory: Memory, at: Steps) -> None:
    found = values_of(run_range("x_total smoothed", at, memory, OPTIONS))
    for labels, row in memory.floats.items():
        wanted: list[float | None] = []
        for time in at.times.tolist():
            seen = reachable(row, time, time, smoothed=True)
            before = [point for point in seen if point.time_ms < time]
            after = [point for point in seen if point.time_ms >= time]
            if after and after[0].time_ms == time:
                wanted.append(after[0].value)
            elif before and after:
                wanted.append(on_line(before[-1], after[0], time, counter=False))
            else:
                wanted.append(before[-1].value if before else None)
        own = found.get(labels, [None] * len(at))
        assert all(map(same, own, wanted)), (own, wanted)


def test_an_extended_range_has_samples_at_its_borders() -> None:
    memory = Memory(floats={series(0): [Point(second * 10_000, second) for second in range(6)]})
    for modifier, times, values in (
        ("anchored", [15_000, 20_000, 30_000, 35_000], [1.0, 2.0, 3.0, 3.0]),
        ("smoothed", [15_000, 20_000, 30_000, 35_000], [1.5, 2.0, 3.0, 3.5]),
    ):
        answer = run_instant(f"x_total[20s] {modifier}", 35_000, memory).value
        assert isinstance(answer, Windows)
        assert answer.columns.times.tolist() == times
        assert answer.columns.values.tolist() == values


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            "sum_over_time(x_total[1m] anchored)",
            "anchored modifier can only be used with: changes, delta, increase, rate, resets - not with sum_",
        ),
        (
            "resets(x_total[1m] smoothed)",
            "smoothed modifier can only be used with: delta, increase, rate - not with resets",
        ),
    ],
)
def test_other_functions_refuse_extended_ranges(query: str, message: str) -> None:
    with pytest.raises(EvaluationError, match=message):
        run_instant(query, 0, Memory(floats={}))


def native(time: int, count: float, hint: ResetHint = ResetHint.UNKNOWN) -> HistogramSample:
    """Return a histogram with one bucket."""
    buckets = Buckets(spans=(Span(0, 1),), counts=(count,))
    histogram = Histogram(integer=False, schema=0, count=count, sum=count, positive=buckets, reset_hint=hint)
    return HistogramSample(time, histogram)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("increase(x_total[20s] anchored)", 3.0 - 1.0),
        ("increase(x_total[20s] smoothed)", 3.5 - 1.5),
        ("rate(x_total[20s] smoothed)", 0.1),
        ("increase(x_total[30s] anchored)", 3.0),
        ("x_total smoothed", 3.5),
    ],
)
def test_histograms_are_drawn_lines_between_too(query: str, count: float) -> None:
    samples = [native(second * 10_000, float(second)) for second in range(6)]
    answer = run_instant(query, 35_000, Memory(floats={}, histograms={series(0): samples})).value
    assert isinstance(answer, Vector)
    assert answer.histograms is not None
    found = answer.histograms[0, 0]
    assert same(found.count, count)
    assert same(found.sum, count)


@pytest.mark.parametrize("hint", [ResetHint.UNKNOWN, ResetHint.RESET])
def test_a_reset_of_histograms_between_the_borders_is_added(hint: ResetHint) -> None:
    counts = [5.0, 6.0, 1.0, 2.0, 4.0]
    samples = [native(at * 10_000, count) for at, count in enumerate(counts)]
    samples[2] = native(20_000, 1.0, hint)
    memory = Memory(floats={}, histograms={series(0): samples})
    plain = Memory(floats={series(0): [Point(at * 10_000, count) for at, count in enumerate(counts)]})
    for modifier in ("anchored", "smoothed"):
        for range_s in (10, 15, 20, 25, 30):
            query = f"increase(x_total[{range_s}s] {modifier})"
            answer = run_instant(query, 38_000, memory).value
            assert isinstance(answer, Vector)
            assert answer.histograms is not None
            ((wanted,),) = values_of(run_instant(query, 38_000, plain)).values()
            assert same(answer.histograms[0, 0].count, wanted), query


@pytest.mark.parametrize("modifier", ["anchored", "smoothed"])
def test_an_extended_range_itself_has_no_histograms(modifier: str) -> None:
    memory = Memory(floats={}, histograms={series(0): [native(10_000, 1.0)]})
    with pytest.raises(EvaluationError, match=f"{modifier} modifier is not supported with histograms"):
        run_instant(f"x_total[20s] {modifier}", 20_000, memory)
