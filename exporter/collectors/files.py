"""Small files of /proc and /sys. Knows how they are read, not what they mean."""

import contextlib
import errno
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

_CHUNK: Final = 65_536
# A file of /sys is never longer.
_PAGE: Final = 4096
# What the kernel answers for an attribute that this device has not, or not now.
_ABSENT: Final = frozenset(
    {
        errno.ENOENT,
        errno.ENOTDIR,
        errno.EISDIR,
        errno.ENODEV,
        errno.ENXIO,
        errno.ENODATA,
        errno.EINVAL,
        errno.EOPNOTSUPP,
        errno.EIO,
    }
)


def text(path: Path | str) -> str:
    """What the file says. Bytes that are no UTF-8 are replaced."""
    return content(path).decode(errors="replace")


def content(path: Path | str) -> bytes:
    """The file's bytes. A scrape reads hundreds of small files, and `open` takes twice as long."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        found = os.read(file, _CHUNK)
        while more := os.read(file, _CHUNK):
            found += more
    finally:
        os.close(file)
    return found


def rows(path: Path) -> Iterator[list[str]]:
    """The words of each line that has some."""
    return (words for line in text(path).splitlines() if (words := line.split()))


def number(path: Path) -> int:
    """The one whole number in the file, decimal or 0x…"""
    return int(text(path).strip(), 0)


def attribute(path: Path | str) -> str | None:
    """What a file of /sys says, or None where the device lacks it or may not tell us."""
    try:
        return text(path).strip()
    except PermissionError:
        return None
    except OSError as error:
        if error.errno in _ABSENT:
            return None
        raise


def attributes(directory: Path | str, names: Iterable[str]) -> dict[str, str]:
    """What several files of one directory of /sys say, without those that `attribute` finds None for.

    Their paths are long and full of links: to walk them once saves half the time.
    """
    found = {}
    place = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for name in names:
            with contextlib.suppress(PermissionError):
                try:
                    file = os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=place)
                    try:
                        found[name] = os.read(file, _PAGE).decode(errors="replace").strip()
                    finally:
                        os.close(file)
                except OSError as error:
                    if error.errno not in _ABSENT:
                        raise
    finally:
        os.close(place)
    return found


def attribute_number(path: Path | str) -> int | None:
    """The number that a file of /sys holds, or None."""
    found = attribute(path)
    return int(found, 0) if found else None


def column(words: list[str], at: int) -> str:
    """The word at a place; a line that is too short is a ValueError like any other bad line."""
    if at >= len(words):
        raise ValueError(f"expected at least {at + 1} words, got {len(words)}: {' '.join(words)[:80]}")
    return words[at]
