"""Memory a series, at a million series of one sample each, beside Prometheus and VictoriaMetrics if there.

Resident memory from before the first series to after the last, once it no longer changes. The gateway has
taken in one request before, since what the first one loads is not for series.
"""

import random
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from benchmarks.bodies import START_MS, labels_of, request_at
from benchmarks.contenders import Beside, Contender, contenders, progress, running, send
from benchmarks.harness import Benchmark, Row
from remotewrite.compression import compress
from remotewrite.encode.v1 import encode_v1
from tests.peers.servers import Server

SERIES: Final = 1_000_000
BATCH: Final = 2_000

# It stands still when it moved by less than 1 % in so many seconds; and nobody waits longer.
_STILL_SECONDS: Final = 5.0
_WAIT_SECONDS: Final = 40.0


@dataclass
class _Bodies:
    """What is sent to all, made by the first that needs it."""

    @cached_property
    def made(self) -> list[bytes]:
        progress(f"making {SERIES:,} series")
        rng = random.Random(SERIES)
        return [
            compress(
                encode_v1(request_at([labels_of(at) for at in range(first, first + BATCH)], START_MS, rng))
            )
            for first in range(0, SERIES, BATCH)
        ]


def benchmarks() -> Iterator[Benchmark]:
    """One line a server."""
    bodies, beside = _Bodies(), Beside()
    for contender in contenders():
        yield _Memory(contender=contender, bodies=bodies, beside=beside)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Memory:
    """One server, and the figures of those before it."""

    contender: Contender
    bodies: _Bodies
    beside: Beside

    @property
    def name(self) -> str:
        """What the table calls it."""
        return f"memory: {self.contender.name}"

    def measure(self) -> Row:
        """Send all series once."""
        first, *rest = self.bodies.made
        with (
            tempfile.TemporaryDirectory() as folder,
            running(self.contender, Path(folder, "servers")) as server,
        ):
            send(server, [first])
            before = _settled(server)
            started = time.perf_counter()
            send(server, rest)
            seconds = time.perf_counter() - started
            after = _settled(server)
        each = (after - before) / (SERIES - BATCH)
        return Row(
            name=self.name,
            micros=[seconds * 1e6],
            samples=SERIES - BATCH,
            note=f"{each:,.0f} bytes a series{self.beside.add(self.contender.name, each)}, "
            f"from {before >> 20} to {after >> 20} MiB",
        )


def _settled(server: Server) -> int:
    """Wait until the memory stands still; return it."""
    deadline = time.monotonic() + _WAIT_SECONDS
    now = _rss(server)
    while time.monotonic() < deadline:
        time.sleep(_STILL_SECONDS)
        before, now = now, _rss(server)
        if abs(now - before) < before / 100:
            break
    return now


def _rss(server: Server) -> int:
    lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))
