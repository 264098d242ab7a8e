"""Quantiles and fractions of classic histograms: many with the same bounds, at all steps at once.

Matrices are [histogram, bucket, step]; buckets may be missing at some steps. Counts are cumulative.
"""

from dataclasses import dataclass
from typing import Final, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from timeseries.columns import Bools, Floats, Ints

Number = TypeVar("Number", np.float64, np.int64)

# Counts that differ by less, relative to their sum, differ by rounding.
_TOLERANCE: Final = 1e-12
_SMALLEST_NORMAL: Final = float(np.finfo(np.float64).smallest_normal)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cumulative:
    """Classic histograms: `bounds` ascend strictly; where `present` is false there is no such bucket."""

    bounds: Floats
    counts: Floats
    present: Bools

    @classmethod
    def of(cls, bounds: Floats, counts: Floats, present: Bools) -> Self:
        """Take buckets in ascending order of their bounds; those with the same bound are added."""
        first = np.flatnonzero(np.append(True, bounds[1:] != bounds[:-1]))
        if len(first) == len(bounds):
            return cls(bounds=bounds, counts=counts, present=present)
        return cls(
            bounds=bounds[first],
            counts=np.add.reduceat(np.where(present, counts, 0.0), first, axis=1),
            present=np.logical_or.reduceat(present, first, axis=1),
        )

    def before(self) -> Ints:
        """Return the index of the bucket below each, -1 where there is none."""
        places = np.where(self.present, np.arange(len(self.bounds))[:, None], -1)
        below = np.full(places.shape, -1)
        below[:, 1:] = np.maximum.accumulate(places, axis=1)[:, :-1]
        return below

    def last(self) -> Ints:
        """Return the index of the highest bucket of each histogram and step; any where there is none."""
        places: Ints = len(self.bounds) - 1 - np.argmax(self.present[:, ::-1], axis=1)
        return places

    def somewhere(self) -> Bools:
        """Tell where a histogram has any bucket."""
        found: Bools = np.logical_or.reduce(self.present, axis=1)
        return found

    def complete(self) -> Bools:
        """Tell where the highest bucket is the one for all observations."""
        found: Bools = self.somewhere() & (self.bounds[self.last()] == np.inf)
        return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ascending:
    """Histograms whose counts ascend, and where they had to be raised for that, over all buckets.

    `forced` has a row a histogram and a column a step; `lowest`, `highest` are the bounds of the buckets that
    were raised, `difference` the most that one was.
    """

    histograms: Cumulative
    forced: Bools
    lowest: Floats
    highest: Floats
    difference: Floats


def ascending(histograms: Cumulative) -> Ascending:
    """Raise counts that are less than that of a lower bucket; counts that hardly differ become equal."""
    counts = histograms.counts.copy()
    shape = counts.shape[0], counts.shape[2]
    lowest, highest = np.full(shape, np.inf), np.full(shape, -np.inf)
    difference = np.zeros(shape)
    below, started = np.zeros(shape), np.zeros(shape, np.bool_)
    with np.errstate(all="ignore"):
        for place, bound in enumerate(histograms.bounds):
            count, present = counts[:, place], histograms.present[:, place]
            known = present & started
            same = known & _nearly_equal(below, count)
            less = known & ~same & (count < below)
            lowest[less] = np.minimum(lowest[less], bound)
            highest[less] = bound
            difference[less] = np.maximum(difference[less], (below - count)[less])
            replaced = same | less
            count[replaced] = below[replaced]
            below = np.where(present, count, below)
            started |= present
    fixed = Cumulative(bounds=histograms.bounds, counts=counts, present=histograms.present)
    forced = (difference > 0) & histograms.complete()
    return Ascending(histograms=fixed, forced=forced, lowest=lowest, highest=highest, difference=difference)


def _nearly_equal(one: Floats, other: Floats) -> Bools:
    total, difference = np.abs(one) + np.abs(other), np.abs(one - other)
    tiny = (one == 0) | (other == 0) | (total < _SMALLEST_NORMAL)
    largest = np.finfo(np.float64).max
    close = np.where(
        tiny, difference < _TOLERANCE * _SMALLEST_NORMAL, difference / np.minimum(total, largest) < _TOLERANCE
    )
    found: Bools = (one == other) | close
    return found


def quantiles(q: Floats, histograms: Cumulative) -> Floats:
    """Return the q-quantiles, q given for each step, of histograms with ascending counts."""
    bounds, counts, present = histograms.bounds, histograms.counts, histograms.present
    before, last = histograms.before(), histograms.last()[:, None]
    with np.errstate(all="ignore"):
        observations = _pick(counts, last)
        rank = q * observations
        enough = present & (counts >= rank[:, None]) & (np.arange(len(bounds))[:, None] != last)
        at = np.argmax(enough, axis=1)[:, None]
        below = _pick(before, at)
        first = below < 0
        lower = np.where(first, 0.0, bounds[below])
        skipped = np.where(first, 0.0, _pick(counts, below[:, None]))
        upper = bounds[at[:, 0]]
        count = _pick(counts, at) - skipped
        found = lower + (upper - lower) * ((rank - skipped) / count)
        found = np.where(first & (upper <= 0), upper, found)
        # In the highest bucket all that is known is where it begins.
        found = np.where(enough.any(axis=1), found, bounds[_pick(before, last)])
    known = histograms.complete() & (present.sum(axis=1) > 1) & (observations != 0) & ~np.isnan(q)
    found = np.where(known, found, np.nan)
    return np.where(q < 0, -np.inf, np.where(q > 1, np.inf, found))


def fractions(lower: Floats, upper: Floats, histograms: Cumulative) -> Floats:
    """Return which part of the observations lies between two values, given for each step."""
    observations = _pick(histograms.counts, histograms.last()[:, None])
    with np.errstate(all="ignore"):
        below, above = (_ranks(value, histograms, observations) for value in (lower, upper))
        found = np.where(lower >= upper, 0.0, (above - below) / observations)
    known = histograms.complete() & (observations != 0) & ~np.isnan(lower) & ~np.isnan(upper)
    return np.where(known, found, np.nan)


def _ranks(value: Floats, histograms: Cumulative, observations: Floats) -> Floats:
    """Return how many observations lie below a value, given for each step."""
    bounds, counts, present = histograms.bounds, histograms.counts, histograms.present
    before = histograms.before()
    first = before < 0
    # Without negative bounds, there are no negative observations.
    lowers = np.where(first, np.where(bounds > 0, 0.0, -np.inf)[:, None], bounds[before])
    hit = present & ((lowers >= value) | (bounds[:, None] > value))
    at = np.argmax(hit, axis=1)[:, None]
    low, high, count = _pick(lowers, at), bounds[at[:, 0]], _pick(counts, at)
    below = _pick(before, at)
    rank = np.where(below < 0, 0.0, _pick(counts, below[:, None]))
    inside = np.where(low == -np.inf, count, rank + (count - rank) * (value - low) / (high - low))
    found = np.where(low >= value, rank, inside)
    return np.where(hit.any(axis=1), np.minimum(found, observations), observations)


def _pick(matrix: NDArray[Number], places: Ints) -> NDArray[Number]:
    """Return for each histogram and step the value of one bucket."""
    return np.take_along_axis(matrix, places, axis=1)[:, 0]
