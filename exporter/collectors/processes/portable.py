"""Processes as psutil tells them, for hosts without Linux' /proc. Owns psutil's names; must not know groups.

What a system does not tell is missing: counts are 0 or None. psutil is imported when it is first needed: on
Linux nobody needs it.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from exporter.collectors.processes.reading import Counts, Key, Program, Reading, Seen

_TICKS: Final = 100
"""A second, as on Linux."""

_STATES: Final[Mapping[str, str]] = {
    "running": "R",
    "sleeping": "S",
    "idle": "I",
    "disk-sleep": "D",
    "zombie": "Z",
    "stopped": "T",
    "tracing-stop": "t",
    "dead": "X",
}


class Portable:
    """Reads the processes of this host. Not for several threads at once."""

    # psutil has no types of its own.
    def __init__(self, clock_s: Callable[[], float]) -> None:
        import psutil

        self._psutil = psutil
        self._clock_s = clock_s
        self._boot_time_s = float(psutil.boot_time())
        self._processes: dict[Key, Any] = {}
        self._programs: dict[Key, Program] = {}
        self.ticks = _TICKS
        self.errors = 0
        """How many processes could not be understood."""

    def boot_id(self) -> str:
        """What no other start of the machine has."""
        return f"started {self.boot_time_s()}"

    def boot_time_s(self) -> int:
        """When the machine started."""
        return int(self._boot_time_s)

    def uptime_s(self) -> float:
        """How long it has been running."""
        return self._clock_s() - self._boot_time_s

    def look(self) -> list[Seen]:
        """Return every process that is there; those that end meanwhile are left out."""
        processes, self._processes = {}, {}
        found = []
        for process in self._psutil.process_iter():
            try:
                with process.oneshot():
                    seen = self._see(process)
            except self._psutil.NoSuchProcess:
                continue
            except self._psutil.Error:
                self.errors += 1
                continue
            processes[seen.key] = process
            found.append(seen)
        self._processes = processes
        self._programs = {key: program for key, program in self._programs.items() if key in processes}
        return found

    def read(self, seen: Seen) -> Reading | None:
        """Return the rest of what there is to know, or None when it has ended."""
        process = self._processes[seen.key]
        try:
            with process.oneshot():
                switches = self._told(process, "num_ctx_switches")
                io = self._told(process, "io_counters")
                files = self._told(process, "num_fds" if hasattr(process, "num_fds") else "num_handles")
                limit = self._told(process, "rlimit", getattr(self._psutil, "RLIMIT_NOFILE", None))
        except self._psutil.NoSuchProcess:
            return None
        counts = Counts(
            seen.user,
            seen.system,
            seen.minor,
            seen.major,
            getattr(switches, "voluntary", None),
            getattr(switches, "involuntary", None),
            getattr(io, "read_bytes", None),
            getattr(io, "write_bytes", None),
        )
        soft = limit[0] if limit and limit[0] > 0 else None
        return Reading(seen, counts, 0, files, soft, "")

    def _see(self, process: Any) -> Seen:
        started = round((process.create_time() - self._boot_time_s) * _TICKS)
        key = Key(process.pid, started)
        times, memory = process.cpu_times(), process.memory_info()
        faults = getattr(memory, "num_page_faults", getattr(memory, "pfaults", 0))
        return Seen(
            key=key,
            parent=process.ppid() or 0,
            program=self._program(key, process),
            state=_STATES.get(process.status(), "?"),
            minor=faults,
            major=getattr(memory, "pageins", 0),
            user=round(times.user * _TICKS),
            system=round(times.system * _TICKS),
            children_user=round(getattr(times, "children_user", 0) * _TICKS),
            children_system=round(getattr(times, "children_system", 0) * _TICKS),
            threads=process.num_threads(),
            virtual=memory.vms,
            resident=memory.rss,
        )

    def _program(self, key: Key, process: Any) -> Program:
        comm = process.name()
        known = self._programs.get(key)
        if known is None or known.comm != comm:
            uids = self._told(process, "uids")
            known = self._programs[key] = Program(
                comm=comm,
                args=tuple(self._told(process, "cmdline") or ()),
                uid=uids.real if uids else 0,
                cgroups=(),
            )
        return known

    def _told(self, process: Any, name: str, *given: Any) -> Any:
        """Return what a method tells; None where this system lacks it, or we may not know."""
        method = getattr(process, name, None)
        if method is None or None in given:
            return None
        try:
            return method(*given)
        except (self._psutil.AccessDenied, self._psutil.ZombieProcess, OSError, NotImplementedError):
            return None
