"""Histograms as values: their arithmetic, resets, texts."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promql.histograms.bounds import upper_bounds
from promql.histograms.model import FloatHistogram, MixedSchemas, merged_hint
from promql.histograms.sides import Side
from promql.histograms.text import json_of
from tests.promql.histograms.drawn import (
    custom,
    customs,
    exponential,
    exponentials,
    float_histograms,
    pairs,
    side,
)
from tests.strategies import histograms
from timeseries.histogram import MIN_SCHEMA, Histogram, ResetHint


def like(one: FloatHistogram, other: FloatHistogram) -> bool:
    """Compare without empty buckets."""
    return one.compacted().equals(other.compacted())


def populations(histogram: FloatHistogram) -> float:
    return float(histogram.layout().counts.sum())


@given(float_histograms)
def test_a_value_becomes_a_sample_and_back(value: FloatHistogram) -> None:
    sample = value.sample
    sample.check()
    assert FloatHistogram.of(sample).equals(value)
    assert FloatHistogram.of(sample).hint is value.hint


@given(st.dictionaries(st.integers(-1000, 1000), st.floats(0, 1e9), max_size=20))
def test_buckets_become_spans_without_gaps_and_back(buckets: dict[int, float]) -> None:
    indices = np.array(sorted(buckets), np.int64)
    one = Side(indices=indices, counts=np.array([buckets[at] for at in indices.tolist()], np.float64))
    assert [*Side.of(one.buckets).indices] == [*indices]
    assert one.buckets.counts == tuple(one.counts)
    assert all(span.length for span in one.buckets.spans)
    assert all(span.offset for span in one.buckets.spans[1:])


@given(histograms)
def test_a_sample_keeps_all_its_buckets(sample: Histogram) -> None:
    value = FloatHistogram.of(sample)
    for kept, given_buckets in ((value.positive, sample.positive), (value.negative, sample.negative)):
        indices: list[int] = []
        end = 0
        for span in given_buckets.spans:
            indices += range(end + span.offset, end + span.offset + span.length)
            end += span.offset + span.length
        assert kept.indices.tolist() == indices
        assert kept.counts.tolist() == [float(count) for count in given_buckets.counts]
    assert (value.schema, value.count, value.hint) == (sample.schema, float(sample.count), sample.reset_hint)


@pytest.mark.parametrize(
    ("schema", "index", "bound"),
    [
        (0, 0, 1.0),
        (0, 3, 8.0),
        (0, -2, 0.25),
        # Not rounded to the nearest: Prometheus' bounds are products of roots.
        (1, 1, 1.414213562373095),
        (2, 3, 2 * 0.8408964152537144),
        (7, 65, 2 * 0.7109463010845827),
        (7, 127, 2 * 0.9945994234836328),
        (8, 3, 2 * 0.5040779490592088),
        (3, 8, 2.0),
        (8, -256, 0.5),
        (-1, 1, 4.0),
        (-4, 1, 65536.0),
        (-4, -1, 2.0**-16),
        (0, 1024, float(np.finfo(np.float64).max)),
        (8, 1024 << 8, float(np.finfo(np.float64).max)),
        (-4, 64, float(np.finfo(np.float64).max)),
        (0, 1025, math.inf),
        (0, 1 << 40, math.inf),
        (0, -(1 << 40), 0.0),
    ],
)
def test_exponential_bounds(schema: int, index: int, bound: float) -> None:
    assert upper_bounds(np.array([index]), schema).tolist() == [bound]


@given(pairs)
def test_addition_commutes(both: tuple[FloatHistogram, FloatHistogram]) -> None:
    one, other = both
    forth, back = one.plus(other), other.plus(one)
    assert like(forth.histogram, back.histogram)
    assert forth.histogram.hint is back.histogram.hint
    assert forth[1:] == back[1:]


@given(pairs)
def test_taking_away_what_was_added_leaves_the_first(both: tuple[FloatHistogram, FloatHistogram]) -> None:
    one, other = both
    left = one.plus(other).histogram.minus(other).histogram
    assert (left.count, left.sum) == (one.count, one.sum)
    if one.custom:
        assert like(left, one.with_bounds(left.custom_values))
    else:
        assert like(left, one.widened(left.zero_threshold).reduced_to(left.schema))
    assert left.hint is ResetHint.GAUGE


@given(pairs)
def test_a_sum_has_all_observations_of_both(both: tuple[FloatHistogram, FloatHistogram]) -> None:
    one, other = both
    assert populations(one.plus(other).histogram) == populations(one) + populations(other)


@given(exponentials, st.integers(0, 12))
def test_reduction_keeps_the_observations_within_the_bounds(histogram: FloatHistogram, steps: int) -> None:
    schema = max(MIN_SCHEMA, histogram.schema - steps)
    coarse = histogram.reduced_to(schema)
    assert coarse.positive.counts.sum() == histogram.positive.counts.sum()
    fine = upper_bounds(histogram.positive.indices, histogram.schema)
    ends = upper_bounds(coarse.positive.indices, schema)
    starts = upper_bounds(coarse.positive.indices - 1, schema)
    for start, end, count in zip(starts, ends, coarse.positive.counts, strict=True):
        inside = (fine > start * (1 + 1e-12)) & (fine <= end * (1 + 1e-12))
        assert histogram.positive.counts[inside].sum() == count


@given(exponentials, st.floats(0, 100))
def test_widening_cuts_no_bucket(histogram: FloatHistogram, threshold: float) -> None:
    wide = histogram.widened(histogram.zero_threshold + threshold + 1e-9)
    assert wide.zero_threshold >= threshold
    assert populations(wide) == populations(histogram)
    for own in (wide.positive, wide.negative):
        assert np.all(upper_bounds(own.indices - 1, wide.schema) >= wide.zero_threshold)


def test_zero_buckets_are_widened_to_the_next_bound_of_a_bucket_that_is_not_empty() -> None:
    narrow = exponential(0, 1, 2, 3, negative=(4,), zero=5, threshold=0.5)
    wide = exponential(0, zero=1, threshold=3)
    total = narrow.plus(wide).histogram
    # (1,2] is inside; (2,4] is cut by 3, so all of it goes to the zero bucket, and so do the negatives.
    assert total.zero_threshold == 4
    assert total.zero_count == 1 + 5 + 1 + 2 + 4
    assert total.positive.indices.tolist() == [3]
    assert total.negative.counts.tolist() == []


def test_an_empty_bucket_may_be_cut_by_the_zero_bucket() -> None:
    total = exponential(0, 1, 0, 3).plus(exponential(0, zero=1, threshold=3)).histogram
    assert (total.zero_threshold, total.zero_count) == (3, 2)
    assert total.positive.counts.tolist() == [3]


def test_the_coarser_resolution_wins() -> None:
    total = exponential(1, 1, 2, 4, 8).plus(exponential(0, 16)).histogram
    assert total.schema == 0
    assert total.positive.indices.tolist() == [1, 2]
    assert total.positive.counts.tolist() == [1 + 2 + 16, 4 + 8]


def test_custom_buckets_keep_the_bounds_in_common() -> None:
    one, other = custom((1, 2, 3), 1, 2, 4, 8), custom((0, 1, 3, 5), 16, 32, 64, 128, 256)
    total = one.plus(other)
    assert total.reconciled
    assert list(total.histogram.custom_values) == [1, 3]
    assert total.histogram.positive.counts.tolist() == [1 + 48, 6 + 64, 8 + 384]
    assert not one.plus(one).reconciled
    none_left = one.minus(custom((7,), 1, 1))
    assert not none_left.histogram.custom_values
    assert none_left.histogram.positive.counts.tolist() == [13]


def test_exponential_and_custom_buckets_cannot_be_added() -> None:
    with pytest.raises(MixedSchemas):
        exponential(0, 1).plus(custom((1,), 1))
    with pytest.raises(MixedSchemas):
        custom((1,), 1).minus(exponential(0, 1))


@given(float_histograms, st.integers(1, 8))
def test_times_and_over_are_inverse(histogram: FloatHistogram, power: int) -> None:
    factor = 2.0**power
    assert histogram.times(factor).over(factor).equals(histogram)
    assert histogram.times(factor).hint is histogram.hint
    assert histogram.times(-factor).hint is ResetHint.GAUGE
    assert histogram.over(-factor).hint is ResetHint.GAUGE
    assert histogram.negated().negated().equals(histogram.times(1))


def test_division_by_zero_leaves_no_buckets() -> None:
    nothing = exponential(0, 1, 2, zero=1, total=-3).over(0)
    assert (nothing.count, nothing.sum, nothing.zero_count) == (math.inf, -math.inf, math.inf)
    assert not len(nothing.positive)
    assert math.isnan(exponential(0).over(0).count)


@given(float_histograms)
def test_a_histogram_equals_itself_even_with_nan(histogram: FloatHistogram) -> None:
    odd = replace(histogram, sum=math.nan)
    assert odd.equals(replace(odd, hint=ResetHint.GAUGE))
    assert not odd.equals(histogram)
    assert not odd.equals(replace(odd, count=odd.count + 1))


def test_an_explicit_empty_bucket_makes_a_difference_until_compacted() -> None:
    one, other = exponential(0, 1, 0), exponential(0, 1)
    assert not one.equals(other)
    assert one.compacted().equals(other.compacted())


@given(pairs)
def test_counting_on_is_no_reset(both: tuple[FloatHistogram, FloatHistogram]) -> None:
    one, other = (own.with_hint(ResetHint.UNKNOWN) for own in both)
    assert not one.plus(other).histogram.reset_since(one)


RESETS = [
    (exponential(0, 5), exponential(0, 5), False),
    (exponential(0, 5), exponential(0, 4, 1), True),
    (exponential(0, 5), exponential(0, 5, 0), False),
    (exponential(0, 5, 1), exponential(0, 6), True),
    (exponential(0, 0, 5), exponential(0, 5, first=2), False),
    (exponential(0, 5), exponential(0, 4), True),
    (exponential(0, negative=(3,)), exponential(0, 1, negative=(2,)), True),
    (exponential(0, 5), exponential(1, 5), True),
    (exponential(1, 2, 3), exponential(0, 5), False),
    (exponential(1, 2, 3), exponential(0, 4, 1), True),
    (exponential(0, zero=2), exponential(0, 3, zero=1), True),
    (exponential(0, 1, zero=2), exponential(0, 3, zero=1), True),
    (exponential(0, zero=2, threshold=1), exponential(0, zero=9, threshold=0.5), True),
    (exponential(0, 3, zero=2), exponential(0, zero=5, threshold=2), False),
    (exponential(0, 3, zero=2), exponential(0, zero=4, threshold=2, negative=(9,), first=9), True),
    (exponential(0, 3), exponential(0, zero=9, threshold=1.5), True),
    (exponential(0, 1), custom((1,), 9), True),
    (custom((1,), 1), exponential(0, 9), True),
    (custom((1, 2), 1, 2), custom((1, 2), 1, 2), False),
    (custom((1, 2), 1, 2), custom((1, 3), 1, 0, 2), False),
    (custom((1, 2), 2, 1), custom((1, 3), 1, 1, 1), True),
]


@pytest.mark.parametrize(("before", "now", "reset"), RESETS)
def test_resets_are_seen_in_the_buckets(before: FloatHistogram, now: FloatHistogram, reset: bool) -> None:
    assert now.reset_since(before) is reset
    assert now.with_hint(ResetHint.GAUGE).reset_since(before) is reset
    assert now.with_hint(ResetHint.RESET).reset_since(before)
    assert not now.with_hint(ResetHint.NOT_RESET).reset_since(before)


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (ResetHint.GAUGE, ResetHint.RESET, ResetHint.GAUGE),
        (ResetHint.UNKNOWN, ResetHint.GAUGE, ResetHint.GAUGE),
        (ResetHint.UNKNOWN, ResetHint.NOT_RESET, ResetHint.UNKNOWN),
        (ResetHint.RESET, ResetHint.NOT_RESET, ResetHint.UNKNOWN),
        (ResetHint.RESET, ResetHint.RESET, ResetHint.RESET),
    ],
)
def test_hints_of_sums(one: ResetHint, other: ResetHint, both: ResetHint) -> None:
    assert merged_hint(one, other) is both
    assert merged_hint(other, one) is both
    conflict = {one, other} == {ResetHint.RESET, ResetHint.NOT_RESET}
    assert exponential(0, hint=one).plus(exponential(0, hint=other)).conflict is conflict
    assert exponential(0, hint=one).minus(exponential(0, hint=other)).conflict is conflict


def test_texts() -> None:
    histogram = exponential(1, 1, 0, 2.5, negative=(3,), zero=4, threshold=0.5, total=1e6)
    assert str(histogram) == (
        "{count:10.5, sum:1e+06, [-1.414213562373095,-1):3, [-0.5,0.5]:4, "
        "(1,1.414213562373095]:1, (2,2.82842712474619]:2.5}"
    )
    assert json_of(histogram) == {
        "count": "10.5",
        "sum": "1000000",
        "buckets": [
            (1, "-1.414213562373095", "-1", "3"),
            (3, "-0.5", "0.5", "4"),
            (0, "1", "1.414213562373095", "1"),
            (0, "2", "2.82842712474619", "2.5"),
        ],
    }
    assert str(custom((0.1, 2), 1, 2, 3)) == "{count:6, sum:0, [-Inf,0.1]:1, (0.1,2]:2, (2,+Inf]:3}"
    assert json_of(exponential(0, total=math.nan)) == {"count": "0", "sum": "NaN"}
    assert json_of(exponential(0, total=1e21)) == {"count": "0", "sum": "1e+21"}
    assert json_of(exponential(0, total=-1e-7)) == {"count": "0", "sum": "-1e-07"}


def test_a_bucket_that_reaches_into_the_zero_bucket_is_cut_in_answers_only() -> None:
    histogram = exponential(0, 1, negative=(2,), threshold=1.5, zero=4)
    assert [bucket[:2] for bucket in histogram.buckets()] == [(-2, -1.5), (-1.5, 1.5), (1.5, 2)]
    assert str(histogram) == "{count:7, sum:0, [-2,-1):2, [-1.5,1.5]:4, (1,2]:1}"


@given(float_histograms)
def test_json_tells_every_bucket_exactly(histogram: FloatHistogram) -> None:
    told = json.loads(json.dumps(json_of(histogram)))
    assert float(told["count"]) == histogram.count
    assert float(told["sum"]) == histogram.sum
    buckets = told.get("buckets", [])
    layout = histogram.layout()
    used = layout.counts != 0
    for at, part in enumerate(layout, 1):
        assert [float(bucket[at]) for bucket in buckets] == part[used].tolist()
    assert {bucket[0] for bucket in buckets} <= {0, 1, 3}


@given(customs)
def test_without_bounds_one_bucket_has_it_all(histogram: FloatHistogram) -> None:
    assert histogram.with_bounds(()).compacted().positive.counts.sum() == histogram.count
    assert len(histogram.with_bounds(()).positive) <= 1


def test_buckets_far_apart_take_no_room() -> None:
    far = replace(exponential(0, 1), positive=side(-(1 << 31), 1))
    assert len(far.plus(exponential(0, 1, first=1 << 31)).histogram.positive) == 2
