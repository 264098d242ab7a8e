"""The watch does what is due, when it is due, whatever fails."""

from dataclasses import dataclass, field

import pytest

from gateway.registry.model import Status
from gateway.registry.registry import Registry
from gateway.registry.series import UP, AgentSeries
from gateway.watch import FLUSH_MS, FORGET_MS, SERIES_MS, Watch
from runtime.logs import Log
from tests.gateway.registry.parts import BYE, SECOND, START_MS, WELL, MemoryTables, facts, registry
from tests.gateway.registry.test_series import Written

KEEP_MS = 30 * 24 * 3_600_000


@dataclass
class Watched:
    """A watch whose clock the test moves."""

    tables: MemoryTables = field(default_factory=MemoryTables)
    store: Written = field(default_factory=Written)
    now_ms: int = START_MS
    failures: int = 0

    def __post_init__(self) -> None:
        self.registry: Registry = registry(self.tables)
        self.watch = Watch(
            self.registry,
            AgentSeries(self.store),
            keep_ms=lambda: KEEP_MS,
            now_ms=lambda: self.now_ms,
            log=Log("test"),
            failed=self.fail,
        )
        self.registry.register(facts(), is_local=False, now_ms=START_MS)
        self.watch.once()

    def fail(self) -> None:
        self.failures += 1

    def wait(self, seconds: int) -> None:
        for _ in range(seconds):
            self.now_ms += SECOND
            self.watch.once()


@pytest.fixture
def watched() -> Watched:
    return Watched()


def test_series_are_written_at_each_change_and_at_every_interval(watched: Watched) -> None:
    assert len(watched.store.batches) == 1
    watched.registry.heartbeat("agent-0001", WELL, now_ms=watched.now_ms)
    watched.wait(2)
    assert len(watched.store.batches) == 1
    watched.registry.heartbeat("agent-0001", BYE, now_ms=watched.now_ms)
    watched.wait(1)
    assert len(watched.store.batches) == 2
    assert set(watched.store.shown(UP).values()) == {0.0}
    watched.wait(SERIES_MS // SECOND - 3)
    assert len(watched.store.batches) == 3


def test_who_was_heard_is_written_now_and_then(watched: Watched) -> None:
    watched.now_ms += 500
    watched.registry.heartbeat("agent-0001", WELL, now_ms=watched.now_ms)
    watched.wait(FLUSH_MS // SECOND - 1)
    assert watched.tables.agents["agent-0001"].life.seen_ms == START_MS
    watched.wait(1)
    assert watched.tables.agents["agent-0001"].life.seen_ms == START_MS + 500


def test_all_is_written_at_the_stop(watched: Watched) -> None:
    watched.watch.start()
    watched.registry.heartbeat("agent-0001", BYE, now_ms=watched.now_ms)
    watched.watch.stop(5)
    assert watched.tables.agents["agent-0001"].life.status is Status.STOPPED


def test_silence_is_seen_while_nothing_can_be_written(watched: Watched) -> None:
    watched.store.busy = watched.tables.full = True
    watched.wait(31)
    assert watched.registry.count()[Status.OFFLINE] == 1
    assert watched.failures >= 4
    watched.store.busy = watched.tables.full = False
    watched.wait(15)
    assert set(watched.store.shown(UP).values()) == {0.0}
    assert watched.tables.agents["agent-0001"].life.status is Status.OFFLINE


def test_a_defect_in_one_step_does_not_stop_the_others(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: int) -> None:
        raise LookupError("a defect")

    monkeypatch.setattr(watched.registry, "look", broken)
    watched.registry.heartbeat("agent-0001", BYE, now_ms=watched.now_ms)
    watched.wait(FLUSH_MS // SECOND)
    assert watched.failures == FLUSH_MS // SECOND
    assert set(watched.store.shown(UP).values()) == {0.0}
    assert watched.tables.agents["agent-0001"].life.status is Status.STOPPED


def test_what_is_old_is_forgotten_with_its_series(watched: Watched) -> None:
    watched.registry.register(facts(2), is_local=False, now_ms=START_MS)
    watched.registry.heartbeat("agent-0001", BYE, now_ms=START_MS)
    watched.now_ms += KEEP_MS + FORGET_MS
    watched.registry.heartbeat("agent-0002", WELL, now_ms=watched.now_ms)
    watched.watch.once()
    watched.wait(1)
    assert [agent.id for agent in watched.registry.agents()] == ["agent-0002"]
    assert watched.store.shown(UP)["prod", "web-1"] == "gone"
    assert {event.agent_id for event in watched.tables.stored.values()} <= {"agent-0002"}
