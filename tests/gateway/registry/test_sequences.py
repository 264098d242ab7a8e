"""Whatever agents say and in whatever order: events tell all that happened to the status, on the disk too."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.registry.errors import RegistryError
from gateway.registry.machine import EVENTS, OTHER_EVENTS, TABLE
from gateway.registry.model import Edits, Event, Status
from gateway.registry.registry import Registry
from gateway.storage.errors import StorageUnavailable
from tests.gateway.registry.parts import BYE, SECOND, SICK, START_MS, WELL, MemoryTables, facts, registry
from timeseries.labels import Labels

NUMBERS = st.integers(1, 3)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("register"), NUMBERS, st.sampled_from(["a", "b"])),
        st.tuples(st.just("beat"), NUMBERS, st.sampled_from([WELL, SICK, BYE])),
        st.tuples(st.just("wait"), st.integers(1, 40), st.none()),
        st.tuples(st.just("edit"), NUMBERS, st.sampled_from(["x", "y"])),
        st.tuples(st.just("remove"), NUMBERS, st.none()),
        st.tuples(st.just("disk"), st.integers(0, 1), st.none()),
        st.tuples(st.just("restart"), st.none(), st.none()),
    ),
    max_size=40,
)


def always(edits: Edits) -> Callable[[Edits], Edits]:
    """Whatever they were, they are these now."""
    return lambda _: edits


def told(events: list[Event]) -> Iterator[tuple[Status | None, Event]]:
    """Each event that changes a status, with the status before it."""
    before: Status | None = None
    for event in events:
        if event.kind in OTHER_EVENTS:
            assert event.status is before
        else:
            yield before, event
            before = event.status


def check(made: Registry) -> None:
    agents = made.agents()
    assert sum(made.count().values()) == len(agents)
    holders = made.holders()
    assert sorted(agent.name for agent in holders) == sorted({agent.name for agent in agents})
    for agent in agents:
        events = made.events(lambda _: True, agent_id=agent.id, before=None, limit=1000)[::-1]
        assert all(one.id < two.id for one, two in pairwise(events))
        assert {event.kind for event in events} <= EVENTS
        last: Status | None = None
        for before, event in told(events):
            assert (event.status, event.kind) in {
                (found.status, found.event) for (was, _), found in TABLE.items() if was is before
            }
            last = event.status
        assert last is agent.life.status


@settings(max_examples=400, deadline=None)
@given(STEPS)
def test_events_match_the_status(steps: list[tuple[str, int, object]]) -> None:
    tables = MemoryTables()
    made, now = registry(tables), START_MS
    for step, number, what in steps:
        agent_id = f"agent-{number or 0:04}"
        try:
            match step:
                case "register":
                    said = facts(number, name=str(what))
                    made.register(said, is_local=False, now_ms=now)
                    assert tables.agents[agent_id].facts == said
                case "beat":
                    assert what in (WELL, SICK, BYE)
                    made.heartbeat(agent_id, what, now_ms=now)
                case "wait":
                    for _ in range(number):
                        now += SECOND
                        made.look(now)
                case "edit":
                    edits = Edits(labels=Labels({"l": str(what)}))
                    made.edit(agent_id, always(edits), now_ms=now)
                    assert tables.agents[agent_id].edits == edits
                case "remove":
                    made.remove(agent_id)
                    assert agent_id not in tables.agents
                case "disk":
                    tables.full = bool(number)
                case "restart":
                    tables.full = False
                    made.flush()
                    before = [replace(each, life=replace(each.life, vitals=None)) for each in made.agents()]
                    now += 7 * SECOND
                    made = registry(tables, now_ms=now)
                    assert sorted(made.agents(), key=str) == sorted(before, key=str)
        except (RegistryError, StorageUnavailable):
            pass
        check(made)
