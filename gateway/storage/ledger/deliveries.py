"""The table of the delivery log: what became of notifications, bounded by number and age."""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict
from typing import Final

from gateway.alerting.kept import Delivery

_COLUMNS: Final = ("time_ms", "receiver", "integration", "outcome")

_FORGET: Final = """
DELETE FROM delivery WHERE time_ms < ?1 OR id IN (
    SELECT id FROM (
        SELECT id, row_number() OVER (PARTITION BY receiver ORDER BY id DESC) AS place FROM delivery
    )
    WHERE place > ?2
)
"""


def load_deliveries(reader: sqlite3.Connection, receiver: str | None, limit: int) -> list[Delivery]:
    """Return the newest entries, of one receiver or of all, the newest first."""
    rows = reader.execute(
        f"SELECT {', '.join(_COLUMNS)}, body FROM delivery"  # noqa: S608  # columns of ours
        " WHERE ?1 IS NULL OR receiver = ?1 ORDER BY id DESC LIMIT ?2",
        (receiver, limit),
    )
    return [
        Delivery(**dict(zip(_COLUMNS, columns, strict=True)), **json.loads(body)) for *columns, body in rows
    ]


def write_deliveries(connection: sqlite3.Connection, deliveries: Iterable[Delivery]) -> None:
    """Write entries behind all others."""
    rows = []
    for delivery in deliveries:
        said = asdict(delivery)
        columns = [said.pop(name) for name in _COLUMNS]
        rows.append((*columns, json.dumps(said)))
    connection.executemany(
        "INSERT INTO delivery (time_ms, receiver, integration, outcome, body) VALUES (?, ?, ?, ?, ?)", rows
    )


def forget_deliveries(connection: sqlite3.Connection, before_ms: int, most: int) -> None:
    """Drop what is too old, and of each receiver all but the newest entries."""
    connection.execute(_FORGET, (before_ms, most))
