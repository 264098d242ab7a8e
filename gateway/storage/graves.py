"""The tombstones in the database: adding, changing and removing them. Knows neither parts nor samples."""

from collections.abc import Sequence
from dataclasses import replace

from gateway.storage.database import Database
from gateway.storage.errors import DamagedData
from gateway.storage.library import Damage
from gateway.storage.tombstones import Tombstone, decode_tombstone, encode_tombstone


class Graves:
    """All tombstones on the disk; whoever writes holds the store's write lock."""

    def __init__(self, database: Database, damage: Damage) -> None:
        self._database = database
        self._damage = damage

    def load(self, series: int) -> tuple[Tombstone, ...]:
        """Return all tombstones of references below `series`; one that can't be read is told and left out."""
        found = []
        for number, body in self._database.writer.execute("SELECT id, body FROM tombstone ORDER BY id"):
            try:
                found.append(decode_tombstone(number, body, series))
            except DamagedData as error:
                self._damage("tombstone", number, str(error))
        return tuple(found)

    def add(self, one: Tombstone) -> Tombstone:
        """Make a tombstone durable; return it with its id and the last row of records, which it covers."""
        with self._database.transaction() as transaction:
            (number,) = transaction.execute("SELECT coalesce(max(id), 0) + 1 FROM tombstone").fetchone()
            (record,) = transaction.execute("SELECT coalesce(max(id), 0) FROM record").fetchone()
            whole = replace(one, id=number, record_id=record)
            transaction.execute(
                "INSERT INTO tombstone (id, record_id, body) VALUES (?, ?, ?)",
                (number, record, encode_tombstone(whole)),
            )
        return whole

    def change(self, changed: Sequence[Tombstone]) -> None:
        """Write tombstones anew."""
        with self._database.transaction() as transaction:
            transaction.executemany(
                "UPDATE tombstone SET record_id = ?, body = ? WHERE id = ?",
                [(one.record_id, encode_tombstone(one), one.id) for one in changed],
            )

    def remove(self, spent: Sequence[Tombstone]) -> None:
        """Forget tombstones."""
        with self._database.transaction() as transaction:
            transaction.executemany("DELETE FROM tombstone WHERE id = ?", [(one.id,) for one in spent])

    def in_log(self, one: Tombstone) -> bool:
        """Tell whether a row of the log is left that it covers."""
        row = self._database.reader.execute("SELECT 1 FROM log WHERE seq <= ? LIMIT 1", (one.log_seq,))
        return row.fetchone() is not None

    def in_records(self, one: Tombstone) -> bool:
        """Tell whether a row of histograms or exemplars may hold something that it covers."""
        row = self._database.reader.execute(
            "SELECT 1 FROM record WHERE id <= ? AND max_time >= ? AND min_time <= ? LIMIT 1",
            (one.record_id, one.start_ms, one.end_ms),
        )
        return row.fetchone() is not None
