"""The parts in the database: reading their blocks, adding and removing whole parts.

A reader takes the list of parts first and its snapshot of the database second. So that the one fits the
other, the blocks of a part that was replaced go only after nobody can begin to read it any more.
"""

import threading
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import numpy as np

from gateway.storage.blocks import decode_block, encode_block
from gateway.storage.database import FAULTS, Database
from gateway.storage.errors import DamagedBlock, DamagedData
from gateway.storage.part import (
    Block,
    Cut,
    Part,
    block_id,
    decode_part,
    encode_part,
    part_of,
)
from timeseries.columns import Columns, Ints, offsets_of

# The body of a part that is not finished, or replaced and about to go: its blocks are not to be read.
_NOTHING: Final = b""

_INSERT_BLOCK: Final = "INSERT INTO block (id, body) VALUES (?, ?)"
_SET_PART: Final = "UPDATE part SET body = ? WHERE id = ?"
_REMOVE_PART: Final = "DELETE FROM part WHERE id = ?"
_SET_FLUSHED: Final = "INSERT OR REPLACE INTO flushed (id, body) VALUES (0, ?)"
_SELECT_SIZES: Final = "SELECT id, length(body) FROM block WHERE id >= ? AND id < ?"
_REMOVE_BLOCKS: Final = "DELETE FROM block WHERE id >= ? AND id < ?"

# Decoded blocks that are kept: 20,000 series of an hour are 80 MB.
_CACHE_BYTES: Final = 128 << 20

# Blocks written in one transaction: samples that arrive wait for no more.
_WRITE_BYTES: Final = 4 << 20

# Blocks or log rows removed in one transaction.
REMOVE_ROWS: Final = 256

Damage = Callable[[str, int, str], None]


class Library:
    """The blocks of all parts. `damage` is told what can't be read: where it stood, its number, and why."""

    def __init__(self, database: Database, damage: Damage) -> None:
        self._database = database
        self._damage = damage
        self.cache = BlockCache(_CACHE_BYTES)
        # The last row of the log that is in a part, or was.
        self.flushed = 0

    def load(self) -> tuple[Part, ...]:
        """Return all parts, the oldest data first; one that can't be read is told, kept, and left out."""
        parts = []
        for number, body in self._database.writer.execute("SELECT id, body FROM part WHERE body != x''"):
            try:
                part = decode_part(body)
                if part.id != number:
                    raise DamagedBlock(f"it calls itself part {part.id}")
            except DamagedBlock as error:
                self._damage("part", number, str(error))
            else:
                parts.append(part)
        self.flushed = max([self._load_flushed(), *(part.log_seq for part in parts)])
        return tuple(sorted(parts, key=lambda part: (part.log_seq, part.id)))

    def _load_flushed(self) -> int:
        row = self._database.writer.execute("SELECT body FROM flushed").fetchone()
        if row is None:
            return 0
        try:
            return decode_flushed(row[0])
        except DamagedData as error:
            self._damage("flushed", 0, str(error))
            return 0

    def tidy(self) -> int:
        """Remove what was not finished or is no longer wanted; return the id for the next part.

        Blocks of no part at all are told, and stay: what names them was lost.
        """
        writer = self._database.writer
        lengths = dict(writer.execute("SELECT id, length(body) FROM part").fetchall())
        last = max(lengths, default=0)
        for number, length in lengths.items():
            if not length:
                with self._database.transaction() as transaction:
                    transaction.execute(
                        "DELETE FROM block WHERE id >= ? AND id < ?",
                        (block_id(number, 0), block_id(number + 1, 0)),
                    )
                    transaction.execute(_REMOVE_PART, (number,))
        at = 0
        while (
            row := writer.execute("SELECT id FROM block WHERE id >= ? LIMIT 1", (at,)).fetchone()
        ) is not None:
            owner = part_of(row[0])
            if owner not in lengths:
                self._damage("part", owner, "its blocks are there, but it is not")
                last = max(last, owner)
            at = block_id(owner + 1, 0)
        return last + 1

    @contextmanager
    def snapshot(self, current: Callable[[], tuple[Part, ...]]) -> Iterator[tuple[Part, ...]]:
        """Give a list of parts whose blocks stay readable meanwhile."""
        reader = self._database.reader
        while True:
            parts = current()
            reader.execute("BEGIN")
            reader.execute("SELECT 1 FROM part LIMIT 1").fetchall()
            if current() is parts:
                break
            reader.execute("ROLLBACK")
        try:
            yield parts
        finally:
            reader.execute("ROLLBACK")

    def fetch(self, ids: Sequence[int]) -> list[Block]:
        """Return blocks; one that can't be read has no samples."""
        found = self.cache.get(ids)
        missing = [one for one in ids if one not in found]
        for one in missing:
            found[one] = self._read(one)
        self.cache.put({one: found[one] for one in missing})
        return [found[one] for one in ids]

    def read(self, ids: Sequence[int]) -> list[Block]:
        """Return blocks without keeping them."""
        return [self._read(one) for one in ids]

    def _read(self, number: int) -> Block:
        try:
            row = self._database.reader.execute("SELECT body FROM block WHERE id = ?", (number,)).fetchone()
            if row is None:
                raise DamagedBlock("it is not there")
            columns, starts = decode_block(row[0])
        except (DamagedData, *FAULTS) as error:
            self._damage("block", number, str(error))
            empty = np.empty(0, np.int64)
            return Block(
                Columns(times=empty, values=empty.view(np.float64), offsets=np.zeros(256, np.int64)), None
            )
        return Block(columns, starts)

    def block_bytes(self, part: Part) -> Ints:
        """Return the size of each block of a part, in their order; the caller has a snapshot."""
        ids = (block_id(part.id, 0), block_id(part.id + 1, 0))
        sizes = np.zeros(len(part.block_rows) - 1, np.int64)
        for number, size in self._database.reader.execute(_SELECT_SIZES, ids):
            sizes[number - ids[0]] = size
        return sizes

    def write(
        self, number: int, log_seq: int, cuts: Iterable[Cut], lock: threading.Lock, replaced: Sequence[Part]
    ) -> Part | None:
        """Write a part, and in the transaction that makes it visible strike out those that it replaces.

        Returns None, and there is no part, where there was nothing to write.
        """
        with lock, self._database.transaction() as transaction:
            transaction.execute("INSERT INTO part (id, body) VALUES (?, ?)", (number, _NOTHING))
        draft = _Draft(number, log_seq)
        pending: list[tuple[int, bytes]] = []
        for cut in cuts:
            pending.append(draft.add(cut))
            if sum(len(body) for _, body in pending) >= _WRITE_BYTES:
                with lock, self._database.transaction() as transaction:
                    transaction.executemany(_INSERT_BLOCK, pending)
                pending = []
        part = draft.part()
        with lock, self._database.transaction() as transaction:
            transaction.executemany(_INSERT_BLOCK, pending)
            transaction.executemany(_SET_PART, [(_NOTHING, one.id) for one in replaced])
            if part is not None:
                transaction.execute(_SET_PART, (encode_part(part), number))
            else:
                transaction.execute(_REMOVE_PART, (number,))
                transaction.execute(_SET_FLUSHED, (encode_flushed(max(log_seq, self.flushed)),))
        self.flushed = max(log_seq, self.flushed)
        return part

    def strike_out(self, parts: Sequence[Part], lock: threading.Lock) -> None:
        """Make parts invisible to whoever opens the database next."""
        with lock, self._database.transaction() as transaction:
            transaction.executemany(_SET_PART, [(_NOTHING, one.id) for one in parts])
            transaction.execute(_SET_FLUSHED, (encode_flushed(self.flushed),))

    def remove(self, parts: Sequence[Part], lock: threading.Lock) -> None:
        """Remove parts that were struck out and that nobody reads any more, a few blocks at a time."""
        for part in parts:
            first, last = block_id(part.id, 0), block_id(part.id, len(part.block_rows) - 1)
            for start in range(first, last, REMOVE_ROWS):
                with lock, self._database.transaction() as transaction:
                    end = min(start + REMOVE_ROWS, last)
                    transaction.execute(_REMOVE_BLOCKS, (start, end))
            with lock, self._database.transaction() as transaction:
                transaction.execute(_REMOVE_PART, (part.id,))


def encode_flushed(log_seq: int) -> bytes:
    """Write the number of a row of the log, with a checksum."""
    body = log_seq.to_bytes(8, "little")
    return body + zlib.crc32(body).to_bytes(4, "little")


def decode_flushed(raw: bytes) -> int:
    """Read the number of a row of the log; raises DamagedData."""
    if len(raw) != 12 or zlib.crc32(raw[:8]) != int.from_bytes(raw[8:], "little"):
        raise DamagedData("its checksum is wrong")
    return int.from_bytes(raw[:8], "little")


class _Draft:
    """A part while its blocks are written."""

    def __init__(self, number: int, log_seq: int) -> None:
        self._number = number
        self._log_seq = log_seq
        self._refs: list[Ints] = []
        self._low = 1 << 63
        self._high = -(1 << 63)
        self._samples = 0
        self._bytes = 0

    def add(self, cut: Cut) -> tuple[int, bytes]:
        """Encode the next block; return its row."""
        refs, (columns, starts) = cut
        body = encode_block(columns, starts)
        number = block_id(self._number, len(self._refs))
        self._refs.append(refs)
        self._low = min(self._low, int(columns.times.min()))
        self._high = max(self._high, int(columns.times.max()))
        self._samples += len(columns.times)
        self._bytes += len(body)
        return number, body

    def part(self) -> Part | None:
        """Return the part, None when it has no block."""
        if not self._refs:
            return None
        refs = np.concatenate(self._refs)
        return Part(
            id=self._number,
            log_seq=self._log_seq,
            min_time=self._low,
            max_time=self._high,
            samples=self._samples,
            bytes=self._bytes,
            refs=refs,
            block_rows=offsets_of(np.fromiter(map(len, self._refs), np.int64, len(self._refs))),
            by_ref=np.argsort(refs, kind="stable"),
        )


class BlockCache:
    """Decoded blocks, the last used ones, up to so many bytes."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._blocks: OrderedDict[int, Block] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()
        self.hits = 0
        self.misses = 0

    def get(self, ids: Sequence[int]) -> dict[int, Block]:
        """Return those that are here."""
        with self._lock:
            found = {one: self._blocks[one] for one in ids if one in self._blocks}
            for one in found:
                self._blocks.move_to_end(one)
            self.hits += len(found)
            self.misses += len(ids) - len(found)
        return found

    def put(self, blocks: dict[int, Block]) -> None:
        """Keep these, and let go of those not used for longest."""
        with self._lock:
            for number, block in blocks.items():
                if number not in self._blocks:
                    self._blocks[number] = block
                    self._size += _bytes_of(block)
            while self._size > self._capacity and len(self._blocks) > 1:
                _, block = self._blocks.popitem(last=False)
                self._size -= _bytes_of(block)


def _bytes_of(block: Block) -> int:
    columns = block.columns
    starts = 0 if block.starts is None else block.starts.nbytes
    return columns.times.nbytes + columns.values.nbytes + columns.offsets.nbytes + starts
