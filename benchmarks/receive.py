"""Remote write over HTTP from a client in another process, beside Prometheus and VictoriaMetrics if there.

In time on the clock, not of a processor: client and server work beside each other, and connections wait. The
gateway is the real program with its defaults: every request is on the disk before it is answered.
"""

import http.client
import multiprocessing
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from benchmarks.bodies import INTERVAL_MS, START_MS, labels_of
from benchmarks.harness import Benchmark, Row
from remotewrite.compression import compress
from remotewrite.encode.v1 import encode_v1
from remotewrite.encode.v2 import encode_v2
from remotewrite.model import Sample, Series
from tests.gateway.programs import running
from tests.peers.required import find_program
from tests.peers.servers import Server, Servers

SERIES: Final = 20_000
RUNS: Final = 7
# Rounds over all series in one run: long enough to be past the start, short enough to be left alone.
ROUNDS: Final = 6

V1: Final = "application/x-protobuf"
V2: Final = "application/x-protobuf;proto=io.prometheus.write.v2.Request"

# By so many series the requests are moved from one round to the next.
_SHIFT: Final = 37

Encode = Callable[[list[Series]], bytes]


# Series a body, and connections.
LOADS: Final = ((2000, 2), (2000, 8), (500, 2), (500, 8))


def benchmarks() -> Iterator[Benchmark]:
    """The others first, so that the gateway can be told beside them."""
    for series, connections in LOADS:
        load = f"{series}x1, {connections} connections"
        medians: dict[str, float] = {}

        def receive(
            name: str,
            start: Callable[[], AbstractContextManager[int]],
            encode: Encode = encode_v1,
            content_type: str = V1,
            *,
            load: str = load,
            series: int = series,
            connections: int = connections,
            medians: dict[str, float] = medians,
        ) -> Receive:
            return Receive(
                name=f"receive {load}: {name}",
                program=name,
                series=series,
                connections=connections,
                start=start,
                medians=medians,
                encode=encode,
                content_type=content_type,
            )

        if find_program("prometheus"):
            yield receive("prometheus", _peer(Servers.prometheus))
        if find_program("victoria-metrics"):
            yield receive("victoria-metrics", _peer(Servers.victoria_metrics))
        yield receive("gateway 1.0", gateway)
        yield receive("gateway 2.0", gateway, encode_v2, V2)
        yield replace(receive("gateway 1.0, cut elsewhere each time", gateway), shift=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receive:
    """One server, started anew; `start` gives its port."""

    name: str
    program: str
    series: int
    connections: int
    start: Callable[[], AbstractContextManager[int]]
    medians: dict[str, float]
    encode: Encode
    content_type: str
    # Whether no two requests have the same series, as when a sender's batches do not fit its scrapes.
    shift: bool = False

    def measure(self) -> Row:
        """Send every series once, and then again and again."""
        bodies = bodies_of(self.encode, self.series, 1 + RUNS * ROUNDS, shift=self.shift)
        requests = SERIES // self.series
        runs = [bodies[:requests]]
        runs += [
            bodies[at : at + requests * ROUNDS] for at in range(requests, len(bodies), requests * ROUNDS)
        ]
        # A series always comes on the same connection: Prometheus takes nothing out of order.
        shares = [
            [
                [body for number, body in enumerate(run) if number % requests % self.connections == at]
                for at in range(self.connections)
            ]
            for run in runs
        ]
        with self.start() as port:
            first, *rest = send_elsewhere(port, shares, self.content_type)
        micros = [seconds * 1e6 / (requests * ROUNDS) for seconds in rest]
        median = statistics.median(micros)
        beside = [f"{theirs / median:.1f} x {name}" for name, theirs in self.medians.items()]
        self.medians[self.program] = median
        new = f"new series {SERIES / first / 1e6:.2f} M/s"
        return Row(name=self.name, micros=micros, samples=self.series, note=", ".join([new, *beside]))


def _peer(start: Callable[[Servers], Server]) -> Callable[[], AbstractContextManager[int]]:
    @contextmanager
    def running() -> Iterator[int]:
        with tempfile.TemporaryDirectory() as folder, Servers(Path(folder)) as servers:
            yield int(start(servers).url.rpartition(":")[2])

    return running


@contextmanager
def gateway() -> Iterator[int]:
    """The real program in a directory of its own; gives its port."""
    with running("gateway", "--listen", "127.0.0.1:0", "--retention", "10y") as program:
        yield program.port


def bodies_of(encode: Encode, series: int, rounds: int, *, shift: bool) -> list[bytes]:
    """Every series once in each round, other values every time, in order of time."""
    rng = random.Random(SERIES)
    names = [labels_of(index) for index in range(SERIES)]
    found = []
    for round_ in range(rounds):
        step = round_ * _SHIFT % SERIES if shift else 0
        turned = names[step:] + names[:step]
        found += [
            compress(
                encode(
                    [
                        Series(labels=one, samples=[Sample(START_MS + INTERVAL_MS * round_, rng.random())])
                        for one in turned[at : at + series]
                    ]
                )
            )
            for at in range(0, SERIES, series)
        ]
    return found


def send_elsewhere(port: int, runs: Sequence[Sequence[list[bytes]]], content_type: str) -> list[float]:
    """Send each run in another process; return the seconds of each."""
    spawn = multiprocessing.get_context("spawn")
    results: multiprocessing.Queue[list[float]] = spawn.Queue()
    process = spawn.Process(target=_client, args=(port, runs, content_type, results), daemon=True)
    process.start()
    try:
        return results.get(timeout=300)
    finally:
        process.terminate()
        process.join()


def _client(
    port: int,
    runs: Sequence[Sequence[list[bytes]]],
    content_type: str,
    results: "multiprocessing.Queue[list[float]]",
) -> None:
    results.put([_run(port, run, content_type) for run in runs])


def _run(port: int, shares: Sequence[list[bytes]], content_type: str) -> float:
    """Send each share over a connection of its own."""
    threads = [threading.Thread(target=_send, args=(port, share, content_type)) for share in shares]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - started


def _send(port: int, bodies: list[bytes], content_type: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    headers = {
        "Content-Type": content_type,
        "Content-Encoding": "snappy",
        "X-Prometheus-Remote-Write-Version": "0.1.0" if content_type == V1 else "2.0.0",
    }
    for body in bodies:
        connection.request("POST", "/api/v1/write", body, headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 204:
            raise RuntimeError(f"the server answered {answer.status}")
    connection.close()
