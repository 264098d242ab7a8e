"""The table of the notification log: what each receiver was told last of each group."""

import json
import sqlite3
from collections.abc import Mapping

from alertrules.routing.told import Told


def load_told(reader: sqlite3.Connection, now_ms: int) -> list[Told]:
    """Return all entries that are not too old."""
    rows = reader.execute("SELECT body, expires_ms FROM told WHERE expires_ms > ?", (now_ms,))
    found = []
    for body, expires_ms in rows:
        said = json.loads(body)
        sets = {"firing": frozenset(said["firing"]), "resolved": frozenset(said["resolved"])}
        found.append(Told(**{**said, **sets}, expires_ms=expires_ms))
    return found


def write_told(connection: sqlite3.Connection, told: Mapping[str, Told | None]) -> None:
    """Write entries by key; None takes one away."""
    connection.executemany(
        "INSERT OR REPLACE INTO told VALUES (?, ?, ?)",
        [(key, entry.expires_ms, _body(entry)) for key, entry in told.items() if entry],
    )
    connection.executemany(
        "DELETE FROM told WHERE key = ?", [(key,) for key, entry in told.items() if entry is None]
    )


def _body(entry: Told) -> str:
    return json.dumps(
        {
            "group_key": entry.group_key,
            "receiver": entry.receiver,
            "integration": entry.integration,
            "firing": sorted(entry.firing),
            "resolved": sorted(entry.resolved),
            "time_ms": entry.time_ms,
        }
    )
