"""Reads a whole database once: a digest of all that is in it, and what our own checksums say.

The digest is of what the tables hold, not of the file's pages: a backup carries it within itself.
"""

import hashlib
import sqlite3
import struct
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.storage.blocks import check_block
from gateway.storage.chunks import decode_chunk
from gateway.storage.errors import DamagedData
from gateway.storage.library import decode_flushed
from gateway.storage.part import decode_part, part_of
from gateway.storage.records import check_records
from gateway.storage.rows import decode_rows
from gateway.storage.tombstones import decode_tombstone

DIGEST_TABLE: Final = "backup"

# What SQLite itself finds; more than this says nothing more.
_MOST_FAULTS: Final = 20

# Before each value: its type, and the length of its bytes.
_BEFORE: Final = struct.Struct("<cQ")

Told = Callable[[str, int, int], None]
"""Hears what is being done, how many bytes are done, and of how many."""


def faults_of(connection: sqlite3.Connection) -> list[str]:
    """Return what SQLite finds wrong with its own structures."""
    found = connection.execute(f"PRAGMA integrity_check({_MOST_FAULTS})").fetchall()
    lines = [line for (text,) in found for line in text.splitlines()]
    return [line for line in lines if line != "ok" and not line.startswith("***")]


@dataclass(slots=True, kw_only=True)
class Examination:
    """What came of reading everything: sentences about damage, and the digest."""

    digest: bytes = b""
    damage: list[str] = field(default_factory=list)
    _series: int = 0
    _blocks: Counter[int] = field(default_factory=Counter)

    @classmethod
    def of(cls, connection: sqlite3.Connection, told: Callable[[int], None]) -> "Examination":
        """Read all tables; `told` hears how many bytes were read."""
        found = cls()
        total = hashlib.sha256(_value(connection.execute("PRAGMA user_version").fetchone()[0]))
        checks = found._checks()
        size = 0
        for table, statement in _tables(connection):
            total.update(_value(statement))
            check = checks.get(table)
            for row in connection.execute(f'SELECT * FROM "{table}" NOT INDEXED'):  # noqa: S608
                for value in row:
                    written = _value(value)
                    size += len(written)
                    total.update(written)
                if check is not None:
                    found._check(table, check, row)
                told(size)
        found.digest = total.digest()
        return found

    def _check(self, table: str, check: "_Check", row: "_Row") -> None:
        try:
            check(row)
        except DamagedData as error:
            self.damage.append(f"{table} {row[0]}: {error}")

    def _checks(self) -> dict[str, "_Check"]:
        return {
            "series": self._series_row,
            "log": lambda row: _use(decode_rows(row[0], row[1], self._series)),
            "block": self._block,
            "part": self._part,
            "record": lambda row: check_records(row[-1]),
            "tombstone": lambda row: _use(decode_tombstone(row[0], row[-1], self._series)),
            "flushed": lambda row: _use(decode_flushed(row[1])),
        }

    def _series_row(self, row: "_Row") -> None:
        if row[0] != self._series:
            raise DamagedData(f"series {self._series} to {row[0] - 1} are missing")
        self._series += len(decode_chunk(row[1]).lengths)

    def _block(self, row: "_Row") -> None:
        self._blocks[part_of(row[0])] += 1
        check_block(row[1])

    def _part(self, row: "_Row") -> None:
        number, body = row
        if not body:  # not finished, or about to go
            return
        part = decode_part(body)
        wanted = len(part.block_rows) - 1
        if part.id != number:
            raise DamagedData(f"it calls itself part {part.id}")
        if self._blocks[number] != wanted:
            raise DamagedData(f"it has {self._blocks[number]} of its {wanted} blocks")


_Row = tuple[Any, ...]
_Check = Callable[[_Row], None]


def _use(_: object) -> None:
    """Take what was read only to see that it can be read."""


def _tables(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """Return the names of our tables, and how they were made; those first that tell of the others."""
    rows = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table'").fetchall()
    ours = [row for row in rows if row[0] != DIGEST_TABLE and not row[0].startswith("sqlite_")]
    return sorted(ours, key=lambda row: (row[0] != "series", row))


def _value(value: object) -> bytes:
    """Write a value so that no two rows look the same."""
    if isinstance(value, bytes):
        kind, body = b"b", value
    elif isinstance(value, str):
        kind, body = b"t", value.encode()
    elif isinstance(value, float):
        kind, body = b"f", struct.pack("<d", value)
    else:
        kind, body = b"i", str(value).encode()
    return _BEFORE.pack(kind, len(body)) + body
