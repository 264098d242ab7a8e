"""A disk as the end of power leaves it: replays a trace of system calls, and forgets what was never durable.

A write changes pages in memory. fsync takes them to the disk; when it fails, the kernel calls them clean all
the same, so that no later fsync takes them, unless they are written again.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

PAGE: Final = 4096

CALLS: Final = "pwrite64,fsync,fdatasync,ftruncate,unlink,write"
"""What is to be traced, with the options -y, -xx and a string limit beyond the largest write."""

_CALL: Final = re.compile(
    r'(?:\d+ +)?(?P<name>\w+)\((?:(?P<fd>\d+)<(?P<path>[^>]*)>)?(?:(?:, )?"(?P<text>[^"]*)")?'
    r"(?:, (?P<first>\d+))?(?:, (?P<second>\d+))?\) += (?P<result>-?\d+)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One system call that was made."""

    name: str
    file: str
    data: bytes
    numbers: tuple[int, ...]
    result: int


def calls_of(trace: Path) -> Iterator[Call]:
    """Read a trace."""
    with trace.open() as lines:
        for line in lines:
            found = _CALL.match(line)
            if found is None:
                raise AssertionError(f"not understood: {line[:200]}")
            data = _bytes_of(found["text"])
            path = _bytes_of(found["path"]) if found["fd"] else data
            yield Call(
                name=found["name"],
                file=Path(path.decode()).name,
                data=data,
                numbers=tuple(int(found[each]) for each in ("first", "second") if found[each]),
                result=int(found["result"]),
            )


def _bytes_of(text: str | None) -> bytes:
    return bytes.fromhex((text or "").replace("\\x", ""))


@dataclass(slots=True)
class _File:
    cached: bytearray = field(default_factory=bytearray)
    durable: bytearray = field(default_factory=bytearray)
    dirty: set[int] = field(default_factory=set)

    def write(self, offset: int, data: bytes) -> None:
        _resize(self.cached, max(len(self.cached), offset + len(data)))
        self.cached[offset : offset + len(data)] = data
        self.dirty.update(range(offset // PAGE, (offset + len(data) - 1) // PAGE + 1))

    def truncate(self, size: int) -> None:
        for content in (self.cached, self.durable):
            _resize(content, size)
        self.dirty = {page for page in self.dirty if page * PAGE < size}

    def sync(self, failed: bool) -> None:
        if not failed:
            self.durable = self.after(self.dirty)
        self.dirty = set()

    def after(self, pages: set[int]) -> bytearray:
        """Return what is on the disk when these pages have come there, too."""
        content = bytearray(self.durable)
        for page in pages:
            part = self.cached[page * PAGE : (page + 1) * PAGE]
            _resize(content, max(len(content), page * PAGE + len(part)))
            content[page * PAGE : page * PAGE + len(part)] = part
        return content


def _resize(content: bytearray, size: int) -> None:
    del content[size:]
    content.extend(bytes(size - len(content)))


class Disk:
    """Files by their names; their creation and end, and their size when cut, are durable at once."""

    def __init__(self) -> None:
        self._files: dict[str, _File] = {}

    @classmethod
    def of(cls, directory: Path) -> Self:
        """Begin with what is in a directory."""
        disk = cls()
        for path in directory.iterdir():
            content = bytearray(path.read_bytes())
            disk._files[path.name] = _File(bytearray(content), content)
        return disk

    def make(self, call: Call) -> None:
        """Do what a system call did."""
        if call.name == "unlink":
            self._files.pop(call.file, None)
            return
        if call.name == "write" or call.file.endswith("-shm"):
            return
        file = self._files.setdefault(call.file, _File())
        if call.name in ("fsync", "fdatasync"):
            file.sync(failed=call.result != 0)
        elif call.result >= 0 and call.name == "pwrite64":
            file.write(call.numbers[1], call.data[: call.result])
        elif call.result >= 0 and call.name == "ftruncate":
            file.truncate(call.numbers[0])

    def cut_power(self, directory: Path, chance: random.Random) -> None:
        """Write what is left to a directory: the durable pages, and any of those on their way."""
        directory.mkdir()
        for name, file in self._files.items():
            lucky = {page for page in sorted(file.dirty) if chance.random() < 0.5}
            (directory / name).write_bytes(file.after(lucky))
