"""Looks at processes that do not exist, for tests."""

from collections.abc import Sequence
from typing import Any, Final

from exporter.collectors.processes.reading import Counts, Key, Look, Program, Reading, Seen
from exporter.snapshots.host import Host
from exporter.snapshots.taking import Moment, Place, Policy, Words

TICKS: Final = 100
BOOT_MS: Final = 1_789_000_000_000
UPTIME_S: Final = 1_000_000.0
WORDS: Final = Words(
    command_line=lambda program: " ".join(program.args), place=lambda program: Place(user=f"u{program.uid}")
)


def process(pid: int, name: str = "", *, started: int = 0, cpu: int = 0, **changed: Any) -> Reading:
    """A process; `cpu` is in ticks. `io` is what it read; None where we may not look."""
    name = name or f"p{pid}"
    io = changed.get("io", 0)
    args = changed.get("args", (f"/bin/{name}",))
    seen = Seen(
        key=Key(pid, started),
        parent=1,
        program=Program(comm=name, args=args, uid=0, cgroups=()),
        state="S",
        minor=0,
        major=0,
        user=cpu,
        system=0,
        children_user=0,
        children_system=0,
        threads=changed.get("threads", 1),
        virtual=0,
        resident=changed.get("rss", 0),
    )
    counts = Counts(cpu, 0, 0, 0, 0, 0, io, None if io is None else changed.get("written", 0))
    return Reading(seen, counts, 0, changed.get("fds", 3), 1024, "")


def look(at_s: float, *readings: Reading, boot_time_s: int = BOOT_MS // 1000) -> Look:
    """A look, so many seconds after the first."""
    return Look(
        at_s=at_s,
        uptime_s=UPTIME_S + at_s,
        since_s=UPTIME_S,
        boot_time_s=boot_time_s,
        ticks=TICKS,
        readings=readings,
        unreadable=0,
    )


def moment(at_s: float, *readings: Reading, host: Host | None = None) -> Moment:
    """The same as a moment."""
    seen = look(at_s, *readings)
    return Moment(time_ms=BOOT_MS + round(at_s * 1000), boot_ms=BOOT_MS, look=seen, host=host)


def policy(top: int = 10, watch: Sequence[str] = (), max_processes: int = 100) -> Policy:
    """A policy."""
    return Policy(top=top, watch=tuple(watch), max_processes=max_processes)


def host(busy_s: float = 0.0, io_wait_s: float = 0.0) -> Host:
    """A host with 2 CPUs."""
    return Host(
        cpus=2,
        busy_s=busy_s,
        io_wait_s=io_wait_s,
        load=(0.5, 0.4, 0.3),
        memory=4 << 30,
        memory_used=1 << 30,
        swap_used=0,
    )
