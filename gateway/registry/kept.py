"""What the registry needs of whoever keeps it on the disk."""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from gateway.registry.model import Agent, Changes, Event


class Kept(Protocol):
    """Keeps agents and events. All methods are called from many threads at once."""

    def load(self) -> tuple[Sequence[Agent], int]:
        """Return all agents, and the largest number that an event has had."""

    def save(self, changes: Callable[[], Changes]) -> None:
        """Return when what it returns is durable; raises StorageUnavailable.

        It is called when nobody else writes: of two changes the later one is kept.
        """

    def events(self, agent_id: str | None, before: int | None) -> Iterable[Event]:
        """Return the events of one agent, or of all, whose numbers are below one: the newest first."""

    def forget_events(self, older_than_ms: int) -> None:
        """Drop old events; raises StorageUnavailable."""
