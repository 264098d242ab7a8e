"""The table of tracked connections (`node_nf_conntrack_*`), from /proc/sys/net and /proc/net/stat."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exporter.collectors.files import attribute, number
from exporter.collectors.making import single
from exporter.families import Family

COUNTERS: Final = {
    "found": "Look-ups that found their connection.",
    "invalid": "Packets that cannot be tracked.",
    "ignore": "Packets of connections that are not tracked.",
    "insert": "Connections put into the table.",
    "insert_failed": "Connections that could not be put into the table.",
    "drop": "Packets dropped because tracking failed.",
    "early_drop": "Connections dropped to make room.",
    "search_restart": "Look-ups begun again because the table was resized.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Entries there are and there may be; counters, summed over all CPUs."""

    entries: int
    limit: int
    counters: Mapping[str, int]


def read(proc: Path) -> Snapshot:
    """The numbers now. Kernels may be built without the counters."""
    directory = proc / "sys/net/netfilter"
    lines = [line.split() for line in (attribute(proc / "net/stat/nf_conntrack") or "").splitlines()]
    sums: dict[str, int] = {}
    for values in lines[1:]:
        for name, value in zip(lines[0], values, strict=True):
            sums[name] = sums.get(name, 0) + int(value, 16)
    return Snapshot(
        entries=number(directory / "nf_conntrack_count"),
        limit=number(directory / "nf_conntrack_max"),
        counters={name: sums[name] for name in COUNTERS if name in sums},
    )


def to_metrics(snapshot: Snapshot) -> list[Family]:
    """The families, named as node_exporter names them; it calls the counters gauges."""
    return [
        single("node_nf_conntrack_entries", "gauge", "Connections in the table.", snapshot.entries),
        single("node_nf_conntrack_entries_limit", "gauge", "Connections there may be.", snapshot.limit),
        *(
            single(f"node_nf_conntrack_stat_{name}", "gauge", COUNTERS[name], value)
            for name, value in snapshot.counters.items()
        ),
    ]
