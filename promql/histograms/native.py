"""What is read off a native histogram: quantiles, fractions, spread. Knows no series."""

import math
from enum import Enum, auto
from typing import NamedTuple

import numpy as np

from promql.histograms.model import FloatHistogram, Layout
from timeseries.columns import Floats


class NanEffect(Enum):
    """What observations of NaN, which are counted but in no bucket, did to a result."""

    NONE = auto()
    RESULT = auto()
    SKEW = auto()


class Quantile(NamedTuple):
    """A quantile, and whether NaN observations had part in it."""

    value: float
    nan: NanEffect = NanEffect.NONE


def quantile(q: float, histogram: FloatHistogram, layout: Layout) -> Quantile:
    """Estimate the q-quantile, walking from the nearer end; `layout` is the histogram's."""
    if q < 0 or q > 1:
        return Quantile(math.copysign(math.inf, q))
    if histogram.count == 0 or math.isnan(q):
        return Quantile(math.nan)
    # Observations of NaN count as the greatest: then only a walk from below meets the right ranks.
    with_nan = math.isnan(histogram.sum)
    forward = with_nan or q < 0.5
    counts = layout.counts if forward else layout.counts[::-1]
    reached = np.cumsum(counts)
    rank = (q if forward else 1 - q) * histogram.count
    enough = (reached >= rank) & (counts != 0)
    at = int(np.argmax(enough)) if enough.any() else len(counts) - 1
    lower = upper = count = so_far = 0.0
    if at >= 0:
        place = at if forward else len(counts) - 1 - at
        lower, upper = float(layout.lowers[place]), float(layout.uppers[place])
        count, so_far = float(counts[at]), min(float(reached[at]), histogram.count)
    if histogram.custom and _open(lower, upper):
        # Nothing is known of where the observations are.
        return Quantile(upper if lower == -math.inf else lower)
    lower, upper = _limits(histogram, lower, upper)
    if so_far < rank:
        return Quantile(math.nan, NanEffect.RESULT) if with_nan else Quantile(upper)
    within = rank - (so_far - count) if forward else so_far - rank
    skewed = with_nan and so_far + float(counts[at + 1 :].sum()) < histogram.count
    value = _inside(histogram, lower, upper, within / count if count else math.nan)
    return Quantile(value, NanEffect.SKEW if skewed else NanEffect.NONE)


def _open(lower: float, upper: float) -> bool:
    """Whether a custom bucket has no end on the side away from zero; one that ends above 0 begins there."""
    return upper <= 0 if lower == -math.inf else upper == math.inf


def _limits(histogram: FloatHistogram, lower: float, upper: float) -> tuple[float, float]:
    """Return a bucket's bounds, with 0 where the histogram has no observation beyond it."""
    if histogram.custom:
        return 0.0 if lower == -math.inf else lower, upper
    if lower < 0 < upper:
        if not len(histogram.negative) and len(histogram.positive):
            return 0.0, upper
        if not len(histogram.positive) and len(histogram.negative):
            return lower, 0.0
    return lower, upper


def _inside(histogram: FloatHistogram, lower: float, upper: float, fraction: float) -> float:
    """Interpolate: linearly, but in exponential buckets as if they were divided into ever finer ones."""
    if histogram.custom or lower <= 0 <= upper:
        return lower + (upper - lower) * fraction
    low, high = math.log2(abs(lower)), math.log2(abs(upper))
    if lower > 0:
        return _exp2(low + (high - low) * fraction)
    return -_exp2(high + (low - high) * (1 - fraction))


def _exp2(exponent: float) -> float:
    with np.errstate(over="ignore"):
        return float(np.exp2(exponent))


class Fraction(NamedTuple):
    """A fraction, and whether NaN observations are missing in it."""

    value: float
    nan: bool = False


def fraction(lower: float, upper: float, histogram: FloatHistogram, layout: Layout) -> Fraction:
    """Estimate which part of the observations lies between two values; `layout` is the histogram's."""
    if histogram.count == 0 or math.isnan(lower) or math.isnan(upper):
        return Fraction(math.nan)
    if lower >= upper:
        return Fraction(0.0)
    in_buckets = float(layout.counts.sum())
    with_nan = math.isnan(histogram.sum)
    most = in_buckets if with_nan else histogram.count
    layout = _without_other_side(histogram, layout)
    with np.errstate(all="ignore"):
        below, above = (_rank(value, histogram, layout, most) for value in (lower, upper))
    return Fraction((above - below) / histogram.count, with_nan and in_buckets < histogram.count)


def _without_other_side(histogram: FloatHistogram, layout: Layout) -> Layout:
    """Let the bucket around zero begin or end at zero where there are no observations beyond."""
    around = (layout.lowers <= 0) & (layout.uppers >= 0)
    if not len(histogram.negative) and len(histogram.positive):
        return layout._replace(lowers=np.where(around, 0.0, layout.lowers))
    if not len(histogram.positive) and len(histogram.negative):
        return layout._replace(uppers=np.where(around, 0.0, layout.uppers))
    return layout


def _rank(value: float, histogram: FloatHistogram, layout: Layout, most: float) -> float:
    """Return how many observations lie below a value: at most `most`."""
    lowers, uppers, counts = layout
    found = np.flatnonzero((lowers >= value) | (uppers > value))
    if not len(found):
        return most
    at = int(found[0])
    lower, upper, count = float(lowers[at]), float(uppers[at]), float(counts[at])
    rank = float(counts[:at].sum())
    if lower >= value:
        return min(rank, most)
    if lower == -math.inf:
        return min(count, most)
    if histogram.custom or lower <= 0 <= upper:
        part = (value - lower) / (upper - lower)
    else:
        part = _logarithmic_part(value, lower, upper)
    return min(rank + count * part, most)


def _logarithmic_part(value: float, lower: float, upper: float) -> float:
    low, high, at = (math.log2(abs(number)) for number in (lower, upper, value))
    return (at - low) / (high - low) if value > 0 else 1 - (at - high) / (low - high)


def variance(histogram: FloatHistogram, layout: Layout) -> float:
    """Estimate the variance, every observation taken to lie in the middle of its bucket."""
    lowers, uppers, counts = (part[layout.counts != 0] for part in layout)
    with np.errstate(all="ignore"):
        average = np.float64(histogram.sum) / histogram.count
        squares = counts * (_middles(histogram, lowers, uppers) - average) ** 2
        return float(
            np.float64(math.fsum(squares) if np.isfinite(squares).all() else squares.sum()) / histogram.count
        )


def _middles(histogram: FloatHistogram, lowers: Floats, uppers: Floats) -> Floats:
    if histogram.custom:
        return (lowers + uppers) / 2
    middles = np.sqrt(lowers * uppers)
    return np.where((lowers <= 0) & (uppers >= 0), 0.0, np.where(uppers < 0, -middles, middles))
