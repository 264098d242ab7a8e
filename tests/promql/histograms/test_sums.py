"""Sums and averages: as adding one after the other, but more exact."""

import math
from dataclasses import replace

import pytest
from hypothesis import given

from promql.histograms.model import FloatHistogram, MixedSchemas
from promql.histograms.sums import mean, total
from tests.promql.histograms.drawn import custom, exponential, exponentials, float_histograms, groups
from timeseries.histogram import ResetHint


@given(groups)
def test_a_total_is_what_adding_one_after_the_other_gives(group: list[FloatHistogram]) -> None:
    found = total(group)
    added, reconciled = group[0], False
    for histogram in group[1:]:
        step = added.plus(histogram)
        added, reconciled = step.histogram, reconciled or step.reconciled
    assert found.reconciled is reconciled
    assert found.histogram.hint is added.hint
    assert found.histogram.custom_values == added.custom_values
    assert (found.histogram.count, found.histogram.sum) == (added.count, added.sum)
    assert found.histogram.schema == added.schema
    if len({histogram.zero_threshold for histogram in group}) == 1:
        assert found.histogram.equals(added.compacted())


@given(groups)
def test_the_order_does_not_matter(group: list[FloatHistogram]) -> None:
    assert total(group).histogram.equals(total(group[::-1]).histogram)
    assert total(group)[1:] == total(group[::-1])[1:]


@given(float_histograms)
def test_the_mean_of_equals_is_each_of_them(histogram: FloatHistogram) -> None:
    assert mean([histogram] * 4).histogram.equals(histogram.compacted())


@given(exponentials, exponentials)
def test_a_mean_is_the_total_divided(one: FloatHistogram, other: FloatHistogram) -> None:
    assert mean([one, other]).histogram.equals(total([one, other]).histogram.over(2))


def test_small_numbers_are_not_lost_beside_large_ones() -> None:
    group = [exponential(0, count, total=count) for count in (1e100, 1.0, -1e100, 1.0)]
    assert str(total(group).histogram) == "{count:2, sum:2, (1,2]:2}"
    assert str(mean(group).histogram) == "{count:0.5, sum:0.5, (1,2]:0.5}"


def test_a_mean_does_not_overflow() -> None:
    huge = exponential(0, 1.5e308, total=1.5e308)
    average = mean([huge, huge, huge]).histogram
    assert average.sum == pytest.approx(1.5e308)
    assert average.positive.counts.tolist() == pytest.approx([1.5e308])
    assert total([huge, huge]).histogram.sum == math.inf


def test_resets_in_some_only_are_a_conflict() -> None:
    reset, known, unknown = (
        exponential(0, 1, hint=hint) for hint in (ResetHint.RESET, ResetHint.NOT_RESET, ResetHint.UNKNOWN)
    )
    assert total([reset, unknown, known]).conflict
    assert mean([reset, known]).conflict
    assert not total([reset, unknown, reset]).conflict


def test_mixed_schemas_are_refused() -> None:
    for add in (total, mean):
        with pytest.raises(MixedSchemas):
            add([exponential(0, 1), exponential(0, 1), custom((1,), 1)])


def test_nan_and_infinite_sums_go_on() -> None:
    endless = replace(exponential(0, 1), sum=math.inf)
    assert total([endless, endless]).histogram.sum == math.inf
    assert mean([endless, endless]).histogram.sum == math.inf
    assert math.isnan(total([endless, replace(endless, sum=-math.inf)]).histogram.sum)
