"""The forms in which bodies wait in a queue: a byte that names the version, and a compressed request.

Owns this byte, and how one version becomes the other. Does no I/O.
"""

from collections.abc import Callable
from typing import Final

from remotewrite.compression import compress, decompress
from remotewrite.decode.batch import Batch
from remotewrite.decode.table import SeriesTable
from remotewrite.decode.v1 import decode_v1
from remotewrite.decode.v2 import decode_v2
from remotewrite.encode.v1 import encode_v1
from remotewrite.encode.v2 import encode_v2
from remotewrite.model import Sample, Series
from timeseries.labels import Labels

V1: Final = b"\x01"
V2: Final = b"\x02"


def series_of(batch: Batch, labels: Callable[[int], Labels | None]) -> list[Series]:
    """Return what a batch holds, a series for each sample or histogram; without those that have no labels."""
    columns = batch.samples
    rows = zip(
        columns.refs.tolist(),
        columns.times.tolist(),
        columns.values.tolist(),
        columns.starts.tolist(),
        strict=True,
    )
    made = [
        Series(labels=named, samples=(Sample(*row),))
        for ref, *row in rows
        if (named := labels(ref)) is not None
    ]
    made += [
        Series(labels=named, histograms=(one,))
        for ref, one in batch.histograms
        if (named := labels(ref)) is not None
    ]
    return made


def exemplars_of(batch: Batch, labels: Callable[[int], Labels | None]) -> list[Series]:
    """Return the exemplars of a batch, as 1.0 has them: in series of their own."""
    return [
        Series(labels=named, exemplars=(one,))
        for ref, one in batch.exemplars
        if (named := labels(ref)) is not None
    ]


def as_v1(body: bytes) -> bytes:
    """Return a compressed request of 2.0, whoever wrote it, as one of 1.0; raises RemoteWriteError."""
    found: list[Labels] = []
    batch = decode_v2(decompress(body), SeriesTable(_registering(found)))
    series = [*series_of(batch, found.__getitem__), *exemplars_of(batch, found.__getitem__)]
    return compress(encode_v1(series, batch.metadata))


def as_v2(body: bytes) -> bytes:
    """Return a compressed request of 1.0 as one of 2.0, without exemplars; raises RemoteWriteError."""
    found: list[Labels] = []
    batch = decode_v1(decompress(body), SeriesTable(_registering(found)))
    return compress(encode_v2(series_of(batch, found.__getitem__)))


def _registering(found: list[Labels]) -> Callable[[Labels], int]:
    def register(labels: Labels) -> int:
        found.append(labels)
        return len(found) - 1

    return register
