"""Remote write 2.0: series to the bytes of an `io.prometheus.write.v2.Request`, not yet compressed."""

from collections.abc import Iterable
from typing import Final

from remotewrite.encode.fields import LENGTH, VARINT, delimited, key, number, optional, text, varint
from remotewrite.encode.samples import exemplar_fields, histogram_fields, sample_fields
from remotewrite.errors import Unencodable
from remotewrite.model import Series
from timeseries.labels import Labels
from timeseries.metadata import Metadata

_SYMBOL: Final = key(4, LENGTH)
_SERIES: Final = key(5, LENGTH)

_REFS: Final = key(1, LENGTH)
_HISTOGRAM: Final = key(3, LENGTH)
_EXEMPLAR: Final = key(4, LENGTH)
_METADATA: Final = key(5, LENGTH)

_TYPE: Final = key(1, VARINT)
_HELP_REF: Final = key(3, VARINT)
_UNIT_REF: Final = key(4, VARINT)


def encode_v2(series: Iterable[Series]) -> bytes:
    """Return the request; raises Unencodable."""
    symbols = _Symbols()
    parts: list[bytes] = []
    for one in series:
        try:
            body = _series(one, symbols)
        except Unencodable as error:
            raise Unencodable(f"series {one.labels}: {error}") from None
        parts += (_SERIES, varint(len(body)), body)
    return b"".join((*symbols.table, *parts))


class _Symbols(dict[tuple[str, str], bytes]):
    """The symbol table of a request: for each label the bytes of its two references.

    Symbols are numbered as they come, so that a sender with a steady order repeats its table.
    """

    def __init__(self) -> None:
        super().__init__()
        self._refs: dict[str, bytes] = {}
        self.table: list[bytes] = []
        self.ref("")

    def __missing__(self, label: tuple[str, str]) -> bytes:
        name, value = label
        refs = self[label] = self.ref(name) + self.ref(value)
        return refs

    def ref(self, symbol: str) -> bytes:
        """Return the reference of a symbol, a new one if need be."""
        ref = self._refs.get(symbol)
        if ref is None:
            self.table.append(delimited(_SYMBOL, text(symbol)))
            ref = self._refs[symbol] = varint(len(self._refs))
        return ref

    def refs(self, labels: Labels) -> bytes:
        """Write label references, the first field of a series and of an exemplar."""
        return optional(_REFS, b"".join(map(self.__getitem__, labels)))


def _series(series: Series, symbols: _Symbols) -> bytes:
    series.check()
    if not (series.samples or series.histograms):
        raise Unencodable("2.0 wants a sample or a histogram in every series")
    parts = [symbols.refs(series.labels), *sample_fields(series.samples, starts=True)]
    if series.histograms:
        parts += histogram_fields(_HISTOGRAM, series.histograms, starts=True)
    if series.exemplars:
        parts += exemplar_fields(_EXEMPLAR, series.exemplars, symbols.refs)
    if series.metadata is not None:
        parts.append(delimited(_METADATA, _metadata(series.metadata, symbols)))
    return b"".join(parts)


def _metadata(metadata: Metadata, symbols: _Symbols) -> bytes:
    return b"".join(
        (
            number(_TYPE, varint(metadata.type)),
            number(_HELP_REF, symbols.ref(metadata.help)),
            number(_UNIT_REF, symbols.ref(metadata.unit)),
        )
    )
