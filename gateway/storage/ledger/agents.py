"""Agents and their events in tables (gateway.registry.kept). Knows their shape, not what they mean."""

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Any, Final

from gateway.registry.model import Agent, Changes, Edits, Event, Facts, Life, Status, System
from gateway.storage.ledger.ledger import Ledger
from timeseries.labels import Labels

MAX_EVENTS: Final = 200
"""Of one agent: weeks of a host's life, or what is needed to see that it comes and goes."""

_PAGE: Final = 500
_FORGET: Final = 5000
"""Dropped at once: the store's writers wait meanwhile."""

_SAVE: Final = "INSERT OR REPLACE INTO agent VALUES (?, ?, ?, ?, ?, ?, ?)"
_SAVE_LIFE: Final = "INSERT OR REPLACE INTO agent_life VALUES (?, ?, ?, ?, ?, ?, ?)"
_SAVE_EVENT: Final = "INSERT OR REPLACE INTO agent_event VALUES (?, ?, ?, ?, ?, ?, ?)"
_TRIM: Final = """
DELETE FROM agent_event WHERE agent_id = ?1 AND id <= (
    SELECT id FROM agent_event WHERE agent_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2
)
"""
_LOAD: Final = """
SELECT facts, edits, first_ms, named_ms, is_local, status, since_ms, seen_ms, skew_s, is_skewed, reasons
FROM agent LEFT JOIN agent_life ON agent_id = id ORDER BY id
"""
_EVENTS: Final = """
SELECT id, agent_id, name, time_ms, kind, status, detail FROM agent_event
WHERE id < ? {} ORDER BY id DESC LIMIT ?
"""
_LAST: Final = (1 << 63) - 1


class AgentTables:
    """The tables agent, agent_life and agent_event."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def load(self) -> tuple[Sequence[Agent], int]:
        """Return all agents, and the largest number of an event."""
        reader = self._ledger.reader
        agents = [_agent(row) for row in reader.execute(_LOAD)]
        (last,) = reader.execute("SELECT max(id) FROM agent_event").fetchone()
        return agents, last or 0

    def save(self, changes: Callable[[], Changes]) -> None:
        """Return when the changes are durable; raises StorageUnavailable."""
        self._ledger.change(lambda connection: _write(connection, changes()))

    def events(self, agent_id: str | None, before: int | None) -> Iterator[Event]:
        """Return events below a number, the newest first."""
        last = _LAST if before is None else before
        query = _EVENTS.format("" if agent_id is None else "AND agent_id = ?")
        of = [] if agent_id is None else [agent_id]
        while rows := self._ledger.reader.execute(query, (last, *of, _PAGE)).fetchall():
            for row in rows:
                yield _event(row)
            last = rows[-1][0]

    def forget_events(self, older_than_ms: int) -> None:
        """Drop events from before a time; raises StorageUnavailable."""
        forget = """
        DELETE FROM agent_event WHERE id IN (SELECT id FROM agent_event WHERE time_ms < ? LIMIT ?)
        """
        gone = _FORGET
        while gone == _FORGET:
            gone = self._ledger.change(
                lambda connection: connection.execute(forget, (older_than_ms, _FORGET)).rowcount
            )


def _write(connection: sqlite3.Connection, changes: Changes) -> None:
    for agent_id in changes.removed:
        connection.execute("DELETE FROM agent WHERE id = ?", (agent_id,))
        connection.execute("DELETE FROM agent_life WHERE agent_id = ?", (agent_id,))
        connection.execute("DELETE FROM agent_event WHERE agent_id = ?", (agent_id,))
    connection.executemany(_SAVE, [_row(agent) for agent in changes.agents])
    connection.executemany(_SAVE_LIFE, [_life_row(key, life) for key, life in changes.lives.items()])
    if changes.events:
        connection.executemany(_SAVE_EVENT, [_event_row(event) for event in changes.events])
        ids = dict.fromkeys(event.agent_id for event in changes.events)
        connection.executemany(_TRIM, [(agent_id, MAX_EVENTS) for agent_id in ids])


def _row(agent: Agent) -> tuple[object, ...]:
    facts = {**asdict(agent.facts), "labels": dict(agent.facts.labels)}
    edits = {"labels": dict(agent.edits.labels), "groups": agent.edits.groups}
    said = json.dumps(facts), json.dumps(edits)
    return agent.id, agent.name, *said, agent.first_ms, agent.named_ms, agent.is_local


def _life_row(agent_id: str, life: Life) -> tuple[object, ...]:
    times = life.since_ms, life.seen_ms
    return agent_id, life.status.value, *times, life.skew_s, life.is_skewed, json.dumps(life.reasons)


def _event_row(event: Event) -> tuple[object, ...]:
    what = event.kind, event.status.value, event.detail
    return event.id, event.agent_id, event.name, event.time_ms, *what


def _agent(row: Sequence[Any]) -> Agent:
    facts, edits, first_ms, named_ms, is_local, *life = row
    said, added = json.loads(facts), json.loads(edits)
    read = {
        "labels": Labels(said["labels"]),
        "system": System(**said["system"]),
        "collectors": tuple(said["collectors"]),
    }
    return Agent(
        facts=Facts(**{**said, **read}),
        edits=Edits(labels=Labels(added["labels"]), groups=tuple(added["groups"])),
        life=_life(life, first_ms),
        first_ms=first_ms,
        named_ms=named_ms,
        is_local=bool(is_local),
    )


def _life(row: Sequence[Any], first_ms: int) -> Life:
    status, since_ms, seen_ms, skew_s, is_skewed, reasons = row
    if status is None:
        return Life(status=Status.ONLINE, since_ms=first_ms, seen_ms=first_ms)
    return Life(
        status=Status(status),
        since_ms=since_ms,
        seen_ms=seen_ms,
        skew_s=skew_s,
        is_skewed=bool(is_skewed),
        reasons=tuple(json.loads(reasons)),
    )


def _event(row: Sequence[Any]) -> Event:
    number, agent_id, name, time_ms, kind, status, detail = row
    return Event(
        id=number,
        agent_id=agent_id,
        name=name,
        time_ms=time_ms,
        kind=kind,
        status=Status(status),
        detail=detail,
    )
