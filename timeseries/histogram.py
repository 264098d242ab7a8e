"""Native histograms as samples carry them: integer, float, custom buckets. Knows no wire, no arithmetic."""

import math
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise
from typing import Final, NamedTuple

from timeseries.errors import InvalidHistogram

MIN_SCHEMA: Final = -4
MAX_SCHEMA: Final = 8
CUSTOM_SCHEMA: Final = -53


class ResetHint(IntEnum):
    """What the sender knows of a counter reset before this sample; the numbers are those on the wire."""

    UNKNOWN = 0
    RESET = 1
    NOT_RESET = 2
    GAUGE = 3


class Span(NamedTuple):
    """A run of buckets without gaps: `offset` buckets after the end of the span before it."""

    offset: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Buckets:
    """One side of a histogram: which buckets there are, and their counts (not deltas)."""

    spans: tuple[Span, ...] = ()
    counts: tuple[float, ...] = ()


NO_BUCKETS: Final = Buckets()


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """A native histogram. In an integer one all counts are ints; in a float one they are floats."""

    integer: bool
    schema: int
    count: float
    sum: float
    zero_threshold: float = 0.0
    zero_count: float = 0
    positive: Buckets = NO_BUCKETS
    negative: Buckets = NO_BUCKETS
    custom_values: tuple[float, ...] = ()
    reset_hint: ResetHint = ResetHint.UNKNOWN

    def check(self) -> None:
        """Raise InvalidHistogram when the parts contradict each other."""
        if self.schema == CUSTOM_SCHEMA:
            self._check_custom()
        elif not MIN_SCHEMA <= self.schema <= MAX_SCHEMA:
            raise InvalidHistogram(
                f"schema {self.schema} is unknown; allowed: {MIN_SCHEMA} to {MAX_SCHEMA}, and {CUSTOM_SCHEMA}"
            )
        elif self.custom_values:
            raise InvalidHistogram(f"custom bucket bounds need schema {CUSTOM_SCHEMA}, not {self.schema}")
        _check_side("positive", self.positive)
        _check_side("negative", self.negative)
        if self.zero_count < 0 or self.count < 0:
            raise InvalidHistogram("a count is negative")
        if not self.zero_threshold >= 0:
            raise InvalidHistogram(f"the zero threshold is {self.zero_threshold}; it must be 0 or more")
        if self.integer:
            self._check_count()

    def _check_custom(self) -> None:
        if self.zero_count or self.zero_threshold or self.negative != NO_BUCKETS:
            raise InvalidHistogram("custom buckets have no zero bucket and no negative buckets")
        if any(math.isnan(bound) or bound == math.inf for bound in self.custom_values):
            raise InvalidHistogram("a custom bucket bound is NaN or above all numbers")
        if any(low >= high for low, high in pairwise(self.custom_values)):
            raise InvalidHistogram("custom bucket bounds do not ascend")
        spans = self.positive.spans
        if spans and spans[0].offset < 0:
            raise InvalidHistogram("the first span of custom buckets has a negative offset")
        last = sum(span.offset + span.length for span in spans)
        if last > len(self.custom_values) + 1:
            raise InvalidHistogram(
                f"{len(self.custom_values)} custom bounds make {len(self.custom_values) + 1} buckets, "
                f"but the spans reach bucket {last}"
            )

    def _check_count(self) -> None:
        counts = (self.count, self.zero_count, *self.positive.counts, *self.negative.counts)
        if not all(isinstance(count, int) for count in counts):
            raise InvalidHistogram("a count of an integer histogram is not an integer")
        total = self.zero_count + sum(self.positive.counts) + sum(self.negative.counts)
        # An observed NaN counts, but falls into no bucket; it also makes the sum NaN.
        if total > self.count or (total != self.count and not math.isnan(self.sum)):
            raise InvalidHistogram(f"the count is {self.count}, but the buckets hold {total}")


def _check_side(side: str, buckets: Buckets) -> None:
    if any(span.length < 0 for span in buckets.spans) or any(span.offset < 0 for span in buckets.spans[1:]):
        raise InvalidHistogram(f"a {side} span overlaps the one before it")
    wanted = sum(span.length for span in buckets.spans)
    if wanted != len(buckets.counts):
        raise InvalidHistogram(f"the {side} spans name {wanted} buckets, the counts {len(buckets.counts)}")
    if any(count < 0 for count in buckets.counts):
        raise InvalidHistogram(f"a {side} bucket count is negative")


class HistogramSample(NamedTuple):
    """A histogram at a time; `start_ms` is when its counting began, 0 when unknown."""

    time_ms: int
    histogram: Histogram
    start_ms: int = 0
