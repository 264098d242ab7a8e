"""A native histogram as a value of a query: immutable, all counts floats. Knows no series and no time."""

import struct
from dataclasses import dataclass, replace
from typing import NamedTuple, Self

import numpy as np

from promql.gofloat import general
from promql.histograms.bounds import common_bounds, custom_targets, custom_upper_bounds, upper_bounds
from promql.histograms.sides import NO_SIDE, Side
from timeseries.columns import Floats
from timeseries.histogram import CUSTOM_SCHEMA, Histogram, ResetHint


class MixedSchemas(Exception):
    """Exponential and custom buckets can't be added. The caller warns and drops the sample."""


class Bucket(NamedTuple):
    """A bucket with its bounds as it is shown: in order of its bounds, whatever its side."""

    lower: float
    upper: float
    lower_inclusive: bool
    upper_inclusive: bool
    population: float

    def __str__(self) -> str:
        """Write it as an interval with its count: `(1,2]:3`."""
        opening, closing = "[" if self.lower_inclusive else "(", "]" if self.upper_inclusive else ")"
        return f"{opening}{general(self.lower)},{general(self.upper)}{closing}:{general(self.population)}"


class Layout(NamedTuple):
    """All buckets of a histogram ascending, the zero bucket among them: three arrays of one length."""

    lowers: Floats
    uppers: Floats
    counts: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FloatHistogram:
    """Exponential (schema -4 to 8) or custom buckets (schema -53, upper bounds in `custom_values`)."""

    schema: int = 0
    zero_threshold: float = 0.0
    zero_count: float = 0.0
    count: float = 0.0
    sum: float = 0.0
    positive: Side = NO_SIDE
    negative: Side = NO_SIDE
    custom_values: tuple[float, ...] = ()
    hint: ResetHint = ResetHint.UNKNOWN

    @classmethod
    def of(cls, histogram: Histogram) -> Self:
        """Return a sample's histogram as a value."""
        return cls(
            schema=histogram.schema,
            zero_threshold=histogram.zero_threshold,
            zero_count=float(histogram.zero_count),
            count=float(histogram.count),
            sum=histogram.sum,
            positive=Side.of(histogram.positive),
            negative=Side.of(histogram.negative),
            custom_values=histogram.custom_values,
            hint=histogram.reset_hint,
        )

    @property
    def sample(self) -> Histogram:
        """It as a sample carries it."""
        return Histogram(
            integer=False,
            schema=self.schema,
            count=self.count,
            sum=self.sum,
            zero_threshold=self.zero_threshold,
            zero_count=self.zero_count,
            positive=self.positive.buckets,
            negative=self.negative.buckets,
            custom_values=self.custom_values,
            reset_hint=self.hint,
        )

    @property
    def custom(self) -> bool:
        """Whether its buckets have bounds of their own."""
        return self.schema == CUSTOM_SCHEMA

    def with_hint(self, hint: ResetHint) -> Self:
        """Return the same buckets with another hint."""
        return self if hint is self.hint else replace(self, hint=hint)

    def plus(self, other: Self) -> "Sum":
        """Add, at the coarser of both resolutions. Raises MixedSchemas for exponential and custom buckets."""
        return _combined(self, other, 1.0)

    def minus(self, other: Self) -> "Sum":
        """Subtract likewise. The result is a gauge."""
        difference = _combined(self, other, -1.0)
        return difference._replace(histogram=difference.histogram.with_hint(ResetHint.GAUGE))

    def times(self, factor: float) -> Self:
        """Multiply all counts and the sum; a negative factor makes a gauge."""
        with np.errstate(all="ignore"):
            return replace(
                self,
                zero_count=self.zero_count * factor,
                count=self.count * factor,
                sum=self.sum * factor,
                positive=self.positive.with_counts(self.positive.counts * factor),
                negative=self.negative.with_counts(self.negative.counts * factor),
                hint=ResetHint.GAUGE if factor < 0 else self.hint,
            )

    def over(self, divisor: float) -> Self:
        """Divide all counts and the sum; by 0 the buckets disappear, and count and sum are no numbers."""
        with np.errstate(all="ignore"):
            zero_count, count, total = np.array((self.zero_count, self.count, self.sum)) / divisor
            gone = divisor == 0
            return replace(
                self,
                zero_count=float(zero_count),
                count=float(count),
                sum=float(total),
                positive=NO_SIDE if gone else self.positive.with_counts(self.positive.counts / divisor),
                negative=NO_SIDE if gone else self.negative.with_counts(self.negative.counts / divisor),
                hint=ResetHint.GAUGE if divisor < 0 else self.hint,
            )

    def negated(self) -> Self:
        """Return it times -1: a gauge."""
        return self.times(-1.0)

    def compacted(self) -> Self:
        """Return it without empty buckets, as results of operators and functions are."""
        if self.positive.counts.all() and self.negative.counts.all():
            return self
        return replace(
            self,
            positive=self.positive.where(self.positive.counts != 0),
            negative=self.negative.where(self.negative.counts != 0),
        )

    def reduced_to(self, schema: int) -> Self:
        """Return it at a coarser resolution of exponential buckets."""
        if schema == self.schema:
            return self
        steps = self.schema - schema
        return replace(
            self,
            schema=schema,
            positive=self.positive.reduced(steps),
            negative=self.negative.reduced(steps),
        )

    def with_bounds(self, bounds: tuple[float, ...]) -> Self:
        """Return it with fewer custom bounds; all of them must be among its own."""
        if bounds == self.custom_values:
            return self
        targets = custom_targets(self.positive.indices, self.custom_values, bounds)
        return replace(self, custom_values=bounds, positive=self.positive.regrouped(targets))

    def widened(self, threshold: float) -> Self:
        """Return it with a zero bucket of at least this threshold: further, where a bucket would be cut."""
        if threshold == self.zero_threshold:
            return self
        zero_count, threshold = _zero_bucket(self, threshold)
        return replace(
            self,
            zero_threshold=threshold,
            zero_count=zero_count,
            positive=self.positive.where(upper_bounds(self.positive.indices - 1, self.schema) >= threshold),
            negative=self.negative.where(upper_bounds(self.negative.indices - 1, self.schema) >= threshold),
        )

    def equals(self, other: Self) -> bool:
        """Compare bit for bit, NaN equal to itself; the hints don't matter. This is `==` of the language."""
        return (
            self.schema == other.schema
            and self.zero_threshold == other.zero_threshold
            and self.custom_values == other.custom_values
            and self._bits() == other._bits()
            and np.array_equal(self.positive.indices, other.positive.indices)
            and np.array_equal(self.negative.indices, other.negative.indices)
        )

    def _bits(self) -> tuple[bytes, bytes, bytes]:
        numbers = struct.pack("<3d", self.zero_count, self.count, self.sum)
        return numbers, self.positive.counts.tobytes(), self.negative.counts.tobytes()

    def reset_since(self, previous: Self) -> bool:
        """Whether the counter must have been reset between the previous histogram of the series and this."""
        if self.hint in (ResetHint.RESET, ResetHint.NOT_RESET):
            return self.hint is ResetHint.RESET
        if self.count < previous.count or self.schema > previous.schema:
            return True
        if self.custom:
            if not previous.custom:
                return True
            bounds = common_bounds(self.custom_values, previous.custom_values)
            return _shrunk(previous.with_bounds(bounds).positive, self.with_bounds(bounds).positive)
        return self._reset_in_buckets(previous)

    def _reset_in_buckets(self, previous: Self) -> bool:
        threshold = self.zero_threshold
        if self._grown_alike(previous):
            return False
        if threshold < previous.zero_threshold:
            return True
        before = previous.widened(threshold)
        if before.zero_threshold != threshold or self.zero_count < before.zero_count:
            return True
        before = before.reduced_to(self.schema)
        return any(
            _shrunk(then.above(threshold, self.schema), now.above(threshold, self.schema))
            for then, now in ((before.positive, self.positive), (before.negative, self.negative))
        )

    def _grown_alike(self, previous: Self) -> bool:
        """Whether it has the same buckets and none has less: nearly always, and told at once."""
        return (
            self.schema == previous.schema
            and self.zero_threshold == previous.zero_threshold
            and self.zero_count >= previous.zero_count
            and self.positive.grown(previous.positive)
            and self.negative.grown(previous.negative)
        )

    def layout(self, *, clipped: bool = True) -> Layout:
        """Return all buckets; clipped, none reaches into the zero bucket."""
        uppers, lowers = self.bounds_of(self.positive)
        if self.custom:
            return Layout(lowers, uppers, self.positive.counts)
        far, near = self.bounds_of(self.negative)
        if clipped:
            lowers, near = self._outside_zero(lowers), self._outside_zero(near)
        middle = np.array([self.zero_threshold] if self._has_zero(clipped=clipped) else [])
        return Layout(
            np.concatenate((-far[::-1], -middle, lowers)),
            np.concatenate((-near[::-1], middle, uppers)),
            np.concatenate(
                (self.negative.counts[::-1], np.full(len(middle), self.zero_count), self.positive.counts)
            ),
        )

    def _outside_zero(self, inner: Floats) -> Floats:
        """Move the inner bounds of a side, which ascend, out of the zero bucket."""
        if not len(inner) or inner[0] >= self.zero_threshold:
            return inner
        return np.where(inner > 0, np.maximum(inner, self.zero_threshold), inner)

    def _has_zero(self, *, clipped: bool) -> bool:
        """Whether a layout has the zero bucket; a negative one is only for the eye."""
        return self.zero_count > 0 or (not clipped and self.zero_count != 0)

    def bounds_of(self, side: Side) -> tuple[Floats, Floats]:
        """Return the bounds of a side's buckets as absolute values, first those further from zero."""
        if self.custom:
            return (
                custom_upper_bounds(side.indices, self.custom_values),
                custom_upper_bounds(side.indices - 1, self.custom_values),
            )
        if not len(side):
            return side.counts, side.counts
        far, near = np.split(upper_bounds(np.concatenate((side.indices, side.indices - 1)), self.schema), 2)
        return far, near

    def buckets(self, *, clipped: bool = True) -> list[Bucket]:
        """Return all buckets that are not empty, ascending, the zero bucket among them."""
        found = []
        zero = len(self.negative) if self._has_zero(clipped=clipped) else -1
        for at, (lower, upper, count) in enumerate(
            zip(*(part.tolist() for part in self.layout(clipped=clipped)), strict=True)
        ):
            if self.custom:
                closed = bool(self.positive.indices[at] == 0), True
            else:
                closed = (True, True) if at == zero else (lower < 0, upper > 0)
            if count:
                found.append(Bucket(lower, upper, *closed, count))
        return found

    def __str__(self) -> str:
        """Write it as Prometheus does in labels of count_values: `{count:3, sum:4.5, (1,2]:3}`."""
        told = [f"count:{general(self.count)}", f"sum:{general(self.sum)}"]
        return "{" + ", ".join(told + [str(bucket) for bucket in self.buckets(clipped=False)]) + "}"


class Sum(NamedTuple):
    """What plus and minus come to, and what is to be annotated: see notes.py for the texts.

    `conflict`: one side had a counter reset and the other none. `reconciled`: custom bounds differed.
    """

    histogram: FloatHistogram
    conflict: bool = False
    reconciled: bool = False


def merged_hint(one: ResetHint, other: ResetHint) -> ResetHint:
    """Return what is known of counter resets in a sum of two: gauge wins, then unknown, then agreement."""
    if one is other:
        return one
    return ResetHint.GAUGE if ResetHint.GAUGE in (one, other) else ResetHint.UNKNOWN


def conflicting(hints: set[ResetHint]) -> bool:
    """Tell whether some of the histograms that are added had a counter reset and others had none."""
    return ResetHint.RESET in hints and ResetHint.NOT_RESET in hints


def _combined(one: FloatHistogram, other: FloatHistogram, sign: float) -> Sum:
    if one.custom != other.custom:
        raise MixedSchemas
    reconciled = one.custom_values != other.custom_values
    if reconciled:
        bounds = common_bounds(one.custom_values, other.custom_values)
        left, right = one.with_bounds(bounds), other.with_bounds(bounds)
    else:
        schema = min(one.schema, other.schema)
        left, right = (histogram.reduced_to(schema) for histogram in _same_zero(one, other))
    with np.errstate(all="ignore"):
        histogram = replace(
            left,
            count=one.count + sign * other.count,
            sum=one.sum + sign * other.sum,
            zero_count=left.zero_count + sign * right.zero_count,
            positive=left.positive.plus(right.positive, sign),
            negative=left.negative.plus(right.negative, sign),
            hint=merged_hint(one.hint, other.hint),
        )
    return Sum(histogram, conflicting({one.hint, other.hint}), reconciled)


def _same_zero(one: FloatHistogram, other: FloatHistogram) -> tuple[FloatHistogram, FloatHistogram]:
    """Widen the zero buckets until both have the same, which cuts no bucket of either."""
    while one.zero_threshold != other.zero_threshold:
        threshold = max(one.zero_threshold, other.zero_threshold)
        one, other = one.widened(threshold), other.widened(threshold)
    return one, other


def _zero_bucket(histogram: FloatHistogram, threshold: float) -> tuple[float, float]:
    """Return the zero bucket's count for a larger threshold, and the threshold, raised where need be."""
    sides = [
        (upper_bounds(side.indices - 1, histogram.schema), upper_bounds(side.indices, histogram.schema), side)
        for side in (histogram.positive, histogram.negative)
    ]
    # Both sides have the same bounds, so that what is raised for one side cuts no bucket of the other.
    for lowers, uppers, side in sides:
        cut = uppers[(lowers < threshold) & (uppers > threshold) & (side.counts != 0)]
        threshold = float(cut[0]) if len(cut) else threshold
    inside = sum(float(side.counts[lowers < threshold].sum()) for lowers, _, side in sides)
    return histogram.zero_count + inside, threshold


def _shrunk(before: Side, now: Side) -> bool:
    """Tell whether any bucket has less than before; one that is gone has nothing."""
    indices = np.union1d(before.indices, now.indices)
    left, right = before.counts_at(indices), now.counts_at(indices)
    return bool(np.any((right < left) & np.isin(indices, before.indices)))
