"""Starting again after kill -9 with 10 million samples in the log, until the server says that it is ready.

Beside Prometheus and VictoriaMetrics if there, with the same samples. The gateway's upkeep would have made
parts of most of them, so its log is filled by a program without upkeep that kills itself; the others are
killed from outside. What they read is in the system's memory, not on a cold disk.
"""

import json
import multiprocessing
import os
import random
import re
import signal
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from benchmarks.bodies import INTERVAL_MS, START_MS, labels_of, request_at
from benchmarks.contenders import (
    GATEWAY,
    PROMETHEUS,
    VICTORIA_METRICS,
    Beside,
    Contender,
    ask,
    contenders,
    merge_victoria_metrics,
    progress,
    running,
    send,
    started_again,
)
from benchmarks.harness import Benchmark, Row
from remotewrite.compression import compress, decompress
from remotewrite.decode.table import SeriesTable
from remotewrite.decode.v1 import decode_v1
from remotewrite.encode.v1 import encode_v1
from tests.gateway.storage.samples import open_store
from tests.peers.servers import Server

SERIES: Final = 20_000
ROUNDS: Final = 500
BATCH: Final = 2_000
RUNS: Final = 3

# VictoriaMetrics writes new series to the disk some seconds after it was told of them.
_WRITTEN_SECONDS: Final = 7.0

# What the gateway says of its data when it has read it.
_OPENED: Final = re.compile(r"storage\.opened .*samples=(\d+) seconds=([\d.]+)")


@dataclass
class _Bodies:
    """What is sent to all, made by the first that needs it."""

    @cached_property
    def made(self) -> list[bytes]:
        progress(f"making {SERIES * ROUNDS:,} samples")
        rng = random.Random(SERIES)
        names = [labels_of(index) for index in range(SERIES)]
        return [
            compress(encode_v1(request_at(names[at : at + BATCH], START_MS + INTERVAL_MS * round_, rng)))
            for round_ in range(ROUNDS)
            for at in range(0, SERIES, BATCH)
        ]


def benchmarks() -> Iterator[Benchmark]:
    """One line a server."""
    bodies, beside = _Bodies(), Beside()
    for contender in contenders():
        yield _Restart(contender=contender, bodies=bodies, beside=beside)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Restart:
    """One server, and the figures of those before it."""

    contender: Contender
    bodies: _Bodies
    beside: Beside

    @property
    def name(self) -> str:
        """What the table calls it."""
        return f"restart: {self.contender.name}"

    def measure(self) -> Row:
        """Fill it, kill it, and start and kill it a few times."""
        bodies = self.bodies.made
        with (
            tempfile.TemporaryDirectory() as folder,
            running(self.contender, Path(folder, "servers")) as server,
        ):
            _FILL[self.contender.name](server, bodies)
            runs = []
            for _ in range(RUNS):
                with started_again(server, self.contender.ready) as (again, seconds):
                    runs.append(seconds)
                    note = _CHECK[self.contender.name](again)
        median = statistics.median(runs)
        return Row(
            name=self.name,
            micros=[seconds * 1e6 for seconds in runs],
            samples=SERIES * ROUNDS,
            note=f"{median:.1f} s{self.beside.add(self.contender.name, median)}{note}",
        )


def _fill_prometheus(server: Server, bodies: Sequence[bytes]) -> None:
    send(server, bodies)
    server.process.kill()


def _fill_victoria_metrics(server: Server, bodies: Sequence[bytes]) -> None:
    """It has no log: what is not merged yet is in memory, and would be lost."""
    send(server, bodies)
    merge_victoria_metrics(server)
    time.sleep(_WRITTEN_SECONDS)
    server.process.kill()


def _fill_gateway(server: Server, bodies: Sequence[bytes]) -> None:
    server.stop()
    spawn = multiprocessing.get_context("spawn")
    receiver, sender = spawn.Pipe(duplex=False)
    process = spawn.Process(target=_write_and_die, args=(server.dir / "data", receiver), daemon=True)
    process.start()
    receiver.close()
    for body in bodies:
        sender.send_bytes(body)
    sender.send_bytes(b"")
    process.join()
    if process.exitcode != -signal.SIGKILL:
        raise RuntimeError(f"the log was not filled: exit code {process.exitcode}")


def _write_and_die(directory: Path, bodies: Connection) -> None:
    store = open_store(directory)
    table = SeriesTable(store.register)
    while body := bodies.recv_bytes():
        batch = decode_v1(decompress(body), table)
        store.commit(batch)
        batch.learnt.keep()
    os.kill(os.getpid(), signal.SIGKILL)


def _check_peer(server: Server) -> str:
    """Raise when samples of one metric are missing."""
    # A range reaches from its end to just after its beginning.
    span = ROUNDS * INTERVAL_MS
    query = f"sum(count_over_time(fleetgauge_process_group_cpu_ratio[{span}ms]))"
    asked = urlencode({"query": query, "time": (START_MS + span - INTERVAL_MS) / 1000})
    [found] = json.loads(ask(server, f"/api/v1/query?{asked}"))["data"]["result"]
    # One in four is of this metric.
    if int(found["value"][1]) != SERIES * ROUNDS // 4:
        raise RuntimeError(f"it found {found['value'][1]} samples")
    return ""


def _check_gateway(server: Server) -> str:
    """Tell how much of the time the store took; raise when samples are missing."""
    found = _OPENED.findall((server.dir / "log").read_text())
    if int(found[-1][0]) != SERIES * ROUNDS:
        raise RuntimeError(f"it found {found[-1][0]} samples")
    median = statistics.median(float(seconds) for _, seconds in found[-RUNS:])
    return f", of which the store {median:.1f} s"


_FILL: Final = {
    PROMETHEUS: _fill_prometheus,
    VICTORIA_METRICS: _fill_victoria_metrics,
    GATEWAY: _fill_gateway,
}

_CHECK: Final = {
    PROMETHEUS: _check_peer,
    VICTORIA_METRICS: _check_peer,
    GATEWAY: _check_gateway,
}
