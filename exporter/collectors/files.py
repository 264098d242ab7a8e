"""Small files of /proc and /sys. Knows how they are read, not what they mean."""

import errno
from collections.abc import Iterator
from pathlib import Path
from typing import Final

# What the kernel answers for an attribute that this device has not, or not now.
_ABSENT: Final = frozenset(
    {
        errno.ENOENT,
        errno.ENOTDIR,
        errno.ENODEV,
        errno.ENXIO,
        errno.ENODATA,
        errno.EINVAL,
        errno.EOPNOTSUPP,
        errno.EIO,
    }
)


def text(path: Path) -> str:
    """What the file says. Bytes that are no UTF-8 are replaced."""
    return path.read_bytes().decode(errors="replace")


def rows(path: Path) -> Iterator[list[str]]:
    """The words of each line that has some."""
    return (words for line in text(path).splitlines() if (words := line.split()))


def number(path: Path) -> int:
    """The one whole number in the file, decimal or 0x…"""
    return int(text(path).strip(), 0)


def attribute(path: Path) -> str | None:
    """What a file of /sys says, or None where the device lacks it or may not tell us."""
    try:
        return text(path).strip()
    except PermissionError:
        return None
    except OSError as error:
        if error.errno in _ABSENT:
            return None
        raise


def attribute_number(path: Path) -> int | None:
    """The number that a file of /sys holds, or None."""
    found = attribute(path)
    return int(found, 0) if found else None


def column(words: list[str], at: int) -> str:
    """The word at a place; a line that is too short is a ValueError like any other bad line."""
    if at >= len(words):
        raise ValueError(f"expected at least {at + 1} words, got {len(words)}: {' '.join(words)[:80]}")
    return words[at]
