"""Quantiles, fractions and spread of native histograms."""

import math
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from promql.histograms.model import FloatHistogram
from promql.histograms.native import Fraction, NanEffect, Quantile, fraction, quantile, variance
from tests.promql.histograms.drawn import custom, exponential, exponentials, float_histograms

quantile_numbers = st.floats(0, 1)


def quantile_of(q: float, histogram: FloatHistogram) -> float:
    return quantile(q, histogram, histogram.layout()).value


def fraction_of(lower: float, upper: float, histogram: FloatHistogram) -> float:
    return fraction(lower, upper, histogram, histogram.layout()).value


def sane(histogram: FloatHistogram) -> bool:
    """Tell whether no bucket lies within the zero bucket."""
    layout = histogram.layout()
    return bool((layout.lowers[1:] >= layout.uppers[:-1]).all()) and bool(
        (layout.lowers <= layout.uppers).all()
    )


@given(exponentials, quantile_numbers)
def test_a_quantile_lies_in_the_bucket_that_has_its_rank(histogram: FloatHistogram, q: float) -> None:
    assume(histogram.count and sane(histogram))
    found = quantile_of(q, histogram)
    # The bounds between powers of two are rounded, and so is a logarithm.
    off = abs(found) * 1e-12
    holding = [bucket for bucket in histogram.buckets() if bucket.lower - off <= found <= bucket.upper + off]
    assert holding
    below = sum(bucket.population for bucket in histogram.buckets() if bucket.upper < holding[0].lower)
    rank = q * histogram.count
    within = sum(bucket.population for bucket in holding)
    neighbours = sum(bucket.population for bucket in histogram.buckets() if bucket.upper == holding[0].lower)
    assert below - 1e-9 <= rank <= below + neighbours + within + 1e-9


@given(float_histograms, quantile_numbers, quantile_numbers)
def test_quantiles_ascend(histogram: FloatHistogram, one: float, other: float) -> None:
    assume(histogram.count and (histogram.custom or sane(histogram)))
    low, high = quantile_of(min(one, other), histogram), quantile_of(max(one, other), histogram)
    assert low <= high * (1 + math.copysign(1e-9, high)) or math.isnan(low) or math.isnan(high)


@given(exponentials, quantile_numbers)
def test_the_fraction_below_a_quantile_is_the_quantile(histogram: FloatHistogram, q: float) -> None:
    assume(histogram.count and sane(histogram))
    found = quantile_of(q, histogram)
    part = fraction_of(-math.inf, found, histogram)
    # On a bound, or where there are empty buckets, many quantiles are one value.
    bounds = {bound for bucket in histogram.buckets() for bound in bucket[:2]}
    assume(all(not math.isclose(found, bound, rel_tol=1e-9) for bound in bounds | {0.0}))
    assert part == pytest.approx(q, abs=1e-9)


@pytest.mark.parametrize(
    ("q", "value"),
    [
        (-0.1, -math.inf),
        (1.1, math.inf),
        (math.nan, math.nan),
        (0, 1),
        # A quarter into (1,2] of the half that is there: 2^(1/2).
        (0.25, 2**0.5),
        (0.5, 2),
        (0.75, 2 * 2**0.5),
        (1, 4),
    ],
)
def test_exponential_buckets_are_interpolated_exponentially(q: float, value: float) -> None:
    assert quantile_of(q, exponential(0, 2, 2)) == pytest.approx(value, nan_ok=True)


def test_negative_buckets_are_mirrored() -> None:
    assert quantile_of(0.25, exponential(0, negative=(2, 2))) == pytest.approx(-2 * 2**0.5)
    assert quantile_of(0.75, exponential(0, negative=(2, 2))) == pytest.approx(-(2**0.5))


@pytest.mark.parametrize(
    ("histogram", "value"),
    [
        (exponential(0, zero=4, threshold=0.5), 0.0),
        (exponential(0, 0, zero=4, threshold=0.5), 0.25),
        (exponential(0, negative=(0,), zero=4, threshold=0.5), -0.25),
        (exponential(0, 1, negative=(1,), zero=4, threshold=0.5), 0.0),
    ],
)
def test_the_zero_bucket_is_interpolated_on_the_sides_that_there_are(
    histogram: FloatHistogram, value: float
) -> None:
    assert quantile_of(0.5, histogram) == value


@pytest.mark.parametrize(
    ("bounds", "counts", "q", "value"),
    [
        ((2, 4), (4, 4), 0.25, 1),
        ((2, 4), (4, 4), 0.75, 3),
        ((2, 4), (4, 4, 4), 1, 4),
        ((-2, 4), (4, 4), 0.25, -2),
        ((-2, 4), (4, 4), 0.75, 1),
        ((0, 4), (4,), 0.5, 0),
        ((), (4,), 0.5, math.inf),
    ],
)
def test_custom_buckets_are_interpolated_linearly(
    bounds: tuple[float, ...], counts: tuple[float, ...], q: float, value: float
) -> None:
    assert quantile_of(q, custom(bounds, *counts)) == value


def test_no_observations_have_no_quantile() -> None:
    assert math.isnan(quantile_of(0.5, exponential(0)))
    assert math.isnan(quantile_of(0.5, exponential(0, 0)))
    assert math.isnan(fraction_of(0, 1, exponential(0)))


def test_observations_of_nan_count_as_the_greatest() -> None:
    histogram = replace(exponential(0, 2, 2), count=5.0, sum=math.nan)
    layout = histogram.layout()
    assert quantile(0.4, histogram, layout) == Quantile(2.0, NanEffect.SKEW)
    lost = quantile(0.9, histogram, layout)
    assert math.isnan(lost.value)
    assert lost.nan is NanEffect.RESULT
    assert fraction(-math.inf, math.inf, histogram, layout) == Fraction(0.8, nan=True)
    # Infinities of both signs make the sum NaN, too, but nothing is missing.
    endless = replace(histogram, count=4.0)
    assert quantile(0.5, endless, layout) == Quantile(2.0)
    assert fraction(1, 2, endless, layout) == Fraction(0.5)


def test_a_count_above_the_buckets_is_in_no_bucket() -> None:
    histogram = replace(exponential(0, 2, 2), count=100.0)
    assert quantile_of(0.1, histogram) == 4
    # The upper half is walked from above.
    assert quantile_of(0.99, histogram) == pytest.approx(2 * 2**0.5)


@pytest.mark.parametrize(
    ("lower", "upper", "value"),
    [
        (1, 2, 0.25),
        (-math.inf, math.inf, 1),
        (2, 2, 0),
        (3, 1, 0),
        (math.nan, 1, math.nan),
        (1, math.nan, math.nan),
        (2**0.5, 2, 0.125),
        (-2, -1, 0.25),
        (-(2**0.5), -1, 0.125),
        (-0.25, 0.5, 0.375),
        (8, 9, 0),
        (-9, -8, 0),
    ],
)
def test_fractions(lower: float, upper: float, value: float) -> None:
    histogram = exponential(0, 1, negative=(1,), zero=2, threshold=0.5)
    assert fraction_of(lower, upper, histogram) == pytest.approx(value, nan_ok=True)


@pytest.mark.parametrize(
    ("lower", "upper", "value"),
    [
        (-math.inf, 1, 0.125),
        (0, 1, 0.125),
        (0.5, 3, 0.0625 + 0.125),
        (3, 4, 0.125),
        (5, 6, 0),
        (5, math.inf, 0.625),
    ],
)
def test_fractions_of_custom_buckets(lower: float, upper: float, value: float) -> None:
    assert fraction_of(lower, upper, custom((1, 2, 4), 1, 0, 2, 5)) == value


def test_spread() -> None:
    # Observations at the geometric middles: sqrt(2) and 2 sqrt(2), around the true mean of 2.
    histogram = exponential(0, 2, 2, total=8)
    middle = ((2**0.5 - 2) ** 2 + (2 * 2**0.5 - 2) ** 2) / 2
    assert variance(histogram, histogram.layout()) == pytest.approx(middle)
    mirrored = exponential(0, negative=(2, 2), total=-8)
    assert variance(mirrored, mirrored.layout()) == pytest.approx(middle)
    zeros = exponential(0, zero=4, threshold=0.5, total=4)
    assert variance(zeros, zeros.layout()) == 1
    flat = custom((0, 2, 4), 0, 1, 1, total=4)
    assert variance(flat, flat.layout()) == 1
    assert math.isnan(variance(exponential(0), exponential(0).layout()))
