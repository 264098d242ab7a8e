"""Reads a scrape's worth of processes, and writes it as families. Joins the parts; counts nothing itself."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from exporter.collectors.processes.grouping import Grouping
from exporter.collectors.processes.membership import Membership
from exporter.collectors.processes.table import ProcessTable
from exporter.collectors.processes.tally import MAX_GROUPS, Group, Tally
from exporter.families import Family, Kind, Pairs, Point


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All groups at one time, and what their numbers are told in."""

    groups: Sequence[Group]
    boot_time_s: int
    ticks: int
    unreadable: int
    """Processes that could not be understood, since the start."""
    partly_read: int
    """Readings without what we may not see, since the start."""
    wchan: bool
    """Whether the agent is to tell what processes wait for."""


SHARED_SECONDS: Final = 1.0
"""A scrape shows what a snapshot has read just now, and the other way round."""


class Processes:
    """The processes of one host. Not for several threads at once."""

    def __init__(
        self,
        table: ProcessTable,
        grouping: Grouping,
        *,
        user_name: Callable[[int], str],
        children: bool = True,
        wchan: bool = False,
        max_groups: int = MAX_GROUPS,
    ) -> None:
        self._table = table
        self._wchan = wchan
        self._membership = Membership(grouping, children=children, user_name=user_name)
        self._tally = Tally(max_groups=max_groups)
        self._partly_read = 0

    def read(self) -> Snapshot:
        """Look at all processes, or take what was seen just now."""
        look = self._table.readings(SHARED_SECONDS)
        groups = self._membership.place(look)
        found = (self._table.complete(each) for each in look.readings if each.seen.key in groups)
        readings = [reading for reading in found if reading is not None]
        self._partly_read += sum(each.counts.read is None or each.open_fds is None for each in readings)
        return Snapshot(
            groups=self._tally.add(look, readings, groups),
            boot_time_s=look.boot_time_s,
            ticks=look.ticks,
            unreadable=look.unreadable,
            partly_read=self._partly_read,
            wchan=self._wchan,
        )


_PREFIX: Final = "namedprocess_namegroup_"

Values = Mapping[Pairs, float]


def to_metrics(snapshot: Snapshot) -> list[Family]:
    """Return what process-exporter shows of the same processes, its errors included."""
    groups = snapshot.groups
    families = [
        _family(name, kind, text, ((group.name, values(group, snapshot)) for group in groups))
        for name, kind, text, values in (*_FAMILIES, *([_WCHAN] if snapshot.wchan else []))
    ]
    errors = (
        ("scrape_errors", "Scrapes that failed.", 0),
        ("scrape_procread_errors", "Processes whose files could not be understood.", snapshot.unreadable),
        ("scrape_partial_errors", "Readings without what the agent may not see.", snapshot.partly_read),
    )
    return families + [
        Family(name=f"namedprocess_{name}", kind="counter", help=text, points=(Point(value),))
        for name, text, value in errors
    ]


def _family(name: str, kind: Kind, text: str, groups: Iterable[tuple[str, Values]]) -> Family:
    points = [
        Point(value, (("groupname", group), *more))
        for group, values in groups
        for more, value in values.items()
    ]
    return Family(name=_PREFIX + name, kind=kind, help=text, points=points)


def _cpu(group: Group, snapshot: Snapshot) -> Values:
    user, system, *_ = group.used
    return {(("mode", "user"),): user / snapshot.ticks, (("mode", "system"),): system / snapshot.ticks}


def _memory(group: Group, _: Snapshot) -> Values:
    return {
        (("memtype", "resident"),): group.resident,
        (("memtype", "virtual"),): group.virtual,
        (("memtype", "swapped"),): group.swapped,
    }


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
        "Processes by state.",
        lambda group, _: {(("state", state),): number for state, number in group.states.items()},
    ),
    ("cpu_seconds_total", "counter", "Processor time.", _cpu),
    ("memory_bytes", "gauge", "Memory by type.", _memory),
    ("read_bytes_total", "counter", "Bytes read from storage.", lambda group, _: {(): group.used[6]}),
    ("write_bytes_total", "counter", "Bytes written to storage.", lambda group, _: {(): group.used[7]}),
    ("minor_page_faults_total", "counter", "Page faults without I/O.", lambda group, _: {(): group.used[2]}),
    ("major_page_faults_total", "counter", "Page faults with I/O.", lambda group, _: {(): group.used[3]}),
    ("context_switches_total", "counter", "Context switches of main threads.", _switches),
    ("open_filedesc", "gauge", "Open file descriptors.", lambda group, _: {(): group.open_fds}),
    (
        "worst_fd_ratio",
        "gauge",
        "Largest ratio of open file descriptors to their soft limit in any process.",
        lambda group, _: {(): group.worst_fd_ratio},
    ),
    ("oldest_start_time_seconds", "gauge", "Start of the oldest process, in Unix time.", _oldest),
)

_WCHAN: Final[_Shape] = (
    "threads_wchan",
    "gauge",
    "Main threads by the kernel's function that they wait in.",
    lambda group, _: {(("wchan", name),): number for name, number in sorted(group.waits.items())},
)
