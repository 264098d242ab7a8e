"""Histograms and exemplars: kept as they came, a row a commit, and small rows joined later. Knows no query.

They are rare beside samples. A row holds many, for any series: a commit writes one of each kind at the most.
"""

import sqlite3
import struct
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import IntEnum
from typing import Final, Generic, NamedTuple, TypeVar

from gateway.storage.database import Database
from gateway.storage.errors import DamagedRow
from gateway.storage.tombstones import Tombstone
from timeseries.columns import Ints
from timeseries.exemplar import Exemplar
from timeseries.histogram import HistogramSample

# Reference, time, bytes of the message that follows.
_RECORD: Final = struct.Struct("<IqI")
_CHECKSUM_BYTES: Final = 4

# Rows below this size are joined when there are so many of them.
_SMALL_BYTES: Final = 256 * 1024
_JOIN_ROWS: Final = 64

_SELECT: Final = "SELECT id, body FROM record WHERE kind = ? AND max_time >= ? AND min_time <= ? ORDER BY id"
# Only rows after the last large one: of two records for one time the later one must stay the later one.
_SELECT_SMALL: Final = (
    "SELECT id, body FROM record WHERE kind = ?1 AND id > (SELECT coalesce(max(id), 0) FROM record"
    " WHERE kind = ?1 AND length(body) >= ?2) ORDER BY id LIMIT ?3"
)
# A number that a tombstone covers is not used again, though its row may be gone.
INSERT: Final = (
    "INSERT INTO record (id, kind, min_time, max_time, body) VALUES (1 + max((SELECT coalesce(max(id), 0)"
    " FROM record), (SELECT coalesce(max(record_id), 0) FROM tombstone)), ?, ?, ?, ?)"
)
_REMOVE: Final = "DELETE FROM record WHERE id = ?"
_SELECT_ONE: Final = "SELECT body FROM record WHERE id = ?"
_SELECT_COVERED: Final = (
    "SELECT id FROM record WHERE kind = ? AND id <= ? AND max_time >= ? AND min_time <= ?"
)
_REPLACE: Final = "INSERT INTO record (id, kind, min_time, max_time, body) VALUES (?, ?, ?, ?, ?)"

T = TypeVar("T", HistogramSample, Exemplar)
Damage = Callable[[str, int, str], None]
Row = tuple[int, int, int, bytes]


class Kind(IntEnum):
    """What a row holds; the numbers are those in the database."""

    HISTOGRAM = 1
    EXEMPLAR = 2


class Record(NamedTuple):
    """A message, whose it is, and its time."""

    ref: int
    time_ms: int
    message: bytes


class Records(Generic[T]):
    """All records of one kind."""

    def __init__(
        self,
        kind: Kind,
        database: Database,
        damage: Damage,
        *,
        write: Callable[[T], bytes],
        read: Callable[[bytes], T],
        tombstones: Callable[[], tuple[Tombstone, ...]],
    ) -> None:
        self._kind = kind
        self._database = database
        self._damage = damage
        self._write: Callable[[T], bytes] = write
        self._read: Callable[[bytes], T] = read
        self._tombstones = tombstones

    def rows(self, found: Iterable[tuple[int, T]]) -> list[Row]:
        """Return what a commit has to INSERT: one row, or none."""
        records = [Record(ref, one.time_ms, self._write(one)) for ref, one in found]
        return [_row(self._kind, records)] if records else []

    def select(self, refs: Ints, start_ms: int, end_ms: int) -> dict[int, list[T]]:
        """Return what there is of each series, by time; of two for one time the later one."""
        wanted = set(refs.tolist())
        found: dict[int, dict[int, bytes]] = {}
        rows, tombstones = self._rows(start_ms, end_ms)
        covered = _covered([one for one in tombstones if one.overlaps(start_ms, end_ms)])
        for record in self._records(rows, covered):
            if record.ref in wanted and start_ms <= record.time_ms <= end_ms:
                found.setdefault(record.ref, {})[record.time_ms] = record.message
        return {ref: [self._read(times[at]) for at in sorted(times)] for ref, times in found.items()}

    def refs(self, start_ms: int, end_ms: int) -> set[int]:
        """Return the series that have any in this span."""
        rows, tombstones = self._rows(start_ms, end_ms)
        covered = _covered([one for one in tombstones if one.overlaps(start_ms, end_ms)])
        return {one.ref for one in self._records(rows, covered) if start_ms <= one.time_ms <= end_ms}

    def _rows(self, start_ms: int, end_ms: int) -> tuple[Iterable[tuple[int, bytes]], tuple[Tombstone, ...]]:
        """Return rows, and the tombstones of the moment at which they were as they are."""
        while True:
            tombstones = self._tombstones()
            rows = self._database.reader.execute(_SELECT, (self._kind, start_ms, end_ms))
            if self._tombstones() is tombstones:
                return rows, tombstones
            rows.close()  # as long as it is open the next one sees the same rows

    def _records(self, rows: Iterable[tuple[int, bytes]], covered: "_Covered") -> Iterator[Record]:
        for number, body in rows:
            try:
                yield from _left(number, body, covered)
            except DamagedRow as error:
                self._damage(self._kind.name.lower(), number, str(error))

    def drop(self, edge_ms: int) -> None:
        """Remove rows past the retention; the caller holds the write lock."""
        with self._database.transaction() as transaction:
            transaction.execute("DELETE FROM record WHERE kind = ? AND max_time < ?", (self._kind, edge_ms))

    def join_small(self) -> None:
        """Make one row of many small ones; the caller holds the write lock.

        A row that can't be read stays as it is, and the others with it.
        """
        with self._database.transaction() as transaction:
            small = transaction.execute(_SELECT_SMALL, (self._kind, _SMALL_BYTES, _JOIN_ROWS)).fetchall()
            if len(small) < _JOIN_ROWS:
                return
            try:
                covered = _covered(self._tombstones())
                records: list[Record] = [
                    record for number, body in small for record in _left(number, body, covered)
                ]
            except DamagedRow:
                return
            transaction.executemany(_REMOVE, [(number,) for number, _ in small])
            if records:
                transaction.execute(_REPLACE, (small[-1][0], *_row(self._kind, records)))

    def clear(self, tombstones: Sequence[Tombstone], lock: threading.Lock) -> None:
        """Write the rows anew that have something that tombstones cover; one that can't be read stays."""
        reader = self._database.reader
        numbers = {
            number
            for one in tombstones
            for (number,) in reader.execute(
                _SELECT_COVERED, (self._kind, one.record_id, one.start_ms, one.end_ms)
            ).fetchall()
        }
        covered = _covered(tombstones)
        for number in sorted(numbers):
            with lock, self._database.transaction() as transaction:
                row = transaction.execute(_SELECT_ONE, (number,)).fetchone()
                if row is not None:
                    self._clear_row(transaction, number, row[0], covered)

    def _clear_row(
        self, transaction: sqlite3.Connection, number: int, body: bytes, covered: "_Covered"
    ) -> None:
        try:
            every: list[Record] = list(_decode(body))
            left: list[Record] = list(_left(number, body, covered))
        except DamagedRow:
            return
        if len(left) < len(every):
            transaction.execute(_REMOVE, (number,))
        if 0 < len(left) < len(every):
            transaction.execute(_REPLACE, (number, *_row(self._kind, left)))


_Covered = Sequence[tuple[Tombstone, frozenset[int]]]


def _covered(tombstones: Sequence[Tombstone]) -> _Covered:
    return [(one, frozenset(one.refs.tolist())) for one in tombstones if one.record_id]


def _left(number: int, body: bytes, covered: _Covered) -> Iterator[Record]:
    """Read the records of a row that no tombstone covers; raises DamagedRow."""
    some = [(one, refs) for one, refs in covered if number <= one.record_id]
    if not some:
        yield from _decode(body)
        return
    for record in _decode(body):
        if not any(record.ref in refs and one.start_ms <= record.time_ms <= one.end_ms for one, refs in some):
            yield record


def _row(kind: Kind, records: list[Record]) -> Row:
    parts: list[bytes] = []
    for ref, time_ms, message in records:
        parts += (_RECORD.pack(ref, time_ms, len(message)), message)
    body = zlib.compress(b"".join(parts))
    times = [record.time_ms for record in records]
    return int(kind), min(times), max(times), zlib.crc32(body).to_bytes(_CHECKSUM_BYTES, "little") + body


def check_records(raw: bytes) -> None:
    """Raise DamagedRow unless a row is what was written."""
    if zlib.crc32(memoryview(raw)[_CHECKSUM_BYTES:]) != int.from_bytes(raw[:_CHECKSUM_BYTES], "little"):
        raise DamagedRow("its checksum is wrong")


def _decode(raw: bytes) -> Iterator[Record]:
    check_records(raw)
    plain = zlib.decompress(memoryview(raw)[_CHECKSUM_BYTES:])
    at = 0
    while at < len(plain):
        ref, time_ms, size = _RECORD.unpack_from(plain, at)
        at += _RECORD.size + size
        yield Record(ref, time_ms, plain[at - size : at])
