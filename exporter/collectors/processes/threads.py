"""Threads of groups by name, and what they used since we look. Does no I/O; must not know grouping rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from exporter.collectors.processes.gains import NO_COUNTS, gain
from exporter.collectors.processes.reading import Counts, Key, Reading

MAX_NAMES: Final = 100
"""Of threads in a group. Some programs number theirs, and each name is nine series."""

OTHER_THREADS: Final = "other"
"""The name for threads with what would be one name too many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Threads:
    """The threads of one name in one group."""

    name: str
    count: int
    used: Sequence[int]
    """In the order of Counts."""


@dataclass(slots=True)
class _Kept:
    used: list[int] = field(default_factory=lambda: [0] * len(NO_COUNTS))
    count: int = 0
    seen_s: float = 0.0


Identity = tuple[str, ...]
_Thread = tuple[Key, Key]


class ThreadTally:
    """Adds up threads by group and name."""

    def __init__(self) -> None:
        self._last: dict[_Thread, Counts] = {}
        self._groups: dict[Identity, dict[str, _Kept]] = {}

    def add(
        self,
        members: Mapping[Identity, Sequence[Reading]],
        *,
        now_s: float,
        since: float,
        keep_s: float,
    ) -> Mapping[Identity, Sequence[Threads]]:
        """Count what threads used since the last call; `members` has all groups that are still shown."""
        last: dict[_Thread, Counts] = {}
        groups: dict[Identity, dict[str, _Kept]] = {}
        for identity, readings in members.items():
            before = self._groups.get(identity, {})
            kept = {name: each for name, each in before.items() if now_s - each.seen_s <= keep_s}
            for each in kept.values():
                each.count = 0
            for reading in readings:
                self._add(reading, kept, last, now_s, since)
            groups[identity] = kept
        self._last, self._groups = last, groups
        return {
            identity: [
                Threads(name=name, count=each.count, used=tuple(each.used))
                for name, each in sorted(kept.items())
            ]
            for identity, kept in groups.items()
        }

    def _add(
        self,
        reading: Reading,
        names: dict[str, _Kept],
        last: dict[_Thread, Counts],
        now_s: float,
        since: float,
    ) -> None:
        for thread in reading.threads:
            key = (reading.seen.key, thread.key)
            base = self._last.get(key)
            if base is None:
                base = NO_COUNTS if thread.key.started >= since else thread.counts
            full = thread.name not in names and len(names) >= MAX_NAMES
            kept = names.setdefault(OTHER_THREADS if full else thread.name, _Kept())
            kept.count += 1
            kept.seen_s = now_s
            last[key] = gain(kept.used, base, thread.counts)
