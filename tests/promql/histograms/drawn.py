"""What the tests of histograms draw from: counters with whole counts, so that sums come out exact."""

from hypothesis import strategies as st

from promql.histograms.model import FloatHistogram
from promql.histograms.sides import NO_SIDE, Side
from timeseries.histogram import CUSTOM_SCHEMA, MAX_SCHEMA, MIN_SCHEMA, ResetHint, Span
from timeseries.histogram import Buckets as SampleBuckets

hints = st.sampled_from(ResetHint)
_counts = st.integers(0, 50).map(float)


def side(first: int, *counts: float) -> Side:
    """Make neighbouring buckets."""
    if not counts:
        return NO_SIDE
    return Side.of(SampleBuckets(spans=(Span(first, len(counts)),), counts=counts))


def exponential(
    schema: int,
    *counts: float,
    first: int = 1,
    negative: tuple[float, ...] = (),
    zero: float = 0.0,
    threshold: float = 0.0,
    total: float = 0.0,
    hint: ResetHint = ResetHint.UNKNOWN,
) -> FloatHistogram:
    """Make a histogram whose count fits its buckets; both sides begin with bucket `first`."""
    return FloatHistogram(
        schema=schema,
        zero_threshold=threshold,
        zero_count=zero,
        count=sum(counts) + sum(negative) + zero,
        sum=total,
        positive=side(first, *counts),
        negative=side(first, *negative),
        hint=hint,
    )


def custom(
    bounds: tuple[float, ...], *counts: float, total: float = 0.0, hint: ResetHint = ResetHint.UNKNOWN
) -> FloatHistogram:
    """Make custom buckets from the lowest on."""
    return FloatHistogram(
        schema=CUSTOM_SCHEMA,
        count=float(sum(counts)),
        sum=total,
        positive=side(0, *counts),
        custom_values=bounds,
        hint=hint,
    )


@st.composite
def _sides(draw: st.DrawFn) -> Side:
    taken = sorted(draw(st.sets(st.integers(-40, 40), max_size=6)))
    spans, end = [], 0
    for index in taken:
        spans.append(Span(index - end, 1))
        end = index + 1
    counts = tuple(draw(st.lists(_counts, min_size=len(taken), max_size=len(taken))))
    return Side.of(SampleBuckets(spans=tuple(spans), counts=counts))


@st.composite
def _exponentials(draw: st.DrawFn) -> FloatHistogram:
    positive, negative, zero = draw(_sides()), draw(_sides()), draw(_counts)
    return FloatHistogram(
        schema=draw(st.integers(MIN_SCHEMA, MAX_SCHEMA)),
        zero_threshold=draw(st.sampled_from((0.0, 2.0**-128, 0.001, 0.5, 1.5))),
        zero_count=zero,
        count=float(zero + positive.counts.sum() + negative.counts.sum()),
        sum=float(draw(st.integers(-1000, 1000))),
        positive=positive,
        negative=negative,
        hint=draw(hints),
    )


@st.composite
def _customs(draw: st.DrawFn) -> FloatHistogram:
    bounds = tuple(map(float, sorted(draw(st.sets(st.integers(-3, 6), max_size=6)))))
    counts = draw(st.lists(_counts, max_size=len(bounds) + 1))
    return custom(bounds, *counts, total=float(draw(st.integers(-1000, 1000))), hint=draw(hints))


exponentials = _exponentials()
customs = _customs()
float_histograms = exponentials | customs
pairs = st.tuples(exponentials, exponentials) | st.tuples(customs, customs)
groups = st.lists(exponentials, min_size=1, max_size=5) | st.lists(customs, min_size=1, max_size=5)
