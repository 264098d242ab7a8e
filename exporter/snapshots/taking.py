"""Which processes are the busiest between two looks, and how busy. Pure; must not know how it is sent.

Rates are told for a process that was there at both looks, and for one that started between them. Of any
other, nobody knows when it used what it has used.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from exporter.collectors.processes.reading import Key, Look, Program, Reading
from exporter.snapshots.host import Host


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Which processes are told: so many by each measure, and those with watched names."""

    top: int
    watch: tuple[str, ...]
    max_processes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A look at all processes, and at the host where it could be read, at a time in ms since 1970."""

    time_ms: int
    boot_ms: int
    look: Look
    host: Host | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a process belongs: each is empty where it does not."""

    user: str = ""
    container: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """How a program is told: its command line, and where it belongs."""

    command_line: Callable[[Program], str]
    place: Callable[[Program], Place]


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One process. CPU is in per cent of one core; rates are in bytes a second; None where nobody knows."""

    pid: int
    parent: int
    name: str
    command: str
    place: Place
    state: str
    start_ms: int
    threads: int
    fds: int | None
    rss: int
    cpu: float | None
    read: float | None
    write: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """All processes together, and the host. CPU is in per cent of one core."""

    processes: int
    threads: int
    read: float | None
    write: float | None
    cpu: float | None
    io_wait: float | None
    host: Host | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The busiest processes, the most interesting first; `omitted` more were wanted, but are too many."""

    time_ms: int
    interval_ms: int
    totals: Totals
    omitted: int
    processes: Sequence[Process]


@dataclass(frozen=True, slots=True)
class _Busy:
    """A process with what it used a second, in ticks and bytes."""

    reading: Reading
    ticks: float | None
    read: float | None
    write: float | None

    @property
    def io(self) -> float:
        return (self.read or 0) + (self.write or 0)


def take(before: Moment | None, now: Moment, policy: Policy, words: Words) -> Snapshot:
    """Compare two looks, and tell of the processes that the policy names. Without a look before: no rates."""
    elapsed_s = now.look.at_s - before.look.at_s if before else 0.0
    busy = list(_busy(before.look if before else None, now.look, elapsed_s))
    wanted = _wanted(busy, policy)
    kept = wanted[: policy.max_processes]
    return Snapshot(
        time_ms=now.time_ms,
        interval_ms=round(elapsed_s * 1000),
        totals=_totals(busy, before.host if before else None, now.host, elapsed_s),
        omitted=len(wanted) - len(kept),
        processes=[_process(each, now, words) for each in kept],
    )


def _busy(before: Look | None, now: Look, elapsed_s: float) -> Iterator[_Busy]:
    known: dict[Key, Reading] = {}
    if before is None or elapsed_s <= 0:
        yield from (_Busy(reading, None, None, None) for reading in now.readings)
        return
    known = {reading.seen.key: reading for reading in before.readings}
    looked = before.uptime_s * before.ticks
    for reading in now.readings:
        old = known.get(reading.seen.key)
        if old is None and reading.seen.key.started < looked:
            yield _Busy(reading, None, None, None)
            continue
        counts = reading.counts
        yield _Busy(
            reading,
            _rate(_cpu(reading), _cpu(old) if old else 0, elapsed_s),
            _rate(counts.read, old.counts.read if old else 0, elapsed_s),
            _rate(counts.written, old.counts.written if old else 0, elapsed_s),
        )


def _cpu(reading: Reading) -> int:
    return reading.counts.user + reading.counts.system


def _rate(now: float | None, before: float | None, elapsed_s: float) -> float | None:
    return None if now is None or before is None else max(now - before, 0) / elapsed_s


def _wanted(busy: Iterable[_Busy], policy: Policy) -> list[_Busy]:
    """Return the processes that are wanted: the first by each measure, then the second by each, and so on."""
    busy = list(busy)
    by_cpu = [each for each in _highest(busy, lambda each: each.ticks or 0)[: policy.top] if each.ticks]
    by_io = [each for each in _highest(busy, lambda each: each.io)[: policy.top] if each.io]
    by_memory = _highest(busy, lambda each: each.reading.seen.resident)[: policy.top]
    by_memory = [each for each in by_memory if each.reading.seen.resident]
    watched = [each for each in busy if _watched(each.reading.seen.program.comm, policy.watch)]
    lists = (by_cpu, by_memory, by_io, _highest(watched, lambda each: each.ticks or 0))
    ranked = (each for rank in zip_longest(*lists) for each in rank if each is not None)
    return list({each.reading.seen.key: each for each in ranked}.values())


def _highest(busy: Iterable[_Busy], measure: Callable[[_Busy], float]) -> list[_Busy]:
    """Sort by a measure; of equals, the older process first, so that a quiet host looks the same."""
    return sorted(
        busy, key=lambda each: (-measure(each), each.reading.seen.key.started, each.reading.seen.key)
    )


def _watched(name: str, watch: Sequence[str]) -> bool:
    return any(name.startswith(each[:-1]) if each.endswith("*") else name == each for each in watch)


def _process(busy: _Busy, now: Moment, words: Words) -> Process:
    seen = busy.reading.seen
    return Process(
        pid=seen.key.pid,
        parent=seen.parent,
        name=seen.program.comm,
        command=words.command_line(seen.program),
        place=words.place(seen.program),
        state=seen.state,
        start_ms=now.boot_ms + seen.key.started * 1000 // now.look.ticks,
        threads=seen.threads,
        fds=busy.reading.open_fds,
        rss=seen.resident,
        cpu=None if busy.ticks is None else 100 * busy.ticks / now.look.ticks,
        read=busy.read,
        write=busy.write,
    )


def _totals(busy: Sequence[_Busy], before: Host | None, now: Host | None, elapsed_s: float) -> Totals:
    cpu, io_wait = None, None
    if before is not None and now is not None and elapsed_s > 0:
        cpu = 100 * max(now.busy_s - before.busy_s, 0.0) / elapsed_s
        io_wait = 100 * max(now.io_wait_s - before.io_wait_s, 0.0) / elapsed_s
    return Totals(
        processes=len(busy),
        threads=sum(each.reading.seen.threads for each in busy),
        read=_sum(each.read for each in busy),
        write=_sum(each.write for each in busy),
        cpu=cpu,
        io_wait=io_wait,
        host=now,
    )


def _sum(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
