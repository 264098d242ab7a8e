"""The gateway and its peers: started on loopback, each in a directory of its own, and sent the same bodies.

Knows nothing of what is measured.
"""

import http.client
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.gateway.programs import FLEETGAUGE, environment
from tests.peers.required import find_program
from tests.peers.servers import NOTHING_TO_SCRAPE, Server, Servers, free_port

PROMETHEUS: Final = "prometheus"
VICTORIA_METRICS: Final = "victoria-metrics"
GATEWAY: Final = "gateway"

# Nobody wonders before that.
_SAY_SECONDS: Final = 15.0

# What VictoriaMetrics logs when it has merged, which is the only way to know.
_HAS_MERGED: Final = "has been successfully finished"

_HEADERS: Final = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A server that takes remote write: how to start it, and which path says that it is ready.

    Its data is in `data` below its directory.
    """

    name: str
    ready: str
    start: Callable[[Servers, Path], Server]


def contenders() -> Iterator[Contender]:
    """Those peers that are installed; then the gateway, so that it can be told beside them."""
    if find_program(PROMETHEUS):
        yield Contender(name=PROMETHEUS, ready="/-/ready", start=_prometheus)
    if find_program(VICTORIA_METRICS):
        yield Contender(
            name=VICTORIA_METRICS,
            ready="/health",
            start=lambda servers, _: servers.victoria_metrics(),
        )
    yield Contender(name=GATEWAY, ready="/-/ready", start=_gateway)


def _prometheus(servers: Servers, _: Path) -> Server:
    return servers.prometheus(NOTHING_TO_SCRAPE, "--web.enable-admin-api")


def _gateway(_: Servers, directory: Path) -> Server:
    port = free_port()
    command = [str(FLEETGAUGE), "gateway", "--listen", f"127.0.0.1:{port}", "--retention", "10y"]
    return launch([*command, "--data-dir", str(directory / "data")], directory, port, "/-/ready")


def launch(command: Sequence[str], directory: Path, port: int, ready: str) -> Server:
    """Start a program, and return once it is ready."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "log").open("ab") as log:
        process = subprocess.Popen(
            command,
            cwd=directory,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    server = Server(url=f"http://127.0.0.1:{port}", dir=directory, process=process)
    try:
        server.wait_ready(ready)
    except BaseException:
        server.stop()
        raise
    return server


@contextmanager
def started_again(server: Server, ready: str) -> Iterator[tuple[Server, float]]:
    """Start an ended server with the same command; give the seconds until it was ready. Killed in the end."""
    server.process.wait()
    assert isinstance(server.process.args, list)
    started = time.perf_counter()
    again = launch([*map(str, server.process.args)], server.dir, port_of(server), ready)
    seconds = time.perf_counter() - started
    try:
        yield again, seconds
    finally:
        again.process.kill()
        again.process.wait()


def port_of(server: Server) -> int:
    """Return the port that a server listens on."""
    return int(server.url.rpartition(":")[2])


@contextmanager
def running(contender: Contender, root: Path) -> Iterator[Server]:
    """Start a contender in a new directory, and stop it in the end."""
    root.mkdir()
    with Servers(root) as servers:
        server = contender.start(servers, root / contender.name)
        try:
            yield server
        finally:
            server.stop()


def send(server: Server, bodies: Iterable[bytes]) -> None:
    """Send bodies of remote write 1.0 one after the other, over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port_of(server))
    said = time.monotonic()
    for number, body in enumerate(bodies):
        connection.request("POST", "/api/v1/write", body, _HEADERS)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status not in (200, 204):
            raise RuntimeError(f"{server.dir.name} answered {answer.status}: {text.decode()}")
        if time.monotonic() - said > _SAY_SECONDS:
            said = time.monotonic()
            progress(f"{server.dir.name}: {number + 1:,} bodies sent")
    connection.close()


def ask(server: Server, path: str, method: str = "GET") -> bytes:
    """Ask a server for something; return what it says."""
    connection = http.client.HTTPConnection("127.0.0.1", port_of(server))
    connection.request(method, path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if answer.status not in (200, 204):
        raise RuntimeError(f"{server.dir.name} answered {answer.status} to {path}: {body.decode()}")
    return body


def progress(text: str) -> None:
    """Say what takes so long."""
    print(text, file=sys.stderr, flush=True)


def merge_victoria_metrics(server: Server) -> None:
    """Make it merge all that it has, in memory too; return when that is done."""
    ask(server, "/internal/force_flush")
    ask(server, "/internal/force_merge")
    while _HAS_MERGED not in server.log_tail():
        time.sleep(0.2)


@dataclass(slots=True)
class Beside:
    """The figures of those measured before, to tell the next one beside them; small figures are good."""

    figures: dict[str, float] = field(default_factory=dict)

    def add(self, name: str, figure: float) -> str:
        """Keep a figure; return how many times larger the others are."""
        told = "".join(f", {theirs / figure:.2f} x {other}" for other, theirs in self.figures.items())
        self.figures[name] = figure
        return told


def size_of(*paths: Path) -> int:
    """Return the bytes of files, and of all files in directories."""
    return sum(
        file.stat().st_size
        for path in paths
        for file in ([path] if path.is_file() else path.rglob("*"))
        if file.is_file()
    )
