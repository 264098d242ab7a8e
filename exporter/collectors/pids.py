"""Processes and threads by state (`node_processes_*`), from /proc.

Reads a file for each process, and for each thread where there are several.
"""

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from exporter.collectors.files import column, number, text
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
        if found := _state(process):
            state, count = found
            processes[state] += 1
            # A process of one thread is in that thread's state, and most are.
            of_threads = [found] if count == 1 else map(_state, _numbered(f"{process}/task"))
            threads.update(of_thread[0] for of_thread in of_threads if of_thread)
    return Snapshot(
        processes=dict(sorted(processes.items())),
        threads=dict(sorted(threads.items())),
        max_processes=number(proc / "sys/kernel/pid_max"),
        max_threads=number(proc / "sys/kernel/threads-max"),
    )


def _numbered(directory: Path | str) -> Iterator[str]:
    try:
        names = os.listdir(directory)  # noqa: PTH208
    except (FileNotFoundError, ProcessLookupError):
        return iter(())
    return (f"{directory}/{name}" for name in names if name.isdecimal())


def _state(task: str) -> tuple[str, int] | None:
    """The letter after the name, which may itself hold brackets and blanks, and how many threads there are.

    None where the task has ended.
    """
    try:
        words = text(f"{task}/stat").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return column(words, 0), int(column(words, 17))


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
