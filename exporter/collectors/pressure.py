"""Time lost waiting for CPU, memory, I/O and interrupts (`node_pressure_*`), from /proc/pressure."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exporter.collectors.files import rows
from exporter.collectors.making import single
from exporter.families import Family

# Resource and line of its file, the family, its help. For the CPU `full` has no meaning of its own on a host.
LINES: Final = (
    ("cpu", "some", "node_pressure_cpu_waiting_seconds_total", "Seconds in which some task waited for CPU."),
    ("io", "full", "node_pressure_io_stalled_seconds_total", "Seconds in which all tasks waited for I/O."),
    ("io", "some", "node_pressure_io_waiting_seconds_total", "Seconds in which some task waited for I/O."),
    (
        "irq",
        "full",
        "node_pressure_irq_stalled_seconds_total",
        "Seconds in which interrupts held up all tasks.",
    ),
    (
        "memory",
        "full",
        "node_pressure_memory_stalled_seconds_total",
        "Seconds in which all tasks waited for memory.",
    ),
    (
        "memory",
        "some",
        "node_pressure_memory_waiting_seconds_total",
        "Seconds in which some task waited for memory.",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Microseconds by resource and line."""

    microseconds: Mapping[tuple[str, str], int]


def read(proc: Path) -> Snapshot:
    """The totals now. Kernels before 6.1 have no `irq`."""
    totals: dict[tuple[str, str], int] = {}
    for resource in ("cpu", "io", "irq", "memory"):
        path = proc / "pressure" / resource
        if resource == "irq" and not path.exists():
            continue
        for line, *values in rows(path):
            named = dict(_pair(value) for value in values)
            if "total" not in named:
                raise ValueError(f"no total in {path}")
            totals[resource, line] = int(named["total"])
    return Snapshot(microseconds=totals)


def _pair(word: str) -> tuple[str, str]:
    name, _, value = word.partition("=")
    return name, value


def to_metrics(snapshot: Snapshot) -> list[Family]:
    """The families, named as node_exporter names them."""
    return [
        single(name, "counter", text, snapshot.microseconds[resource, line] / 1e6)
        for resource, line, name, text in LINES
        if (resource, line) in snapshot.microseconds
    ]
