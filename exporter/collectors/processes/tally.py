"""What groups of processes use: the sum of what each used since we look, which never goes down.

What a process used counts for the group that is shown at the time, for good. So a group may be hidden
and shown again, and a process may change its group, without any counter going down or jumping.

Does no I/O. Owns how much is kept: the number of groups, and how long an empty one is shown.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from exporter.collectors.processes.gains import NO_COUNTS, gain
from exporter.collectors.processes.offspring import Offspring
from exporter.collectors.processes.reading import Counts, Key, Look, Reading
from exporter.collectors.processes.threads import Identity, Threads, ThreadTally

OTHER: Final = "other"
"""The group for what is not shown by itself, so that sums over all groups still add up."""

TRACKED_TIMES: Final = 10
"""Of groups that are below what it takes to be shown, so many times as are shown are watched."""

STATES: Final[Mapping[str, str]] = {"R": "Running", "S": "Sleeping", "D": "Waiting", "Z": "Zombie"}
OTHER_STATE: Final = "Other"

_SLACK_TICKS: Final = 2
"""What started so little before the last look may not have been there yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Which groups are shown. Without `min_cpu_s` and `min_memory` all are, up to so many."""

    max_groups: int = 1000
    """Without OTHER. A group is 20 series; a name with a PID in it would otherwise make new ones for ever."""
    min_cpu_s: float = 0.0
    min_memory: int = 0
    empty_s: float = 3600.0
    """How long a group is shown without a process: jobs that run each hour keep their counters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One group at one time. Processor time is in ticks, the oldest start in ticks since boot."""

    identity: Identity
    """Its name, and the values of further labels."""
    processes: int
    threads: int
    states: Mapping[str, int]
    virtual: int
    resident: int
    swapped: int
    proportional: tuple[int, int]
    open_fds: int
    worst_fd_ratio: float
    waits: Mapping[str, int]
    oldest_started: int | None
    used: Sequence[int]
    """In the order of Counts."""
    by_thread: Sequence[Threads] = ()


@dataclass(slots=True)
class _Kept:
    used: list[int] = field(default_factory=lambda: [0] * len(NO_COUNTS))
    cpu: int = 0
    """With what it used while it was hidden."""
    shown: bool = False
    seen_s: float | None = None
    """When it had a process; None for a restored one until the first look."""
    met_s: float = 0.0
    """When it was last large enough to be shown."""


@dataclass(frozen=True, slots=True)
class _Last:
    counts: Counts
    identity: Identity | None


State = dict[str, Any]


class Tally:
    """Adds up. What started after looking began counts in full, what did before from its first reading."""

    def __init__(self, limits: Limits | None = None, *, labels: int = 0, threads: bool = False) -> None:
        self._limits = limits or Limits()
        self._other: Identity = (OTHER, *[""] * labels)
        self._threads = ThreadTally() if threads else None
        self._offspring = Offspring()
        self._last: dict[Key, _Last] = {}
        self._kept: dict[Identity, _Kept] = {}
        self._looked: tuple[float, float] | None = None
        """On both clocks of the last look."""

    def add(self, look: Look, readings: Sequence[Reading], groups: Mapping[Key, Identity]) -> list[Group]:
        """Count what was used since the last call, and return every group as it is now.

        `readings` are of all processes; those without a group are not shown, but their children may be.
        """
        now_s = look.at_s
        since = look.since_s * look.ticks
        if self._looked is not None:
            since = self._looked[1] * look.ticks - _SLACK_TICKS
        gains, members = self._gains(readings, groups, since, again=self._looked == (now_s, look.uptime_s))
        self._looked = (now_s, look.uptime_s)
        self._forget_empty(now_s)
        shown: dict[Identity, list[Reading]] = {}
        for identity, gained in gains.items():
            present = members.get(identity, [])
            kept = self._judged(identity, gained, present, now_s, look.ticks)
            name = identity if kept is not None and kept.shown else self._other
            target = self._kept.setdefault(name, _Kept(shown=True, seen_s=now_s))
            if present:
                target.seen_s = now_s
            for at, more in enumerate(gained):
                target.used[at] += more
            shown.setdefault(name, []).extend(present)
        for identity, kept in self._kept.items():
            if kept.shown:
                shown.setdefault(identity, [])
        return self._grouped(shown, now_s, since)

    def _gains(
        self, readings: Iterable[Reading], groups: Mapping[Key, Identity], since: float, *, again: bool
    ) -> tuple[dict[Identity, list[int]], dict[Identity, list[Reading]]]:
        """Return what each group used since the last look, and its processes."""
        readings = list(readings)
        unseen = {} if again else self._offspring.add(readings, since)
        gains: dict[Identity, list[int]] = {}
        members: dict[Identity, list[Reading]] = {}
        before, self._last = self._last, {}
        for reading in readings:
            key, counts = reading.seen.key, reading.counts
            identity = groups.get(key)
            known = before.get(key)
            base = known.counts if known is not None else NO_COUNTS if key.started >= since else counts
            gained = (
                [0] * len(NO_COUNTS) if identity is None else gains.setdefault(identity, [0] * len(NO_COUNTS))
            )
            if identity is not None:
                members.setdefault(identity, []).append(reading)
            latest = gain(gained, base, counts)
            unchanged = known is not None and latest is known.counts and identity == known.identity
            self._last[key] = known if unchanged and known is not None else _Last(latest, identity)
        for key, (user, system) in unseen.items():
            last = self._last.get(key) or before.get(key)
            if last is not None and last.identity is not None:
                gained = gains.setdefault(last.identity, [0] * len(NO_COUNTS))
                gained[0] += user
                gained[1] += system
        return gains, members

    def _judged(
        self, identity: Identity, gained: Sequence[int], present: Sequence[Reading], now_s: float, ticks: int
    ) -> _Kept | None:
        """Say whether a group is shown; None where there is no room even to watch it."""
        kept = self._kept.get(identity)
        if kept is None:
            if not present or len(self._kept) >= TRACKED_TIMES * self._limits.max_groups:
                return None
            kept = self._kept[identity] = _Kept()
        if present:
            kept.seen_s = now_s
        kept.cpu += gained[0] + gained[1]
        if self._is_large(kept, present, ticks):
            kept.met_s = now_s
            kept.shown = kept.shown or identity == self._other or self._room()
        elif now_s - kept.met_s > self._limits.empty_s:
            kept.shown = False
        return kept

    def _is_large(self, kept: _Kept, present: Sequence[Reading], ticks: int) -> bool:
        limits = self._limits
        if not limits.min_cpu_s and not limits.min_memory:
            return True
        if limits.min_cpu_s and kept.cpu >= limits.min_cpu_s * ticks:
            return True
        return bool(limits.min_memory) and sum(each.seen.resident for each in present) >= limits.min_memory

    def _room(self) -> bool:
        taken = sum(kept.shown for identity, kept in self._kept.items() if identity != self._other)
        return taken < self._limits.max_groups

    def _forget_empty(self, now_s: float) -> None:
        for identity, kept in list(self._kept.items()):
            if kept.seen_s is None:
                kept.seen_s = kept.met_s = now_s
            elif now_s - kept.seen_s > self._limits.empty_s:
                del self._kept[identity]

    def _grouped(
        self, shown: Mapping[Identity, Sequence[Reading]], now_s: float, since: float
    ) -> list[Group]:
        threads: Mapping[Identity, Sequence[Threads]] = {}
        if self._threads is not None:
            threads = self._threads.add(shown, now_s=now_s, since=since, keep_s=self._limits.empty_s)
        return [
            _group(identity, each, self._kept[identity].used, threads.get(identity, ()))
            for identity, each in sorted(shown.items())
        ]

    def forget_groups(self, *, labels: int) -> None:
        """Begin with no group, so many labels besides the name, and all that is known of processes."""
        self._kept = {}
        self._other = (OTHER, *[""] * labels)

    def state(self) -> State:
        """Return what is to be kept over a restart, as JSON has it."""
        return {
            "uptime_s": self._looked[1] if self._looked else None,
            "groups": [[list(name), each.used, each.cpu, each.shown] for name, each in self._kept.items()],
            "processes": [[*key, list(last.counts), last.identity] for key, last in self._last.items()],
            "offspring": self._offspring.saved(),
        }

    def restore(self, state: State) -> None:
        """Go on from a state of the same boot. May raise KeyError, TypeError or ValueError."""
        kept = {
            tuple(map(str, name)): _Kept(used=_numbers(used), cpu=int(cpu), shown=bool(shown))
            for name, used, cpu, shown in state["groups"]
        }
        last = {
            Key(int(pid), int(started)): _Last(Counts(*counts), None if named is None else tuple(named))
            for pid, started, counts, named in state["processes"]
        }
        offspring = Offspring(state["offspring"])
        uptime_s = float(state["uptime_s"])
        self._kept, self._last, self._offspring = kept, last, offspring
        self._looked = (float("-inf"), uptime_s)


def _numbers(used: Sequence[Any]) -> list[int]:
    if len(used) != len(NO_COUNTS):
        raise ValueError("not as many counts as there are")
    return [int(each) for each in used]


def _group(
    identity: Identity, members: Sequence[Reading], used: Sequence[int], by_thread: Sequence[Threads]
) -> Group:
    states = dict.fromkeys([*STATES.values(), OTHER_STATE], 0)
    worst = 0.0
    waits: Counter[str] = Counter()
    for reading in members:
        # As process-exporter does: a process with several threads counts, and each of them.
        states[STATES.get(reading.seen.state, OTHER_STATE)] += 1
        for thread in reading.threads:
            states[STATES.get(thread.state, OTHER_STATE)] += 1
        for place in (reading.waits_in, *(thread.waits_in for thread in reading.threads)):
            if place:
                waits[place] += 1
        if reading.open_fds and reading.fd_limit:
            worst = max(worst, reading.open_fds / reading.fd_limit)
    shares = [each.proportional for each in members if each.proportional is not None]
    return Group(
        identity=identity,
        processes=len(members),
        threads=sum(each.seen.threads for each in members),
        states=states,
        virtual=sum(each.seen.virtual for each in members),
        resident=sum(each.seen.resident for each in members),
        swapped=sum(each.swapped for each in members),
        proportional=(sum(resident for resident, _ in shares), sum(swapped for _, swapped in shares)),
        open_fds=sum(each.open_fds or 0 for each in members),
        worst_fd_ratio=worst,
        waits=waits,
        oldest_started=min((each.seen.key.started for each in members), default=None),
        used=tuple(used),
        by_thread=by_thread,
    )
