"""Pieces of process history: bodies, compressed, with a checksum. Knows not what is in one, and no clock."""

import sqlite3
import threading
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Final

import cramjam

from gateway.history.archive import HOUR_MS, Piece
from gateway.history.upkeep import JOINED_BYTES, JOINED_SNAPSHOTS, Hour
from gateway.storage.database import FAULTS
from gateway.storage.errors import StorageUnavailable
from gateway.storage.ledger.ledger import Ledger

Damage = Callable[[str, int, str], None]

ORIGIN: Final = "processes"

# Level 9 takes 4 % less than this, and ten times as long.
_LEVEL: Final = 3
_CHECKSUM_BYTES: Final = 4

# Rows dropped in one transaction: some 6 MB, and a few ms.
_DROP_ROWS: Final = 100
# Pieces of an hour read at once.
_SMALL_ROWS: Final = 512

_INSERT: Final = (
    "INSERT OR IGNORE INTO processes (agent, first, last, snapshots, bytes, body) VALUES (?, ?, ?, ?, ?, ?)"
)
# No piece reaches over the end of an hour, which is why the first times of those wanted are known.
_SELECT: Final = (
    "SELECT id, first, last, snapshots, body FROM processes"
    " WHERE agent = ? AND first BETWEEN ? AND ? AND last >= ? ORDER BY first, id"
)
_SELECT_BEFORE: Final = "SELECT max(first) FROM processes WHERE agent = ? AND first <= ?"
_SELECT_AFTER: Final = "SELECT min(last) FROM processes WHERE agent = ? AND first > ? AND last >= ?"
_SELECT_SCATTERED: Final = (
    "SELECT agent, first / ?1 * ?1 AS hour FROM processes WHERE last < ?2 AND snapshots < ?3 AND bytes < ?4"
    " GROUP BY agent, hour HAVING count(*) > 1 ORDER BY hour DESC LIMIT ?5"
)
_SELECT_SMALL: Final = (
    "SELECT id, first, last, snapshots, body FROM processes WHERE agent = ? AND first BETWEEN ? AND ?"
    " AND snapshots < ? AND bytes < ? ORDER BY first, id LIMIT ?"
)
_MOVE: Final = (
    "INSERT INTO damaged (origin, id, reason, body) SELECT ?, id, ?, body FROM processes WHERE id = ?"
)
# The oldest that are too much: those before which less than the excess was dropped.
_SELECT_EXCESS: Final = (
    "SELECT id, bytes, snapshots FROM (SELECT id, bytes, snapshots,"
    " sum(bytes) OVER (ORDER BY last, id ROWS UNBOUNDED PRECEDING) - bytes AS before"
    " FROM (SELECT id, last, bytes, snapshots FROM processes ORDER BY last, id LIMIT ?2)) WHERE before < ?1"
)
_SELECT_EXPIRED: Final = "SELECT id, bytes, snapshots FROM processes WHERE last < ? ORDER BY last LIMIT ?"
_SELECT_OF_AGENT: Final = "SELECT id, bytes, snapshots FROM processes WHERE agent = ? LIMIT ?"

Row = tuple[int, int, int, int, bytes]


class _Taken(Exception):
    """Another piece has the place of a new one; then the old ones stay."""


class ProcessPieces:
    """The pieces of all agents. For several threads."""

    def __init__(self, ledger: Ledger, damage: Damage) -> None:
        self._ledger = ledger
        self._damage = damage
        self._sums_lock = threading.Lock()
        with self._reading() as reader:
            found = reader.execute("SELECT count(*), coalesce(sum(bytes), 0) FROM processes").fetchone()
        self._rows, self._bytes = map(int, found)

    def add(self, agent: str, piece: Piece) -> bool:
        """Make a piece durable; False if it was there already. Raises StorageUnavailable."""
        body = _sealed(piece.payload)
        row = (agent, piece.first_ms, piece.last_ms, piece.snapshots, len(body), body)
        new = self._ledger.change(lambda connection: connection.execute(_INSERT, row).rowcount == 1)
        if new:
            self._count(1, len(body))
        return new

    def pieces(self, agent: str, start_ms: int, end_ms: int) -> Generator[Piece, None, None]:
        """Return all that reach into a time, both ends included, by their first snapshot, as they are now."""
        given = (agent, start_ms - HOUR_MS, end_ms, start_ms)
        with self._reading() as reader, closing(reader.execute(_SELECT, given)) as rows:
            yield from self._opened(rows)

    def first_before(self, agent: str, time_ms: int) -> int | None:
        """Return the newest of the times that pieces begin at, up to a time."""
        return self._number(_SELECT_BEFORE, agent, time_ms)

    def last_after(self, agent: str, time_ms: int) -> int | None:
        """Return the oldest of the times that pieces end at, from a time on."""
        return self._number(_SELECT_AFTER, agent, time_ms - HOUR_MS, time_ms)

    def replace(self, agent: str, old: Sequence[Piece], new: Piece) -> None:
        """Put one piece into the place of others, unless one of them is gone."""
        body = _sealed(new.payload)
        numbers = [(piece.number,) for piece in old]

        def work(connection: sqlite3.Connection) -> int:
            select = "SELECT bytes FROM processes WHERE id = ?"
            sizes = [row for number in numbers for row in connection.execute(select, number)]
            if len(sizes) < len(numbers):
                return 0
            connection.executemany("DELETE FROM processes WHERE id = ?", numbers)
            row = (agent, new.first_ms, new.last_ms, new.snapshots, len(body), body)
            if not connection.execute(_INSERT, row).rowcount:
                raise _Taken
            return sum(size for (size,) in sizes)

        try:
            removed = self._ledger.change(work)
        except _Taken:
            return
        if removed:
            self._count(1 - len(old), len(body) - removed)

    def set_aside(self, number: int, reason: str) -> None:
        """Take a piece that can't be read out of the way, and tell of it."""

        def work(connection: sqlite3.Connection) -> int | None:
            connection.execute(_MOVE, (ORIGIN, reason, number))
            row = connection.execute(
                "DELETE FROM processes WHERE id = ? RETURNING bytes", (number,)
            ).fetchone()
            return row and int(row[0])

        size = self._ledger.change(work)
        # Another thread may have found it, too.
        if size is not None:
            self._count(-1, -size)
            self._damage(ORIGIN, number, reason)

    def scattered(self, until_ms: int, limit: int) -> Sequence[Hour]:
        """Return agents and starts of hours, ended by then, with several pieces that are worth joining."""
        edge = until_ms // HOUR_MS * HOUR_MS
        given = (HOUR_MS, edge, JOINED_SNAPSHOTS, JOINED_BYTES, limit)
        with self._reading() as reader:
            return list(reader.execute(_SELECT_SCATTERED, given))

    def small(self, agent: str, hour_ms: int) -> Sequence[Piece]:
        """Return pieces of an hour, by their first snapshot, that are worth joining: not all, if too many."""
        given = (agent, hour_ms, hour_ms + HOUR_MS - 1, JOINED_SNAPSHOTS, JOINED_BYTES, _SMALL_ROWS)
        with self._reading() as reader:
            return list(self._opened(reader.execute(_SELECT_SMALL, given).fetchall()))

    def expire(self, edge_ms: int) -> int:
        """Drop some pieces that ended before a time; return how many snapshots, 0 when there are no more."""
        return self._drop(_SELECT_EXPIRED, (edge_ms, _DROP_ROWS))

    def make_room(self, max_bytes: int) -> int:
        """Drop some of the oldest pieces until the rest fits; return how many snapshots, 0 when it fits."""
        excess = self._bytes - max_bytes
        if excess <= 0:
            return 0
        return self._drop(_SELECT_EXCESS, (excess, _DROP_ROWS))

    def forget(self, agent: str) -> None:
        """Drop all pieces of an agent; raises StorageUnavailable."""
        while self._drop(_SELECT_OF_AGENT, (agent, _DROP_ROWS)):
            pass

    def readings(self) -> dict[str, Callable[[], float]]:
        """Return what can be said of the history, each to be asked when it is wanted."""
        return {"pieces": lambda: self._rows, "bytes": lambda: self._bytes}

    def _drop(self, select: str, given: tuple[int | str, int]) -> int:
        def work(connection: sqlite3.Connection) -> list[tuple[int, int, int]]:
            rows = connection.execute(select, given).fetchall()
            connection.executemany("DELETE FROM processes WHERE id = ?", [row[:1] for row in rows])
            return rows

        with self._reading() as reader:
            # The write lock is not for finding out that there is nothing to do.
            if reader.execute(select, given).fetchone() is None:
                return 0
        rows = self._ledger.change(work)
        self._count(-len(rows), -sum(size for _, size, _ in rows))
        return sum(snapshots for _, _, snapshots in rows)

    def _opened(self, rows: Iterable[Row]) -> Iterator[Piece]:
        for number, first_ms, last_ms, snapshots, body in rows:
            try:
                payload = _unsealed(body)
            except (ValueError, cramjam.DecompressionError) as error:
                self.set_aside(number, str(error))
                continue
            yield Piece(
                number=number, first_ms=first_ms, last_ms=last_ms, snapshots=snapshots, payload=payload
            )

    def _number(self, select: str, agent: str, *given: int) -> int | None:
        with self._reading() as reader:
            (found,) = reader.execute(select, (agent, *given)).fetchone()
        return None if found is None else int(found)

    def _count(self, rows: int, size: int) -> None:
        with self._sums_lock:
            self._rows += rows
            self._bytes += size

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        try:
            yield self._ledger.reader
        except FAULTS as error:
            raise StorageUnavailable(f"the process history can't be read: {error}") from error


def _sealed(payload: bytes) -> bytes:
    body = bytes(cramjam.zstd.compress(payload, _LEVEL))
    return zlib.crc32(body).to_bytes(_CHECKSUM_BYTES, "little") + body


def _unsealed(body: bytes) -> bytes:
    """Return the payload; raises ValueError or DecompressionError for what is not what was written."""
    if zlib.crc32(memoryview(body)[_CHECKSUM_BYTES:]) != int.from_bytes(body[:_CHECKSUM_BYTES], "little"):
        raise ValueError("its checksum does not fit its bytes")
    return bytes(cramjam.zstd.decompress(body[_CHECKSUM_BYTES:]))
