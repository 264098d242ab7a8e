"""Reads one series of any shape, field by field: the way for what is no plain row. Shared by 1.0 and 2.0."""

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import TypeVar

import numpy as np
from google.protobuf.message import DecodeError, Message

from remotewrite.decode.batch import BatchBuilder, SampleColumns
from remotewrite.decode.matrix import lay_out, read_samples
from remotewrite.decode.names import RawPairs, describe
from remotewrite.errors import MalformedRequest, RequestTooLarge, SeriesRejected
from remotewrite.limits import MAX_BUCKETS, MAX_EXEMPLAR_BYTES, MAX_EXEMPLARS, MAX_HISTOGRAMS, MAX_SAMPLES
from remotewrite.wire import shapes_pb2 as wire
from timeseries.errors import InvalidHistogram
from timeseries.exemplar import Exemplar
from timeseries.histogram import Buckets, Histogram, HistogramSample, ResetHint, Span

M = TypeVar("M", bound=Message)


def parse(shape: type[M], raw: bytes) -> M:
    """Parse a message; raises MalformedRequest."""
    try:
        return shape.FromString(raw)
    except DecodeError:
        name = shape.DESCRIPTOR.name
        raise MalformedRequest(f"the body is not valid protobuf: its {name} can't be read") from None


class SeriesReader:
    """Reads the samples, histograms and exemplars of the odd series of one request into its builder."""

    def __init__(self, builder: BatchBuilder) -> None:
        self._builder = builder
        # Position, reference, start time and number of samples.
        self._series: list[tuple[int, int, int, int]] = []
        self._messages: list[bytes] = []
        self._histograms = 0
        self._exemplars = 0

    def reject(self, error: SeriesRejected, series: wire.SeriesV1 | wire.SeriesV2) -> None:
        """Note that a series and all in it can't be taken."""
        self._builder.reject(
            error,
            samples=len(series.samples),
            histograms=len(series.histograms),
            exemplars=len(series.exemplars),
        )

    def add_samples(self, position: int, ref: int, messages: Sequence[bytes], start_ms: int = 0) -> None:
        """Put Sample messages aside, to be read together; `start_ms` stands in for those without one."""
        _limit(len(self._messages) + len(messages), MAX_SAMPLES, "samples")
        self._messages += messages
        self._series.append((position, ref, start_ms, len(messages)))

    def add_histograms(
        self, ref: int, messages: Sequence[bytes], pairs: Callable[[], RawPairs], start_ms: int = 0
    ) -> None:
        """Read Histogram messages; a bad one is rejected by itself."""
        self._histograms += len(messages)
        _limit(self._histograms, MAX_HISTOGRAMS, "histograms")
        for raw in messages:
            try:
                sample = histogram_sample(parse(wire.Histogram, raw), start_ms)
                sample.histogram.check()
            except InvalidHistogram as error:
                reason = f"a histogram of series {describe(pairs())}: {error}"
                self._builder.reject(SeriesRejected("invalid_histogram", reason), histograms=1)
            else:
                self._builder.histograms.append((ref, sample))

    def add_exemplars(self, ref: int, raws: Sequence[bytes], read: Callable[[bytes], Exemplar]) -> None:
        """Read exemplars; a bad one is rejected by itself."""
        self._exemplars += len(raws)
        _limit(self._exemplars, MAX_EXEMPLARS, "exemplars")
        for raw in raws:
            try:
                if len(raw) > MAX_EXEMPLAR_BYTES:
                    what = f"it is {len(raw)} bytes; at most {MAX_EXEMPLAR_BYTES} are taken"
                    raise SeriesRejected("exemplar_too_long", what)
                self._builder.exemplars.append((ref, read(raw)))
            except SeriesRejected as error:
                self._builder.reject(SeriesRejected(error.code, f"an exemplar: {error}"), exemplars=1)

    def finish(self) -> None:
        """Read the samples put aside."""
        if not self._messages:
            return
        buffer = lay_out(self._messages)
        rows = read_samples(buffer, buffer.starts, buffer.ends - buffer.starts)
        for index in np.flatnonzero(~rows.ok).tolist():
            sample = parse(wire.Sample, self._messages[index])
            rows.values[index] = sample.value
            rows.times[index] = sample.timestamp
            rows.starts[index] = sample.start_timestamp
        positions, refs, stand_ins, counts = np.array(self._series, np.int64).T
        starts = np.where(rows.starts == 0, np.repeat(stand_ins, counts), rows.starts)
        columns = SampleColumns(
            refs=np.repeat(refs, counts), times=rows.times, values=rows.values, starts=starts
        )
        self._builder.add_samples(np.repeat(positions, counts), columns)


def _limit(number: int, limit: int, what: str) -> None:
    if number > limit:
        raise RequestTooLarge(f"the request holds more than {limit} {what}")


def histogram_sample(raw: wire.Histogram, start_ms: int = 0) -> HistogramSample:
    """Turn the message into a histogram whose buckets are counts; raises InvalidHistogram."""
    if len(raw.custom_values) > MAX_BUCKETS:
        raise InvalidHistogram(
            f"it has {len(raw.custom_values)} custom bounds; at most {MAX_BUCKETS} are taken"
        )
    integer = raw.WhichOneof("count") != "count_float"
    histogram = Histogram(
        integer=integer,
        schema=raw.schema,
        count=raw.count_int if integer else raw.count_float,
        sum=raw.sum,
        zero_threshold=raw.zero_threshold,
        zero_count=raw.zero_count_int if integer else raw.zero_count_float,
        positive=_buckets(raw.positive_spans, raw.positive_deltas if integer else None, raw.positive_counts),
        negative=_buckets(raw.negative_spans, raw.negative_deltas if integer else None, raw.negative_counts),
        custom_values=tuple(raw.custom_values),
        reset_hint=_reset_hint(raw.reset_hint),
    )
    return HistogramSample(raw.timestamp, histogram, raw.start_timestamp or start_ms)


def _buckets(
    spans: Sequence[wire.BucketSpan], deltas: Sequence[int] | None, counts: Sequence[float]
) -> Buckets:
    size = max(len(spans), len(counts if deltas is None else deltas))
    if size > MAX_BUCKETS:
        raise InvalidHistogram(f"it has {size} buckets; at most {MAX_BUCKETS} are taken")
    counts = tuple(counts if deltas is None else accumulate(deltas))
    return Buckets(spans=tuple(Span(span.offset, span.length) for span in spans), counts=counts)


def _reset_hint(number: int) -> ResetHint:
    try:
        return ResetHint(number)
    except ValueError:
        return ResetHint.UNKNOWN
