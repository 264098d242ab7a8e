"""Changes of the small tables, durable and all or nothing; many at once share a commit. Knows no table."""

import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from gateway.storage.database import FAULTS, Database
from gateway.storage.errors import StorageUnavailable

T = TypeVar("T")

Work = Callable[[sqlite3.Connection], T]


@dataclass(slots=True, kw_only=True, eq=False)
class _Change(Generic[T]):
    """Something to do, and what came of it: results, or what was raised."""

    work: Work[T]
    results: list[T] = field(default_factory=list)
    error: Exception | None = None
    done: bool = False

    def run(self, connection: sqlite3.Connection) -> None:
        """Do it by itself: what it raises undoes its own changes and nobody else's."""
        connection.execute("SAVEPOINT change")
        try:
            self.results = [self.work(connection)]
        except Exception as error:
            if isinstance(error, FAULTS) and not isinstance(error, sqlite3.IntegrityError):
                # The disk, not the work: the whole transaction fails.
                raise
            connection.execute("ROLLBACK TO change")
            self.error = error
        connection.execute("RELEASE change")


class Ledger:
    """The tables of one database. For several threads."""

    def __init__(self, database: Database, lock: threading.Lock) -> None:
        self._database = database
        self._lock = lock
        self._queue_lock = threading.Lock()
        self._waiting: list[_Change[object]] = []

    def change(self, work: Work[T]) -> T:
        """Return what `work` returns, once its changes are durable; raise what it raises, and keep nothing.

        It runs under the write lock, so it must be short, and touch nothing but its tables.
        """
        mine: _Change[T] = _Change(work=work)
        with self._queue_lock:
            self._waiting.append(mine)  # type: ignore[arg-type]  # a list of changes of any result
        with self._lock:
            if not mine.done:
                self._write()
        if mine.error is not None:
            raise mine.error
        return mine.results[0]

    @property
    def reader(self) -> sqlite3.Connection:
        """This thread's connection for reading."""
        return self._database.reader

    def _write(self) -> None:
        with self._queue_lock:
            group, self._waiting = self._waiting, []
        try:
            with self._database.transaction() as transaction:
                for change in group:
                    change.run(transaction)
        except StorageUnavailable as error:
            for change in group:
                change.error = error
        for change in group:
            change.done = True
