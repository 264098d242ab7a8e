"""Remote write 2.0: a request's bytes to a batch."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise, repeat
from typing import Final

import numpy as np
from google.protobuf.message import DecodeError

from remotewrite.decode.batch import Batch, BatchBuilder, SampleColumns
from remotewrite.decode.general import SeriesReader, parse
from remotewrite.decode.matrix import lay_out
from remotewrite.decode.names import RawPairs, any_labels, describe, family_name, metadata, series_labels
from remotewrite.decode.repeats import Plain
from remotewrite.decode.rows_v2 import read_rows
from remotewrite.decode.table import KnownV2, Learnt, SeriesTable
from remotewrite.errors import MalformedRequest, RequestTooLarge, SeriesRejected
from remotewrite.limits import MAX_LABELS, MAX_SERIES, MAX_SYMBOLS
from remotewrite.wire import shapes_pb2 as wire
from timeseries.exemplar import Exemplar
from timeseries.labels import METRIC_NAME, Labels

# A key is the numbers of the symbols, four bytes each.
_KEY_DTYPE: Final = np.dtype("<u4")
_REJECTED: Final = -2
# Metadata as one number: 4 bits of type, then the numbers of the help and unit symbols.
_SYMBOL_BITS: Final = 29
_TYPE_BITS: Final = 4


def decode_v2(body: bytes, table: SeriesTable) -> Batch:
    """Read an uncompressed 2.0 request; raises MalformedRequest or RequestTooLarge.

    Metadata is reported when a series is first seen with it, or it changed.
    """
    table.make_room()
    known = table.v2
    if (repeat := known.repeats.read(body)) is not None:
        return Batch(samples=SampleColumns(**repeat._asdict()))
    request = parse(wire.RequestV2, body)
    if len(request.timeseries) > MAX_SERIES:
        raise RequestTooLarge(f"the request holds more than {MAX_SERIES} series")
    if len(request.symbols) > MAX_SYMBOLS:
        raise RequestTooLarge(f"the request holds more than {MAX_SYMBOLS} symbols")
    symbols = list(request.symbols)
    if symbols[:1] != [b""] and (symbols or request.timeseries):
        raise MalformedRequest("the first symbol of a 2.0 request must be the empty string")
    reading = ReadingV2(symbols, list(request.timeseries), known, table.register)
    odd = reading.read_plain(body)
    reading.read_general(odd)
    return reading.builder.build()


class ReadingV2:
    """One request being read: the plain series all at once, then the others one by one."""

    def __init__(
        self,
        symbols: Sequence[bytes],
        series: Sequence[bytes],
        known: KnownV2,
        register: Callable[[Labels], int],
    ) -> None:
        self._symbols = symbols
        self._series = series
        self._register = register
        self._known = known
        self._learnt = Learnt(known)
        self.builder = BatchBuilder(learnt=self._learnt)
        numbers = list(map(known.symbols.get, symbols))
        if None in numbers:
            numbers = [known.number(symbol) for symbol in symbols]
        self._numbers = np.array(numbers, np.int64)

    def read_plain(self, body: bytes) -> Sequence[int]:
        """Read the body's series of the usual shape; return the positions of the others."""
        buffer = lay_out(self._series)
        rows = read_rows(buffer, len(self._symbols))
        raw = self._numbers.astype(_KEY_DTYPE)[rows.references].tobytes()
        keys = [raw[at:end] for at, end in pairwise((rows.offsets * _KEY_DTYPE.itemsize).tolist())]
        refs = list(map(self._known.refs.get, keys))
        if None in refs:
            for index, key in enumerate(keys):
                if refs[index] is None:
                    refs[index] = self._learn_plain(key, rows.row(index))
        found = np.array(refs, np.int64)
        codes = (
            rows.kinds
            | self._numbers[rows.helps] << _TYPE_BITS
            | self._numbers[rows.units] << (_TYPE_BITS + _SYMBOL_BITS)
        ).tolist()
        if list(map(self._known.metadata.get, keys, repeat(0))) != codes:
            for index in np.flatnonzero(found >= 0).tolist():
                meta = (rows.kinds[index], rows.helps[index], rows.units[index])
                self._note_metadata(keys[index], codes[index], rows.row(index), meta)
        taken = found >= 0
        columns = SampleColumns(
            refs=found[taken],
            times=rows.samples.times[taken],
            values=rows.samples.values[taken],
            starts=rows.samples.starts[taken],
        )
        self.builder.add_samples(rows.positions[taken], columns)
        if len(columns) == len(self._series) > 0:
            self._learnt.plain = Plain(
                body=body,
                series=buffer,
                is_head=_is_head,
                at=rows.values_at,
                refs=columns.refs,
                starts=columns.starts,
            )
        odd = np.ones(len(self._series), np.bool_)
        odd[rows.positions] = False
        positions: list[int] = np.flatnonzero(odd).tolist()
        return positions

    def _learn_plain(self, key: bytes, references: Sequence[int]) -> int:
        try:
            return self._learn(key, references)
        except SeriesRejected as error:
            self.builder.reject(error, samples=1)
            return _REJECTED

    def _learn(self, key: bytes, references: Sequence[int]) -> int:
        ref = self._learnt.refs.get(key)
        if ref is None:
            ref = self._learnt.refs[key] = self._register(series_labels(self._pairs(references)))
        return ref

    def _pairs(self, references: Sequence[int]) -> RawPairs:
        symbols = [self._symbols[reference] for reference in references]
        return list(zip(symbols[::2], symbols[1::2], strict=True))

    def _note_metadata(
        self, key: bytes, code: int, references: Sequence[int], meta: tuple[int, int, int]
    ) -> None:
        # No metadata says nothing; it does not take back what was said.
        if code in (0, self._learnt.metadata.get(key, self._known.metadata.get(key))):
            return
        kind, text, unit = meta
        metric = dict(self._pairs(references))[METRIC_NAME.encode()]
        family = family_name(metric.decode(), kind).encode()
        try:
            found = metadata(family, kind, self._symbols[text], self._symbols[unit])
        except SeriesRejected as error:
            self.builder.reject(error)
        else:
            self._learnt.metadata[key] = code
            self.builder.metadata.append(found)

    def read_general(self, positions: Sequence[int]) -> None:
        """Read series of any shape."""
        reader = SeriesReader(self.builder)
        for position in positions:
            raw = parse(wire.SeriesV2, self._series[position])
            try:
                ref = self._general_ref(raw)
            except SeriesRejected as error:
                reader.reject(error, raw)
                continue
            reader.add_samples(position, ref, raw.samples, raw.created_timestamp)
            pairs = partial(self._pairs, raw.labels_refs)
            reader.add_histograms(ref, raw.histograms, pairs, raw.created_timestamp)
            reader.add_exemplars(ref, raw.exemplars, self._exemplar)
        reader.finish()

    def _general_ref(self, raw: wire.SeriesV2) -> int:
        references = self._checked(raw.labels_refs, "series", raw.labels_refs)
        meta = raw.metadata
        text, unit = self._checked([meta.help_ref, meta.unit_ref], "metadata of series", references)
        kind = meta.type if 0 <= meta.type < 1 << _TYPE_BITS else 0
        key = self._numbers[references].astype(_KEY_DTYPE).tobytes()
        ref = self._known.refs.get(key)
        if ref is None:
            ref = self._learn(key, references)
        numbers = self._numbers
        code = kind | int(numbers[text]) << _TYPE_BITS | int(numbers[unit]) << (_TYPE_BITS + _SYMBOL_BITS)
        self._note_metadata(key, code, references, (kind, text, unit))
        return ref

    def _exemplar(self, message: bytes) -> Exemplar:
        raw = parse(wire.ExemplarV2, message)
        labels = any_labels(self._pairs(self._checked(raw.labels_refs, "an exemplar", raw.labels_refs)))
        return Exemplar(labels=labels, value=raw.value, time_ms=raw.timestamp)

    def _checked(self, references: Sequence[int], what: str, labels: Sequence[int]) -> Sequence[int]:
        """Return what refers to symbols that are there; `what` and its labels are for the error."""
        if len(references) % 2:
            reason = f"{what} {self._describe(labels)}: it has an odd number of label references"
            raise SeriesRejected("bad_reference", reason)
        # One label more than are taken is enough to tell.
        references = references[: 2 * (MAX_LABELS + 1)]
        if references and max(references) >= len(self._symbols):
            named, there = max(references), len(self._symbols)
            reason = f"{what} {self._describe(labels)}: it refers to symbol {named}; the request has {there}"
            raise SeriesRejected("bad_reference", reason)
        return list(references)

    def _describe(self, references: Sequence[int]) -> str:
        """Write labels some of whose symbols may not be there."""
        symbols = [
            self._symbols[reference] if reference < len(self._symbols) else b"#%d" % reference
            for reference in references[: 2 * MAX_LABELS]
        ]
        return describe(list(zip(symbols[::2], symbols[1::2], strict=False)))


def _is_head(raw: bytes) -> bool:
    try:
        return not wire.RequestV2.FromString(raw).timeseries
    except DecodeError:
        return False
