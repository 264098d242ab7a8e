"""What the decoder tests share: a register of series, and batches as plain values that can be compared."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from remotewrite.decode.batch import Batch, Rejection
from remotewrite.decode.table import DEFAULT_CAPACITY, SeriesTable
from remotewrite.decode.v1 import ReadingV1
from remotewrite.decode.v2 import ReadingV2
from remotewrite.model import Series
from remotewrite.wire import shapes_pb2 as wire
from tests.strategies import bits
from timeseries.exemplar import Exemplar
from timeseries.histogram import HistogramSample
from timeseries.labels import Labels
from timeseries.metadata import Metadata

Decode = Callable[[bytes, SeriesTable], Batch]


class Receiver:
    """A receiver that takes every series and numbers them as they come."""

    def __init__(self, capacity: int = DEFAULT_CAPACITY) -> None:
        self.series: list[Labels] = []
        self.table = SeriesTable(self.register, capacity)

    def register(self, labels: Labels) -> int:
        """Return the number of a series."""
        if labels not in self.series:
            self.series.append(labels)
        return self.series.index(labels)

    def view(self, batch: Batch) -> "View":
        """Return a batch by the labels of its series, and keep what it taught."""
        batch.learnt.keep()
        columns = batch.samples
        rows = zip(
            columns.refs.tolist(),
            columns.times.tolist(),
            columns.values.view("int64").tolist(),
            columns.starts.tolist(),
            strict=True,
        )
        return View(
            samples=[(self.series[ref], time, value % (1 << 64), start) for ref, time, value, start in rows],
            histograms=[(self.series[ref], histogram_key(sample)) for ref, sample in batch.histograms],
            exemplars=[(self.series[ref], exemplar_key(exemplar)) for ref, exemplar in batch.exemplars],
            metadata=list(batch.metadata),
            rejected=sorted(batch.rejected, key=repr),
        )


class View(NamedTuple):
    """A batch as plain values; numbers as their bits, so that NaNs compare."""

    samples: Sequence[tuple[Labels, int, int, int]]
    histograms: Sequence[tuple[Labels, object]]
    exemplars: Sequence[tuple[Labels, object]]
    metadata: Sequence[Metadata]
    rejected: Sequence[Rejection]


def expected(series: Iterable[Series], metadata: Sequence[Metadata], *, starts: bool) -> View:
    """Return the view of a batch that holds all of a request."""
    series = list(series)
    return View(
        samples=[
            (one.labels, sample.time_ms, bits(sample.value), sample.start_ms if starts else 0)
            for one in series
            for sample in one.samples
        ],
        histograms=[
            (one.labels, histogram_key(sample if starts else sample._replace(start_ms=0)))
            for one in series
            for sample in one.histograms
        ],
        exemplars=[(one.labels, exemplar_key(exemplar)) for one in series for exemplar in one.exemplars],
        metadata=list(dict.fromkeys(metadata)),
        rejected=[],
    )


def histogram_key(sample: HistogramSample) -> object:
    """Return what tells histogram samples apart, NaN or not."""
    return repr(sample), bits(sample.histogram.sum)


def exemplar_key(exemplar: Exemplar) -> object:
    """Return what tells exemplars apart, NaN or not."""
    return exemplar.labels, bits(exemplar.value), exemplar.time_ms


def general_v1(body: bytes, table: SeriesTable) -> Batch:
    """Read a 1.0 request series by series."""
    request = wire.RequestV1.FromString(body)
    reading = ReadingV1(list(request.timeseries), table.v1, table.register)
    reading.read_general(range(len(request.timeseries)))
    reading.read_metadata(request.metadata)
    return reading.builder.build()


def general_v2(body: bytes, table: SeriesTable) -> Batch:
    """Read a 2.0 request series by series."""
    request = wire.RequestV2.FromString(body)
    reading = ReadingV2(list(request.symbols), list(request.timeseries), table.v2, table.register)
    reading.read_general(range(len(request.timeseries)))
    return reading.builder.build()


def checked(body: bytes, decode: Decode, general: Decode, receiver: Receiver) -> None:
    """Read the general way, with what a decoder checks of a request before its series."""
    decode(body, Receiver().table)
    general(body, receiver.table)
