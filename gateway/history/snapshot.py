"""A snapshot as it is kept: whole numbers only, None where nobody knows. Knows neither JSON nor bytes.

Per cent are kept in tenths, load averages in hundredths; all other numbers as they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

Whole = int | None

TOTALS: Final = {
    "processes": 1,
    "threads": 1,
    "cpu": 10,
    "io_wait": 10,
    "read": 1,
    "write": 1,
    "cpus": 1,
    "load1": 100,
    "load5": 100,
    "load15": 100,
    "memory": 1,
    "memory_used": 1,
    "swap_used": 1,
}
"""What is known of all processes together, and by how much each number is multiplied."""

MEASURES: Final = {"cpu": 10, "rss": 1, "read": 1, "write": 1, "threads": 1, "fds": 1}
"""What is known of a process at a time, and by how much it is multiplied; in the order of Process."""


class Program(NamedTuple):
    """What runs; each text is empty where there is none."""

    name: str
    command: str
    user: str
    container: str
    unit: str


class Identity(NamedTuple):
    """What does not change from snapshot to snapshot, unless a process gives itself another name."""

    pid: int
    start_ms: int
    parent: Whole
    program: Program


class Process(NamedTuple):
    """One process at one time: many of them are made, so a tuple."""

    identity: Identity
    state: str
    cpu: Whole
    rss: Whole
    read: Whole
    write: Whole
    threads: Whole
    fds: Whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The busiest processes at a time, sorted by pid and start; `totals` has the order of TOTALS."""

    time_ms: int
    interval_ms: int
    omitted: int
    totals: tuple[Whole, ...]
    processes: Sequence[Process]
