"""A scrape of this machine by the agent's collectors: all that run by default, and the dearest of all.

Node_exporter's processor time on the same machine is beside it, where it is installed.
"""

import contextlib
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.contenders import launch
from benchmarks.harness import Benchmark, Row
from benchmarks.processes import cpu_seconds
from exporter.families import Family
from tests.exporter.hosts import COLLECTORS, Host, live
from tests.peers.required import find_program
from tests.peers.servers import free_port

SCRAPES: Final = 41
DEAREST: Final = 5
# A scrape of theirs is shorter than the ticks of 10 ms in which its time is told.
THEIR_SCRAPES: Final = 200
OPT_IN: Final = frozenset({"interrupts", "processes", "tcpstat"})

_PROGRAM: Final = "prometheus-node-exporter"
_direct: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def benchmarks() -> Iterator[Benchmark]:
    """One scrape of the host."""
    yield Scrape(name="collectors")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrape:
    """Every collector of the host, many times."""

    name: str

    def measure(self) -> Row:
        """Take the processor time of a scrape; the note has the dearest collectors, and node_exporter's."""
        host = live()
        spent = {name: _micros(gather, host) for name, gather in COLLECTORS.items()}
        default = [name for name in COLLECTORS if name not in OPT_IN]
        sums = [sum(runs) for runs in zip(*(spent[name] for name in default), strict=True)]
        dearest = sorted(spent, key=lambda name: -median(spent[name]))[:DEAREST]
        note = ", ".join(f"{name} {median(spent[name]) / 1e3:.1f} ms" for name in dearest)
        theirs = _their_micros() if find_program(_PROGRAM) else 0.0
        if theirs:
            note += f"; {_PROGRAM} {theirs / 1e3:.1f} ms"
        return Row(name=self.name, micros=sums, naive_micros=theirs, note=note)


def _micros(gather: Callable[[Host], list[Family]], host: Host) -> list[float]:
    """Processor time of each scrape but the first; of what this machine lacks, the time of finding out."""
    times = []
    for _ in range(SCRAPES + 1):
        before = time.process_time()
        with contextlib.suppress(FileNotFoundError):
            gather(host)
        times.append((time.process_time() - before) * 1e6)
    return times[1:]


def _their_micros() -> float:
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        command = [find_program(_PROGRAM) or _PROGRAM, f"--web.listen-address=127.0.0.1:{port}"]
        server = launch(command, Path(folder), port, "/metrics")
        try:
            before = cpu_seconds(server.process.pid)
            for _ in range(THEIR_SCRAPES):
                with _direct.open(f"{server.url}/metrics") as answer:
                    answer.read()
            return (cpu_seconds(server.process.pid) - before) / THEIR_SCRAPES * 1e6
        finally:
            server.stop()
