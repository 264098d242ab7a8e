"""How series are kept on disk: many in one chunk of bytes, with the pairs and names that are new with them.

A chunk is a number of columns, compressed together. Its numbers only make sense after all earlier chunks.
"""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Final

import cramjam
import numpy as np

from gateway.storage.errors import DamagedData
from gateway.storage.pairs import Numbers
from timeseries.columns import Ints, offsets_of

# Version, and the checksum of all that follows.
_HEADER: Final = struct.Struct("<BI")
_VERSION: Final = 1

# How many series, pairs and names there are before; how many series, their pairs, new pairs and names follow.
_COUNTS: Final = struct.Struct("<7I")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chunk:
    """Series by how many pairs each has (`lengths`) and the pairs' numbers; and what is new with them."""

    first: int
    pairs_before: int
    names_before: int
    lengths: Ints
    ids: Numbers
    names: Sequence[str]
    name_of: Numbers
    values: Sequence[str]


def encode_chunk(chunk: Chunk) -> bytes:
    """Write a chunk."""
    texts = [*chunk.names, *chunk.values]
    columns: list[Ints | Numbers] = [
        chunk.lengths,
        *(chunk.ids[place] for place in _by_column(chunk.lengths)),
        chunk.name_of,
        np.fromiter(map(len, texts), np.uint32, len(texts)),
    ]
    numbers = np.concatenate([column.astype("<u4") for column in columns])
    counts = _COUNTS.pack(
        chunk.first,
        chunk.pairs_before,
        chunk.names_before,
        len(chunk.lengths),
        len(chunk.ids),
        len(chunk.values),
        len(chunk.names),
    )
    # All lowest bytes first, then the next ones: they compress to a half of what whole numbers do.
    planes = numbers.view(np.uint8).reshape(-1, 4).T.tobytes()
    body = bytes(cramjam.zstd.compress(b"".join([counts, planes, "".join(texts).encode()])))
    return _HEADER.pack(_VERSION, zlib.crc32(body)) + body


def decode_chunk(raw: bytes) -> Chunk:
    """Read a chunk; raises DamagedData."""
    if len(raw) < _HEADER.size:
        raise DamagedData("series are shorter than their header")
    version, checksum = _HEADER.unpack_from(raw)
    if version != _VERSION:
        raise DamagedData(f"the version {version} of series is unknown")
    if zlib.crc32(memoryview(raw)[_HEADER.size :]) != checksum:
        raise DamagedData("the checksum of series is wrong")
    body = bytes(cramjam.zstd.decompress(memoryview(raw)[_HEADER.size :]))
    first, pairs_before, names_before, series, ids, pairs, names = _COUNTS.unpack_from(body)
    sizes = (series, ids, pairs, names + pairs)
    planes = np.frombuffer(body, np.uint8, 4 * sum(sizes), _COUNTS.size).reshape(4, -1)
    numbers = np.ascontiguousarray(planes.T).view("<u4").ravel()
    lengths, by_column, name_of, text_lengths = np.split(numbers, np.cumsum(sizes)[:-1])
    text = body[_COUNTS.size + 4 * sum(sizes) :].decode()
    texts = [text[start:end] for start, end in pairwise(accumulate(text_lengths.tolist(), initial=0))]
    places = _by_column(lengths.astype(np.int64))
    in_order = np.empty(ids, np.uint32)
    in_order[np.concatenate([np.empty(0, np.int64), *places])] = by_column
    return Chunk(
        first=first,
        pairs_before=pairs_before,
        names_before=names_before,
        lengths=lengths.astype(np.int64),
        ids=in_order,
        names=texts[:names],
        name_of=name_of,
        values=texts[names:],
    )


def _by_column(lengths: Ints) -> list[Ints]:
    """Return the places of all first pairs, then of all second ones, and so on, like series with like.

    Neighbours have many pairs in common, and always at the same position when they have equally many.
    """
    starts = offsets_of(lengths)[:-1]
    return [
        starts[lengths == length] + position
        for length in np.unique(lengths).tolist()
        for position in range(length)
    ]
