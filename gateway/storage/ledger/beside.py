"""The ledger of a data directory for a short while, whether a gateway serves it or not.

SQLite keeps the two processes apart. The store's own tables are never touched: it trusts its memory of them.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from gateway.storage.database import FAULTS, FILE_NAME, SCHEMA_VERSION, Database
from gateway.storage.errors import StorageUnavailable
from gateway.storage.ledger.ledger import Ledger


@contextmanager
def ledger_of(directory: Path) -> Iterator[Ledger]:
    """Open it; a database that is not there, or is an old one, is made new first. Raises StorageError."""
    if _schema(directory / FILE_NAME) != SCHEMA_VERSION:
        Database(directory).close()
    database = Database(directory, beside=True)
    try:
        yield Ledger(database, threading.Lock())
    finally:
        database.close()


def has_accounts(directory: Path) -> bool:
    """Tell whether there is a token or a user. Makes nothing; raises StorageUnavailable."""
    path = directory / FILE_NAME
    if not path.exists():
        return False
    try:
        with closing(sqlite3.connect(path)) as connection:
            if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'account'").fetchone():
                return False  # from before there were any
            query = "SELECT EXISTS (SELECT 1 FROM token) OR EXISTS (SELECT 1 FROM account)"
            return bool(connection.execute(query).fetchone()[0])
    except FAULTS as error:
        raise StorageUnavailable(f"{path} can't be read: {error}") from error


def _schema(path: Path) -> int | None:
    """Return the version of a database; None when there is none."""
    if not path.exists():
        return None
    try:
        with closing(sqlite3.connect(path)) as connection:
            return int(connection.execute("PRAGMA user_version").fetchone()[0])
    except FAULTS as error:
        raise StorageUnavailable(f"{path} can't be read: {error}") from error
