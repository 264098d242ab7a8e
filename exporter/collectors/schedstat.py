"""Time that tasks ran and waited on each CPU (`node_schedstat_*`), from /proc/schedstat."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exporter.collectors.files import column, rows
from exporter.collectors.making import labelled
from exporter.families import Family

# The word in a CPU's line, the family, its help, how many make one of the family's.
FIELDS: Final = (
    (7, "node_schedstat_running_seconds_total", "Seconds that tasks ran on a CPU.", 1e9),
    (8, "node_schedstat_waiting_seconds_total", "Seconds that tasks waited for a CPU.", 1e9),
    (9, "node_schedstat_timeslices_total", "Time slices that a CPU gave.", 1),
)
_CPU: Final = re.compile(r"cpu([0-9]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """By CPU: nanoseconds of running and of waiting, and time slices."""

    by_cpu: Mapping[str, tuple[int, ...]]


def read(proc: Path) -> Snapshot:
    """The counters now."""
    return Snapshot(
        by_cpu={
            found[1]: tuple(int(column(words, at)) for at, *_ in FIELDS)
            for words in rows(proc / "schedstat")
            if (found := _CPU.fullmatch(words[0]))
        }
    )


def to_metrics(snapshot: Snapshot) -> list[Family]:
    """The families, named as node_exporter names them."""
    return [
        labelled(
            name, "counter", text, "cpu", {cpu: values[at] / unit for cpu, values in snapshot.by_cpu.items()}
        )
        for at, (_, name, text, unit) in enumerate(FIELDS)
    ]
