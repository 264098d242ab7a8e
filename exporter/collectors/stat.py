"""Boot time, context switches, forks, interrupts and runnable processes, from /proc/stat."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exporter.collectors.files import column, rows
from exporter.collectors.making import single
from exporter.families import Family, Kind

# The word in the file, the family, its kind, its help.
LINES: Final[tuple[tuple[str, str, Kind, str], ...]] = (
    ("btime", "node_boot_time_seconds", "gauge", "When the host started, in Unix time."),
    ("ctxt", "node_context_switches_total", "counter", "Context switches since the start."),
    ("processes", "node_forks_total", "counter", "Processes and threads made since the start."),
    ("intr", "node_intr_total", "counter", "Interrupts handled since the start."),
    ("procs_blocked", "node_procs_blocked", "gauge", "Processes that wait for I/O."),
    ("procs_running", "node_procs_running", "gauge", "Processes that run or could run."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Values by the first word of their line."""

    values: Mapping[str, int]


def read(proc: Path) -> Snapshot:
    """What the file says now."""
    wanted = {word for word, *_ in LINES}
    return Snapshot(
        values={words[0]: int(column(words, 1)) for words in rows(proc / "stat") if words[0] in wanted}
    )


def to_metrics(snapshot: Snapshot) -> list[Family]:
    """The families, named as node_exporter names them."""
    return [
        single(name, kind, text, snapshot.values[word])
        for word, name, kind, text in LINES
        if word in snapshot.values
    ]
