"""A million samples by remote write 1.0, and on to other receivers, which throw them away.

Time on the clock until the last has arrived, and processor seconds of the whole program. Storing alone and
vmagent are beside it.
"""

import multiprocessing
import os
import socketserver
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Final

from benchmarks.harness import Benchmark, Row
from benchmarks.receive import SERIES, V1, bodies_of, send_elsewhere
from remotewrite.encode.v1 import encode_v1
from tests.gateway.programs import running
from tests.peers.required import find_program
from tests.peers.servers import Servers

SAMPLES: Final = 1_000_000
PER_BODY: Final = 2000
CONNECTIONS: Final = 4
# Nothing more comes: vmagent writes what it has gathered every second.
QUIET_SECONDS: Final = 2.5

RULES: Final = """
remote_write:
  - url: {url}
    write_relabel_configs:
      - {{source_labels: [mode], regex: nothing, action: drop}}
      - {{source_labels: [instance], regex: "(.*):.*", target_label: host}}
external_labels: {{cluster: eu-1}}
"""

Start = Callable[[Path, Sequence[str]], AbstractContextManager[tuple[int, int]]]


def benchmarks() -> Iterator[Benchmark]:
    """Storing alone first."""
    yield Forward(name="forward: stored, not forwarded", destinations=0, start=gateway())
    if find_program("vmagent"):
        yield Forward(name="forward: vmagent, 1 destination", destinations=1, start=_vmagent)
    yield Forward(name="forward: 1 destination", destinations=1, start=gateway())
    yield Forward(name="forward: 2 destinations", destinations=2, start=gateway())
    yield Forward(name="forward: 1 destination, --no-store", destinations=1, start=gateway("--no-store"))
    yield Forward(
        name="forward: 1 destination, --no-store, two rules and a label",
        destinations=1,
        start=gateway("--no-store", rules=True),
    )
    yield Forward(
        name="forward: 1 destination, --no-store, 4 connections",
        destinations=1,
        start=gateway("--no-store", "--forwarding.shards", "4"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward:
    """One program, started anew; `start` gives its port and its process."""

    name: str
    destinations: int
    start: Start

    def measure(self) -> Row:
        """Send all over a few connections, and wait for the last to arrive."""
        bodies = bodies_of(encode_v1, PER_BODY, SAMPLES // SERIES, shift=False)
        shares = [[bodies[at::CONNECTIONS] for at in range(CONNECTIONS)]]
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            sinks = [stack.enter_context(sink()) for _ in range(self.destinations)]
            port, pid = stack.enter_context(self.start(folder, [each.url for each in sinks]))
            before, started = _cpu_s(pid), time.time()
            [sending_s] = send_elsewhere(port, shares, V1)
            _wait(sinks)
            cpu_s = _cpu_s(pid) - before
            arrived_s = max([each.last.value for each in sinks], default=0.0) - started
        note = f"{cpu_s:.2f} CPU s" + (f", all arrived after {arrived_s:.1f} s" if sinks else "")
        return Row(name=self.name, micros=[sending_s * 1e6], samples=SAMPLES, note=note)


def gateway(*flags: str, rules: bool = False) -> Start:
    """Return how to start a gateway."""

    @contextmanager
    def start(folder: Path, urls: Sequence[str]) -> Iterator[tuple[int, int]]:
        told = [part for url in urls for part in ("--forward", url)]
        if rules:
            (folder / "gateway.yml").write_text(RULES.format(url=urls[0]))
            told = ["--config", str(folder / "gateway.yml")]
        with running("gateway", "--listen", "127.0.0.1:0", "--retention", "10y", *told, *flags) as program:
            yield program.port, program.process.pid

    return start


@contextmanager
def _vmagent(folder: Path, urls: Sequence[str]) -> Iterator[tuple[int, int]]:
    with Servers(folder) as servers:
        server = servers.vmagent(urls[0])
        yield int(server.url.rpartition(":")[2]), server.process.pid


@dataclass(frozen=True, slots=True, kw_only=True)
class Sink:
    """A receiver in another process, and when it was last sent something."""

    url: str
    last: "Synchronized[float]"


@contextmanager
def sink() -> Iterator[Sink]:
    """Run a receiver that reads and forgets."""
    spawn = multiprocessing.get_context("spawn")
    last = spawn.Value("d", 0.0)
    ports: multiprocessing.Queue[int] = spawn.Queue()
    process = spawn.Process(target=_serve, args=(ports, last), daemon=True)
    process.start()
    try:
        yield Sink(url=f"http://127.0.0.1:{ports.get(timeout=60)}/api/v1/write", last=last)
    finally:
        process.terminate()
        process.join()


def _serve(ports: "multiprocessing.Queue[int]", last: "Synchronized[float]") -> None:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            last.value = time.time()
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        ports.put(server.server_address[1])
        server.serve_forever()


def _wait(sinks: Sequence[Sink]) -> None:
    while any(time.time() - each.last.value < QUIET_SECONDS for each in sinks):
        time.sleep(0.1)


def _cpu_s(pid: int) -> float:
    """Return the processor seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
