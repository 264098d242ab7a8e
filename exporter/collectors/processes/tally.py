"""What groups of processes use: the sum of what each used since we look, which never goes down.

Does no I/O. Owns how much is kept: the number of groups, and how long an empty one is shown.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from exporter.collectors.processes.reading import Counts, Key, Look, Reading

OTHER: Final = "other"
"""The group for what would be one too many, so that sums over all groups still add up."""

MAX_GROUPS: Final = 1000
"""Without OTHER. A group is 20 series; a name with a PID in it would otherwise make new ones for ever."""

EMPTY_SECONDS: Final = 3600.0
"""How long a group is shown without a process: jobs that run each hour keep their counters."""

STATES: Final[Mapping[str, str]] = {"R": "Running", "S": "Sleeping", "D": "Waiting", "Z": "Zombie"}
OTHER_STATE: Final = "Other"

_NOTHING: Final = Counts(0, 0, 0, 0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One group at one time. Processor time is in ticks, the oldest start in ticks since boot."""

    name: str
    processes: int
    threads: int
    states: Mapping[str, int]
    virtual: int
    resident: int
    swapped: int
    open_fds: int
    worst_fd_ratio: float
    waits: Mapping[str, int]
    oldest_started: int | None
    used: Sequence[int]
    """In the order of Counts."""


@dataclass(slots=True)
class _Kept:
    used: list[int] = field(default_factory=lambda: [0] * len(_NOTHING))
    seen_s: float = 0.0


class Tally:
    """Adds up. What started after looking began counts in full."""

    def __init__(self, *, max_groups: int = MAX_GROUPS) -> None:
        self._max_groups = max_groups
        self._last: dict[Key, tuple[Counts, str, str]] = {}
        self._kept: dict[str, _Kept] = {}

    def add(self, look: Look, readings: Sequence[Reading], groups: Mapping[Key, str]) -> list[Group]:
        """Count what was used since the last call, and return every group as it is now."""
        now_s, since = look.at_s, look.since_s * look.ticks
        self._forget_empty(now_s)
        members: dict[str, list[Reading]] = {name: [] for name in self._kept}
        last = {}
        for reading in readings:
            key = reading.seen.key
            before, named, counted = self._last.get(key, (None, "", ""))
            # A process stays in `other` once there, lest its numbers jump between groups.
            name = counted if named == groups[key] and counted in self._kept else self._room(groups[key])
            kept = self._kept.setdefault(name, _Kept())
            kept.seen_s = now_s
            members.setdefault(name, []).append(reading)
            if before is None:
                before = _NOTHING if key.started >= since else reading.counts
            latest = _add(kept.used, before, reading.counts)
            last[key] = (latest, groups[key], name)
        self._last = last
        return [_group(name, each, self._kept[name].used) for name, each in sorted(members.items())]

    def _room(self, name: str) -> str:
        """Return the name, or OTHER when there are as many as may be."""
        taken = len(self._kept) - (OTHER in self._kept)
        return name if name in self._kept or taken < self._max_groups else OTHER

    def _forget_empty(self, now_s: float) -> None:
        self._kept = {name: kept for name, kept in self._kept.items() if now_s - kept.seen_s <= EMPTY_SECONDS}


def _add(used: list[int], before: Counts, now: Counts) -> Counts:
    """Add what came, and return what to compare with next time.

    What may not be read for a while keeps its last value; what could never be read begins with its first.
    """
    latest = list(now)
    for at, (old, new) in enumerate(zip(before, now, strict=True)):
        if new is None:
            latest[at] = old
        elif old is not None and new > old:
            used[at] += new - old
    return Counts(*latest)  # type: ignore[arg-type]  # the same fields in the same order


def _group(name: str, members: Sequence[Reading], used: Sequence[int]) -> Group:
    states = dict.fromkeys([*STATES.values(), OTHER_STATE], 0)
    worst = 0.0
    for reading in members:
        states[STATES.get(reading.seen.state, OTHER_STATE)] += 1
        if reading.open_fds and reading.fd_limit:
            worst = max(worst, reading.open_fds / reading.fd_limit)
    return Group(
        name=name,
        processes=len(members),
        threads=sum(each.seen.threads for each in members),
        states=states,
        virtual=sum(each.seen.virtual for each in members),
        resident=sum(each.seen.resident for each in members),
        swapped=sum(each.swapped for each in members),
        open_fds=sum(each.open_fds or 0 for each in members),
        worst_fd_ratio=worst,
        waits=Counter(each.waits_in for each in members if each.waits_in),
        oldest_started=min((each.seen.key.started for each in members), default=None),
        used=tuple(used),
    )
