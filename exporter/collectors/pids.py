"""Processes and threads by state (`node_processes_*`), from /proc. Reads a file for each thread."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from exporter.collectors.files import number, text
from exporter.collectors.making import labelled, single
from exporter.families import Family


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Counts by the letter of the state, and how many processes and threads there may be."""

    processes: Mapping[str, int]
    threads: Mapping[str, int]
    max_processes: int
    max_threads: int


def read(proc: Path) -> Snapshot:
    """The counts now. What ends while we look is left out."""
    processes, threads = Counter[str](), Counter[str]()
    for process in _numbered(proc):
        if state := _state(process):
            processes[state] += 1
            threads.update(filter(None, map(_state, _numbered(process / "task"))))
    return Snapshot(
        processes=dict(sorted(processes.items())),
        threads=dict(sorted(threads.items())),
        max_processes=number(proc / "sys/kernel/pid_max"),
        max_threads=number(proc / "sys/kernel/threads-max"),
    )


def _numbered(directory: Path) -> Iterator[Path]:
    try:
        yield from (path for path in directory.iterdir() if path.name.isdecimal())
    except (FileNotFoundError, ProcessLookupError):
        return


def _state(task: Path) -> str | None:
    """The letter after the name, which may itself hold brackets and blanks; None where the task has ended."""
    try:
        words = text(task / "stat").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    if not words:
        raise ValueError(f"no state in the stat file of task {task.name}")
    return words[0]


def to_metrics(snapshot: Snapshot) -> list[Family]:
    """The families, named as node_exporter names them."""
    processes, threads = snapshot.processes, snapshot.threads
    return [
        single("node_processes_max_processes", "gauge", "Processes there may be.", snapshot.max_processes),
        single("node_processes_max_threads", "gauge", "Threads there may be.", snapshot.max_threads),
        single("node_processes_pids", "gauge", "Processes.", sum(processes.values())),
        labelled("node_processes_state", "gauge", "Processes by state.", "state", processes),
        single("node_processes_threads", "gauge", "Threads.", sum(threads.values())),
        labelled("node_processes_threads_state", "gauge", "Threads by state.", "thread_state", threads),
    ]
