"""Remote write 1.0: a request's bytes to a batch."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import numpy as np
from google.protobuf.message import DecodeError

from remotewrite.decode.batch import Batch, BatchBuilder, SampleColumns
from remotewrite.decode.general import SeriesReader, parse
from remotewrite.decode.matrix import lay_out, read_samples
from remotewrite.decode.names import RawPairs, any_labels, metadata, series_labels
from remotewrite.decode.repeats import Plain
from remotewrite.decode.table import KnownV1, Learnt, SeriesTable
from remotewrite.errors import RequestTooLarge, SeriesRejected
from remotewrite.limits import MAX_LABELS, MAX_SERIES
from remotewrite.wire import shapes_pb2 as wire
from timeseries.columns import Ints
from timeseries.exemplar import Exemplar
from timeseries.labels import Labels

# The sizes of a Sample with a time of today: without a value (it is 0), and with one.
_SAMPLE_SIZES: Final = (7, 16)
_TAG_SAMPLES: Final = 0x12

# A longer key may hold millions of labels: the general way counts them before it reads them.
_MAX_PLAIN_KEY: Final = 4096

_NOT_PLAIN: Final = -1
_REJECTED: Final = -2


def decode_v1(body: bytes, table: SeriesTable) -> Batch:
    """Read an uncompressed 1.0 request; raises MalformedRequest or RequestTooLarge."""
    table.make_room()
    known = table.v1
    if (repeat := known.repeats.read(body)) is not None:
        return Batch(samples=SampleColumns(**repeat._asdict()))
    request = parse(wire.RequestV1, body)
    if max(len(request.timeseries), len(request.metadata)) > MAX_SERIES:
        raise RequestTooLarge(f"the request holds more than {MAX_SERIES} series or metadata entries")
    reading = ReadingV1(list(request.timeseries), known, table.register)
    odd = reading.read_plain(body)
    reading.read_general(odd)
    reading.read_metadata(request.metadata)
    return reading.builder.build()


class ReadingV1:
    """One request being read: the plain series all at once, then the others one by one."""

    def __init__(self, series: Sequence[bytes], known: KnownV1, register: Callable[[Labels], int]) -> None:
        self._series = series
        self._register = register
        self._known = known.refs
        self._learnt = Learnt(known)
        self.builder = BatchBuilder(learnt=self._learnt)

    def read_plain(self, body: bytes) -> Sequence[int]:
        """Read the body's series that are labels and then one sample; return the positions of the others.

        What comes before the sample is the key. A key becomes known only when it parses as complete label
        fields, so what follows a known key begins a field of its own: a label that happens to end like a
        sample can't be taken for one.
        """
        series = self._series
        buffer = lay_out(series)
        sizes = np.zeros(len(series), np.int64)
        for size in _SAMPLE_SIZES:
            fits = buffer.ends - buffer.starts >= size + 2
            head = np.where(fits, buffer.ends - size - 2, 0)
            sizes[fits & (buffer.octets[head] == _TAG_SAMPLES) & (buffer.octets[head + 1] == size)] = size
        rows = read_samples(buffer, buffer.ends - sizes, sizes)
        plain = rows.ok & (sizes > 0)
        positions = np.flatnonzero(plain)
        cuts = (-2 - sizes[positions]).tolist()
        refs = self._refs([series[at][:cut] for at, cut in zip(positions.tolist(), cuts, strict=True)])
        plain[positions[refs == _NOT_PLAIN]] = False
        taken = refs >= 0
        rows_taken = positions[taken]
        columns = SampleColumns(
            refs=refs[taken],
            times=rows.times[rows_taken],
            values=rows.values[rows_taken],
            starts=rows.starts[rows_taken],
        )
        self.builder.add_samples(rows_taken, columns)
        if len(columns) == len(series) > 0:
            at = buffer.ends - sizes + 1
            self._learnt.plain = Plain(
                body=body,
                series=buffer,
                is_head=_is_head,
                at=at,
                refs=columns.refs,
                starts=columns.starts,
            )
        odd: list[int] = np.flatnonzero(~plain).tolist()
        return odd

    def _refs(self, keys: list[bytes]) -> Ints:
        refs = list(map(self._known.get, keys))
        if None in refs:
            for index, key in enumerate(keys):
                if refs[index] is None:
                    refs[index] = self._learn_plain(key)
        return np.array(refs, np.int64)

    def _learn_plain(self, key: bytes) -> int:
        learnt = self._learnt.refs.get(key)
        if learnt is not None:
            return learnt
        if len(key) > _MAX_PLAIN_KEY:
            return _NOT_PLAIN
        try:
            block = wire.LabelBlock.FromString(key)
        except DecodeError:
            return _NOT_PLAIN
        if block.samples or block.exemplars or block.histograms:
            return _NOT_PLAIN
        try:
            return self._learn(key, block)
        except SeriesRejected as error:
            self.builder.reject(error, samples=1)
            return _REJECTED

    def _learn(self, key: bytes, block: wire.LabelBlock) -> int:
        ref = self._learnt.refs[key] = self._register(series_labels(_pairs(block.labels)))
        return ref

    def read_general(self, positions: Sequence[int]) -> None:
        """Read series of any shape."""
        reader = SeriesReader(self.builder)
        for position in positions:
            raw = parse(wire.SeriesV1, self._series[position])
            # One label more than are taken is enough to tell.
            key = wire.SeriesV1(labels=raw.labels[: MAX_LABELS + 1]).SerializeToString()
            try:
                ref = self._known.get(key, self._learnt.refs.get(key))
                if ref is None:
                    ref = self._learn(key, parse(wire.LabelBlock, key))
            except SeriesRejected as error:
                reader.reject(error, raw)
                continue
            reader.add_samples(position, ref, raw.samples)
            reader.add_histograms(ref, raw.histograms, partial(_block_pairs, key))
            reader.add_exemplars(ref, raw.exemplars, exemplar)
        reader.finish()

    def read_metadata(self, messages: Sequence[bytes]) -> None:
        """Read the metadata entries; a bad one is rejected by itself."""
        for message in messages:
            raw = parse(wire.MetadataV1, message)
            try:
                self.builder.metadata.append(metadata(raw.family, raw.type, raw.help, raw.unit))
            except SeriesRejected as error:
                self.builder.reject(error)


def _is_head(raw: bytes) -> bool:
    try:
        request = wire.RequestV1.FromString(raw)
    except DecodeError:
        return False
    return not request.timeseries and not request.metadata


def exemplar(message: bytes) -> Exemplar:
    """Read one exemplar; raises MalformedRequest, or SeriesRejected for its labels."""
    raw = parse(wire.ExemplarV1, message)
    return Exemplar(labels=any_labels(_pairs(raw.labels)), value=raw.value, time_ms=raw.timestamp)


def _block_pairs(key: bytes) -> RawPairs:
    return _pairs(parse(wire.LabelBlock, key).labels)


def _pairs(labels: Sequence[wire.Label]) -> RawPairs:
    return [(label.name, label.value) for label in labels]
