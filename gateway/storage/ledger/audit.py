"""The audit's table: entries in the order they came, bounded by number and age."""

import sqlite3

from gateway.access.audit import MAX_AGE_MS, MAX_ENTRIES, MAX_TEXT, Actor, Entry, Numbered
from gateway.storage.ledger.ledger import Ledger


class Audit:
    """The entries of one ledger. For several threads."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def page(self, limit: int, before: int | None = None) -> list[Numbered]:
        """Return the newest entries, or the newest of those with a lower number; the newest first."""
        rows = self._ledger.reader.execute(
            "SELECT id, time, actor, address, action, subject, detail FROM audit "
            "WHERE ?1 IS NULL OR id < ?1 ORDER BY id DESC LIMIT ?2",
            (before, limit),
        )
        return [
            Numbered(
                number=number,
                entry=Entry(
                    time_ms=time_ms,
                    actor=Actor(name=actor, address=address),
                    action=action,
                    subject=subject,
                    detail=detail,
                ),
            )
            for number, time_ms, actor, address, action, subject, detail in rows
        ]


def write_entry(connection: sqlite3.Connection, entry: Entry, most: int = MAX_ENTRIES) -> None:
    """Write an entry, within another change or by itself, and drop what is too much or too old."""
    texts = (entry.actor.name, entry.actor.address, entry.action, entry.subject, entry.detail)
    added = connection.execute(
        "INSERT INTO audit (time, actor, address, action, subject, detail) VALUES (?, ?, ?, ?, ?, ?)",
        (entry.time_ms, *(text[:MAX_TEXT] for text in texts)),
    )
    connection.execute("DELETE FROM audit WHERE id <= ?", ((added.lastrowid or 0) - most,))
    # Numbers ascend with time but for steps of the clock: the first entries are the oldest.
    connection.execute(
        "DELETE FROM audit WHERE id IN (SELECT id FROM audit ORDER BY id LIMIT 100) AND time <= ?",
        (entry.time_ms - MAX_AGE_MS,),
    )
