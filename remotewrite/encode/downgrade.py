"""A 2.0 request of our own as a 1.0 request, for receivers that know no other. Knows no receiver.

Reads what `encode_v2` wrote. Start times and the metadata of series are left out, as `encode_v1` does.
"""

from collections.abc import Iterator
from typing import Final

from remotewrite.encode import fields as wire
from remotewrite.encode.fields import LENGTH, delimited, key, varint
from remotewrite.encode.v1 import LabelFields
from remotewrite.errors import MalformedRequest
from timeseries.labels import Labels

# Fields of 2.0.
_SYMBOL: Final = 4
_SERIES: Final = 5
_REFS: Final = 1
_SAMPLE: Final = 2
_HISTOGRAM: Final = 3
_EXEMPLAR: Final = 4
_SAMPLE_START: Final = 3
_HISTOGRAM_START: Final = 17

# Keys of 1.0.
_SERIES_V1: Final = key(1, LENGTH)
_SAMPLE_V1: Final = key(2, LENGTH)
_EXEMPLAR_V1: Final = key(3, LENGTH)
_HISTOGRAM_V1: Final = key(4, LENGTH)

_FIXED64_BYTES: Final = 8


def v1_from_v2(request: bytes) -> bytes:
    """Return the same samples as a 1.0 request; raises MalformedRequest."""
    symbols: list[str] = []
    labels = LabelFields()
    parts: list[bytes] = []
    for field, _, value, end in fields_of(request):
        if field == _SYMBOL:
            symbols.append(_text(request[value:end]))
        elif field == _SERIES:
            body = _series(request[value:end], symbols, labels)
            parts += (_SERIES_V1, varint(len(body)), body)
    return b"".join(parts)


def _series(series: bytes, symbols: list[str], labels: LabelFields) -> bytes:
    named = b""
    samples, exemplars, histograms = [], [], []
    for field, _, value, end in fields_of(series):
        inner = series[value:end]
        if field == _REFS:
            named = _labels(inner, symbols, labels)
        elif field == _SAMPLE:
            samples.append(delimited(_SAMPLE_V1, _without(inner, _SAMPLE_START)))
        elif field == _HISTOGRAM:
            histograms.append(delimited(_HISTOGRAM_V1, _without(inner, _HISTOGRAM_START)))
        elif field == _EXEMPLAR:
            exemplars.append(delimited(_EXEMPLAR_V1, _exemplar(inner, symbols, labels)))
    return b"".join((named, *samples, *exemplars, *histograms))


def _exemplar(exemplar: bytes, symbols: list[str], labels: LabelFields) -> bytes:
    named = b""
    for field, _, value, end in fields_of(exemplar):
        if field == _REFS:
            named = _labels(exemplar[value:end], symbols, labels)
    return named + _without(exemplar, _REFS)


def _labels(packed: bytes, symbols: list[str], labels: LabelFields) -> bytes:
    refs = []
    at = 0
    while at < len(packed):
        ref, at = _number(packed, at)
        refs.append(ref)
    try:
        names = [symbols[ref] for ref in refs]
        pairs = list(zip(names[::2], names[1::2], strict=True))
    except (IndexError, ValueError):
        raise MalformedRequest("its label references do not fit its symbols") from None
    return labels.fields(Labels.trusted(pairs))


def _without(message: bytes, dropped: int) -> bytes:
    """Return the message without one of its fields, the others byte by byte as they were."""
    return b"".join(message[start:end] for field, start, _, end in fields_of(message) if field != dropped)


def fields_of(message: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Yield each field: its number, where its key starts, where its value starts, and where it ends."""
    at = 0
    while at < len(message):
        start = at
        tag, at = _number(message, at)
        value = at
        match tag & 7:
            case wire.VARINT:
                _, at = _number(message, at)
            case wire.FIXED64:
                at += _FIXED64_BYTES
            case wire.LENGTH:
                length, value = _number(message, at)
                at = value + length
            case kind:
                raise MalformedRequest(f"it has a field of wire type {kind}")
        if at > len(message):
            raise MalformedRequest("it ends within a field")
        yield tag >> 3, start, value, at


def _number(message: bytes, at: int) -> tuple[int, int]:
    """Return the varint at a place and where it ends."""
    number = shift = 0
    while at < len(message):
        byte = message[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7
    raise MalformedRequest("it ends within a number")


def _text(symbol: bytes) -> str:
    try:
        return symbol.decode()
    except UnicodeDecodeError:
        raise MalformedRequest("a symbol is not valid UTF-8") from None
