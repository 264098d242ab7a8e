"""Classic histograms all at once, against one at a time."""

import math
from bisect import bisect_left

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promql.histograms.classic import Cumulative, ascending, fractions, quantiles

BOUNDS = (-2.0, 0.0, 1.0, 1.0, 4.0, math.inf, math.inf)
counts = st.sampled_from((0.0, 1.0, 2.0, 3.0, 5.0, 8.0, 8.0 + 4e-12))
Buckets = list[tuple[float, float]]


@st.composite
def matrices(draw: st.DrawFn) -> tuple[Cumulative, list[list[Buckets]]]:
    """Draw histograms with some of the bounds, and the same ones bucket by bucket."""
    taken = sorted(draw(st.lists(st.sampled_from(range(len(BOUNDS))), min_size=1, max_size=7, unique=True)))
    shape = draw(st.integers(1, 3)), len(taken), draw(st.integers(1, 3))
    size = math.prod(shape)
    values = np.array(draw(st.lists(counts, min_size=size, max_size=size))).reshape(shape)
    present = np.array(draw(st.lists(st.booleans() | st.just(True), min_size=size, max_size=size))).reshape(
        shape
    )
    bounds = np.array([BOUNDS[at] for at in taken])
    single = [
        [
            [(bounds[at], values[row, at, step]) for at in range(shape[1]) if present[row, at, step]]
            for step in range(shape[2])
        ]
        for row in range(shape[0])
    ]
    return Cumulative.of(bounds, values, present), single


def merged(buckets: Buckets) -> Buckets:
    found: dict[float, float] = {}
    for bound, count in buckets:
        found[bound] = found.get(bound, 0.0) + count
    return list(found.items())


def raised(buckets: Buckets) -> Buckets:
    fixed: Buckets = []
    for bound, count in merged(buckets):
        below = fixed[-1][1] if fixed else -math.inf
        close = fixed and below and count and abs(count - below) / (count + below) < 1e-12
        fixed.append((bound, below if close or count < below else count))
    return fixed


def quantile_of(q: float, buckets: Buckets) -> float:
    if q < 0 or q > 1:
        return math.copysign(math.inf, q)
    fixed = raised(buckets)
    if math.isnan(q) or len(fixed) < 2 or fixed[-1][0] != math.inf or not fixed[-1][1]:
        return math.nan
    rank = q * fixed[-1][1]
    at = bisect_left([count for _, count in fixed[:-1]], rank)
    if at == len(fixed) - 1:
        return fixed[-2][0]
    bound, count = fixed[at]
    if at == 0 and bound <= 0:
        return bound
    start, below = fixed[at - 1] if at else (0.0, 0.0)
    return start + (bound - start) * float(np.divide(rank - below, count - below))


def fraction_of(lower: float, upper: float, buckets: Buckets) -> float:
    joined = merged(buckets)
    if not joined or joined[-1][0] != math.inf or not joined[-1][1] or math.isnan(lower) or math.isnan(upper):
        return math.nan
    if lower >= upper:
        return 0
    total = joined[-1][1]

    def rank_of(value: float) -> float:
        start, below = (0.0 if joined[0][0] > 0 else -math.inf), 0.0
        for bound, count in joined:
            if start >= value:
                return min(below, total)
            if value < bound:
                if start == -math.inf:
                    return min(count, total)
                return min(below + (count - below) * (value - start) / (bound - start), total)
            start, below = bound, count
        return total

    return (rank_of(upper) - rank_of(lower)) / total


def same(one: float, other: float) -> bool:
    return one == pytest.approx(other, nan_ok=True)


steps_of = st.sampled_from((-0.5, 0.0, 0.25, 0.5, 0.9, 1.0, 1.5, math.nan))
values_of = st.sampled_from((-math.inf, -3.0, -2.0, -1.0, 0.0, 0.5, 1.0, 2.0, 4.0, 9.0, math.inf, math.nan))


@given(matrices(), st.data())
def test_quantiles_are_those_of_one_at_a_time(
    drawn: tuple[Cumulative, list[list[Buckets]]], data: st.DataObject
) -> None:
    histograms, single = drawn
    q = np.array([data.draw(steps_of) for _ in single[0]])
    with np.errstate(all="ignore"):
        found = quantiles(q, ascending(histograms).histograms)
        for row, steps in enumerate(single):
            for step, buckets in enumerate(steps):
                if buckets:
                    assert same(found[row, step], quantile_of(q[step], buckets))


@given(matrices(), st.data())
def test_fractions_are_those_of_one_at_a_time(
    drawn: tuple[Cumulative, list[list[Buckets]]], data: st.DataObject
) -> None:
    histograms, single = drawn
    lower, upper = (np.array([data.draw(values_of) for _ in single[0]]) for _ in range(2))
    found = fractions(lower, upper, histograms)
    for row, steps in enumerate(single):
        for step, buckets in enumerate(steps):
            if buckets:
                assert same(found[row, step], fraction_of(lower[step], upper[step], buckets))


def one(*buckets: tuple[float, float]) -> Cumulative:
    bounds, values = zip(*buckets, strict=True)
    matrix = np.array(values).reshape(1, -1, 1)
    return Cumulative.of(np.array(bounds), matrix, np.ones(matrix.shape, np.bool_))


def test_what_was_raised_is_told() -> None:
    fixed = ascending(one((1, 5), (2, 3), (4, 8), (8, 7.5), (math.inf, 9)))
    assert fixed.histograms.counts.ravel().tolist() == [5, 5, 8, 8, 9]
    assert fixed.forced.tolist() == [[True]]
    assert [part.tolist() for part in (fixed.lowest, fixed.highest, fixed.difference)] == [
        [[2]],
        [[8]],
        [[2]],
    ]


def test_rounding_is_corrected_silently_and_incomplete_histograms_are_not_told_of() -> None:
    nearly = ascending(one((1, 5), (2, 5 - 1e-12), (4, 5 + 1e-12), (math.inf, 5)))
    assert nearly.histograms.counts.ravel().tolist() == [5, 5, 5, 5]
    assert not nearly.forced.any()
    assert not ascending(one((1, 5), (2, 3))).forced.any()
    assert ascending(one((1, -5), (math.inf, 3))).histograms.counts.ravel().tolist() == [-5, 3]


def test_buckets_of_one_bound_are_added() -> None:
    joined = one((1, 2), (1, 3), (math.inf, 4), (math.inf, 5))
    assert joined.bounds.tolist() == [1, math.inf]
    assert joined.counts.ravel().tolist() == [5, 9]
