"""The share that a process has of memory it holds together with others. Reads /proc; must not know groups.

The kernel walks all of its memory for it. So there is only so much time in a scrape, and it goes round.
"""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, NamedTuple

from exporter.collectors.processes.reading import Key, Reading

BUDGET_SECONDS: Final = 0.2
"""In a scrape; what was read before is shown of the others."""

LARGEST_BYTES: Final = 16 << 30
"""Resident. A larger process is never read: it takes about 10 ms a GiB, and its memory is locked so long."""

_FILE_BYTES: Final = 1 << 13


class Share(NamedTuple):
    """In bytes, in and out of swap."""

    resident: int
    swapped: int


class Shares:
    """Remembers shares, and reads them in turn. Not for several threads at once."""

    def __init__(self, root: Path, stopwatch: Callable[[], float]) -> None:
        self._root = str(root)
        self._stopwatch = stopwatch
        self._known: dict[Key, Share] = {}
        """In the order of reading, the oldest first."""

    def add_to(self, readings: Iterable[Reading]) -> list[Reading]:
        """Return the readings with their shares; None stands where one could not be had, or not yet."""
        by_key = {reading.seen.key: reading for reading in readings}
        self._known = {key: share for key, share in self._known.items() if key in by_key}
        turn = [*(key for key in by_key if key not in self._known), *self._known]
        began = self._stopwatch()
        for key in turn:
            if by_key[key].seen.resident > LARGEST_BYTES:
                self._known.pop(key, None)
                continue
            if self._stopwatch() - began >= BUDGET_SECONDS:
                break
            self._known.pop(key, None)
            share = self._read(key.pid)
            if share is not None:
                self._known[key] = share
        return [each._replace(proportional=self._known.get(key)) for key, each in by_key.items()]

    def _read(self, pid: int) -> Share | None:
        try:
            opened = os.open(f"{self._root}/{pid}/smaps_rollup", os.O_RDONLY | os.O_CLOEXEC)
            try:
                text = os.read(opened, _FILE_BYTES)
            finally:
                os.close(opened)
        except OSError:
            # It has ended, is a kernel thread, or belongs to another user.
            return None
        kib = {line[0]: int(line[1]) for line in map(bytes.split, text.splitlines()[1:]) if len(line) > 1}
        return Share(kib.get(b"Pss:", 0) * 1024, kib.get(b"SwapPss:", 0) * 1024)
