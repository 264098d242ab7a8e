"""Processes as Linux' /proc tells them. Owns its files and their forms; must not know groups or metrics.

What never changes while a process runs one program is read once: its arguments and cgroups.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

from exporter.collectors.processes.reading import Counts, Key, Program, Reading, Seen, Thread

MAX_ARGS_BYTES: Final = 1 << 16
"""Of the arguments; no regular expression should have to look at more, and a command line may have 2 MiB."""

_FILE_BYTES: Final = 1 << 14
"""More than any of the other files has."""

_FD_SIZE_SINCE: Final = (6, 2)
"""The kernel from which on the size of /proc/PID/fd is how many are open: one call instead of a listing."""


LIMITS_EVERY: Final = 8
"""Limits are read at every such look: it would be a fifth of all time, and one ratio needs them."""

_ALONE: Final[Mapping[int, tuple[bytes | None, bool]]] = {}


class Unreadable(Exception):
    """A file of /proc has not the form that it should have."""


class _Rest(NamedTuple):
    """What is known of a process besides its `stat`, and how far it had run before we read that."""

    ran: bytes | None
    program: Program
    resident: int
    switches: tuple[int, int]
    io: tuple[int | None, int | None]
    swapped: int
    threads: Sequence[Thread]
    threads_ran: Mapping[int, tuple[bytes | None, bool]]
    settled: bool
    """Whether it had not run since the look before, either."""


class Proc:
    """Reads a /proc. Not for several threads at once.

    The scheduler tells in one short file how long a thread has run. One that has not run since has switched,
    read and written nothing; its longer files are not read again. They are once more after it stopped: it
    tells the time a moment before it tells the switch.
    """

    def __init__(
        self,
        root: Path,
        *,
        wchan: bool = False,
        threads: bool = False,
        ticks: int = os.sysconf("SC_CLK_TCK"),
        page_bytes: int = os.sysconf("SC_PAGE_SIZE"),
    ) -> None:
        self._root = str(root)
        self._page_bytes = page_bytes
        self._wchan = wchan
        self._whole_threads = threads
        self._programs: dict[Key, Program] = {}
        self._rests: dict[Key, _Rest] = {}
        self._limits: dict[Key, int | None] = {}
        self._looks = 0
        self._fd_size = _release(self._text("sys/kernel/osrelease")) >= _FD_SIZE_SINCE
        self.ticks = ticks
        self.errors = 0
        """How many processes could not be understood."""

    def boot_id(self) -> str:
        """What no other start of the machine has."""
        try:
            return self._text("sys/kernel/random/boot_id").strip()
        except FileNotFoundError:
            return f"started {self.boot_time_s()}"

    def boot_time_s(self) -> int:
        """When the machine started."""
        return _number(self._bytes("stat"), b"\nbtime ")

    def uptime_s(self) -> float:
        """How long it has been running, on the clock that starts of processes are told in."""
        return float(self._text("uptime").split()[0])

    def look(self) -> list[Seen]:
        """Return every process that is there; those that end meanwhile are left out."""
        self._looks += 1
        names = os.listdir(self._root)  # noqa: PTH208 - Path objects cost more than the listing
        found = [seen for name in names if name.isdigit() and (seen := self._see(name))]
        alive = {seen.key for seen in found}
        for gone in self._programs.keys() - alive:
            for kept in (self._programs, self._rests, self._limits):
                kept.pop(gone, None)
        return found

    def read(self, seen: Seen) -> Reading | None:
        """Return the rest of what there is to know, or None when it has ended."""
        pid = seen.key.pid
        try:
            rest = self._rests[seen.key] = self._rest(seen)
            counts = Counts(seen.user, seen.system, seen.minor, seen.major, *rest.switches, *rest.io)
            return Reading(
                seen if rest.program is seen.program else seen._replace(program=rest.program),
                counts,
                rest.swapped,
                self._open(pid),
                self._limit(seen),
                self._waits(f"{pid}"),
                rest.threads,
            )
        except (FileNotFoundError, ProcessLookupError):
            return None
        except (OSError, ValueError, IndexError, Unreadable):
            self.errors += 1
            return None

    def _rest(self, seen: Seen) -> _Rest:
        pid = seen.key.pid
        before = self._rests.get(seen.key)
        # How far it has run comes first: what it does while we read is then seen next time.
        ran = self._ran(f"{pid}")
        threads, threads_ran = self._threads(pid, before) if seen.threads > 1 else ((), _ALONE)
        same = before is not None and ran is not None and ran == before.ran
        if (
            before is not None
            and same
            and before.settled
            and seen.state != "R"
            and threads_ran == before.threads_ran
            and all(settled for _, settled in threads_ran.values())
            # Another may swap its memory out; then it has less of it.
            and seen.resident == before.resident
            and seen.program is before.program
        ):
            # A thread that waited for a processor may have begun to.
            return before if threads == before.threads else before._replace(threads=threads)
        status = self._bytes(f"{pid}/status")
        switches = _switches(status)
        if threads:
            switches = (
                sum(one.counts[4] or 0 for one in threads),
                sum(one.counts[5] or 0 for one in threads),
            )
        return _Rest(
            ran=ran,
            program=self._with_user(seen, status),
            resident=seen.resident,
            switches=switches,
            io=self._io(f"{pid}"),
            swapped=_number(status, b"\nVmSwap:", b" kB", absent=0) * 1024,
            threads=threads,
            threads_ran=threads_ran,
            settled=same,
        )

    def _threads(
        self, pid: int, before: _Rest | None
    ) -> tuple[list[Thread], dict[int, tuple[bytes | None, bool]]]:
        """Return each thread; none where there is one only, as it is the process."""
        try:
            names = os.listdir(f"{self._root}/{pid}/task")  # noqa: PTH208 - called for each process
        except FileNotFoundError:
            names = []
        known = {} if before is None else {one.key.pid: one for one in before.threads}
        found: list[Thread] = []
        ran: dict[int, tuple[bytes | None, bool]] = {}
        for name in names if len(names) > 1 else ():
            tid, folder = int(name), f"{pid}/task/{name}"
            try:
                now = self._ran(folder)
                old = known.get(tid)
                was, settled = before.threads_ran.get(tid, (None, False)) if before else (None, False)
                same = now is not None and was == now
                # One that has just gone to sleep may not tell where for a while.
                awake = old is None or old.state == "R" or (self._wchan and not old.waits_in)
                if old is None or awake or not (same and settled):
                    old = self._thread(tid, folder)
            except (FileNotFoundError, ProcessLookupError):
                continue
            found.append(old)
            ran[tid] = (now, same)
        return found, ran

    def _thread(self, tid: int, folder: str) -> Thread:
        status = self._bytes(f"{folder}/status")
        voluntary, nonvoluntary = _switches(status)
        waits_in = self._waits(folder)
        if not self._whole_threads:
            state = _line(status, b"\nState:").strip()[:1].decode()
            counts = Counts(0, 0, 0, 0, voluntary, nonvoluntary, None, None)
            return Thread(Key(tid, 0), "", state, counts, waits_in)
        comm, fields = _stat(self._bytes(f"{folder}/stat"))
        used = (int(fields[11]), int(fields[12]), int(fields[7]), int(fields[9]))
        counts = Counts(*used, voluntary, nonvoluntary, *self._io(folder))
        return Thread(Key(tid, int(fields[19])), comm, fields[0].decode(), counts, waits_in)

    def _see(self, name: str) -> Seen | None:
        try:
            comm, fields = _stat(self._bytes(f"{name}/stat"))
            key = Key(int(name), int(fields[19]))
            return Seen(
                key,
                int(fields[1]),
                self._program(key, comm),
                fields[0].decode(),
                int(fields[7]),
                int(fields[9]),
                int(fields[11]),
                int(fields[12]),
                int(fields[13]),
                int(fields[14]),
                int(fields[17]),
                int(fields[20]),
                int(fields[21]) * self._page_bytes,
            )
        except (FileNotFoundError, ProcessLookupError):
            return None
        except (OSError, ValueError, IndexError, Unreadable):
            self.errors += 1
            return None

    def _program(self, key: Key, comm: str) -> Program:
        known = self._programs.get(key)
        if known is None or known.comm != comm:
            known = self._programs[key] = Program(
                comm=comm,
                args=_arguments(self._bytes(f"{key.pid}/cmdline", MAX_ARGS_BYTES)),
                uid=_uid(self._bytes(f"{key.pid}/status")),
                cgroups=tuple(_cgroups(self._text(f"{key.pid}/cgroup"))),
            )
        return known

    def _with_user(self, seen: Seen, status: bytes) -> Program:
        """Servers start as root and then become another user."""
        uid = _uid(status)
        if uid == seen.program.uid:
            return seen.program
        program = self._programs[seen.key] = replace(seen.program, uid=uid)
        return program

    def _ran(self, folder: str) -> bytes | None:
        """Return how far a thread has run, or None where the kernel does not tell."""
        try:
            told = self._bytes(f"{folder}/schedstat")
        except (FileNotFoundError, PermissionError):
            return None
        return None if told.startswith(b"0 ") else told

    def _io(self, folder: str) -> tuple[int | None, int | None]:
        try:
            io = self._bytes(f"{folder}/io")
        except PermissionError:
            return None, None
        return _number(io, b"\nread_bytes:"), _number(io, b"\nwrite_bytes:")

    def _open(self, pid: int) -> int | None:
        folder = f"{self._root}/{pid}/fd"
        try:
            if self._fd_size:
                return os.stat(folder).st_size  # noqa: PTH116 - called for each process
            return len(os.listdir(folder))  # noqa: PTH208 - the same
        except PermissionError:
            return None

    def _limit(self, seen: Seen) -> int | None:
        """Return its soft limit of open files. Few change it once they run."""
        key = seen.key
        known = self._rests[key].program is seen.program and key in self._limits
        if not known or (key.pid + self._looks) % LIMITS_EVERY == 0:
            self._limits[key] = self._soft_limit(key.pid)
        return self._limits[key]

    def _soft_limit(self, pid: int) -> int | None:
        try:
            soft = _line(self._bytes(f"{pid}/limits"), b"\nMax open files").split()[0]
        except PermissionError:
            return None
        return None if soft == b"unlimited" else int(soft)

    def _waits(self, folder: str) -> str:
        try:
            return self._text(f"{folder}/wchan").strip().removeprefix("0") if self._wchan else ""
        except PermissionError:
            return ""

    def _text(self, name: str) -> str:
        return self._bytes(name).decode("utf-8", "replace")

    def _bytes(self, name: str, most: int = _FILE_BYTES) -> bytes:
        # Plain system calls: a file object costs three times as much, and there are some thousand files.
        opened = os.open(f"{self._root}/{name}", os.O_RDONLY | os.O_CLOEXEC)
        try:
            return os.read(opened, most)
        finally:
            os.close(opened)


def _stat(line: bytes) -> tuple[str, list[bytes]]:
    """Return the short name, which may hold spaces and parentheses, and the fields behind it."""
    start, end = line.find(b"("), line.rfind(b")")
    if start < 0 or end < start:
        raise Unreadable("stat")
    return line[start + 1 : end].decode("utf-8", "replace"), line[end + 1 :].split()


def _arguments(data: bytes) -> tuple[str, ...]:
    text = data.decode("utf-8", "replace").rstrip("\0")
    return tuple(text.split("\0")) if text else ()


def _cgroups(text: str) -> Iterator[str]:
    for line in text.splitlines():
        yield line.split(":", 2)[-1]


def _uid(status: bytes) -> int:
    return int(_line(status, b"\nUid:").split()[1])


def _switches(status: bytes) -> tuple[int, int]:
    return _number(status, b"\nvoluntary_ctxt_switches:"), _number(status, b"\nnonvoluntary_ctxt_switches:")


def _line(data: bytes, name: bytes) -> bytes:
    """Return what stands after the name, to the end of its line."""
    at = data.find(name)
    if at < 0:
        raise Unreadable(name.decode())
    start = at + len(name)
    end = data.find(b"\n", start)
    return data[start : end if end >= 0 else None]


def _number(data: bytes, name: bytes, unit: bytes = b"", absent: int | None = None) -> int:
    if absent is not None and name not in data:
        return absent
    try:
        return int(_line(data, name).removesuffix(unit))
    except ValueError as error:
        raise Unreadable(name.decode()) from error


def _release(text: str) -> tuple[int, int]:
    """Return the first two numbers of a kernel's release; nought where they are something else."""
    major, _, rest = text.strip().partition(".")
    minor = rest.partition(".")[0].partition("-")[0]
    return (int(major), int(minor)) if major.isdigit() and minor.isdigit() else (0, 0)
