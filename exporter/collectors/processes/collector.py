"""Reads a scrape's worth of processes, and writes it as families. Joins the parts; counts nothing itself."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final

from exporter.collectors.processes.grouping import Grouping
from exporter.collectors.processes.keeping import take, write
from exporter.collectors.processes.membership import Membership, Split
from exporter.collectors.processes.reading import Key, Look, Reading
from exporter.collectors.processes.smaps import Shares
from exporter.collectors.processes.table import ProcessTable
from exporter.collectors.processes.tally import Group, Limits, Tally
from exporter.collectors.processes.threads import Identity
from exporter.families import Family, Kind, Pairs, Point
from runtime.values import Pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How processes come into groups."""

    grouping: Grouping
    split: Split
    children: bool = True
    exclude: Pattern | None = None

    def text(self) -> str:
        """Return the same text for the same rules, whenever they were read."""
        exclude = self.exclude.text if self.exclude else ""
        return repr((self.grouping.text(), list(self.split.labels), self.children, exclude))


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All groups at one time, and what their numbers are told in."""

    groups: Sequence[Group]
    labels: Sequence[str]
    """The names of the values in a group's identity."""
    boot_time_s: int
    ticks: int
    failed: int
    """Looks that failed, since the start."""
    unreadable: int
    """Processes that could not be understood, since the start."""
    partly_read: int
    """Readings without what we may not see, since the start."""
    wchan: bool
    """Whether the agent is to tell what processes wait for."""
    threads: bool
    shares: bool


SHARED_SECONDS: Final = 1.0
"""A scrape shows what a snapshot has read just now, and the other way round."""


class Processes:
    """The processes of one host. For several threads."""

    def __init__(
        self,
        table: ProcessTable,
        rules: Rules,
        *,
        limits: Limits | None = None,
        threads: bool = False,
        wchan: bool = False,
        shares: Shares | None = None,
    ) -> None:
        self._table = table
        self._rules = rules
        self._threads = threads
        self._wchan = wchan
        self._shares = shares
        self._membership = _membership(rules)
        self._tally = Tally(limits, labels=len(rules.split.labels), threads=threads)
        self._lock = Lock()
        self._closed = False
        self._failed = 0
        self._partly_read = 0

    def gather(self) -> list[Family]:
        """Return the families as they are now."""
        return to_metrics(self.read())

    def read(self) -> Snapshot:
        """Look at all processes, or take what was seen just now. After `save` there is none."""
        with self._lock:
            if self._closed:
                raise RuntimeError("the counters were put away")
            # It may raise; only when it did not is this taken back.
            self._failed += 1
            look = self._table.readings(SHARED_SECONDS)
            self._failed -= 1
            groups = self._membership.place(look)
            readings = self._completed(look, groups)
            return Snapshot(
                groups=self._tally.add(look, readings, groups),
                labels=("groupname", *self._rules.split.labels),
                boot_time_s=look.boot_time_s,
                ticks=look.ticks,
                failed=self._failed,
                unreadable=look.unreadable,
                partly_read=self._partly_read,
                wchan=self._wchan,
                threads=self._threads,
                shares=self._shares is not None,
            )

    def _completed(self, look: Look, groups: Mapping[Key, Identity]) -> list[Reading]:
        """Return all readings, those in groups with all that is shown of them."""
        grouped, others = [], []
        for reading in look.readings:
            if reading.seen.key not in groups:
                others.append(reading)
            elif (whole := self._table.complete(reading)) is not None:
                grouped.append(whole)
        self._partly_read += sum(each.counts.read is None or each.open_fds is None for each in grouped)
        if self._shares is not None:
            grouped = self._shares.add_to(grouped)
            self._partly_read += sum(each.proportional is None for each in grouped)
        return grouped + others

    def regroup(self, rules: Rules) -> None:
        """Group by other rules from now on. Groups that keep their name keep their counters."""
        with self._lock:
            if rules.split.labels != self._rules.split.labels:
                self._tally.forget_groups(labels=len(rules.split.labels))
            self._rules = rules
            self._membership = _membership(rules)

    def save(self, path: Path) -> None:
        """Put the counters away for the next start, as the last act; or raise OSError."""
        with self._lock:
            self._closed = True
            write(path, boot=self._table.boot_id(), config=self._rules.text(), state=self._tally.state())

    def load(self, path: Path) -> bool:
        """Go on from what was put away, before the first look. False where there is nothing that fits."""
        with self._lock:
            state = take(path, boot=self._table.boot_id(), config=self._rules.text())
            if state is None:
                return False
            try:
                self._tally.restore(state)
            except (LookupError, TypeError, ValueError):
                return False
            return True


def _membership(rules: Rules) -> Membership:
    return Membership(rules.grouping, rules.split, children=rules.children, exclude=rules.exclude)


_PREFIX: Final = "namedprocess_namegroup_"

Values = Mapping[Pairs, float]


def to_metrics(snapshot: Snapshot) -> list[Family]:
    """Return what process-exporter shows of the same processes, its errors included."""
    shapes = [*_FAMILIES, *(_WCHAN if snapshot.wchan else ()), *(_THREADS if snapshot.threads else ())]
    families = [
        _family(
            name, kind, text, ((group, values(group, snapshot)) for group in snapshot.groups), snapshot.labels
        )
        for name, kind, text, values in shapes
    ]
    errors = (
        ("scrape_errors", "Scrapes that failed.", snapshot.failed),
        ("scrape_procread_errors", "Processes whose files could not be understood.", snapshot.unreadable),
        ("scrape_partial_errors", "Readings without what the agent may not see.", snapshot.partly_read),
    )
    return families + [
        Family(name=f"namedprocess_{name}", kind="counter", help=text, points=(Point(value),))
        for name, text, value in errors
    ]


def _family(
    name: str, kind: Kind, text: str, groups: Iterable[tuple[Group, Values]], labels: Sequence[str]
) -> Family:
    points = [
        # A label without a value is as good as none.
        Point(value, (*(pair for pair in zip(labels, group.identity, strict=True) if pair[1]), *more))
        for group, values in groups
        for more, value in values.items()
    ]
    return Family(name=_PREFIX + name, kind=kind, help=text, points=points)


def _cpu(group: Group, snapshot: Snapshot) -> Values:
    user, system, *_ = group.used
    return {(("mode", "user"),): user / snapshot.ticks, (("mode", "system"),): system / snapshot.ticks}


def _memory(group: Group, snapshot: Snapshot) -> Values:
    found = {"resident": group.resident, "virtual": group.virtual, "swapped": group.swapped}
    if snapshot.shares:
        found["proportionalResident"], found["proportionalSwapped"] = group.proportional
    return {(("memtype", name),): value for name, value in found.items()}


def _switches(group: Group, _: Snapshot) -> Values:
    voluntary, nonvoluntary = group.used[4:6]
    return {(("ctxswitchtype", "voluntary"),): voluntary, (("ctxswitchtype", "nonvoluntary"),): nonvoluntary}


def _oldest(group: Group, snapshot: Snapshot) -> Values:
    if group.oldest_started is None:
        return {(): 0}
    return {(): snapshot.boot_time_s + group.oldest_started // snapshot.ticks}


_Shape = tuple[str, Kind, str, Callable[[Group, Snapshot], Values]]

_FAMILIES: Final[Sequence[_Shape]] = (
    ("num_procs", "gauge", "Processes.", lambda group, _: {(): group.processes}),
    ("num_threads", "gauge", "Threads.", lambda group, _: {(): group.threads}),
    (
        "states",
        "gauge",
        "Processes by state, with the threads of those that have several.",
        lambda group, _: {(("state", state),): number for state, number in group.states.items()},
    ),
    ("cpu_seconds_total", "counter", "Processor time.", _cpu),
    ("memory_bytes", "gauge", "Memory by type.", _memory),
    ("read_bytes_total", "counter", "Bytes read from storage.", lambda group, _: {(): group.used[6]}),
    ("write_bytes_total", "counter", "Bytes written to storage.", lambda group, _: {(): group.used[7]}),
    ("minor_page_faults_total", "counter", "Page faults without I/O.", lambda group, _: {(): group.used[2]}),
    ("major_page_faults_total", "counter", "Page faults with I/O.", lambda group, _: {(): group.used[3]}),
    ("context_switches_total", "counter", "Context switches of all threads.", _switches),
    ("open_filedesc", "gauge", "Open file descriptors.", lambda group, _: {(): group.open_fds}),
    (
        "worst_fd_ratio",
        "gauge",
        "Largest ratio of open file descriptors to their soft limit in any process.",
        lambda group, _: {(): group.worst_fd_ratio},
    ),
    ("oldest_start_time_seconds", "gauge", "Start of the oldest process, in Unix time.", _oldest),
)

_WCHAN: Final[Sequence[_Shape]] = (
    (
        "threads_wchan",
        "gauge",
        "Processes, and the threads of those with several, by the kernel's function that they wait in.",
        lambda group, _: {(("wchan", name),): number for name, number in sorted(group.waits.items())},
    ),
)


def _by_thread(
    label: str, fields: Mapping[str, int], *, seconds: bool = False
) -> Callable[[Group, Snapshot], Values]:
    """Return a way to show some counts of the threads by name, told apart by a label, or all in one."""

    def values(group: Group, snapshot: Snapshot) -> Values:
        unit = snapshot.ticks if seconds else 1
        return {
            (("threadname", each.name), *(((label, field),) if label else ())): each.used[at] / unit
            for each in group.by_thread
            for field, at in fields.items()
        }

    return values


_THREADS: Final[Sequence[_Shape]] = (
    (
        "thread_count",
        "gauge",
        "Threads by name, of processes with several.",
        lambda group, _: {(("threadname", each.name),): each.count for each in group.by_thread},
    ),
    (
        "thread_cpu_seconds_total",
        "counter",
        "Processor time of threads.",
        _by_thread("mode", {"user": 0, "system": 1}, seconds=True),
    ),
    (
        "thread_io_bytes_total",
        "counter",
        "Bytes that threads read from and wrote to storage.",
        _by_thread("iomode", {"read": 6, "write": 7}),
    ),
    (
        "thread_minor_page_faults_total",
        "counter",
        "Page faults without I/O of threads.",
        _by_thread("", {"": 2}),
    ),
    (
        "thread_major_page_faults_total",
        "counter",
        "Page faults with I/O of threads.",
        _by_thread("", {"": 3}),
    ),
    (
        "thread_context_switches_total",
        "counter",
        "Context switches of threads.",
        _by_thread("ctxswitchtype", {"voluntary": 4, "nonvoluntary": 5}),
    ),
)
