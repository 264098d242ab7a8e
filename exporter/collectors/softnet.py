"""Packets that each CPU took from the network (`node_softnet_*`), from /proc/net/softnet_stat."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exporter.collectors.files import rows
from exporter.collectors.making import labelled
from exporter.families import Family

FAMILIES: Final = (
    ("node_softnet_processed_total", "Packets taken."),
    ("node_softnet_dropped_total", "Packets dropped for want of room."),
    ("node_softnet_times_squeezed_total", "How often work was left when time or budget was used up."),
)
# Where newer kernels say which CPU a line is of: those that are offline have none.
_CPU: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """By CPU: packets taken and dropped, and how often it stopped too early."""

    by_cpu: Mapping[str, tuple[int, int, int]]


def read(proc: Path) -> Snapshot:
    """The counters now."""
    by_cpu = {}
    for line, words in enumerate(rows(proc / "net/softnet_stat")):
        processed, dropped, squeezed, *rest = (int(word, 16) for word in words)
        cpu = rest[_CPU - 3] if len(words) > _CPU else line
        by_cpu[str(cpu)] = (processed, dropped, squeezed)
    return Snapshot(by_cpu=by_cpu)


def to_metrics(snapshot: Snapshot) -> list[Family]:
    """The families, named as node_exporter names them."""
    return [
        labelled(name, "counter", text, "cpu", {cpu: values[at] for cpu, values in snapshot.by_cpu.items()})
        for at, (name, text) in enumerate(FAMILIES)
    ]
