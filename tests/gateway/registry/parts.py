"""What the registry's tests share: agents that say what a test wants, and tables in memory."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from gateway.registry.machine import Timing
from gateway.registry.model import Agent, Changes, Event, Facts, System, Vitals
from gateway.registry.registry import Registry
from gateway.storage.errors import StorageUnavailable
from tests.strategies import NOW_MS
from timeseries.labels import Labels

START_MS: Final = NOW_MS
SECOND: Final = 1000

WELL: Final = Vitals(pid=7, cpu_percent=0.5, memory_bytes=1 << 20)
SICK: Final = replace(WELL, failing_collectors=("nfs", "disk"))
BYE: Final = replace(WELL, state="stopping")


def facts(number: int = 1, **changed: Any) -> Facts:
    """Return what an agent says of itself."""
    said = Facts(
        agent_id=f"agent-{number:04}",
        name=f"web-{number}",
        labels=Labels({"env": "prod"}),
        version="0.1",
        pid=7,
        started_at=1.0,
        system=System(hostname=f"host-{number}"),
        metrics_url=f"http://web-{number}:9256/metrics",
    )
    return replace(said, **changed)


@dataclass(slots=True)
class MemoryTables:
    """Keeps what was saved, as a database would; fails when told to."""

    agents: dict[str, Agent] = field(default_factory=dict)
    stored: dict[int, Event] = field(default_factory=dict)
    full: bool = False
    saves: int = 0
    meanwhile: Callable[[], object] | None = None
    """What happens once, after something was written and before that is known."""

    def load(self) -> tuple[Sequence[Agent], int]:
        # Vital signs are not kept.
        loaded = [replace(each, life=replace(each.life, vitals=None)) for each in self.agents.values()]
        return loaded, max(self.stored, default=0)

    def save(self, changes: Callable[[], Changes]) -> None:
        if self.full:
            raise StorageUnavailable("the disk is full")
        self.saves += 1
        taken = changes()
        for agent_id in taken.removed:
            self.agents.pop(agent_id, None)
            self.stored = {key: one for key, one in self.stored.items() if one.agent_id != agent_id}
        self.agents |= {agent.id: agent for agent in taken.agents}
        for agent_id, life in taken.lives.items():
            self.agents[agent_id] = replace(self.agents[agent_id], life=life)
        self.stored |= {event.id: event for event in taken.events}
        happens, self.meanwhile = self.meanwhile, None
        if happens is not None:
            happens()

    def events(self, agent_id: str | None, before: int | None) -> Iterable[Event]:
        return [
            event
            for event in sorted(self.stored.values(), key=lambda one: -one.id)
            if agent_id in (None, event.agent_id) and (before is None or event.id < before)
        ]

    def forget_events(self, older_than_ms: int) -> None:
        self.stored = {key: one for key, one in self.stored.items() if one.time_ms >= older_than_ms}


def registry(
    tables: MemoryTables | None = None, *, now_ms: int = START_MS, max_agents: int = 100, **options: Any
) -> Registry:
    """Return a registry, empty or as the tables have it."""
    return Registry(
        MemoryTables() if tables is None else tables,
        timing=Timing(),
        max_agents=max_agents,
        now_ms=now_ms,
        **options,
    )


def kinds(made: Registry, agent_id: str | None = None) -> list[str]:
    """Return the kinds of all events, the oldest first."""
    found = made.events(lambda _: True, agent_id=agent_id, before=None, limit=1000)
    return [event.kind for event in reversed(found)]


def watched(made: Registry, seconds: int, *, since_ms: int = START_MS) -> int:
    """Look each second; return the time then."""
    for second in range(1, seconds + 1):
        made.look(since_ms + second * SECOND)
    return since_ms + seconds * SECOND
