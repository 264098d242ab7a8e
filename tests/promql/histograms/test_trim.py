"""The operators that take observations away."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from promql.histograms.model import FloatHistogram
from promql.histograms.native import fraction
from promql.histograms.trim import trimmed
from tests.promql.histograms.drawn import custom, exponential, exponentials, float_histograms


@given(float_histograms, st.floats(-20, 20))
def test_both_parts_are_the_whole(histogram: FloatHistogram, at: float) -> None:
    if histogram.custom:
        # Of a bucket that is open, both parts may be nothing.
        bounds = histogram.custom_values
        assume(bounds and bounds[0] <= at <= bounds[-1])
    below, above = trimmed(histogram, at, below=True), trimmed(histogram, at, below=False)
    assert below.count + above.count == pytest.approx(histogram.count)
    both = below.plus(above).histogram.compacted()
    assert both.positive.counts.tolist() == pytest.approx(histogram.compacted().positive.counts.tolist())
    assert both.negative.counts.tolist() == pytest.approx(histogram.compacted().negative.counts.tolist())


@given(exponentials, st.floats(-20, 20))
def test_what_is_kept_is_the_fraction(histogram: FloatHistogram, at: float) -> None:
    histogram = histogram.widened(max(histogram.zero_threshold, 2.0)).compacted()
    assume(histogram.count and math.isfinite(histogram.zero_threshold))
    part = fraction(-math.inf, at, histogram, histogram.layout()).value
    assert trimmed(histogram, at, below=True).count == pytest.approx(part * histogram.count, abs=1e-9)


@given(float_histograms)
def test_nothing_beyond_infinity(histogram: FloatHistogram) -> None:
    assert trimmed(histogram, math.inf, below=True) is histogram
    assert trimmed(histogram, -math.inf, below=False) is histogram
    assert trimmed(histogram, math.inf, below=False).count == 0
    assert trimmed(histogram, -math.inf, below=True).count == 0


@pytest.mark.parametrize(
    ("at", "below", "text"),
    [
        # Half of (1,4] lies below its geometric middle, which is 2.
        (2, True, "{count:1, sum:1.4142135623730951, (1,4]:1}"),
        (2, False, "{count:5, sum:34.82842712474619, (1,4]:1, (4,16]:4}"),
        (4, True, "{count:2, sum:4, (1,4]:2}"),
        (4, False, "{count:4, sum:32, (4,16]:4}"),
        (17, True, "{count:6, sum:7, (1,4]:2, (4,16]:4}"),
        (0, False, "{count:6, sum:7, (1,4]:2, (4,16]:4}"),
        (1, True, "{count:0, sum:0}"),
        (math.nan, True, "{count:0, sum:0}"),
    ],
)
def test_exponential_buckets(at: float, below: bool, text: str) -> None:
    assert str(trimmed(exponential(-1, 2, 4, total=7), at, below=below)) == text


def test_what_is_taken_away_has_no_part_in_the_sum() -> None:
    wide = exponential(-1, 2).plus(exponential(-1, 1, first=500)).histogram
    assert str(trimmed(wide, 4, below=True)) == "{count:2, sum:4, (1,4]:2}"


def test_negative_buckets_are_mirrored() -> None:
    mirrored = trimmed(exponential(-1, negative=(2, 4), total=-7), -2, below=False)
    assert str(mirrored) == "{count:1, sum:-1.4142135623730951, [-4,-1):1}"


@pytest.mark.parametrize(
    ("histogram", "at", "below", "text"),
    [
        (exponential(0, zero=4, threshold=2), 1, True, "{count:3, sum:-1.5, [-2,2]:3}"),
        (exponential(0, zero=4, threshold=2), 1, False, "{count:1, sum:1.5, [-2,2]:1}"),
        (exponential(0, 1, zero=4, threshold=2, first=3), 1, True, "{count:2, sum:1, [-2,2]:2}"),
        (
            exponential(0, negative=(1,), zero=4, threshold=2, first=3),
            -1,
            False,
            "{count:2, sum:-1, [-2,2]:2}",
        ),
        (exponential(0, zero=4, threshold=2), 2, False, "{count:0, sum:0}"),
        (exponential(0, zero=4, threshold=2), -2, True, "{count:0, sum:0}"),
        (exponential(0, zero=4, total=9), 0, False, "{count:4, sum:9, [-0,0]:4}"),
    ],
)
def test_the_zero_bucket_is_cut_linearly(
    histogram: FloatHistogram, at: float, below: bool, text: str
) -> None:
    assert str(trimmed(histogram, at, below=below)) == text


@pytest.mark.parametrize(
    ("bounds", "at", "below", "count", "total"),
    [
        ((2, 4), 3, True, 4 + 2, 4 * 1 + 2 * 2.5),
        ((2, 4), 3, False, 2 + 4, 2 * 3.5 + 4 * 4),
        # The lowest bucket begins at 0 when it ends above.
        ((2, 4), 1, True, 2, 2 * 0.5),
        ((2, 4), 1, False, 2 + 4 + 4, 2 * 1.5 + 4 * 3 + 4 * 4),
        ((2, 4), -1, True, 0, 0),
        ((2, 4), -1, False, 8, 4 * 3 + 4 * 4),
        # Else its observations count as below all numbers, those of the highest as above.
        ((-4, -2), -5, True, 4, 4 * -5),
        ((-4, -2), -5, False, 8, 4 * -3 + 4 * -2),
        ((2, 4), 9, True, 8, 4 * 1 + 4 * 3),
        ((2, 4), 9, False, 4, 4 * 9),
    ],
)
def test_custom_buckets(
    bounds: tuple[float, ...], at: float, below: bool, count: float, total: float
) -> None:
    found = trimmed(custom(bounds, 4, 4, 4, total=99), at, below=below)
    assert (found.count, found.sum) == (count, total)
    assert found.custom_values == bounds
