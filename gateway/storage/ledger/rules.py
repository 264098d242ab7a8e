"""Rule groups edited over the API (gateway.ruler.managed): all versions of each. Knows no rules."""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, Final

from gateway.ruler.model import Version
from gateway.storage.ledger.ledger import Ledger

_NEWEST: Final = """
SELECT name, version, text, is_enabled, is_deleted, changed_ms, changed_by FROM rule_group AS one
WHERE version = (SELECT max(version) FROM rule_group WHERE name = one.name) ORDER BY name
"""
_OF_ONE: Final = """
SELECT name, version, text, is_enabled, is_deleted, changed_ms, changed_by FROM rule_group
WHERE name = ? ORDER BY version DESC
"""
_ADD: Final = "INSERT INTO rule_group VALUES (?, ?, ?, ?, ?, ?, ?)"
_FORGET: Final = "DELETE FROM rule_group WHERE name = ?"
_TRIM: Final = "DELETE FROM rule_group WHERE name = ? AND version <= ?"


class RuleGroups:
    """The table rule_group."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def newest(self) -> list[Version]:
        """Return the newest version of each, deleted ones too, by name."""
        return [_version(row) for row in self._ledger.reader.execute(_NEWEST)]

    def versions(self, name: str) -> list[Version]:
        """Return all versions of one, the newest first."""
        return [_version(row) for row in self._ledger.reader.execute(_OF_ONE, (name,))]

    def add(
        self, make: Callable[[Sequence[Version]], Version], name: str, most: int, forget: str | None = None
    ) -> Version:
        """Add what `make` makes of the versions so far; drop the oldest, and all of a group to forget.

        What `make` raises is raised, and nothing is changed. Raises StorageUnavailable.
        """

        def work(connection: sqlite3.Connection) -> Version:
            made = make([_version(row) for row in connection.execute(_OF_ONE, (name,))])
            connection.execute(_ADD, _row(made))
            connection.execute(_TRIM, (name, made.version - most))
            connection.execute(_FORGET, (forget,))
            return made

        return self._ledger.change(work)


def _row(one: Version) -> tuple[object, ...]:
    flags = one.is_enabled, one.is_deleted
    return one.name, one.version, one.text, *flags, one.changed_ms, one.changed_by


def _version(row: Sequence[Any]) -> Version:
    name, version, text, is_enabled, is_deleted, changed_ms, changed_by = row
    return Version(
        name=name,
        version=version,
        text=text,
        is_enabled=bool(is_enabled),
        is_deleted=bool(is_deleted),
        changed_ms=changed_ms,
        changed_by=changed_by,
    )
