"""What is asked of the history: one process over time, what changed between two times, the busiest. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from gateway.history.chunk import Chunk
from gateway.history.snapshot import Identity, Process, Snapshot, Whole
from timeseries.columns import Bools, Ints

SAME_START_MS: Final = 2_000
"""So far the start of a process may be told differently: agents know it to a second after they restarted."""

MAX_POINTS: Final = 1_000
"""More snapshots than this are drawn together: no chart has more pixels to tell them apart."""

MAX_NAMED: Final = 100
"""So many of the processes that a history is about are named."""

DRAWN: Final = ("cpu", "rss", "read", "write")
"""What a point of a history says."""


def _io(process: Process) -> Whole:
    known = [value for value in (process.read, process.write) if value is not None]
    return sum(known) if known else None


ORDERS: Final[Mapping[str, Callable[[Process], Whole]]] = {
    "cpu": lambda process: process.cpu,
    "rss": lambda process: process.rss,
    "io": _io,
}
"""What processes can be sorted by."""


def busiest(processes: Iterable[Process], order: str) -> list[Process]:
    """Return the processes, the busiest first; those of whom it is not known last."""
    measure = ORDERS[order]

    def key(process: Process) -> tuple[int, int]:
        value = measure(process)
        return (-1 if value is None else value, process.identity.start_ms)

    return sorted(processes, key=key, reverse=True)


# --- what changed ---


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One process at two times."""

    before: Process
    after: Process

    def grown(self, order: str) -> int:
        """By how much; what is not known counts as 0."""
        measure = ORDERS[order]
        return (measure(self.after) or 0) - (measure(self.before) or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What is different in the later of two snapshots. Only the busiest are in one: gone may mean quiet."""

    appeared: Sequence[Process]
    gone: Sequence[Process]
    grew: Sequence[Pair]
    shrank: Sequence[Pair]


def changes(before: Snapshot, after: Snapshot, order: str) -> Changes:
    """Compare two snapshots; the largest differences come first."""
    old: dict[int, list[Process]] = {}
    for process in before.processes:
        old.setdefault(process.identity.pid, []).append(process)
    pairs, appeared = [], []
    for process in after.processes:
        twins = old.get(process.identity.pid, [])
        twin = next((one for one in twins if _same(one.identity, process.identity)), None)
        if twin is None:
            appeared.append(process)
        else:
            twins.remove(twin)
            pairs.append(Pair(before=twin, after=process))
    pairs.sort(key=lambda pair: -abs(pair.grown(order)))
    return Changes(
        appeared=busiest(appeared, order),
        gone=busiest([one for left in old.values() for one in left], order),
        grew=[pair for pair in pairs if pair.grown(order) > 0],
        shrank=[pair for pair in pairs if pair.grown(order) < 0],
    )


def _same(one: Identity, other: Identity) -> bool:
    return one.pid == other.pid and abs(one.start_ms - other.start_ms) <= SAME_START_MS


# --- one process over time ---


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Whose history: one process by its number and start, or all of a name."""

    pid: int | None = None
    start_ms: int = 0
    name: str = ""

    def among(self, chunk: Chunk) -> Bools:
        """Tell which of the chunk's identities are meant."""
        pids, starts, _, programs = chunk.identities
        if self.pid is not None:
            return np.asarray((pids == self.pid) & (np.abs(starts - self.start_ms) <= SAME_START_MS))
        named = np.array([program.name == self.name for program in chunk.programs], np.bool_)
        return np.asarray(named[programs])


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """One of the processes that a history is about, and when it was first and last seen in that time."""

    identity: Identity
    first_ms: int
    last_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What the processes did together: averages over the snapshots of the point, the most of CPU and memory.

    `processes` is the most that were seen at once: 0 where there were snapshots without any.
    """

    time_ms: int
    snapshots: int
    processes: int
    cpu: float | None
    cpu_max: float | None
    rss: float | None
    rss_max: float | None
    read: float | None
    write: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Points from where the processes were first seen to where they were last seen."""

    step_ms: int
    points: Sequence[Point]
    lives: Sequence[Life]


@dataclass(slots=True)
class _Collected:
    """What was read so far: all times, and of each the sums; -1 where nobody knows."""

    seen: set[int] = field(default_factory=set)
    times: list[Ints] = field(default_factory=list)
    counts: list[Ints] = field(default_factory=list)
    sums: dict[str, list[Ints]] = field(default_factory=lambda: {name: [] for name in DRAWN})
    lives: dict[Identity, Life] = field(default_factory=dict)


def history(chunks: Iterable[Chunk], chosen: Chosen, start_ms: int, end_ms: int, step_ms: int = 0) -> History:
    """Return one process, or all of a name, over time; a step of 0 is chosen so that the points are few."""
    found = _Collected()
    for chunk in chunks:
        fresh = (chunk.times >= start_ms) & (chunk.times <= end_ms)
        fresh &= np.array([time_ms not in found.seen for time_ms in chunk.times.tolist()], np.bool_)
        found.seen.update(chunk.times[fresh].tolist())
        _collect(chunk, chosen, fresh, found)
    if not found.times:
        return History(step_ms=step_ms, points=[], lives=[])
    times = np.concatenate(found.times)
    order = np.argsort(times)
    counts = np.concatenate(found.counts)[order]
    there = np.flatnonzero(counts)
    if not len(there):
        return History(step_ms=step_ms, points=[], lives=[])
    span = order[there[0] : there[-1] + 1]
    times, counts = times[span], counts[there[0] : there[-1] + 1]
    if not step_ms and len(times) > MAX_POINTS:
        step_ms = -(-(int(times[-1] - times[0]) + 1) // (MAX_POINTS * 1000)) * 1000
    sums = {name: np.concatenate(parts)[span] for name, parts in found.sums.items()}
    lives = sorted(found.lives.values(), key=lambda life: -life.last_ms)[:MAX_NAMED]
    return History(step_ms=step_ms, points=_points(times, counts, sums, step_ms), lives=lives)


def _collect(chunk: Chunk, chosen: Chosen, fresh: Bools, found: _Collected) -> None:
    meant = chosen.among(chunk)
    rows = np.flatnonzero(meant[chunk.of] & fresh[chunk.at])
    at, size = chunk.at[rows], len(chunk.times)
    found.times.append(chunk.times[fresh])
    found.counts.append(np.bincount(at, minlength=size)[fresh])
    for name in DRAWN:
        values = chunk.measure(name)[rows]
        known = values >= 0
        sums = np.zeros(size, np.int64)
        np.add.at(sums, at[known], values[known])
        sums[np.bincount(at[known], minlength=size) == 0] = -1
        found.sums[name].append(sums[fresh])
    for of in np.unique(chunk.of[rows]).tolist():
        when = chunk.times[at[chunk.of[rows] == of]]
        identity = chunk.named[of]
        first, last = int(when.min()), int(when.max())
        known_life = found.lives.get(identity)
        if known_life is not None:
            first, last = min(first, known_life.first_ms), max(last, known_life.last_ms)
        found.lives[identity] = Life(identity=identity, first_ms=first, last_ms=last)


def _points(times: Ints, counts: Ints, sums: Mapping[str, Ints], step_ms: int) -> list[Point]:
    begins = (
        np.arange(len(times))
        if not step_ms
        else np.flatnonzero(np.diff(times // step_ms, prepend=times[0] // step_ms - 1))
    )
    sizes = np.diff(begins, append=len(times))
    means, most = {}, {}
    for name, values in sums.items():
        known = np.add.reduceat((values >= 0).astype(np.int64), begins)
        total = np.add.reduceat(np.where(values < 0, 0, values), begins)
        means[name] = _optional(total / np.maximum(known, 1), known > 0)
        most[name] = _optional(np.maximum.reduceat(values, begins).astype(np.float64), known > 0)
    columns = zip(
        times[begins + sizes - 1].tolist(),
        sizes.tolist(),
        np.maximum.reduceat(counts, begins).tolist(),
        means["cpu"],
        most["cpu"],
        means["rss"],
        most["rss"],
        means["read"],
        means["write"],
        strict=True,
    )
    names = ("time_ms", "snapshots", "processes", "cpu", "cpu_max", "rss", "rss_max", "read", "write")
    return [Point(**dict(zip(names, values, strict=True))) for values in columns]


def _optional(values: np.ndarray[tuple[int], np.dtype[np.float64]], known: Bools) -> list[float | None]:
    return [value if there else None for value, there in zip(values.tolist(), known.tolist(), strict=True)]
