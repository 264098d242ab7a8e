"""Samples, histograms and exemplars as bytes: alike in 1.0 and 2.0, but for the start times of 2.0.

Knows no requests, and not how labels are written. A field at its default is left out, as proto3 wants, but
for two. The counts of a histogram: which one of their `oneof` is there says what kind it is. And the value
of a sample: with it a request has the same layout whatever the values are, and the gateway need not parse it.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Final

from remotewrite.encode.fields import (
    FIXED64,
    LENGTH,
    VARINT,
    delimited,
    double,
    key,
    number,
    optional,
    signed,
    varint,
    zigzag,
)
from remotewrite.errors import Unencodable
from remotewrite.model import Sample
from timeseries.errors import InvalidHistogram
from timeseries.exemplar import Exemplar
from timeseries.histogram import Buckets, Histogram, HistogramSample, Span
from timeseries.labels import Labels

_DOUBLE_BYTES: Final = 8

_SAMPLE: Final = key(2, LENGTH)
_VALUE: Final = key(1, FIXED64)
_TIME: Final = key(2, VARINT)
_START: Final = key(3, VARINT)

_EXEMPLAR_VALUE: Final = key(2, FIXED64)
_EXEMPLAR_TIME: Final = key(3, VARINT)

_COUNT: Final = (key(1, VARINT), key(2, FIXED64))
_SUM: Final = key(3, FIXED64)
_SCHEMA: Final = key(4, VARINT)
_ZERO_THRESHOLD: Final = key(5, FIXED64)
_ZERO_COUNT: Final = (key(6, VARINT), key(7, FIXED64))
_NEGATIVE: Final = (key(8, LENGTH), key(9, LENGTH), key(10, LENGTH))
_POSITIVE: Final = (key(11, LENGTH), key(12, LENGTH), key(13, LENGTH))
_RESET_HINT: Final = key(14, VARINT)
_HISTOGRAM_TIME: Final = key(15, VARINT)
_CUSTOM_VALUES: Final = key(16, LENGTH)
_HISTOGRAM_START: Final = key(17, VARINT)

_SPAN_OFFSET: Final = key(1, VARINT)
_SPAN_LENGTH: Final = key(2, VARINT)


def sample_fields(samples: Iterable[Sample], *, starts: bool) -> list[bytes]:
    """Write the samples of a series."""
    parts: list[bytes] = []
    for time_ms, value, start_ms in samples:
        head, tail = _around(time_ms, start_ms if starts else 0)
        parts += (head, double(value), tail)
    return parts


# The series of one scrape share its time.
@lru_cache(maxsize=1024)
def _around(time_ms: int, start_ms: int) -> tuple[bytes, bytes]:
    """Return what stands before and after the value of a sample."""
    tail = number(_TIME, signed(time_ms)) + number(_START, signed(start_ms))
    return _SAMPLE + varint(len(_VALUE) + _DOUBLE_BYTES + len(tail)) + _VALUE, tail


def exemplar_fields(
    before: bytes, exemplars: Iterable[Exemplar], write: Callable[[Labels], bytes]
) -> Iterator[bytes]:
    """Write the exemplars of a series, each after its key."""
    for one in exemplars:
        yield delimited(before, exemplar_message(one, write))


def exemplar_message(one: Exemplar, write: Callable[[Labels], bytes]) -> bytes:
    """Write one exemplar."""
    value = number(_EXEMPLAR_VALUE, double(one.value))
    return write(one.labels) + value + number(_EXEMPLAR_TIME, signed(one.time_ms))


def histogram_fields(before: bytes, samples: Iterable[HistogramSample], *, starts: bool) -> Iterator[bytes]:
    """Write the histograms of a series, each after its key."""
    for time_ms, histogram, start_ms in samples:
        yield delimited(before, histogram_message(histogram, time_ms, start_ms if starts else 0))


def histogram_message(histogram: Histogram, time_ms: int, start_ms: int) -> bytes:
    """Write one histogram."""
    try:
        histogram.check()
    except InvalidHistogram as error:
        raise Unencodable(str(error)) from None
    integer = histogram.integer
    return b"".join(
        (
            _count(_COUNT, histogram.count, integer=integer),
            number(_SUM, double(histogram.sum)),
            number(_SCHEMA, zigzag(histogram.schema, 32)),
            number(_ZERO_THRESHOLD, double(histogram.zero_threshold)),
            _count(_ZERO_COUNT, histogram.zero_count, integer=integer),
            _buckets(_NEGATIVE, histogram.negative, integer=integer),
            _buckets(_POSITIVE, histogram.positive, integer=integer),
            number(_RESET_HINT, varint(histogram.reset_hint)),
            number(_HISTOGRAM_TIME, signed(time_ms)),
            optional(_CUSTOM_VALUES, b"".join(map(double, histogram.custom_values))),
            number(_HISTOGRAM_START, signed(start_ms)),
        )
    )


def _count(keys: tuple[bytes, bytes], count: float, *, integer: bool) -> bytes:
    as_integer, as_float = keys
    return as_integer + varint(int(count)) if integer else as_float + double(count)


def _buckets(keys: tuple[bytes, bytes, bytes], buckets: Buckets, *, integer: bool) -> bytes:
    spans, deltas, counts = keys
    parts = [delimited(spans, _span(span)) for span in buckets.spans]
    if integer:
        steps = pairwise((0, *map(int, buckets.counts)))
        parts.append(optional(deltas, b"".join(zigzag(count - before) for before, count in steps)))
    else:
        parts.append(optional(counts, b"".join(map(double, buckets.counts))))
    return b"".join(parts)


def _span(span: Span) -> bytes:
    return number(_SPAN_OFFSET, zigzag(span.offset, 32)) + number(_SPAN_LENGTH, varint(span.length))
