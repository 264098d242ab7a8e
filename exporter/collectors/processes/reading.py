"""What is known of processes at one time, whoever read it. Values; must not know where they come from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Key(NamedTuple):
    """Which process: numbers are used again, so its start belongs to it, in ticks since boot."""

    pid: int
    started: int


class Counts(NamedTuple):
    """What a process has used since its start; None where we may not look, or did not."""

    user: int
    system: int
    minor: int
    major: int
    voluntary: int | None
    nonvoluntary: int | None
    read: int | None
    written: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What stays as it is until a process becomes another program."""

    comm: str
    args: tuple[str, ...]
    uid: int
    cgroups: tuple[str, ...]


class Seen(NamedTuple):
    """A process that is there: what the cheapest look at it tells. Times are in ticks, memory in bytes."""

    key: Key
    parent: int
    program: Program
    state: str
    minor: int
    major: int
    user: int
    system: int
    children_user: int
    """Of children that it has waited for, with those that they had waited for."""
    children_system: int
    threads: int
    virtual: int
    resident: int


class Thread(NamedTuple):
    """One of several threads. Unless they are asked for, it has no name, and only switches are counted."""

    key: Key
    name: str
    state: str
    counts: Counts
    waits_in: str


class Reading(NamedTuple):
    """All that is known of one process now; None where we may not look."""

    seen: Seen
    counts: Counts
    swapped: int
    open_fds: int | None
    fd_limit: int | None
    waits_in: str
    """The kernel's function in which its main thread waits; empty where it runs or nobody asked."""
    threads: Sequence[Thread] = ()
    """All of them, where there are several."""
    proportional: tuple[int, int] | None = None
    """Its share of the memory that it holds, in and out of swap, in bytes; None where nobody asked."""
    whole: bool = True
    """Whether more was read than what `seen` tells. It is not for those without a command line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """All processes at one time."""

    at_s: float
    """On the clock of whoever looked, which never goes back."""
    uptime_s: float
    """On the clock that starts of processes are told in."""
    since_s: float
    """When whoever looked began to, on the same clock."""
    boot_time_s: int
    """In Unix time."""
    ticks: int
    """So many make a second."""
    readings: Sequence[Reading]
    unreadable: int
    """Processes that could not be understood, since the start."""


def glimpse(seen: Seen) -> Reading:
    """A reading of what `seen` tells, and no more."""
    counts = Counts(seen.user, seen.system, seen.minor, seen.major, None, None, None, None)
    return Reading(seen, counts, 0, None, None, "", whole=False)
