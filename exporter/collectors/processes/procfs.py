"""Processes as Linux' /proc tells them. Owns its files and their forms; must not know groups or metrics.

What never changes while a process runs one program is read once: its arguments and cgroups.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from exporter.collectors.processes.reading import Counts, Key, Program, Reading, Seen

MAX_ARGS_BYTES: Final = 1 << 16
"""Of the arguments; no regular expression should have to look at more, and a command line may have 2 MiB."""

_FILE_BYTES: Final = 1 << 14
"""More than any of the other files has."""

_FD_SIZE_SINCE: Final = (6, 2)
"""The kernel from which on the size of /proc/PID/fd is how many are open: one call instead of a listing."""


class Unreadable(Exception):
    """A file of /proc has not the form that it should have."""


class Proc:
    """Reads a /proc. Not for several threads at once."""

    def __init__(
        self,
        root: Path,
        *,
        wchan: bool = False,
        ticks: int = os.sysconf("SC_CLK_TCK"),
        page_bytes: int = os.sysconf("SC_PAGE_SIZE"),
    ) -> None:
        self._root = str(root)
        self._page_bytes = page_bytes
        self._wchan = wchan
        self._programs: dict[Key, Program] = {}
        self._fd_size = _release(self._text("sys/kernel/osrelease")) >= _FD_SIZE_SINCE
        self.ticks = ticks
        self.errors = 0
        """How many processes could not be understood."""

    def boot_time_s(self) -> int:
        """When the machine started."""
        return _number(self._bytes("stat"), b"\nbtime ")

    def uptime_s(self) -> float:
        """How long it has been running, on the clock that starts of processes are told in."""
        return float(self._text("uptime").split()[0])

    def look(self) -> list[Seen]:
        """Return every process that is there; those that end meanwhile are left out."""
        names = os.listdir(self._root)  # noqa: PTH208 - Path objects cost more than the listing
        found = [seen for name in names if name.isdigit() and (seen := self._see(name))]
        alive = {seen.key for seen in found}
        self._programs = {key: program for key, program in self._programs.items() if key in alive}
        return found

    def read(self, seen: Seen) -> Reading | None:
        """Return the rest of what there is to know, or None when it has ended."""
        pid = seen.key.pid
        try:
            status = self._bytes(f"{pid}/status")
            read, written = self._io(pid)
            counts = Counts(
                user=seen.user,
                system=seen.system,
                minor=seen.minor,
                major=seen.major,
                voluntary=_number(status, b"\nvoluntary_ctxt_switches:"),
                nonvoluntary=_number(status, b"\nnonvoluntary_ctxt_switches:"),
                read=read,
                written=written,
            )
            swapped = _number(status, b"\nVmSwap:", b" kB", absent=0) * 1024
            return Reading(seen, counts, swapped, self._open(pid), self._limit(pid), self._waits(pid))
        except (FileNotFoundError, ProcessLookupError):
            return None
        except (OSError, Unreadable):
            self.errors += 1
            return None

    def _see(self, name: str) -> Seen | None:
        try:
            comm, fields = _stat(self._bytes(f"{name}/stat"))
            key = Key(int(name), int(fields[19]))
            return Seen(
                key=key,
                parent=int(fields[1]),
                program=self._program(key, comm),
                state=fields[0].decode(),
                minor=int(fields[7]),
                major=int(fields[9]),
                user=int(fields[11]),
                system=int(fields[12]),
                children_user=int(fields[13]),
                children_system=int(fields[14]),
                threads=int(fields[17]),
                virtual=int(fields[20]),
                resident=int(fields[21]) * self._page_bytes,
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
                uid=int(_line(self._bytes(f"{key.pid}/status"), b"\nUid:").split()[1]),
                cgroups=tuple(_cgroups(self._text(f"{key.pid}/cgroup"))),
            )
        return known

    def _io(self, pid: int) -> tuple[int | None, int | None]:
        try:
            io = self._bytes(f"{pid}/io")
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

    def _limit(self, pid: int) -> int | None:
        try:
            soft = _line(self._bytes(f"{pid}/limits"), b"\nMax open files").split()[0]
        except PermissionError:
            return None
        return None if soft == b"unlimited" else int(soft)

    def _waits(self, pid: int) -> str:
        try:
            return self._text(f"{pid}/wchan").strip().removeprefix("0") if self._wchan else ""
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
