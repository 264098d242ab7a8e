"""Parts: samples that have left the log, in blocks of neighbouring series. Knows no SQLite.

Within a part series stand in the order of their names: a query touches few blocks, and like stands by like.
"""

import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from gateway.storage.errors import DamagedBlock
from gateway.storage.rows import Rows, join
from gateway.storage.samples import Wanted, narrow, ragged, take, within
from timeseries.columns import Columns, Ints, offsets_of

# Some tens of series compress as well as hundreds, and a query decodes little that it does not want.
_BLOCK_SERIES: Final = 64
# Half a millisecond of decoding; a series of a day at 15 s has 5,760 samples.
_BLOCK_SAMPLES: Final = 1 << 16

# Longer rows are searched for the wanted times before they are copied.
_LONG_ROW: Final = 256

# Blocks of a part are numbered from its id on: so many are never in one.
_BLOCKS_PER_PART: Final = 1 << 24


# Id, log_seq, times from and to, samples, bytes, rows, blocks.
_PART: Final = struct.Struct("<6q2I")


class Block(NamedTuple):
    """Samples of some series; `starts` is None where no start time is known."""

    columns: Columns
    starts: Ints | None


Fetch = Callable[[Sequence[int]], Sequence[Block]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """What is known of a part without reading its blocks."""

    id: int
    # The last row of the log that went into it; a part with a later one is newer.
    log_seq: int
    min_time: int
    max_time: int
    samples: int
    bytes: int
    # References in the order of the rows, and the number of rows before each block.
    refs: Ints
    block_rows: Ints
    # The rows in the order of their references.
    by_ref: Ints

    def search(self, wanted: Wanted, fetch: Fetch) -> Rows:
        """Return what is wanted."""
        sorted_refs = self.refs[self.by_ref]
        at = np.minimum(np.searchsorted(sorted_refs, wanted.refs), max(len(sorted_refs) - 1, 0))
        hits = np.flatnonzero(sorted_refs[at] == wanted.refs) if len(sorted_refs) else at[:0]
        rows = self.by_ref[at[hits]]
        blocks = np.searchsorted(self.block_rows, rows, side="right") - 1
        order = np.argsort(blocks, kind="stable")
        numbers, first = np.unique(blocks[order], return_index=True)
        groups = np.split(order, first[1:]) if len(numbers) else []
        fetched = fetch([block_id(self.id, int(number)) for number in numbers])
        partly = None if wanted.covers(self.min_time, self.max_time) else wanted
        found = join(
            [
                _take(block, rows[group] - self.block_rows[number], hits[group], partly)
                for number, group, block in zip(numbers.tolist(), groups, fetched, strict=True)
            ]
        )
        return found if partly is None else within(found, partly)


def block_id(part: int, number: int) -> int:
    """Return the row of a block."""
    return part * _BLOCKS_PER_PART + number


def part_of(block: int) -> int:
    """Return the id of the part that a block belongs to."""
    return block // _BLOCKS_PER_PART


def _take(block: Block, local: Ints, places: Ints, partly: Wanted | None) -> Rows:
    """Return the samples of some rows of a block; of long rows not much more than is wanted of them."""
    columns, starts = block
    rows = Rows(refs=places, times=columns.times, bits=columns.values.view(np.int64), starts=starts)
    first, last = columns.offsets[local], columns.offsets[local + 1]
    if partly is not None and len(rows.times) > _LONG_ROW * len(columns):
        first, last = narrow(columns.times, first, last, partly)
    return take(rows, places, first, last)


class Cut(NamedTuple):
    """A block to be: the references of its rows, and the rows."""

    refs: Ints
    block: Block


def cut_blocks(rows: Rows, order: Callable[[Ints], Ints]) -> Iterator[Cut]:
    """Cut sorted rows into blocks; `order` sorts references by the names of their series."""
    refs, first, lengths = np.unique(rows.refs, return_index=True, return_counts=True)
    sequence = order(refs)
    refs, first, lengths = refs[sequence], first[sequence], lengths[sequence]
    ends = np.cumsum(lengths)
    start = 0
    while start < len(refs):
        before = ends[start] - lengths[start]
        full = int(np.searchsorted(ends, before + _BLOCK_SAMPLES, side="right"))
        end = min(start + _BLOCK_SERIES, max(full, start + 1), len(refs))
        index = ragged(first[start:end], lengths[start:end])
        columns = Columns(
            times=rows.times[index],
            values=rows.bits[index].view(np.float64),
            offsets=offsets_of(lengths[start:end]),
        )
        starts = None if rows.starts is None else rows.starts[index]
        yield Cut(refs[start:end], Block(columns, starts if starts is not None and starts.any() else None))
        start = end


def encode_part(part: Part) -> bytes:
    """Write a part, with a checksum."""
    head = _PART.pack(
        part.id,
        part.log_seq,
        part.min_time,
        part.max_time,
        part.samples,
        part.bytes,
        len(part.refs),
        len(part.block_rows) - 1,
    )
    steps = np.diff(part.refs, prepend=0).astype("<i4").view(np.uint8).reshape(-1, 4).T.tobytes()
    lists = zlib.compress(np.diff(part.block_rows).astype(np.uint8).tobytes() + steps, 9)
    return head + lists + zlib.crc32(head + lists).to_bytes(4, "little")


def decode_part(raw: bytes) -> Part:
    """Read a part; raises DamagedBlock."""
    if len(raw) < _PART.size + 4 or zlib.crc32(raw[:-4]).to_bytes(4, "little") != raw[-4:]:
        raise DamagedBlock("its checksum is wrong")
    number, log_seq, min_time, max_time, samples, size, rows, blocks = _PART.unpack_from(raw)
    lists = zlib.decompress(raw[_PART.size : -4])
    lengths = np.frombuffer(lists, np.uint8, blocks).astype(np.int64)
    planes = np.frombuffer(lists, np.uint8, 4 * rows, blocks).reshape(4, rows)
    steps = np.ascontiguousarray(planes.T).view("<i4").reshape(rows).astype(np.int64)
    refs = np.cumsum(steps)
    return Part(
        id=number,
        log_seq=log_seq,
        min_time=min_time,
        max_time=max_time,
        samples=samples,
        bytes=size,
        refs=refs,
        block_rows=offsets_of(lengths),
        by_ref=np.argsort(refs, kind="stable"),
    )
