"""What keeps the history small: joining the snapshots of an hour, and dropping what is too old or too much.

Reads no clock. Everything runs beside what comes in, which waits for one small transaction at the most.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from gateway.history.archive import Archive, Piece

JOINED_SNAPSHOTS: Final = 480
JOINED_BYTES: Final = 512 * 1024
"""A piece with so much of either is left alone: an hour has 240 snapshots, and a join has all in memory."""

_JOINED_PAYLOAD: Final = 16 * 1024 * 1024
"""The same before compression, of those that become one."""

_LATE_MS: Final = 5 * 60_000
"""An hour is joined so long after its end: by then agents have sent what a moment without network kept."""

_LOOK_MS: Final = 10 * 60_000
"""So often it is looked what is to be joined: an agent that sends what it kept for days joins few times."""

_HOURS_A_RUN: Final = 10
"""Joins of one run: each takes some 60 ms, and other threads wait for their turn meanwhile."""

Hour = tuple[str, int]


class Pantry(Protocol):
    """The shelf, as whoever tidies it sees it."""

    def scattered(self, until_ms: int, limit: int) -> Sequence[Hour]:
        """Return agents and starts of hours, ended by then, with several pieces that are worth joining."""
        ...

    def small(self, agent: str, hour_ms: int) -> Sequence[Piece]:
        """Return pieces of an hour, by their first snapshot, that are worth joining: not all, if too many."""
        ...

    def expire(self, edge_ms: int) -> int:
        """Drop some pieces that ended before a time; return how many snapshots, 0 when there are no more."""
        ...

    def make_room(self, max_bytes: int) -> int:
        """Drop some of the oldest pieces until the rest fits; return how many snapshots, 0 when it fits."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How long, and how much: 0 bytes for no limit."""

    retention_ms: int
    max_bytes: int = 0


class Tidying:
    """Does what is due, when told the time."""

    def __init__(
        self,
        archive: Archive,
        pantry: Pantry,
        policy: Policy,
        *,
        dropped: Callable[[str, int], None] = lambda *_: None,
        joined: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._archive = archive
        self._pantry = pantry
        self._policy = policy
        self._dropped = dropped
        self._joined = joined
        self._due: list[Hour] = []
        self._looked_ms: int | None = None

    def run(self, now_ms: int) -> None:
        """Do some of what is due; raises StorageUnavailable when the disk won't have it."""
        while many := self._pantry.expire(now_ms - self._policy.retention_ms):
            self._dropped("expired", many)
        while self._policy.max_bytes and (many := self._pantry.make_room(self._policy.max_bytes)):
            self._dropped("size", many)
        if self._looked_ms is None or now_ms - self._looked_ms >= _LOOK_MS:
            self._due = list(self._pantry.scattered(now_ms - _LATE_MS, limit=100_000))
            self._looked_ms = now_ms
        for _ in range(_HOURS_A_RUN):
            if not self._due:
                return
            self._join(*self._due.pop())

    def join_all(self, now_ms: int) -> None:
        """Join all that is due at once."""
        self._looked_ms = None
        self.run(now_ms)
        while self._due:
            self.run(now_ms)

    def _join(self, agent: str, hour_ms: int) -> None:
        group: list[Piece] = []
        for piece in self._pantry.small(agent, hour_ms):
            group.append(piece)
            if _full(group):
                self._join_group(agent, group)
                group = []
        self._join_group(agent, group)

    def _join_group(self, agent: str, group: Sequence[Piece]) -> None:
        if len(group) > 1:
            self._joined(self._archive.join(agent, group))


def _full(group: Sequence[Piece]) -> bool:
    return (
        sum(piece.snapshots for piece in group) >= JOINED_SNAPSHOTS
        or sum(len(piece.payload) for piece in group) >= _JOINED_PAYLOAD
    )
