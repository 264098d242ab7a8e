"""The history of alerts in its table: bodies are JSON, evidence is JSON, compressed."""

import json
import sqlite3
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from gateway.alerthistory.episode import Episode
from gateway.alerthistory.evidence import brief
from gateway.storage.database import FAULTS
from gateway.storage.errors import StorageUnavailable
from gateway.storage.ledger.ledger import Ledger
from timeseries.labels import Labels

MAX_EPISODES: Final = 20_000
"""Kept at most: years of a quiet fleet. With evidence, some 5 KB each."""

_FORGET: Final = 500
"""Dropped at once: the store's writers wait meanwhile."""

_COLUMNS: Final = "id, starts_ms, resolved_ms, body"
_SELECT: Final = f"SELECT {_COLUMNS} FROM alert_history"  # noqa: S608  # a constant
_INSERT: Final = (
    "INSERT INTO alert_history (fingerprint, name, starts_ms, resolved_ms, body, evidence)"
    " VALUES (?, ?, ?, ?, ?, ?)"
)
_END: Final = "UPDATE alert_history SET resolved_ms = ?, body = ? WHERE id = ? AND resolved_ms IS NULL"
_TRIM: Final = "DELETE FROM alert_history WHERE id IN (SELECT id FROM alert_history WHERE {} LIMIT ?)"


class Episodes:
    """The episodes of one ledger. For several threads."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def open_ones(self) -> list[Episode]:
        """Return all that have not ended, the newest last; raises StorageUnavailable."""
        with _reading():
            rows = self._ledger.reader.execute(
                f"SELECT {_COLUMNS}, evidence FROM alert_history WHERE resolved_ms IS NULL ORDER BY id"  # noqa: S608
            )
            return [_episode(row, _unpacked(row[4])) for row in rows]

    def write(
        self, begun: Sequence[tuple[Episode, Mapping[str, Any] | None]], ended: Sequence[Episode]
    ) -> list[int]:
        """Return the numbers of those begun, once all is durable; raises StorageUnavailable."""
        rows = [_row(episode, evidence) for episode, evidence in begun]

        def work(connection: sqlite3.Connection) -> list[int]:
            numbers = [connection.execute(_INSERT, row).lastrowid or 0 for row in rows]
            connection.executemany(_END, [(one.resolved_ms, _body(one), one.number) for one in ended])
            return numbers

        return self._ledger.change(work)

    def between(
        self, start_ms: int, end_ms: int, *, name: str = "", before: int | None = None
    ) -> Iterator[Episode]:
        """Return those that fired at some time between two, the newest first; below a number if given.

        Raises StorageUnavailable.
        """
        with _reading():
            rows = self._ledger.reader.execute(
                f"{_SELECT} WHERE starts_ms <= ?2 AND (resolved_ms IS NULL OR resolved_ms >= ?1)"
                " AND (?3 = '' OR name = ?3) AND (?4 IS NULL OR id < ?4) ORDER BY id DESC",
                (start_ms, end_ms, name, before),
            )
            for row in rows:
                yield _episode(row)

    def one(self, number: int) -> tuple[Episode, Mapping[str, Any] | None] | None:
        """Return an episode and its evidence; None for an unknown number. Raises StorageUnavailable."""
        with _reading():
            row = self._ledger.reader.execute(
                f"SELECT {_COLUMNS}, evidence FROM alert_history WHERE id = ?",  # noqa: S608
                (number,),
            ).fetchone()
        return None if row is None else (_episode(row), _unpacked(row[4]))

    def forget(self, older_than_ms: int, most: int = MAX_EPISODES) -> int:
        """Drop some of what ended before a time, and of what is too much; return how many."""

        def work(connection: sqlite3.Connection) -> int:
            old = connection.execute(
                _TRIM.format("starts_ms < ? AND resolved_ms < ?"), (older_than_ms, older_than_ms, _FORGET)
            )
            (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM alert_history").fetchone()
            much = connection.execute(
                _TRIM.format("id <= ? AND resolved_ms IS NOT NULL"), (last - most, _FORGET)
            )
            return old.rowcount + much.rowcount

        return self._ledger.change(work)


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except FAULTS as error:
        raise StorageUnavailable(f"the history of alerts can't be read: {error}") from error


def _row(episode: Episode, evidence: Mapping[str, Any] | None) -> tuple[object, ...]:
    packed = None if evidence is None else zlib.compress(json.dumps(evidence).encode())
    return (
        episode.fingerprint, episode.name, episode.starts_ms, episode.resolved_ms, _body(episode), packed,
    )  # fmt: skip


def _body(episode: Episode) -> str:
    return json.dumps(
        {
            "labels": list(episode.labels),
            "annotations": list(episode.annotations),
            "generator_url": episode.generator_url,
            "is_exact": episode.is_exact,
            "summary": episode.summary,
            "host": list(episode.host),
        }
    )


def _episode(row: Sequence[Any], evidence: Mapping[str, Any] | None = None) -> Episode:
    number, starts_ms, resolved_ms, body = row[:4]
    said = json.loads(body)
    return Episode(
        number=number,
        starts_ms=starts_ms,
        resolved_ms=resolved_ms,
        labels=Labels(map(tuple, said.pop("labels"))),
        annotations=Labels(map(tuple, said.pop("annotations"))),
        host=Labels(map(tuple, said.pop("host"))),
        brief=brief(evidence, number) if evidence else None,
        **said,
    )


def _unpacked(packed: bytes | None) -> Mapping[str, Any] | None:
    if packed is None:
        return None
    found: Mapping[str, Any] = json.loads(zlib.decompress(packed))
    return found
