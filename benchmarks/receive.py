"""Remote write over HTTP from a client in another process, beside Prometheus and VictoriaMetrics if there.

In time on the clock, not of a processor: client and server work beside each other, and connections wait. The
gateway's store here only numbers series and keeps nothing.
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
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.bodies import INTERVAL_MS, START_MS, labels_of
from benchmarks.harness import Benchmark, Row
from gateway.http import application, listen
from gateway.http.accounting import Accounting
from gateway.http.errors import Errors
from gateway.http.routes import write_routes
from gateway.http.server import HttpServer
from gateway.ingest.budget import Budget
from gateway.ingest.port import SeriesStore
from gateway.ingest.receiver import Clocks, Receiver
from gateway.metrics import Metrics
from remotewrite.compression import compress
from remotewrite.decode.batch import Batch
from remotewrite.encode.v1 import encode_v1
from remotewrite.encode.v2 import encode_v2
from remotewrite.model import Sample, Series
from runtime.logs import Log
from runtime.stop import Stop
from runtime.values import Address
from tests.gateway.ingest.memory import MemoryStore
from tests.peers.required import find_program
from tests.peers.servers import Server, Servers

SERIES: Final = 20_000
SERIES_A_BODY: Final = 2_000
CONNECTIONS: Final = 2
RUNS: Final = 7
# Rounds over all series in one run: long enough to be past the start, short enough to be left alone.
ROUNDS: Final = 6

V1: Final = "application/x-protobuf"
V2: Final = "application/x-protobuf;proto=io.prometheus.write.v2.Request"

Encode = Callable[[list[Series]], bytes]


class NoStore(MemoryStore):
    """Numbers series and keeps nothing."""

    def commit(self, batch: Batch) -> None:
        """Forget it."""


def benchmarks() -> Iterator[Benchmark]:
    """The others first, so that the gateway can be told beside them."""
    medians: dict[str, float] = {}
    for program, start in (
        ("prometheus", Servers.prometheus),
        ("victoria-metrics", Servers.victoria_metrics),
    ):
        if find_program(program):
            yield Receive(name=f"receive 1.0, {program}", start=_peer(start), medians=medians)
    yield Receive(name="receive 1.0", start=lambda: gateway(NoStore()), medians=medians)
    yield Receive(
        name="receive 2.0",
        start=lambda: gateway(NoStore()),
        medians=medians,
        encode=encode_v2,
        content_type=V2,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Receive:
    """One server, started anew; `start` gives its port."""

    name: str
    start: Callable[[], AbstractContextManager[int]]
    medians: dict[str, float]
    encode: Encode = encode_v1
    content_type: str = V1

    def measure(self) -> Row:
        """Send every series once, and then again and again."""
        bodies = _bodies(self.encode, 1 + RUNS * ROUNDS)
        requests = SERIES // SERIES_A_BODY
        runs = [bodies[:requests]]
        runs += [
            bodies[at : at + requests * ROUNDS] for at in range(requests, len(bodies), requests * ROUNDS)
        ]
        with self.start() as port:
            first, *rest = _send_elsewhere(port, runs, self.content_type)
        micros = [seconds * 1e6 / (requests * ROUNDS) for seconds in rest]
        median = statistics.median(micros)
        beside = [f"{theirs / median:.1f} x {name}" for name, theirs in self.medians.items()]
        if ", " in self.name:
            self.medians[self.name.partition(", ")[2]] = median
        new = f"new series {SERIES / first / 1e6:.2f} M/s"
        return Row(name=self.name, micros=micros, samples=SERIES_A_BODY, note=", ".join([new, *beside]))


def _peer(start: Callable[[Servers], Server]) -> Callable[[], AbstractContextManager[int]]:
    @contextmanager
    def running() -> Iterator[int]:
        with tempfile.TemporaryDirectory() as folder, Servers(Path(folder)) as servers:
            yield int(start(servers).url.rpartition(":")[2])

    return running


@contextmanager
def gateway(store: SeriesStore) -> Iterator[int]:
    """The gateway's HTTP server and receiver over a store, in a thread; gives its port."""
    metrics = Metrics(version="", python="")
    clocks = Clocks(now_ms=lambda: time.time_ns() // 1_000_000, stopwatch=time.perf_counter)
    receiver = Receiver(store, clocks=clocks, budget=Budget())
    accounting = Accounting(metrics, clock=time.perf_counter)
    app = application.create(
        routes=write_routes(receiver=receiver, metrics=metrics),
        accounting=accounting,
        errors=Errors(log=Log("bench"), new_id=str),
    )
    sock = listen.open_socket(Address(host="127.0.0.1", port=0), allow_anonymous=False)
    server = HttpServer(app, sock, clock=time.monotonic, on_unreadable=accounting.unreadable)
    stop = Stop()
    thread = threading.Thread(target=server.serve, args=(stop,))
    thread.start()
    try:
        yield sock.getsockname()[1]
    finally:
        stop.request("done")
        thread.join()


def _bodies(encode: Encode, rounds: int) -> list[bytes]:
    """Every series once in each round, other values every time, in order of time."""
    rng = random.Random(SERIES)
    names = [labels_of(index) for index in range(SERIES)]
    return [
        compress(
            encode(
                [
                    Series(labels=one, samples=[Sample(START_MS + INTERVAL_MS * round_, rng.random())])
                    for one in names[at : at + SERIES_A_BODY]
                ]
            )
        )
        for round_ in range(rounds)
        for at in range(0, SERIES, SERIES_A_BODY)
    ]


def _send_elsewhere(port: int, runs: Sequence[list[bytes]], content_type: str) -> list[float]:
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
    runs: Sequence[list[bytes]],
    content_type: str,
    results: "multiprocessing.Queue[list[float]]",
) -> None:
    results.put([_run(port, run, content_type) for run in runs])


def _run(port: int, bodies: list[bytes], content_type: str) -> float:
    """Share the bodies among the connections so that each series always comes on the same one."""
    threads = [
        threading.Thread(target=_send, args=(port, bodies[number::CONNECTIONS], content_type))
        for number in range(CONNECTIONS)
    ]
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
