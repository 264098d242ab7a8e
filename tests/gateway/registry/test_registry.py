"""Agents come, live, are renamed, clash, fall silent and go; the registry tells, and keeps it."""

from dataclasses import replace

import pytest

from gateway.registry.errors import AmbiguousName, TooManyAgents, UnknownAgent
from gateway.registry.model import Edits, Status, System
from gateway.registry.registry import JUMP_MS, MAX_WAITING, SETTLE_MS, Registry
from gateway.storage.errors import StorageUnavailable
from tests.gateway.registry.parts import (
    BYE,
    SECOND,
    SICK,
    START_MS,
    WELL,
    MemoryTables,
    facts,
    kinds,
    registry,
    watched,
)
from timeseries.labels import Labels

ONE = "agent-0001"
TWO = "agent-0002"


def status(made: Registry, agent_id: str = ONE) -> Status:
    found = made.by_id(agent_id)
    assert found is not None
    return found.life.status


def register(made: Registry, number: int = 1, *, at_ms: int = START_MS, **changed: object) -> None:
    made.register(facts(number, **changed), is_local=False, now_ms=at_ms)


def test_a_life() -> None:
    made = registry()
    register(made)
    now = watched(made, 5)
    made.heartbeat(ONE, SICK, now_ms=now)
    assert status(made) is Status.DEGRADED
    made.heartbeat(ONE, WELL, now_ms=now)
    now = watched(made, 14, since_ms=now)
    assert status(made) is Status.ONLINE
    now = watched(made, 1, since_ms=now)
    assert status(made) is Status.DEGRADED
    now = watched(made, 14, since_ms=now)
    assert status(made) is Status.DEGRADED
    now = watched(made, 1, since_ms=now)
    assert status(made) is Status.OFFLINE
    made.heartbeat(ONE, WELL, now_ms=now)
    made.heartbeat(ONE, BYE, now_ms=now)
    now = watched(made, 100, since_ms=now)
    assert status(made) is Status.STOPPED
    register(made, at_ms=now, started_at=2.0)
    told = ["registered", "degraded", "recovered", "late", "offline", "returned", "stopped", "started"]
    assert kinds(made) == told


def test_reasons_say_what_is_wrong_and_go_with_it() -> None:
    made = registry()
    register(made)
    assert made.heartbeat(ONE, SICK, now_ms=START_MS).life.reasons == ("failing collectors: nfs, disk",)
    register(made)
    assert made.find(ONE).life.reasons == ("failing collectors: nfs, disk",)
    assert made.heartbeat(ONE, WELL, now_ms=START_MS).life.reasons == ()
    watched(made, 15)
    assert made.find(ONE).life.reasons == ("no heartbeat for 15 s",)


def test_an_unknown_agent_has_to_register() -> None:
    made = registry()
    with pytest.raises(UnknownAgent):
        made.heartbeat(ONE, WELL, now_ms=START_MS)
    register(made)
    made.remove(ONE)
    with pytest.raises(UnknownAgent):
        made.heartbeat(ONE, WELL, now_ms=START_MS)
    with pytest.raises(UnknownAgent):
        made.remove(ONE)


def test_there_are_as_many_agents_as_there_may_be() -> None:
    made = registry(max_agents=2)
    register(made, 1)
    register(made, 2)
    with pytest.raises(TooManyAgents, match="2 agents"):
        register(made, 3)
    register(made, 2, version="0.2")
    made.remove(ONE)
    register(made, 3)


def test_what_is_new_at_a_registration_is_told() -> None:
    made = registry()
    register(made)
    register(made)
    assert kinds(made) == ["registered"]
    register(made, pid=8, started_at=2.0)
    register(made, pid=8, started_at=2.0, version="0.2", system=System(hostname="h", boot_time=5.0))
    register(made, pid=8, started_at=2.0, version="0.2", system=System(hostname="h"), name="db-1")
    found = made.events(lambda _: True, agent_id=ONE, before=None, limit=9)
    assert [(event.kind, event.name, event.detail) for event in reversed(found)] == [
        ("registered", "web-1", ""),
        ("restarted", "web-1", ""),
        ("changed", "web-1", "version: 0.1 → 0.2; hostname: host-1 → h"),
        ("renamed", "db-1", "it was web-1"),
    ]
    assert made.find("db-1").id == ONE
    with pytest.raises(UnknownAgent):
        made.find("web-1")


def test_two_that_live_under_one_name_are_told_and_the_newer_holds_it() -> None:
    made = registry()
    register(made, 1)
    register(made, 2, name="web-1", at_ms=START_MS + 1)
    assert kinds(made, ONE) == ["registered", "name_conflict"]
    assert kinds(made, TWO) == ["registered", "name_conflict"]
    assert [agent.id for agent in made.namesakes(made.find(ONE))] == [TWO]
    assert [agent.id for agent in made.holders()] == [TWO]
    with pytest.raises(AmbiguousName, match="agent-0001, agent-0002"):
        made.find("web-1")
    # Whoever says it again does not take it back.
    register(made, 1, at_ms=START_MS + 2)
    assert [agent.id for agent in made.holders()] == [TWO]
    made.heartbeat(TWO, BYE, now_ms=START_MS + 3)
    assert [agent.id for agent in made.holders()] == [ONE]
    assert made.find("web-1").id == ONE


def test_a_host_that_was_set_up_anew_takes_the_place_of_its_old_self() -> None:
    made = registry()
    register(made, 1)
    made.heartbeat(ONE, BYE, now_ms=START_MS)
    register(made, 2, name="web-1", at_ms=START_MS + 1)
    assert kinds(made) == ["registered", "stopped", "registered", "replaced"]
    assert made.find("web-1").id == TWO
    made.remove(ONE)
    assert made.namesakes(made.find(TWO)) == []


def test_a_clock_that_is_wrong_is_told_once() -> None:
    made = registry()
    register(made)
    for skew_s in (0.0, 29.0, 31.0, 25.0, 45.0, -40.0, 3.0, -31.0):
        vitals = replace(WELL, timestamp=START_MS / 1000 + skew_s)
        found = made.heartbeat(ONE, vitals, now_ms=START_MS)
        assert found.life.skew_s == pytest.approx(skew_s, abs=0.001)
    assert status(made) is Status.ONLINE
    assert kinds(made) == ["registered", "clock_skew", "clock_right", "clock_skew"]


def test_nobody_is_late_before_a_new_gateway_could_hear_them() -> None:
    tables = MemoryTables()
    made = registry(tables)
    for number in (1, 2, 3):
        register(made, number)
    made.heartbeat(TWO, SICK, now_ms=START_MS)
    made.heartbeat("agent-0003", BYE, now_ms=START_MS)
    made.flush()
    start = START_MS + 3_600_000
    again = registry(tables, now_ms=start)
    assert kinds(again) == kinds(made)
    assert [status(again, f"agent-000{number}") for number in (1, 2, 3)] == ["online", "degraded", "stopped"]
    told = len(kinds(again))
    now = watched(again, 10, since_ms=start)
    again.heartbeat(ONE, WELL, now_ms=now)
    now = watched(again, 14, since_ms=now)
    assert len(kinds(again)) == told
    again.heartbeat(ONE, WELL, now_ms=now)
    now = watched(again, 15, since_ms=now)
    assert status(again, TWO) is Status.DEGRADED
    watched(again, 1, since_ms=now)
    assert status(again, TWO) is Status.OFFLINE
    assert kinds(again, TWO)[-1] == "offline"


def test_what_agents_say_of_a_gateway_that_was_away_is_not_held_against_them() -> None:
    tables = MemoryTables()
    register(registry(tables))
    start = START_MS + 60 * SECOND
    made = registry(tables, now_ms=start)
    register(made, 2, at_ms=start)
    away = replace(WELL, state="error", last_error="gateway: connection refused")
    for agent_id in (ONE, TWO):
        found = made.heartbeat(agent_id, away, now_ms=start + SETTLE_MS - 1)
        assert found.life.reasons == ("gateway: connection refused",)
    assert (status(made), status(made, TWO)) == (Status.ONLINE, Status.DEGRADED)
    made.heartbeat(ONE, away, now_ms=start + SETTLE_MS)
    assert status(made) is Status.DEGRADED


@pytest.mark.parametrize("jump_ms", [JUMP_MS + 1, 3_600_000, -3_600_000])
def test_a_gateway_that_slept_or_whose_clock_was_set_raises_no_alarm(jump_ms: int) -> None:
    made = registry()
    register(made)
    made.look(START_MS)
    now = START_MS + jump_ms
    made.look(now)
    watched(made, 10, since_ms=now)
    assert kinds(made) == ["registered"]
    watched(made, 30, since_ms=now + 10 * SECOND)
    assert status(made) is Status.OFFLINE


def test_who_an_agent_is_is_durable_at_once_and_heartbeats_later() -> None:
    tables = MemoryTables()
    made = registry(tables)
    register(made)
    assert kinds(registry(tables)) == ["registered"]
    made.edit(ONE, lambda _: Edits(labels=Labels({"team": "a"}), groups=("x",)), now_ms=START_MS)
    saves = tables.saves
    for second in range(100):
        made.heartbeat(ONE, WELL, now_ms=START_MS + second)
    register(made)
    assert tables.saves == saves
    made.flush()
    assert tables.saves == saves + 1
    found = registry(tables).find(ONE)
    assert (found.life.seen_ms, found.labels, found.edits.groups) == (
        START_MS,
        Labels({"env": "prod", "team": "a"}),
        ("x",),
    )


def test_what_agents_say_themselves_wins_over_what_people_add() -> None:
    made = registry()
    register(made)
    found = made.edit(ONE, lambda _: Edits(labels=Labels({"env": "test", "a": "b"})), now_ms=START_MS)
    assert found.labels == Labels({"env": "prod", "a": "b"})


def test_a_full_disk_refuses_registrations_and_nothing_is_lost_when_it_is_over() -> None:
    tables = MemoryTables(full=True)
    made = registry(tables)
    with pytest.raises(StorageUnavailable):
        register(made)
    made.heartbeat(ONE, SICK, now_ms=START_MS)
    for _ in range(MAX_WAITING):
        made.heartbeat(ONE, WELL, now_ms=START_MS)
        made.heartbeat(ONE, SICK, now_ms=START_MS)
    with pytest.raises(StorageUnavailable):
        made.flush()
    tables.full = False
    register(made)
    assert len(tables.stored) == MAX_WAITING
    again = registry(tables)
    assert (status(again), again.find(ONE).facts) == (Status.DEGRADED, facts())


def test_what_happens_while_something_is_written_is_written_the_next_time() -> None:
    tables = MemoryTables()
    made = registry(tables)
    register(made)
    made.heartbeat(ONE, SICK, now_ms=START_MS)
    tables.meanwhile = lambda: made.heartbeat(ONE, BYE, now_ms=START_MS)
    made.flush()
    made.flush()
    assert status(registry(tables)) is Status.STOPPED
    assert kinds(registry(tables)) == ["registered", "degraded", "stopped"]


def test_facts_that_change_while_others_are_written_are_written_after_all() -> None:
    tables = MemoryTables()
    made = registry(tables)

    def newer() -> None:
        tables.full = True
        with pytest.raises(StorageUnavailable):
            register(made, version="0.2")
        tables.full = False

    tables.meanwhile = newer
    register(made)
    made.flush()
    assert registry(tables).find(ONE).facts.version == "0.2"


def test_an_event_that_is_just_written_is_listed_once() -> None:
    tables = MemoryTables()
    made = registry(tables)
    listed: list[list[str]] = []
    tables.meanwhile = lambda: listed.append(kinds(made))
    register(made)
    assert listed == [["registered"]]


def test_a_removed_agent_that_could_not_be_written_is_gone_after_all() -> None:
    tables = MemoryTables()
    made = registry(tables)
    register(made)
    tables.full = True
    with pytest.raises(StorageUnavailable):
        made.remove(ONE)
    tables.full = False
    made.flush()
    assert registry(tables).agents() == []


def test_agents_that_are_long_gone_are_forgotten() -> None:
    made = registry()
    for number in (1, 2, 3):
        register(made, number)
    made.heartbeat(TWO, BYE, now_ms=START_MS)
    now = watched(made, 40)
    made.heartbeat(ONE, WELL, now_ms=now)
    assert {agent.id for agent in made.forgotten(START_MS + 1)} == {TWO, "agent-0003"}
    assert made.forgotten(START_MS) == []


def test_events_are_paged_and_filtered() -> None:
    tables = MemoryTables()
    made = registry(tables)
    for number in range(5):
        register(made, number)
    made.heartbeat("agent-0003", SICK, now_ms=START_MS)
    pages, before = [], None
    while page := made.events(lambda each: each != TWO, agent_id=None, before=before, limit=2):
        pages.append([event.id for event in page])
        before = page[-1].id
    assert pages == [[6, 5], [4, 2], [1]]


def test_ten_thousand_agents_are_heard_missed_and_heard_again() -> None:
    count = 10_000
    tables = MemoryTables()
    made = registry(tables, max_agents=count)
    for number in range(count):
        register(made, number, agent_id=f"agent-{number:08}")
    now = watched(made, 30)
    assert made.count()[Status.OFFLINE] == count
    for number in range(count):
        made.heartbeat(f"agent-{number:08}", WELL, now_ms=now)
    made.flush()
    assert registry(tables).count()[Status.ONLINE] == count
    assert len(tables.stored) == 4 * count
