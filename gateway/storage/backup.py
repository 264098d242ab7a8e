"""Copies the database beside a gateway that runs, and puts a copy back. Must not need a store that is open.

A copy is made in one transaction of reading, so it holds what was committed when it began; the gateway goes
on meanwhile. It is checked as a whole before it gets its name, and again before it takes another's place.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from gateway.storage.checking import DIGEST_TABLE, Examination, Told, faults_of
from gateway.storage.database import FAULTS, FILE_NAME, LOCK_NAME, check_version, locked
from gateway.storage.errors import DamagedData, NotRestored, StorageError, StorageUnavailable
from gateway.storage.packing import is_packed, pack, unpack
from gateway.storage.store import Store

# Copied in one go: some milliseconds, so that a terminal sees it move and Ctrl-C is heard.
_PAGES: Final = 2048

_COMPRESSED: Final = ".zst"

# What SQLite may leave beside a database.
_BESIDE: Final = ("-journal", "-wal", "-shm")
_RESTORING: Final = f"{FILE_NAME}.restoring"

# What may be in a directory that counts as empty: file systems have the last one at their top.
_NOBODYS: Final = frozenset(
    (LOCK_NAME, _RESTORING, f"{_RESTORING}.zst", *(f"{_RESTORING}{end}" for end in _BESIDE), "lost+found")
)

_MANY: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a restored directory holds, and what of it can't be read."""

    series: int
    samples: int
    damage: tuple[str, ...]


def back_up(directory: Path, target: Path, *, told: Told, keep_damaged: bool = False) -> list[str]:
    """Make a copy of the data in a directory; return what is damaged in it.

    Raises StorageError, and then nothing has the name of the target that had it not before; so it is, too,
    where something is damaged and this shall not be kept.
    """
    source = directory / FILE_NAME
    if not source.is_file():
        raise StorageUnavailable(f"there is no {source} to back up")
    if target.resolve().parent == directory.resolve():
        raise StorageUnavailable(f"{target} would lie among the data itself")
    with _scratch(target.with_name(f"{target.name}.tmp")) as draft, _sentences(source, "backed up"):
        _copy(source, draft, told)
        damage = _seal(draft, told)
        if damage and not keep_damaged:
            raise StorageUnavailable(f"{source} is damaged, and no backup was kept: {_few(damage)}")
        if target.suffix == _COMPRESSED:
            with _scratch(target.with_name(f"{target.name}.tmp{_COMPRESSED}")) as packed:
                told("compressing", 0, draft.stat().st_size)
                pack(draft, packed)
                _put(packed, target)
        else:
            _put(draft, target)
    return damage


def restore(
    file: Path, directory: Path, *, told: Told, force: bool = False, take_damaged: bool = False
) -> Contents:
    """Make a backup the data of a directory; raises StorageError, and then the directory is as it was."""
    if not file.is_file():
        raise NotRestored(f"there is no file {file}")
    with _sentences(directory, "restored to"):
        directory.mkdir(parents=True, exist_ok=True)
        with locked(directory), _scratch(directory / _RESTORING) as draft:
            others = sorted(one.name for one in directory.iterdir() if one.name not in _NOBODYS)
            if others and not force:
                raise NotRestored(
                    f"{directory} is not empty: it has {_few(others)}. With --force its data are replaced"
                )
            _unpack(file, draft, told)
            damage = _unseal(file, draft, told)
            if damage and not take_damaged:
                raise NotRestored(
                    f"{file} is a backup of damaged data: {_few(damage)}. With --take-damaged it is restored"
                )
            for end in _BESIDE:
                (directory / f"{FILE_NAME}{end}").unlink(missing_ok=True)
            _put(draft, directory / FILE_NAME)
    return _look(directory)


def _copy(source: Path, draft: Path, told: Told) -> None:
    with closing(_open(source)) as reader, closing(_open(draft)) as writer:
        check_version(reader, source)
        reader.execute("PRAGMA query_only=1")
        # Without a transaction of its own each step would see another state, and begin anew.
        reader.execute("BEGIN")
        reader.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchall()
        (page,) = reader.execute("PRAGMA page_size").fetchone()
        writer.execute("PRAGMA synchronous=OFF")
        reader.backup(
            writer,
            pages=_PAGES,
            progress=lambda _, left, all_: told("copying", (all_ - left) * page, all_ * page),
        )


def _seal(draft: Path, told: Told) -> list[str]:
    """Check a copy, and note its digest in it; make it one file."""
    with closing(_open(draft)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute(f"DROP TABLE IF EXISTS {DIGEST_TABLE}")
        found = _examined(connection, draft, told)
        connection.execute(f"CREATE TABLE {DIGEST_TABLE} (digest BLOB NOT NULL) STRICT")
        connection.execute(f"INSERT INTO {DIGEST_TABLE} VALUES (?)", (found.digest,))  # noqa: S608 - a constant
    return found.damage


def _unseal(file: Path, draft: Path, told: Told) -> list[str]:
    """Check what was in a backup, and take the digest out of it; raises NotRestored."""
    try:
        with closing(_open(draft)) as connection:
            check_version(connection, file)
            found = _examined(connection, draft, told)
            noted = connection.execute(f"SELECT digest FROM {DIGEST_TABLE}").fetchall()  # noqa: S608 - a constant
            connection.execute(f"DROP TABLE {DIGEST_TABLE}")
    except (*FAULTS, DamagedData) as error:
        raise NotRestored(f"{file} is damaged, or no backup: {error}") from error
    if noted != [(found.digest,)]:
        raise NotRestored(f"{file} is damaged: it does not hold what was backed up")
    return found.damage


def _examined(connection: sqlite3.Connection, path: Path, told: Told) -> Examination:
    size = path.stat().st_size
    told("checking the file", 0, size)
    if faults := faults_of(connection):
        raise DamagedData(f"SQLite finds it damaged: {_few(faults)}")
    return Examination.of(connection, lambda done: told("checking", done, size))


def _unpack(file: Path, draft: Path, told: Told) -> None:
    size = file.stat().st_size
    with file.open("rb") as source:
        compressed = is_packed(source.read(4))
        source.seek(0)
        told("reading", 0, size)
        if compressed:
            unpack(file, draft)
            return
        with draft.open("wb") as target:
            while some := source.read(1 << 22):
                target.write(some)
                told("reading", target.tell(), size)


def _look(directory: Path) -> Contents:
    damage: list[str] = []
    with Store(
        directory, damage=lambda origin, number, why: damage.append(f"{origin} {number}: {why}")
    ) as store:
        state = store.state
        return Contents(
            series=len(store.index),
            samples=sum(part.samples for part in state.parts) + len(state.head),
            damage=tuple(damage),
        )


def _open(path: Path) -> sqlite3.Connection:
    """Open a database that is there: never make one."""
    return sqlite3.connect(f"file:{quote(str(path))}?mode=rw", uri=True, isolation_level=None)


@contextmanager
def _scratch(path: Path) -> Iterator[Path]:
    """Give an empty file that only its owner may read; it is gone in the end, unless it was renamed."""
    with ExitStack() as cleaning:
        for one in (path, *(path.with_name(f"{path.name}{end}") for end in _BESIDE)):
            one.unlink(missing_ok=True)
            cleaning.callback(one.unlink, missing_ok=True)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        yield path


def _put(draft: Path, target: Path) -> None:
    """Give a file its name, once all of it is on the disk."""
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    draft.replace(target)
    directory = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


@contextmanager
def _sentences(path: Path, done: str) -> Iterator[None]:
    try:
        yield
    except StorageError as error:
        if isinstance(error, DamagedData):
            raise StorageUnavailable(f"{path} can't be {done}: {error}") from error
        raise
    except FAULTS as error:
        raise StorageUnavailable(f"{path} can't be {done}: {error}") from error


def _few(texts: list[str]) -> str:
    """Name the first of many."""
    more = len(texts) - _MANY
    return "; ".join(texts[:_MANY]) + (f"; and {more} more" if more > 0 else "")
