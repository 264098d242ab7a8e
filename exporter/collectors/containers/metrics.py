"""Writes what was read of containers as families, named and labelled as cAdvisor does. Pure."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from exporter.collectors.containers.values import Io, Usage
from exporter.collectors.making import single, with_points
from exporter.families import Family, Kind, Pairs, Point

_NOT_IN_NAMES: Final = re.compile(r"[^a-zA-Z0-9_]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One container, or the whole host as `/`. What is None is not shown."""

    id: str
    name: str = ""
    image: str = ""
    labels: Mapping[str, str]
    started_s: float | None = None
    restarts: int | None = None
    health: int | None = None
    usage: Usage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The host, and who looks at it."""

    cpus: int
    memory_bytes: int
    ids: Pairs
    version: Pairs


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All containers at one time."""

    now_s: float
    rows: Sequence[Row]
    machine: Machine
    failed: bool
    """Whether an engine could not be asked, or answered nonsense."""


class LabelFilter:
    """Which labels of containers are shown; a name may end in `*`."""

    def __init__(self, wanted: Sequence[str]) -> None:
        self._names = frozenset(name for name in wanted if not name.endswith("*"))
        self._prefixes = tuple(name[:-1] for name in wanted if name.endswith("*"))

    def pick(self, labels: Mapping[str, str]) -> dict[str, str]:
        """The labels to show; of two that look alike then, the first in order."""
        picked: dict[str, str] = {}
        for name, value in sorted(labels.items()):
            if name in self._names or name.startswith(self._prefixes):
                picked.setdefault("container_label_" + _NOT_IN_NAMES.sub("_", name), value)
        return picked


Values = Iterable[tuple[Pairs, float | None]]
_NO_PAIRS: Final[Pairs] = ()


def to_metrics(snapshot: Snapshot) -> list[Family]:
    """The families, named as cAdvisor names them."""
    rows = [(_labels(row), row) for row in snapshot.rows]
    machine = snapshot.machine
    families = [
        Family(name=f"container_{name}", kind=kind, help=text, points=list(_points(rows, values)))
        for name, kind, text, values in _FAMILIES
    ]
    seen = [Point(snapshot.now_s, labels) for labels, _ in rows]
    return with_points(
        [
            Family(name="container_last_seen", kind="gauge", help="When it was looked at.", points=seen),
            *families,
            single("container_scrape_error", "gauge", "1 if an engine could not be asked.", snapshot.failed),
            single("machine_cpu_cores", "gauge", "Logical processors.", machine.cpus, machine.ids),
            single("machine_memory_bytes", "gauge", "Memory of the host.", machine.memory_bytes, machine.ids),
            single("cadvisor_version_info", "gauge", "Versions, in its labels.", 1, machine.version),
        ]
    )


def _labels(row: Row) -> Pairs:
    pairs = (("id", row.id), ("image", row.image), ("name", row.name), *row.labels.items())
    return tuple(pair for pair in pairs if pair[1])


def _points(rows: Iterable[tuple[Pairs, Row]], values: Callable[[Row], Values]) -> Iterator[Point]:
    for labels, row in rows:
        for more, value in values(row):
            if value is not None:
                yield Point(value, labels + more)


_Of = Callable[[Usage], float | None]
_Shape = tuple[str, Kind, str, Callable[[Row], Values]]


def _of_usage(name: str, kind: Kind, text: str, value: _Of, more: Pairs = ()) -> _Shape:
    return name, kind, text, lambda row: [] if row.usage is None else [(more, value(row.usage))]


def _of_network(name: str, text: str, at: int) -> _Shape:
    def values(row: Row) -> Values:
        network = (row.usage and row.usage.network) or {}
        return [((("interface", interface),), counts[at]) for interface, counts in network.items()]

    return f"network_{name}_total", "counter", text, values


def _of_io(name: str, text: str, value: Callable[[Io], int]) -> _Shape:
    def values(row: Row) -> Values:
        devices: Mapping[str, Io] = row.usage.io if row.usage else {}
        return [((("device", device),), value(io)) for device, io in devices.items()]

    return f"fs_{name}_total", "counter", text, values


def _if_limited(value: _Of) -> _Of:
    """What the kernel counts in vain where there is no quota."""
    return lambda usage: value(usage) if usage.limits.cpu_quota else None


def _working_set(usage: Usage) -> float | None:
    memory = usage.memory
    if memory.usage is None or memory.inactive_file is None:
        return memory.usage
    return max(memory.usage - memory.inactive_file, 0)


def _tasks(row: Row) -> Values:
    states = (row.usage and row.usage.states) or {}
    return [((("state", state),), number) for state, number in states.items()]


_FAMILIES: Final[Sequence[_Shape]] = (
    (
        "start_time_seconds",
        "gauge",
        "When it was started last.",
        lambda row: [(_NO_PAIRS, row.started_s and int(row.started_s))],
    ),
    (
        "restarts_total",
        "counter",
        "How often the engine restarted it.",
        lambda row: [(_NO_PAIRS, row.restarts)],
    ),
    (
        "health_state",
        "gauge",
        "1 healthy, 0 starting or unhealthy, -1 without a health check.",
        lambda row: [(_NO_PAIRS, row.health)],
    ),
    ("tasks_state", "gauge", "Processes by state.", _tasks),
    _of_usage("threads", "gauge", "Threads.", lambda usage: usage.threads),
    _of_usage(
        "cpu_usage_seconds_total",
        "counter",
        "Processor time, of all processors together.",
        lambda usage: usage.cpu.used_s,
        (("cpu", "total"),),
    ),
    _of_usage(
        "cpu_user_seconds_total", "counter", "Processor time of programs.", lambda usage: usage.cpu.user_s
    ),
    _of_usage(
        "cpu_system_seconds_total",
        "counter",
        "Processor time of the kernel.",
        lambda usage: usage.cpu.system_s,
    ),
    _of_usage(
        "cpu_cfs_periods_total",
        "counter",
        "Periods in which the quota was enforced.",
        _if_limited(lambda usage: usage.cpu.periods),
    ),
    _of_usage(
        "cpu_cfs_throttled_periods_total",
        "counter",
        "Periods in which it was throttled.",
        _if_limited(lambda usage: usage.cpu.throttled),
    ),
    _of_usage(
        "cpu_cfs_throttled_seconds_total",
        "counter",
        "How long it was throttled.",
        _if_limited(lambda usage: usage.cpu.throttled_s),
    ),
    _of_usage(
        "memory_usage_bytes", "gauge", "Memory in use, with the page cache.", lambda usage: usage.memory.usage
    ),
    _of_usage(
        "memory_working_set_bytes",
        "gauge",
        "Memory in use, without the page cache that could be dropped at once.",
        _working_set,
    ),
    _of_usage("memory_rss", "gauge", "Anonymous memory.", lambda usage: usage.memory.anonymous),
    _of_usage("memory_cache", "gauge", "The page cache.", lambda usage: usage.memory.cache),
    _of_usage("memory_mapped_file", "gauge", "Files that are mapped.", lambda usage: usage.memory.mapped),
    _of_usage("memory_swap", "gauge", "Memory that was swapped out.", lambda usage: usage.memory.swap),
    _of_usage(
        "memory_max_usage_bytes", "gauge", "The most memory ever in use.", lambda usage: usage.memory.peak
    ),
    _of_usage(
        "memory_failcnt", "counter", "How often the limit was hit.", lambda usage: usage.memory.failures
    ),
    _of_usage(
        "oom_events_total",
        "counter",
        "Processes killed for want of memory.",
        lambda usage: usage.memory.oom_kills,
    ),
    _of_usage(
        "spec_memory_limit_bytes",
        "gauge",
        "The limit of memory; 0 is none.",
        lambda usage: usage.limits.memory,
    ),
    _of_usage(
        "spec_cpu_quota",
        "gauge",
        "Microseconds of processor time in each period.",
        lambda usage: usage.limits.cpu_quota or None,
    ),
    _of_usage("spec_cpu_period", "gauge", "Microseconds of a period.", lambda usage: usage.limits.cpu_period),
    _of_usage(
        "spec_cpu_shares", "gauge", "Its share of a busy processor.", lambda usage: usage.limits.cpu_shares
    ),
    _of_io("reads_bytes", "Bytes read.", lambda io: io.read_bytes),
    _of_io("writes_bytes", "Bytes written.", lambda io: io.written_bytes),
    _of_io("reads", "Reads.", lambda io: io.reads),
    _of_io("writes", "Writes.", lambda io: io.writes),
    _of_network("receive_bytes", "Bytes received.", 0),
    _of_network("receive_packets", "Packets received.", 1),
    _of_network("receive_errors", "Errors in receiving.", 2),
    _of_network("receive_packets_dropped", "Packets received and dropped.", 3),
    _of_network("transmit_bytes", "Bytes sent.", 4),
    _of_network("transmit_packets", "Packets sent.", 5),
    _of_network("transmit_errors", "Errors in sending.", 6),
    _of_network("transmit_packets_dropped", "Packets dropped before they were sent.", 7),
)
