"""Blocks: the samples of some tens of series as one compressed blob, bit for bit. Knows no SQLite, no labels.

A blob is a header, then zstd of tracks (block_tracks.py). First come the tracks of the rows' values as whole
numbers (block_decimals.py), row by row. Then come those that rows may share: times, what values are off by,
start times. Each row notes which of these are its own and how many decimals it has. The last two tracks,
where the header says so, list values that are no decimals: where they stand, and their bits.
"""

import struct
import zlib
from collections.abc import Iterable
from itertools import pairwise
from typing import Final

import cramjam
import numpy as np

from gateway.storage.block_decimals import scale, unscale
from gateway.storage.block_tracks import decode_tracks, encode_tracks
from gateway.storage.errors import DamagedBlock
from timeseries.columns import Columns, Ints, offsets_of

_VERSION: Final = 1
# The version, and the checksum of all that follows.
_SEAL: Final = struct.Struct("<BI")
# The number of rows and of tracks, and whether values are listed.
_COUNTS: Final = struct.Struct("<II?")
_HEADER_BYTES: Final = _SEAL.size + _COUNTS.size
# Which track has a row's times, how many decimals its values have, and which tracks have what they are off by
# and its start times.
_NOTES: Final = 4
# Real data become 5 % smaller than at level 3, as fast. Level 15 saves 3 % more and takes twice the time.
_LEVEL: Final = 6


def encode_block(columns: Columns, starts: Ints | None) -> bytes:
    """Return rows of samples as a blob. `starts` are start times, 0 where unknown: all 0 count as None."""
    scaled = scale(columns.values, columns.offsets)
    bounds = columns.offsets.tolist()
    tracks = _Tracks(_cut(scaled.numbers, bounds))
    notes = np.zeros((_NOTES, len(columns)), np.int64)
    notes[0] = tracks.share(_cut(columns.times, bounds))
    notes[1] = scaled.exponents
    if scaled.distances.any():
        notes[2] = tracks.share(_cut(scaled.distances, bounds))
    if starts is not None and starts.any():
        notes[3] = tracks.share(_cut(starts, bounds))
    if len(scaled.listed):
        tracks.all += [scaled.listed, columns.values.view(np.int64)[scaled.listed]]
    body = encode_tracks(tracks.all, notes)
    counts = _COUNTS.pack(len(columns), len(tracks.all), len(scaled.listed) > 0)
    rest = counts + bytes(cramjam.zstd.compress(body, _LEVEL))
    return _SEAL.pack(_VERSION, zlib.crc32(rest)) + rest


def decode_block(blob: bytes) -> tuple[Columns, Ints | None]:
    """Return the rows and their start times, None where none is known; raises DamagedBlock."""
    check_block(blob)
    try:
        return _read(blob)
    except (cramjam.DecompressionError, ValueError, IndexError) as error:
        raise DamagedBlock(f"its checksum is right, yet it can't be read: {error}") from error


def check_block(blob: bytes) -> None:
    """Raise DamagedBlock unless the blob is what was written."""
    if len(blob) < _HEADER_BYTES:
        raise DamagedBlock(f"it has {len(blob)} bytes, fewer than its header")
    version, checksum = _SEAL.unpack_from(blob)
    if version != _VERSION:
        raise DamagedBlock(f"its version is {version}, which this program does not know")
    if zlib.crc32(memoryview(blob)[_SEAL.size :]) != checksum:
        raise DamagedBlock("its checksum does not fit its bytes")


def _read(blob: bytes) -> tuple[Columns, Ints | None]:
    rows, count, has_listed = _COUNTS.unpack_from(blob, _SEAL.size)
    body = bytes(cramjam.zstd.decompress(memoryview(blob)[_HEADER_BYTES:]))
    tracks, notes = decode_tracks(body, count, (_NOTES, rows))
    times, exponents, distances, begun = notes
    own = np.arange(rows)
    lengths = tracks.lengths(own)
    values = unscale(tracks.join(own), exponents, lengths)
    bits = values.view(np.int64)
    if distances.any():
        bits += tracks.join(distances)
    if has_listed:
        listed = np.array([count - 2, count - 1])
        bits[tracks.join(listed[:1])] = tracks.join(listed[1:])
    columns = Columns(times=tracks.join(times), values=values, offsets=offsets_of(lengths))
    return columns, tracks.join(begun) if begun.any() else None


class _Tracks:
    """The tracks of a block to be: those of single rows first, then those that several rows may share."""

    def __init__(self, own: list[Ints]) -> None:
        self.all = own
        self._places: dict[bytes, int] = {}

    def share(self, rows: Iterable[Ints]) -> list[int]:
        """Return where each row's track stands; equal ones stand there once."""
        return [self._place(row) for row in rows]

    def _place(self, row: Ints) -> int:
        place = self._places.setdefault(row.tobytes(), len(self.all))
        if place == len(self.all):
            self.all.append(row)
        return place


def _cut(numbers: Ints, bounds: list[int]) -> list[Ints]:
    return [numbers[start:end] for start, end in pairwise(bounds)]
