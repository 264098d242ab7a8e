"""Bodies of remote write 2.0 one after the other: everything but exemplars, bit for bit. Does no I/O.

First a line that says what it is. Then frames: the length of a body, its checksum, and the body as a sender
would POST it (snappy). A frame of length 0 is the end.
"""

import struct
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Final

import numpy as np

from gateway.transfer.bundle import Bundle
from gateway.transfer.errors import NotReadable
from gateway.transfer.formats import Bad
from remotewrite.compression import compress, decompress
from remotewrite.decode.batch import Batch
from remotewrite.decode.table import SeriesTable
from remotewrite.decode.v2 import decode_v2
from remotewrite.encode.v2 import encode_v2
from remotewrite.errors import RemoteWriteError
from remotewrite.model import Sample, Series
from timeseries.labels import Labels
from timeseries.metadata import Metadata, MetricType

MAGIC: Final = b"fleetgauge remote-write 2.0\n"
_FRAME: Final = struct.Struct("<II")

# Samples of a body: below the limits of any receiver.
BODY_SAMPLES: Final = 10_000
# A histogram is as large as so many samples.
_HISTOGRAM_SIZE: Final = 20
_BODY_HISTOGRAMS: Final = BODY_SAMPLES // _HISTOGRAM_SIZE
# Longer ones are no bodies: a receiver would refuse them.
_MAX_BODY: Final = 32 << 20

# What the series of a family may be called.
_SUFFIXES: Final = ("_bucket", "_count", "_sum", "_total")


class FrameWriter:
    """Writes bundles, each as some bodies."""

    def __init__(self, metadata: Mapping[str, Metadata]) -> None:
        self._metadata = metadata
        self._before = MAGIC
        self.lost: Counter[str] = Counter()

    def write(self, bundle: Bundle) -> bytes:
        """Write all of it."""
        before, self._before = self._before, b""
        frames = [compress(encode_v2(some)) for some in requests_of(bundle, self._metadata)]
        return before + b"".join(
            part for body in frames for part in (_FRAME.pack(len(body), zlib.crc32(body)), body)
        )

    def end(self) -> bytes:
        """Write the mark that nothing is missing."""
        return self._before + _FRAME.pack(0, 0)


def requests_of(bundle: Bundle, metadata: Mapping[str, Metadata]) -> Iterator[list[Series]]:
    """Give what makes a body, again and again; the bundle has each time of a series once, in order."""
    request: list[Series] = []
    room = BODY_SAMPLES
    for labels, times, values, starts in bundle.runs():
        about = about_of(labels, metadata)
        first = 0
        while first < len(times):
            end = min(len(times), first + room)
            rows = zip(
                times[first:end].tolist(),
                values[first:end].tolist(),
                starts[first:end].tolist(),
                strict=True,
            )
            request.append(Series(labels=labels, samples=[Sample(*row) for row in rows], metadata=about))
            room -= end - first
            first = end
            if not room:
                yield request
                request, room = [], BODY_SAMPLES
    for place, pairs in groupby(bundle.histograms, key=itemgetter(0)):
        labels = bundle.series[place]
        some = [sample for _, sample in pairs]
        for first in range(0, len(some), _BODY_HISTOGRAMS):
            part = some[first : first + _BODY_HISTOGRAMS]
            request.append(Series(labels=labels, histograms=part, metadata=about_of(labels, metadata)))
            room -= len(part) * _HISTOGRAM_SIZE
            if room <= 0:
                yield request
                request, room = [], BODY_SAMPLES
    if request:
        yield request


def about_of(labels: Labels, metadata: Mapping[str, Metadata]) -> Metadata | None:
    """Return what is known of the family of a series."""
    metric = labels.metric_name
    names = (metric, *(metric.removesuffix(end) for end in _SUFFIXES if metric.endswith(end)))
    found = next((metadata[name] for name in names if name in metadata), None)
    return None if found is None or (found.type is MetricType.UNKNOWN and not found.help) else found


def read_frames(pieces: Iterable[bytes], bad: Bad) -> Iterator[Bundle]:
    """Read what a FrameWriter wrote; a line is a frame."""
    reader = _Bytes(pieces)
    if reader.take(len(MAGIC)) != MAGIC:
        raise NotReadable("it does not start as an export in the format remote-write does")
    number = 1
    while True:
        head = reader.take(_FRAME.size)
        if len(head) < _FRAME.size:
            raise NotReadable(f"it ends after frame {number - 1} without its end mark: something is missing")
        size, checksum = _FRAME.unpack(head)
        if not size:
            return
        body = reader.take(size) if size <= _MAX_BODY else b""
        if len(body) < size:
            raise NotReadable(f"frame {number} is not whole")
        if zlib.crc32(body) != checksum:
            bad(number, "the checksum of the frame is wrong")
        else:
            yield _bundle(number, body, bad)
        number += 1


def _bundle(number: int, body: bytes, bad: Bad) -> Bundle:
    series: dict[Labels, int] = {}
    table = SeriesTable(lambda labels: series.setdefault(labels, len(series)))
    try:
        batch: Batch = decode_v2(decompress(body), table)
    except RemoteWriteError as error:
        bad(number, str(error))
        return Bundle()
    for rejection in batch.rejected:
        bad(number, rejection.reason)
    return bundle_of(batch, list(series))


def bundle_of(batch: Batch, series: list[Labels]) -> Bundle:
    """Return a batch whose references are places in a list of series."""
    columns = batch.samples
    return Bundle(
        series=series,
        refs=columns.refs,
        times=columns.times,
        values=np.ascontiguousarray(columns.values),
        starts=columns.starts,
        histograms=batch.histograms,
        metadata=batch.metadata,
    )


class _Bytes:
    """Pieces of any size, read in lengths that are asked for."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._rest = b""

    def take(self, size: int) -> bytes:
        """Return so many bytes, fewer at the end."""
        parts, have = [self._rest], len(self._rest)
        while have < size and (piece := next(self._pieces, None)) is not None:
            parts.append(piece)
            have += len(piece)
        whole = b"".join(parts)
        self._rest = whole[size:]
        return whole[:size]
