"""The table of silences. Knows their shape, not what they mean."""

import json
import sqlite3
from collections.abc import Mapping
from typing import Any, Final

from alertrules.routing.silence import Silence
from timeseries.matcher import Matcher, MatchType

_FIELDS: Final = ("id", "starts_ms", "ends_ms", "updated_ms", "created_by", "comment")


def load_silences(reader: sqlite3.Connection) -> list[Silence]:
    """Return all silences."""
    return [_silence(json.loads(body)) for (body,) in reader.execute("SELECT body FROM silence")]


def write_silences(connection: sqlite3.Connection, silences: Mapping[str, Silence | None]) -> None:
    """Write silences by id; None takes one away."""
    connection.executemany(
        "INSERT OR REPLACE INTO silence VALUES (?, ?, ?)",
        [(key, silence.ends_ms, _body(silence)) for key, silence in silences.items() if silence],
    )
    connection.executemany(
        "DELETE FROM silence WHERE id = ?", [(key,) for key, silence in silences.items() if silence is None]
    )


def _body(silence: Silence) -> str:
    matchers = [[each.name, each.type.value, each.value] for each in silence.matchers]
    return json.dumps({"matchers": matchers, **{name: getattr(silence, name) for name in _FIELDS}})


def _silence(said: Mapping[str, Any]) -> Silence:
    matchers = tuple(
        Matcher(name=name, type=MatchType(kind), value=value) for name, kind, value in said["matchers"]
    )
    return Silence(**{**said, "matchers": matchers})
