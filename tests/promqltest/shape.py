"""Native histograms as scripts write them: plain counts by bucket. Shares no arithmetic with the product."""

import math
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from promql.histograms.model import FloatHistogram
from promql.histograms.sides import Side
from tests.promqltest.errors import ScriptError
from timeseries.histogram import CUSTOM_SCHEMA, Buckets, Histogram, ResetHint, Span

_FIELD: Final = re.compile(r"\s*([a-z_]+)\s*:\s*(\[[^\]]*\]|[^\s}]+)")
_HINTS: Final = {
    "unknown": ResetHint.UNKNOWN,
    "reset": ResetHint.RESET,
    "not_reset": ResetHint.NOT_RESET,
    "gauge": ResetHint.GAUGE,
}
_LISTS: Final = ("buckets", "n_buckets", "custom_values")
_NUMBERS: Final = ("schema", "sum", "count", "z_bucket", "z_bucket_w", "offset", "n_offset")

ByBucket = Mapping[int, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A histogram, its counts by bucket; `hinted` is whether the script says the hint."""

    schema: int = 0
    zero_threshold: float = 0.0
    zero_count: float = 0.0
    count: float = 0.0
    sum: float = 0.0
    positive: ByBucket = field(default_factory=dict)
    negative: ByBucket = field(default_factory=dict)
    custom_values: tuple[float, ...] = ()
    hint: ResetHint = ResetHint.UNKNOWN
    hinted: bool = False

    @classmethod
    def parse(cls, text: str) -> "Shape":
        """Read `{{schema:1 count:2 buckets:[1 1]}}`."""
        body = text[2:-2]
        fields: dict[str, str] = {}
        at = 0
        while body[at:].strip():
            found = _FIELD.match(body, at)
            if found is None or found[1] in fields:
                raise ScriptError(f"this is no histogram: {text}")
            fields[found[1]] = found[2]
            at = found.end()
        hint = fields.pop("counter_reset_hint", None)
        if hint not in (None, *_HINTS):
            raise ScriptError(f"there is no counter reset hint {hint}")
        if unknown := set(fields) - {*_LISTS, *_NUMBERS}:
            raise ScriptError(f"a histogram has no {', '.join(sorted(unknown))}")
        lists = {name: [float(one) for one in fields.get(name, "[]")[1:-1].split()] for name in _LISTS}
        numbers = {name: float(fields.get(name, "0")) for name in _NUMBERS}
        return cls(
            schema=int(numbers["schema"]),
            zero_threshold=numbers["z_bucket_w"],
            zero_count=numbers["z_bucket"],
            count=numbers["count"],
            sum=numbers["sum"],
            positive=dict(enumerate(lists["buckets"], int(numbers["offset"]))),
            negative=dict(enumerate(lists["n_buckets"], int(numbers["n_offset"]))),
            custom_values=tuple(lists["custom_values"]),
            hint=_HINTS[hint or "unknown"],
            hinted=hint is not None,
        )

    @classmethod
    def of(cls, histogram: FloatHistogram) -> "Shape":
        """Take a histogram of the engine."""
        return cls(
            schema=histogram.schema,
            zero_threshold=histogram.zero_threshold,
            zero_count=histogram.zero_count,
            count=histogram.count,
            sum=histogram.sum,
            positive=_by_bucket(histogram.positive),
            negative=_by_bucket(histogram.negative),
            custom_values=tuple(histogram.custom_values),
            hint=histogram.hint,
        )

    def sample(self) -> Histogram:
        """Return it as a sample carries it; what a script calls not reset is for the source to find out."""
        return Histogram(
            integer=False,
            schema=self.schema,
            count=self.count,
            sum=self.sum,
            zero_threshold=self.zero_threshold,
            zero_count=self.zero_count,
            positive=_buckets(self.positive),
            negative=_buckets(self.negative),
            custom_values=self.custom_values,
            reset_hint=ResetHint.UNKNOWN if self.hint is ResetHint.NOT_RESET else self.hint,
        )

    def plus(self, other: "Shape") -> "Shape":
        """Add bucket by bucket."""
        return self._with(other, lambda one, two: one + two)

    def minus(self, other: "Shape") -> "Shape":
        """Subtract bucket by bucket."""
        return self._with(other, lambda one, two: one - two)

    def _with(self, other: "Shape", combine: Callable[[float, float], float]) -> "Shape":
        schema = min(self.schema, other.schema)
        bounds = tuple(sorted({*self.custom_values} & {*other.custom_values}))
        threshold = max(self.zero_threshold, other.zero_threshold)
        one, two = (each._at(schema)._within(bounds)._above(threshold) for each in (self, other))

        def side(first: ByBucket, second: ByBucket) -> ByBucket:
            return {at: combine(first.get(at, 0.0), second.get(at, 0.0)) for at in sorted({*first, *second})}

        return replace(
            one,
            zero_count=combine(one.zero_count, two.zero_count),
            count=combine(one.count, two.count),
            sum=combine(one.sum, two.sum),
            positive=side(one.positive, two.positive),
            negative=side(one.negative, two.negative),
            hint=ResetHint.GAUGE if ResetHint.GAUGE in (one.hint, two.hint) else one.hint,
        )

    def _at(self, schema: int) -> "Shape":
        """Return it at a coarser resolution."""
        if schema == self.schema:
            return self
        if CUSTOM_SCHEMA in (schema, self.schema):
            raise ScriptError("a series adds histograms with and without custom buckets")
        positive, negative = (_coarser(side, self.schema - schema) for side in (self.positive, self.negative))
        return replace(self, schema=schema, positive=positive, negative=negative)

    def _within(self, bounds: tuple[float, ...]) -> "Shape":
        """Return it with fewer custom bounds."""
        if bounds == self.custom_values:
            return self
        merged: dict[int, float] = {}
        for at, count in self.positive.items():
            to = bisect_left(bounds, (*self.custom_values, math.inf)[at])
            merged[to] = merged.get(to, 0.0) + count
        return replace(self, custom_values=bounds, positive=merged)

    def _above(self, threshold: float) -> "Shape":
        """Return it with a wider zero bucket, which none of its other buckets may reach into."""
        filled = [at for side in self.filled() for at in side]
        if threshold > self.zero_threshold and filled:
            lowest = 2.0 ** ((min(filled) - 1) * 2.0**-self.schema)
            if lowest < threshold:
                raise ScriptError("a series adds histograms whose zero bucket overlaps another bucket")
        return replace(self, zero_threshold=threshold)

    def filled(self) -> tuple[ByBucket, ByBucket]:
        """Return both sides without empty buckets."""
        return (
            {at: count for at, count in self.positive.items() if count != 0},
            {at: count for at, count in self.negative.items() if count != 0},
        )

    def __str__(self) -> str:
        """Write it as a script does."""
        return "{{" + " ".join(self._fields()) + "}}"

    def _fields(self) -> Iterator[str]:
        plain = {
            "schema": self.schema,
            "count": self.count,
            "sum": self.sum,
            "z_bucket": self.zero_count,
            "z_bucket_w": self.zero_threshold,
        }
        yield from (f"{name}:{value:g}" for name, value in plain.items() if value)
        if self.custom_values:
            yield f"custom_values:[{' '.join(f'{bound:g}' for bound in self.custom_values)}]"
        if self.hint is not ResetHint.UNKNOWN:
            yield f"counter_reset_hint:{self.hint.name.lower()}"
        for prefix, side in zip(("", "n_"), self.filled(), strict=True):
            if side:
                first = min(side)
                every = (f"{side.get(at, 0):g}" for at in range(first, max(side) + 1))
                yield f"{prefix}offset:{first} {prefix}buckets:[{' '.join(every)}]"


def _by_bucket(side: Side) -> ByBucket:
    return dict(zip(side.indices.tolist(), side.counts.tolist(), strict=True))


def _buckets(side: ByBucket) -> Buckets:
    if not side:
        return Buckets()
    indices = sorted(side)
    spans: list[Span] = []
    end = 0
    for at in indices:
        if spans and at == end:
            spans[-1] = Span(spans[-1].offset, spans[-1].length + 1)
        else:
            spans.append(Span(at - end, 1))
        end = at + 1
    return Buckets(spans=tuple(spans), counts=tuple(side[at] for at in indices))


def _coarser(side: ByBucket, by: int) -> ByBucket:
    """Halve the resolution so many times: a bucket is named by its upper bound."""
    merged: dict[int, float] = {}
    for at, count in side.items():
        to = -(-at >> by)
        merged[to] = merged.get(to, 0.0) + count
    return merged
