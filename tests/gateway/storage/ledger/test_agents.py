"""Agents and events in real tables come back as they were; events stay bounded."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.registry.model import Changes, Edits, Event, Status
from gateway.registry.registry import BATCH, Registry
from gateway.storage.ledger.agents import MAX_EVENTS, AgentTables
from gateway.storage.store import Store
from tests.gateway.registry.parts import SICK, START_MS, facts, registry
from tests.gateway.storage.samples import open_store, rows_in
from timeseries.labels import Labels


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path, sync="off") as opened:
        yield opened


def over(store: Store, now_ms: int = START_MS, **options: int) -> Registry:
    return registry(AgentTables(store.ledger), now_ms=now_ms, **options)  # type: ignore[arg-type]


def event(number: int, agent_id: str = "agent-0001", time_ms: int = START_MS) -> Event:
    return Event(
        id=number,
        agent_id=agent_id,
        name="n",
        time_ms=time_ms,
        kind="late",
        status=Status.DEGRADED,
        detail="d",
    )


def test_agents_come_back_as_they_were(store: Store) -> None:
    made = over(store)
    made.register(facts(1, collectors=("cpu", "nfs")), is_local=True, now_ms=START_MS)
    made.register(
        facts(2, name="ünï\U0001f600", labels=Labels({"a.b": "ü"})), is_local=False, now_ms=START_MS
    )
    made.heartbeat("agent-0001", replace(SICK, timestamp=START_MS / 1000 + 60), now_ms=START_MS + 5)
    made.edit("agent-0002", lambda _: Edits(labels=Labels({"team": "a"}), groups=("x", "y")), now_ms=START_MS)
    made.flush()
    again = over(store)
    before = [replace(each, life=replace(each.life, vitals=None)) for each in made.agents()]
    assert again.agents() == before
    everything = {"agent_id": None, "before": None, "limit": 100}
    assert again.events(lambda _: True, **everything) == made.events(lambda _: True, **everything)  # type: ignore[arg-type]


def test_an_agent_that_is_removed_leaves_nothing(store: Store, tmp_path: Path) -> None:
    made = over(store)
    made.register(facts(1), is_local=True, now_ms=START_MS)
    made.remove("agent-0001")
    made.flush()
    assert [rows_in(tmp_path, table) for table in ("agent", "agent_life", "agent_event")] == [0, 0, 0]


def test_only_so_many_events_of_an_agent_are_kept(store: Store) -> None:
    tables = AgentTables(store.ledger)
    for number in range(1, 3 * MAX_EVENTS, 7):
        events = tuple(event(each) for each in range(number, number + 7))
        tables.save(lambda events=events: Changes(removed={}, lives={}, events=events))  # type: ignore[misc]
        others = (event(10_000 + number, "agent-0002"),)
        tables.save(lambda others=others: Changes(removed={}, lives={}, events=others))  # type: ignore[misc]
    kept = [each.id for each in tables.events("agent-0001", None)]
    assert len(kept) == MAX_EVENTS
    assert kept == sorted(kept, reverse=True)
    assert len(list(tables.events("agent-0002", None))) == len(range(1, 3 * MAX_EVENTS, 7))


def test_old_events_are_dropped(store: Store) -> None:
    tables = AgentTables(store.ledger)
    events = tuple(event(number, f"agent-{number:04}", START_MS + number) for number in range(1, 12_000))
    tables.save(lambda: Changes(removed={}, lives={}, events=events))
    tables.forget_events(START_MS + 11_990)
    assert [each.id for each in tables.events(None, None)] == list(range(11_999, 11_989, -1))


def test_a_fleet_is_written_in_parts(store: Store, tmp_path: Path) -> None:
    count = 2 * BATCH + 1
    made = over(store, max_agents=count)
    for number in range(count):
        made.register(facts(number), is_local=False, now_ms=START_MS)
    for second in range(1, 40):
        made.look(START_MS + 1000 * second)
    made.flush()
    assert rows_in(tmp_path, "agent_event") == 3 * count
    assert over(store, max_agents=count).count()[Status.OFFLINE] == count
