"""Histograms and exemplars: kept as they came, a row a commit, and small rows joined later. Knows no query.

They are rare beside samples. A row holds many, for any series: a commit writes one of each kind at the most.
"""

import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from enum import IntEnum
from typing import Final, Generic, NamedTuple, TypeVar

from gateway.storage.database import Database
from gateway.storage.errors import DamagedRow
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
INSERT: Final = "INSERT INTO record (kind, min_time, max_time, body) VALUES (?, ?, ?, ?)"
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
    ) -> None:
        self._kind = kind
        self._database = database
        self._damage = damage
        self._write: Callable[[T], bytes] = write
        self._read: Callable[[bytes], T] = read

    def rows(self, found: Iterable[tuple[int, T]]) -> list[Row]:
        """Return what a commit has to INSERT: one row, or none."""
        records = [Record(ref, one.time_ms, self._write(one)) for ref, one in found]
        return [_row(self._kind, records)] if records else []

    def select(self, refs: Ints, start_ms: int, end_ms: int) -> dict[int, list[T]]:
        """Return what there is of each series, by time; of two for one time the later one."""
        wanted = set(refs.tolist())
        found: dict[int, dict[int, bytes]] = {}
        rows = self._database.reader.execute(_SELECT, (self._kind, start_ms, end_ms))
        for record in self._records(rows):
            if record.ref in wanted and start_ms <= record.time_ms <= end_ms:
                found.setdefault(record.ref, {})[record.time_ms] = record.message
        return {ref: [self._read(times[at]) for at in sorted(times)] for ref, times in found.items()}

    def _records(self, rows: Iterable[tuple[int, bytes]]) -> Iterator[Record]:
        for number, body in rows:
            try:
                yield from _decode(body)
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
                records: list[Record] = [record for _, body in small for record in _decode(body)]
            except DamagedRow:
                return
            transaction.executemany("DELETE FROM record WHERE id = ?", [(number,) for number, _ in small])
            transaction.execute(_REPLACE, (small[-1][0], *_row(self._kind, records)))


def _row(kind: Kind, records: list[Record]) -> Row:
    parts: list[bytes] = []
    for ref, time_ms, message in records:
        parts += (_RECORD.pack(ref, time_ms, len(message)), message)
    body = zlib.compress(b"".join(parts))
    times = [record.time_ms for record in records]
    return int(kind), min(times), max(times), zlib.crc32(body).to_bytes(_CHECKSUM_BYTES, "little") + body


def _decode(raw: bytes) -> Iterator[Record]:
    body = memoryview(raw)[_CHECKSUM_BYTES:]
    if zlib.crc32(body) != int.from_bytes(raw[:_CHECKSUM_BYTES], "little"):
        raise DamagedRow("its checksum is wrong")
    plain = zlib.decompress(body)
    at = 0
    while at < len(plain):
        ref, time_ms, size = _RECORD.unpack_from(plain, at)
        at += _RECORD.size + size
        yield Record(ref, time_ms, plain[at - size : at])
