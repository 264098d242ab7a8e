"""The operators `</` and `>/`: a native histogram without the observations beyond a value."""

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from promql.histograms.model import FloatHistogram
from promql.histograms.sides import Side
from timeseries.columns import Floats


class _Kept(NamedTuple):
    """What is left of buckets: their counts, the sum of these, and the estimated sum of the observations."""

    counts: Floats
    total: float
    observed: float


def trimmed(histogram: FloatHistogram, at: float, *, below: bool) -> FloatHistogram:
    """Keep the observations below a value (`</`) or above it (`>/`).

    Count and sum are made anew from the buckets, the sum as if all observations lay in the middle of their
    bucket; but when nothing is to be taken away, they stay.
    """
    with np.errstate(all="ignore"):
        positive = _trimmed_side(histogram, histogram.positive, at, below=below, negative=False)
        negative = _trimmed_side(histogram, histogram.negative, at, below=below, negative=True)
        zero_count, zero_middle = _trimmed_zero(histogram, at, below=below)
    unchanged = (
        np.array_equal(positive.counts, histogram.positive.counts)
        and np.array_equal(negative.counts, histogram.negative.counts)
        and zero_count == histogram.zero_count
    )
    if unchanged:
        return histogram
    return replace(
        histogram,
        zero_count=zero_count,
        count=positive.total + negative.total + zero_count,
        sum=positive.observed + negative.observed + zero_middle * zero_count,
        positive=histogram.positive.with_counts(positive.counts),
        negative=histogram.negative.with_counts(negative.counts),
    ).compacted()


def _trimmed_side(histogram: FloatHistogram, side: Side, at: float, *, below: bool, negative: bool) -> _Kept:
    far, near = histogram.bounds_of(side)
    lowers, uppers = (-far, -near) if negative else (near, far)
    whole = uppers <= at if below else lowers >= at
    counts = np.where(whole, side.counts, 0.0)
    middles = _middles(lowers, uppers, linear=histogram.custom, negative=negative)
    cut = ~whole & (lowers < at if below else uppers > at) & (side.counts != 0)
    for place in np.flatnonzero(cut).tolist():
        lower, upper, count = float(lowers[place]), float(uppers[place]), float(side.counts[place])
        if math.isinf(lower) or math.isinf(upper):
            part, middles[place] = _part_of_open(lower, upper, at, below=below)
        else:
            part = _part(lower, upper, at, linear=histogram.custom, negative=negative)
            part = part if below else 1 - part
            ends = np.array([lower, at] if below else [at, upper])
            middles[place] = _middles(ends[:1], ends[1:], linear=histogram.custom, negative=negative)[0]
        counts[place] = count * part
    used = counts != 0
    return _Kept(counts, float(counts.sum()), float((middles[used] * counts[used]).sum()))


def _part(lower: float, upper: float, at: float, *, linear: bool, negative: bool) -> float:
    """Return which part of a bucket with two ends lies below a value inside it."""
    if linear:
        return (at - lower) / (upper - lower)
    low, high, middle = (math.log2(abs(number)) for number in (lower, upper, at))
    return 1 - (middle - high) / (low - high) if negative else (middle - low) / (high - low)


def _part_of_open(lower: float, upper: float, at: float, *, below: bool) -> tuple[float, float]:
    """Return which part of a bucket that goes to infinity is kept, and the middle of that part.

    A bucket from -Inf to above 0 counts as beginning at 0. Else the observations count as infinite.
    """
    if upper == math.inf:
        if lower == -math.inf or below:
            return 0.0, 0.0
        return 1.0, at
    if below:
        if at > 0:
            return at / upper, at / 2
        return (1.0, at) if upper <= 0 else (0.0, 0.0)
    if at >= 0:
        return 1 - at / upper, (at + upper) / 2
    return 0.0, 0.0


def _middles(lowers: Floats, uppers: Floats, *, linear: bool, negative: bool) -> Floats:
    """Return the value that stands for all observations between two."""
    sign = -1 if negative else 1
    middles = (lowers + uppers) / 2 if linear else np.sqrt(np.abs(lowers * uppers)) * sign
    from_below = np.where(np.isinf(uppers), 0.0, np.where(uppers > 0, uppers / 2, uppers))
    return np.where(np.isinf(lowers), from_below, np.where(np.isinf(uppers), lowers, middles))


def _trimmed_zero(histogram: FloatHistogram, at: float, *, below: bool) -> tuple[float, float]:
    """Return what is left of the zero bucket, and the middle of it."""
    count = histogram.zero_count
    if not count > 0:
        return count, 0.0
    with_positive, with_negative = (
        bool(side.counts.any()) for side in (histogram.positive, histogram.negative)
    )
    upper = 0.0 if with_negative and not with_positive else histogram.zero_threshold
    lower = 0.0 if with_positive and not with_negative else -histogram.zero_threshold
    start, end = (lower, at) if below else (at, upper)
    if at <= lower or at >= upper:
        kept = at >= upper if below and at > lower else (not below and at <= lower)
        return (count if kept else 0.0), (lower + upper) / 2
    part = float(np.divide(end - start, upper - lower))
    return count * part, (start + end) / 2
