"""All processes of the host, read once for all who ask at about the same time: a scrape and a snapshot.

Owns when /proc is read. Must not know groups, metrics or snapshots.
"""

from collections.abc import Callable
from threading import Lock
from typing import Protocol

from exporter.collectors.processes.reading import Look, Reading, Seen, glimpse


class Source(Protocol):
    """A way to read processes: Linux' /proc, or psutil. It is never called by two threads at once."""

    ticks: int
    errors: int

    def boot_id(self) -> str:
        """What no other start of the machine has."""

    def boot_time_s(self) -> int:
        """When the machine started."""

    def uptime_s(self) -> float:
        """How long it has been running."""

    def look(self) -> list[Seen]:
        """Every process that is there."""

    def read(self, seen: Seen) -> Reading | None:
        """The rest of what there is to know, or None when it has ended."""


class ProcessTable:
    """What processes there are. For several threads."""

    def __init__(self, source: Source, clock: Callable[[], float]) -> None:
        self._source = source
        self._clock = clock
        self._lock = Lock()
        self._since_s = source.uptime_s()
        self._look: Look | None = None

    def readings(self, max_age_s: float) -> Look:
        """Return what was read less than `max_age_s` ago, or read. Who comes meanwhile waits for that."""
        with self._lock:
            if self._look is None or self._clock() - self._look.at_s > max_age_s:
                self._look = self._read()
            return self._look

    def boot_id(self) -> str:
        """Return what no other start of the machine has."""
        with self._lock:
            return self._source.boot_id()

    def complete(self, reading: Reading) -> Reading | None:
        """Read what was left out of a kernel thread; None when it has ended."""
        with self._lock:
            return reading if reading.whole else self._source.read(reading.seen)

    def _read(self) -> Look:
        source = self._source
        boot_time_s, uptime_s, at_s = source.boot_time_s(), source.uptime_s(), self._clock()
        readings = []
        for seen in source.look():
            # Kernel threads are many, and nobody groups them: what they used is in what we have already.
            reading = source.read(seen) if seen.program.args else glimpse(seen)
            if reading is not None:
                readings.append(reading)
        return Look(
            at_s=at_s,
            uptime_s=uptime_s,
            since_s=self._since_s,
            boot_time_s=boot_time_s,
            ticks=source.ticks,
            readings=readings,
            unreadable=source.errors,
        )
