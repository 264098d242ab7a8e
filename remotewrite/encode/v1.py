"""Remote write 1.0: series and metadata to the bytes of a `prometheus.WriteRequest`, not yet compressed."""

from collections.abc import Iterable
from typing import Final

from remotewrite.encode.fields import LENGTH, VARINT, delimited, key, number, optional, text, varint
from remotewrite.encode.samples import exemplar_fields, histogram_fields, sample_fields
from remotewrite.errors import Unencodable
from remotewrite.model import Series
from timeseries.labels import Labels
from timeseries.metadata import Metadata

_SERIES: Final = key(1, LENGTH)
_METADATA: Final = key(3, LENGTH)

_LABEL: Final = key(1, LENGTH)
_EXEMPLAR: Final = key(3, LENGTH)
_HISTOGRAM: Final = key(4, LENGTH)

_LABEL_NAME: Final = key(1, LENGTH)
_LABEL_VALUE: Final = key(2, LENGTH)

_TYPE: Final = key(1, VARINT)
_FAMILY: Final = key(2, LENGTH)
_HELP: Final = key(4, LENGTH)
_UNIT: Final = key(5, LENGTH)


def encode_v1(series: Iterable[Series], metadata: Iterable[Metadata] = ()) -> bytes:
    """Return the request; raises Unencodable.

    1.0 knows metadata of families, not of series, and no start times: what a series says of them is left
    out. Whoever wants metadata sent passes it here, once in a while.
    """
    labels = LabelFields()
    parts: list[bytes] = []
    for one in series:
        try:
            body = _series(one, labels)
        except Unencodable as error:
            raise Unencodable(f"series {one.labels}: {error}") from None
        parts += (_SERIES, varint(len(body)), body)
    for family in metadata:
        try:
            parts.append(delimited(_METADATA, _metadata(family)))
        except Unencodable as error:
            raise Unencodable(f"metadata of {family.family!a}: {error}") from None
    return b"".join(parts)


class LabelFields(dict[tuple[str, str], bytes]):
    """The bytes of each label, made once a request: its series share most of their labels."""

    def __missing__(self, label: tuple[str, str]) -> bytes:
        name, value = label
        pair = delimited(_LABEL_NAME, text(name)) + delimited(_LABEL_VALUE, text(value))
        field = self[label] = delimited(_LABEL, pair)
        return field

    def fields(self, labels: Labels) -> bytes:
        """Write labels, the first fields of a series and of an exemplar."""
        return b"".join(map(self.__getitem__, labels))


def _series(series: Series, labels: LabelFields) -> bytes:
    series.check()
    parts = [labels.fields(series.labels), *sample_fields(series.samples, starts=False)]
    if series.exemplars:
        parts += exemplar_fields(_EXEMPLAR, series.exemplars, labels.fields)
    if series.histograms:
        parts += histogram_fields(_HISTOGRAM, series.histograms, starts=False)
    return b"".join(parts)


def _metadata(metadata: Metadata) -> bytes:
    return b"".join(
        (
            number(_TYPE, varint(metadata.type)),
            optional(_FAMILY, text(metadata.family)),
            optional(_HELP, text(metadata.help)),
            optional(_UNIT, text(metadata.unit)),
        )
    )
