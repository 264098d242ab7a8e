"""What all tests draw from: Hypothesis strategies for series and requests, their reference messages, damage.

Strategies make valid values, extremes first; a test that wants an invalid one breaks it by hand. The
reference messages are protobuf's own classes for the schemas of the specifications.
"""

import struct
from collections.abc import Iterable, Iterator
from itertools import accumulate

from hypothesis import strategies as st

from remotewrite.model import Sample, Series
from tests.remotewrite.schema import write_v1_pb2 as v1
from tests.remotewrite.schema import write_v2_pb2 as v2
from timeseries.exemplar import Exemplar
from timeseries.histogram import (
    CUSTOM_SCHEMA,
    MAX_SCHEMA,
    MIN_SCHEMA,
    NO_BUCKETS,
    Buckets,
    Histogram,
    HistogramSample,
    ResetHint,
    Span,
)
from timeseries.labels import METRIC_NAME, Labels
from timeseries.metadata import Metadata, MetricType
from timeseries.stale import STALE

# --- numbers ---

NOW_MS = 1_790_000_000_000


def bits(value: float) -> int:
    """Return the 64 bits of a double: the only way to tell NaNs and zeros apart."""
    (number,) = struct.unpack("<Q", struct.pack("<d", value))
    return int(number)


def from_bits(number: int) -> float:
    """Return the double with these 64 bits."""
    (value,) = struct.unpack("<d", struct.pack("<Q", number))
    return float(value)


SPECIAL_VALUES = (
    0.0,
    -0.0,
    1.0,
    float("inf"),
    float("-inf"),
    STALE,
    from_bits(0x7FF8000000000001),  # Go's ordinary NaN
    from_bits(0xFFF8000000000000),
    from_bits(0xFFFFFFFFFFFFFFFF),
    from_bits(1),  # the smallest there is
)
SPECIAL_TIMES = (0, 1, -1, 127, 128, -(1 << 63), (1 << 63) - 1, NOW_MS)

values = st.sampled_from(SPECIAL_VALUES) | st.integers(0, (1 << 64) - 1).map(from_bits) | st.floats()
times = (
    st.sampled_from(SPECIAL_TIMES)
    | st.integers(NOW_MS - 86_400_000, NOW_MS)
    | st.integers(-(1 << 63), (1 << 63) - 1)
)
start_times = st.just(0) | times

# --- labels ---

_TRICKY_TEXT = (
    "\0",
    '"',
    "\\",
    "\n",
    "{}",
    "=~",
    " ",
    "\x7f",
    "\ufeff",
    "é",
    "e\u0301",
    "\u202e",
    "✓",
    "🔥",
    "\U0010ffff",
)

legacy_names = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,12}", fullmatch=True)
# Lengths from 128 on take two bytes on the wire.
long_text = st.builds(str.__mul__, st.sampled_from("aé✓🔥"), st.integers(32, 256))
texts = st.sampled_from(_TRICKY_TEXT) | st.text(min_size=1, max_size=12) | long_text
label_names = legacy_names | texts
label_values = legacy_names | texts
metric_names = legacy_names | texts


@st.composite
def labels(draw: st.DrawFn, max_size: int = 6) -> Labels:
    """Draw the labels of a series, metric name included."""
    pairs = draw(st.dictionaries(label_names, label_values, max_size=max_size))
    return Labels(pairs | {METRIC_NAME: draw(metric_names)})


exemplar_labels = st.dictionaries(label_names, label_values, max_size=3).map(Labels)

# --- histograms ---

# Bounded so that the sum of all buckets, and every delta, stays within 64 bits.
_whole_counts = st.integers(0, 3) | st.integers(0, 1 << 56)
_float_counts = st.sampled_from((0.0, 0.5, float("inf"))) | st.floats(min_value=0, allow_nan=False)
_span_lengths = st.integers(0, 4)


def _counts(integer: bool) -> st.SearchStrategy[float]:
    return _whole_counts if integer else _float_counts


@st.composite
def _buckets(draw: st.DrawFn, integer: bool, first_offsets: st.SearchStrategy[int]) -> Buckets:
    later = st.builds(Span, st.integers(0, 9) | st.just((1 << 31) - 1), _span_lengths)
    spans = draw(st.lists(later, max_size=3))
    if spans:
        spans[0] = Span(draw(first_offsets), spans[0].length)
    size = sum(span.length for span in spans)
    counts = draw(st.lists(_counts(integer), min_size=size, max_size=size))
    return Buckets(spans=tuple(spans), counts=tuple(counts))


@st.composite
def _exponential(draw: st.DrawFn, integer: bool) -> Histogram:
    offsets = st.integers(-9, 9) | st.sampled_from((-(1 << 31), (1 << 31) - 1))
    zero_count = draw(_counts(integer))
    positive = draw(_buckets(integer, offsets))
    negative = draw(_buckets(integer, offsets))
    return Histogram(
        integer=integer,
        schema=draw(st.integers(MIN_SCHEMA, MAX_SCHEMA)),
        count=sum((zero_count, *positive.counts, *negative.counts), start=0 if integer else 0.0),
        sum=draw(values),
        zero_threshold=draw(st.sampled_from((0.0, 2.0**-128, 1.0))),
        zero_count=zero_count,
        positive=positive,
        negative=negative,
        reset_hint=draw(st.sampled_from(ResetHint)),
    )


@st.composite
def _custom(draw: st.DrawFn, integer: bool) -> Histogram:
    finite = st.floats(allow_nan=False, allow_infinity=False)
    bounds = sorted(draw(st.lists(finite, max_size=5, unique=True)))
    counts = draw(st.lists(_counts(integer), max_size=len(bounds) + 1))
    gap = draw(st.integers(0, len(bounds) + 1 - len(counts)))
    return Histogram(
        integer=integer,
        schema=CUSTOM_SCHEMA,
        count=sum(counts, start=0 if integer else 0.0),
        sum=draw(values),
        zero_count=0 if integer else 0.0,
        positive=Buckets(spans=(Span(gap, len(counts)),), counts=tuple(counts)) if counts else NO_BUCKETS,
        custom_values=tuple(bounds),
        reset_hint=draw(st.sampled_from(ResetHint)),
    )


STALE_HISTOGRAM = Histogram(integer=True, schema=0, count=0, sum=STALE)

histograms = st.just(STALE_HISTOGRAM) | st.booleans().flatmap(_exponential) | st.booleans().flatmap(_custom)

# --- series and requests ---

exemplars = st.builds(Exemplar, labels=exemplar_labels, value=values, time_ms=times)
metadata = st.builds(
    Metadata,
    family=metric_names,
    type=st.sampled_from(MetricType),
    help=st.just("") | texts,
    unit=st.just("") | texts,
)


@st.composite
def series(draw: st.DrawFn, max_samples: int = 4) -> Series:
    """Draw a series that may be sent."""
    at = sorted(draw(st.lists(times, min_size=1, max_size=max_samples, unique=True)))
    starts = [draw(start_times) for _ in at]
    with_histograms = draw(st.integers(0, 3)) == 0
    return Series(
        labels=draw(labels()),
        samples=()
        if with_histograms
        else [Sample(t, draw(values), s) for t, s in zip(at, starts, strict=True)],
        histograms=[HistogramSample(t, draw(histograms), s) for t, s in zip(at, starts, strict=True)]
        if with_histograms
        else (),
        exemplars=draw(st.lists(exemplars, max_size=2)),
        metadata=draw(st.none() | metadata),
    )


requests = st.lists(series(), max_size=5)

# --- reference messages ---


def rewritten_v1(body: bytes) -> bytes:
    """Return a 1.0 request as protobuf writes it, which leaves out values of 0."""
    return v1.WriteRequest.FromString(body).SerializeToString()


def rewritten_v2(body: bytes) -> bytes:
    """Return a 2.0 request as protobuf writes it, which leaves out values of 0."""
    return v2.Request.FromString(body).SerializeToString()


def reference_v1(series: Iterable[Series], metadata: Iterable[Metadata] = ()) -> v1.WriteRequest:
    """Return the 1.0 request as protobuf's own message."""
    request = v1.WriteRequest()
    for one in series:
        message = request.timeseries.add()
        for name, value in one.labels:
            message.labels.add(name=name, value=value)
        for sample in one.samples:
            message.samples.add(value=sample.value, timestamp=sample.time_ms)
        for exemplar in one.exemplars:
            child = message.exemplars.add(value=exemplar.value, timestamp=exemplar.time_ms)
            for name, value in exemplar.labels:
                child.labels.add(name=name, value=value)
        for histogram in one.histograms:
            _fill_histogram(message.histograms.add(), histogram)
    for family in metadata:
        request.metadata.add(
            type=v1.MetricMetadata.MetricType.Name(family.type),
            metric_family_name=family.family,
            help=family.help,
            unit=family.unit,
        )
    return request


def reference_v2(series: Iterable[Series]) -> v2.Request:
    """Return the 2.0 request as protobuf's own message; symbols are numbered as they come."""
    symbols = {"": 0}

    def refs(labels: Labels) -> list[int]:
        return [symbols.setdefault(text, len(symbols)) for pair in labels for text in pair]

    request = v2.Request()
    for one in series:
        message = request.timeseries.add(labels_refs=refs(one.labels))
        for sample in one.samples:
            message.samples.add(value=sample.value, timestamp=sample.time_ms, start_timestamp=sample.start_ms)
        for histogram in one.histograms:
            child = message.histograms.add(start_timestamp=histogram.start_ms)
            _fill_histogram(child, histogram)
        for exemplar in one.exemplars:
            message.exemplars.add(
                labels_refs=refs(exemplar.labels), value=exemplar.value, timestamp=exemplar.time_ms
            )
        if one.metadata is not None:
            message.metadata.CopyFrom(
                v2.Metadata(
                    type=v2.Metadata.MetricType.Name(one.metadata.type),
                    help_ref=symbols.setdefault(one.metadata.help, len(symbols)),
                    unit_ref=symbols.setdefault(one.metadata.unit, len(symbols)),
                )
            )
    request.symbols.extend(symbols)
    return request


def _fill_histogram(message: v1.Histogram | v2.Histogram, sample: HistogramSample) -> None:
    histogram = sample.histogram
    message.sum = histogram.sum
    message.schema = histogram.schema
    message.zero_threshold = histogram.zero_threshold
    message.reset_hint = int(histogram.reset_hint)  # type: ignore[assignment]  # the stubs want the enum
    message.timestamp = sample.time_ms
    message.custom_values.extend(histogram.custom_values)
    for offset, length in histogram.positive.spans:
        message.positive_spans.add(offset=offset, length=length)
    for offset, length in histogram.negative.spans:
        message.negative_spans.add(offset=offset, length=length)
    if histogram.integer:
        message.count_int = int(histogram.count)
        message.zero_count_int = int(histogram.zero_count)
        message.positive_deltas.extend(_deltas(histogram.positive))
        message.negative_deltas.extend(_deltas(histogram.negative))
    else:
        message.count_float = histogram.count
        message.zero_count_float = histogram.zero_count
        message.positive_counts.extend(histogram.positive.counts)
        message.negative_counts.extend(histogram.negative.counts)


def series_of_v1(request: v1.WriteRequest) -> tuple[list[Series], list[Metadata]]:
    """Return what a 1.0 message says, the other way round."""
    series = [
        Series(
            labels=_labels_of(one.labels),
            samples=[Sample(sample.timestamp, sample.value) for sample in one.samples],
            histograms=[HistogramSample(child.timestamp, _histogram_of(child)) for child in one.histograms],
            exemplars=[
                Exemplar(labels=_labels_of(child.labels), value=child.value, time_ms=child.timestamp)
                for child in one.exemplars
            ],
        )
        for one in request.timeseries
    ]
    metadata = [
        Metadata(family=one.metric_family_name, type=MetricType(int(one.type)), help=one.help, unit=one.unit)
        for one in request.metadata
    ]
    return series, metadata


def _labels_of(labels: Iterable[v1.Label]) -> Labels:
    return Labels((label.name, label.value) for label in labels)


def _histogram_of(message: v1.Histogram) -> Histogram:
    integer = message.WhichOneof("count") == "count_int"

    def buckets(spans: Iterable[v1.BucketSpan], deltas: Iterable[int], counts: Iterable[float]) -> Buckets:
        return Buckets(
            spans=tuple(Span(span.offset, span.length) for span in spans),
            counts=tuple(accumulate(deltas) if integer else counts),
        )

    return Histogram(
        integer=integer,
        schema=message.schema,
        count=message.count_int if integer else message.count_float,
        sum=message.sum,
        zero_threshold=message.zero_threshold,
        zero_count=message.zero_count_int if integer else message.zero_count_float,
        positive=buckets(message.positive_spans, message.positive_deltas, message.positive_counts),
        negative=buckets(message.negative_spans, message.negative_deltas, message.negative_counts),
        custom_values=tuple(message.custom_values),
        reset_hint=ResetHint(int(message.reset_hint)),
    )


def _deltas(buckets: Buckets) -> list[int]:
    counts = [int(count) for count in buckets.counts]
    return [count - before for before, count in zip([0, *counts], counts, strict=False)]


# --- damage ---

garbage = st.binary(max_size=512)


def truncations(body: bytes) -> Iterator[bytes]:
    """Cut the body short at every byte."""
    return (body[:end] for end in range(len(body)))


def with_trailing_bytes(body: bytes) -> st.SearchStrategy[bytes]:
    """Put some bytes after the body."""
    return st.binary(min_size=1, max_size=16).map(lambda tail: body + tail)


def with_changed_bytes(body: bytes) -> st.SearchStrategy[bytes]:
    """Replace some bytes of the body, which must not be empty."""
    changes = st.dictionaries(st.integers(0, len(body) - 1), st.integers(0, 255), min_size=1, max_size=4)

    def change(at: dict[int, int]) -> bytes:
        changed = bytearray(body)
        for position, byte in at.items():
            changed[position] = byte
        return bytes(changed)

    return changes.map(change)
