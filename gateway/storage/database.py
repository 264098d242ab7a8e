"""The SQLite file: how it is opened, its tables, its version. The only module that knows SQL's pragmas.

One connection writes, under the store's lock; every reading thread has one of its own, and each of its
transactions is a snapshot.
"""

import fcntl
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Final, Literal

from gateway.storage.errors import DamagedData, StorageUnavailable, UnknownSchema

Sync = Literal["full", "normal", "off"]

FILE_NAME: Final = "fleetgauge.db"
LOCK_NAME: Final = "lock"

# "flga": lets `file` and us tell our databases from others.
_APPLICATION_ID: Final = 0x666C6761

# A blob's last page is half empty on average: with 16 KiB a sample took half as much again. Small commits
# write less, too.
_PAGE_BYTES: Final = 4 * 1024

# Checkpoint after 64 MiB of write-ahead log: a few seconds of full load.
_CHECKPOINT_PAGES: Final = 16_384

# A reader waits this long for a lock that only recovery takes.
_BUSY_SECONDS: Final = 5.0

# Each entry takes a database from the version of its index to the next; never change one that was released.
_MIGRATIONS: Final = (
    """
    CREATE TABLE log (seq INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
    CREATE TABLE series (first INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
    CREATE TABLE part (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
    CREATE TABLE block (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
    CREATE TABLE record (
        id INTEGER PRIMARY KEY,
        kind INTEGER NOT NULL,
        min_time INTEGER NOT NULL,
        max_time INTEGER NOT NULL,
        body BLOB NOT NULL
    ) STRICT;
    CREATE TABLE damaged (origin TEXT NOT NULL, id INTEGER NOT NULL, reason TEXT NOT NULL, body BLOB) STRICT;
    CREATE TABLE metadata (
        family TEXT PRIMARY KEY, type INTEGER NOT NULL, help TEXT NOT NULL, unit TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    """,
    # `flushed` has one row: the last row of the log that left it, also where no part is left to tell.
    """
    CREATE TABLE tombstone (id INTEGER PRIMARY KEY, record_id INTEGER NOT NULL, body BLOB NOT NULL) STRICT;
    CREATE TABLE flushed (id INTEGER PRIMARY KEY CHECK (id = 0), body BLOB NOT NULL) STRICT;
    """,
    # What agents are changes seldom and is large, how they are changes all the time and is small.
    """
    CREATE TABLE agent (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        facts TEXT NOT NULL,
        edits TEXT NOT NULL,
        first_ms INTEGER NOT NULL,
        named_ms INTEGER NOT NULL,
        is_local INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE agent_life (
        agent_id TEXT PRIMARY KEY,
        status TEXT NOT NULL,
        since_ms INTEGER NOT NULL,
        seen_ms INTEGER NOT NULL,
        skew_s REAL,
        is_skewed INTEGER NOT NULL,
        reasons TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE agent_event (
        id INTEGER PRIMARY KEY,
        agent_id TEXT NOT NULL,
        name TEXT NOT NULL,
        time_ms INTEGER NOT NULL,
        kind TEXT NOT NULL,
        status TEXT NOT NULL,
        detail TEXT NOT NULL
    ) STRICT;
    CREATE INDEX agent_event_of ON agent_event (agent_id, id);
    CREATE INDEX agent_event_at ON agent_event (time_ms);
    """,
    # Accounts. `account_version` has one row: it tells a running gateway that another process changed them.
    """
    CREATE TABLE token (
        id TEXT PRIMARY KEY,
        digest BLOB NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        agents TEXT NOT NULL,
        selector TEXT NOT NULL,
        note TEXT NOT NULL,
        created INTEGER NOT NULL,
        created_by TEXT NOT NULL,
        expires INTEGER,
        used INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE account (
        name TEXT PRIMARY KEY, role TEXT NOT NULL, password TEXT NOT NULL, created INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE session (
        digest BLOB PRIMARY KEY, account TEXT NOT NULL, created INTEGER NOT NULL, seen INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE account_version (id INTEGER PRIMARY KEY CHECK (id = 0), version INTEGER NOT NULL) STRICT;
    INSERT INTO account_version VALUES (0, 0);
    CREATE TABLE audit (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        time INTEGER NOT NULL,
        actor TEXT NOT NULL,
        address TEXT NOT NULL,
        action TEXT NOT NULL,
        subject TEXT NOT NULL,
        detail TEXT NOT NULL
    ) STRICT;
    """,
    # Process history. The first index has all that is asked without the bodies.
    """
    CREATE TABLE processes (
        id INTEGER PRIMARY KEY,
        agent TEXT NOT NULL,
        first INTEGER NOT NULL,
        last INTEGER NOT NULL,
        snapshots INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        body BLOB NOT NULL,
        UNIQUE (agent, first, last, snapshots)
    ) STRICT;
    CREATE INDEX processes_by_age ON processes (last, bytes, snapshots);
    """,
    # Alerts. Bodies are JSON, but for evidence. Every version of a managed group is kept.
    """
    CREATE TABLE rule_group (
        name TEXT NOT NULL,
        version INTEGER NOT NULL,
        text TEXT NOT NULL,
        is_enabled INTEGER NOT NULL,
        is_deleted INTEGER NOT NULL,
        changed_ms INTEGER NOT NULL,
        changed_by TEXT NOT NULL,
        PRIMARY KEY (name, version)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE alert (
        fingerprint TEXT PRIMARY KEY, ends_ms INTEGER NOT NULL, body TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE silence (
        id TEXT PRIMARY KEY, ends_ms INTEGER NOT NULL, body TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE told (
        key TEXT PRIMARY KEY, expires_ms INTEGER NOT NULL, body TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE delivery (
        id INTEGER PRIMARY KEY,
        time_ms INTEGER NOT NULL,
        receiver TEXT NOT NULL,
        integration TEXT NOT NULL,
        outcome TEXT NOT NULL,
        body TEXT NOT NULL
    ) STRICT;
    CREATE INDEX delivery_at ON delivery (time_ms);
    CREATE TABLE alert_history (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        fingerprint TEXT NOT NULL,
        name TEXT NOT NULL,
        starts_ms INTEGER NOT NULL,
        resolved_ms INTEGER,
        body TEXT NOT NULL,
        evidence BLOB
    ) STRICT;
    CREATE INDEX alert_history_open ON alert_history (fingerprint) WHERE resolved_ms IS NULL;
    CREATE INDEX alert_history_at ON alert_history (starts_ms);
    """,
)
SCHEMA_VERSION: Final = len(_MIGRATIONS)


# A damaged database makes Python's module fail on the text of SQLite's own message.
FAULTS: Final = (OSError, sqlite3.Error, UnicodeDecodeError)


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Keep other gateways out of a directory: each would trust its own memory of what is in the file."""
    with (directory / LOCK_NAME).open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StorageUnavailable(f"{directory / FILE_NAME} is in use by another gateway") from None
        yield


def check_version(connection: sqlite3.Connection, path: Path) -> int:
    """Return the version of a database's tables; raises UnknownSchema where it can't be known."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if tables and application != _APPLICATION_ID:
        raise UnknownSchema(f"{path} is a database of another program")
    if version > SCHEMA_VERSION:
        raise UnknownSchema(
            f"{path} was written by a newer fleetgauge (schema {version}, this one knows "
            f"{SCHEMA_VERSION}): start that version, or restore a backup made before the upgrade"
        )
    return int(version)


class Database:
    """One open database file."""

    def __init__(self, directory: Path, sync: Sync = "full", *, beside: bool = False) -> None:
        """Open it, alone; or `beside` a store that has it open, to touch none of the store's own tables."""
        self._path = directory / FILE_NAME
        self._wal = directory / f"{FILE_NAME}-wal"
        self._sync = sync
        self._readers = threading.local()
        # Whatever has to be closed, in this order.
        self._open = ExitStack()
        with self._closing_on_error("opened"):
            directory.mkdir(parents=True, exist_ok=True)
            if not beside:
                self._open.enter_context(locked(directory))
            self.writer = self._connect()
            if beside:
                # Moving the log into the file is left to the store.
                self.writer.execute("PRAGMA wal_autocheckpoint=0")
            else:
                self._prepare()

    @contextmanager
    def _closing_on_error(self, done: str) -> Iterator[None]:
        try:
            with ExitStack() as undo:
                undo.callback(self.close)
                yield
                undo.pop_all()
        except (*FAULTS, DamagedData) as error:
            raise StorageUnavailable(f"{self._path} can't be {done}: {error}") from error

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        self._open.callback(connection.close)
        connection.execute(f"PRAGMA synchronous={self._sync}")
        return connection

    def _prepare(self) -> None:
        version = check_version(self.writer, self._path)
        (tables,) = self.writer.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if not tables:
            self.writer.execute(f"PRAGMA page_size={_PAGE_BYTES}")
            self.writer.execute("PRAGMA auto_vacuum=INCREMENTAL")
        self.writer.execute("PRAGMA journal_mode=WAL")
        self.writer.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")
        for number in range(version, SCHEMA_VERSION):
            self.writer.executescript(
                f"BEGIN IMMEDIATE; {_MIGRATIONS[number]}; PRAGMA application_id={_APPLICATION_ID};"
                f"PRAGMA user_version={number + 1}; COMMIT;"
            )

    def loading(self) -> AbstractContextManager[None]:
        """Surround the reading of what must be read before the store is open."""
        return self._closing_on_error("read")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write, durably and all or nothing; the caller holds the store's lock."""
        try:
            self.writer.execute("BEGIN IMMEDIATE")
            yield self.writer
            self.writer.execute("COMMIT")
        except FAULTS as error:
            raise StorageUnavailable(f"{self._path} can't be written: {error}") from error
        finally:
            if self.writer.in_transaction:
                self._roll_back()

    def _roll_back(self) -> None:
        try:
            self.writer.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise StorageUnavailable(f"{self._path} can't be written: {error}") from error

    @property
    def reader(self) -> sqlite3.Connection:
        """This thread's connection for reading."""
        connection: sqlite3.Connection | None = getattr(self._readers, "connection", None)
        if connection is None:
            connection = self._readers.connection = self._connect()
            connection.execute("PRAGMA query_only=1")
        return connection

    def used_bytes(self) -> int:
        """Return the size of what is stored: the file without its free pages."""
        connection = self.reader
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        (free,) = connection.execute("PRAGMA freelist_count").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        return int((pages - free) * size)

    def wal_bytes(self) -> int:
        """Return the size of the write-ahead log, which keeps it after a checkpoint."""
        try:
            return self._wal.stat().st_size
        except FileNotFoundError:
            return 0

    def give_back(self, pages: int) -> None:
        """Return up to so many free pages to the file system; the caller holds the store's lock."""
        # A script, since Python's `execute` takes one step of it, and each step is one page.
        try:
            self.writer.executescript(f"PRAGMA incremental_vacuum({pages})")
        except FAULTS as error:
            raise StorageUnavailable(f"{self._path} can't be made smaller: {error}") from error

    def close(self) -> None:
        """Close all connections; the last one moves the write-ahead log into the file."""
        self._open.close()
