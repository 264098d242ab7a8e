"""A gateway on loopback that keeps a list of agents, and misbehaves as its script says."""

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from delivery.retry import Backoff
from delivery.transport import Target, Transport
from exporter.reporting.messages import Facts, System, Vitals
from exporter.reporting.reporter import Reporter
from remotewrite.compression import decompress_zstd
from tests.delivery.parts import FakeClock
from tests.delivery.receiver import WRITTEN, Reply

AGENT: Final = "agent-0001"
_ROUTE: Final = re.compile(r"/api/v1/agents/(?:(register)|([^/]+)/(heartbeat|processes))")


@dataclass(slots=True)
class Gateway:
    """Replies still to give before it does its work; what it knows and what it was told."""

    script: list[Reply]
    url: str = ""
    interval_s: float = 10.0
    has_agents: bool = True
    known: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    registrations: list[dict[str, Any]] = field(default_factory=list)
    heartbeats: list[dict[str, Any]] = field(default_factory=list)
    snapshots: list[dict[str, Any]] = field(default_factory=list)
    mood: Callable[[str, bytes], Reply | None] = lambda _path, _body: None
    """What it says to a path and a body, whatever its script says; None where it does its work."""
    connections: set[socket.socket] = field(default_factory=set)
    writes: list[bytes] | None = None
    """Bodies of remote write that it took, if it takes them."""

    def answer(self, path: str, body: bytes) -> tuple[int, object]:
        """Do what a gateway does."""
        found = _ROUTE.fullmatch(path)
        if found is None or not self.has_agents:
            return 404, "404 page not found"
        if found[1]:
            said = json.loads(body)
            self.registrations.append(said)
            self.known.add(said["agent_id"])
            data = {"agent_id": said["agent_id"], "heartbeat_interval_s": self.interval_s}
            return 200, {"status": "success", "data": data}
        if found[2] not in self.known:
            return 404, {"status": "error", "error": "no such agent; register first"}
        if found[3] == "processes":
            self.snapshots.append(json.loads(decompress_zstd(body)))
        else:
            self.heartbeats.append(json.loads(body))
        return 200, {"status": "success", "data": {}}


@contextmanager
def gateway(*script: Reply, port: int = 0, **changed: Any) -> Iterator[Gateway]:
    """Run a gateway. When it ends, so do its connections."""
    made = Gateway(list(script), **changed)
    server = ThreadingHTTPServer(("127.0.0.1", port), _handler(made))
    server.daemon_threads = True
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=[0.01], daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        for each in list(made.connections):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


def _handler(made: Gateway) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            made.connections.add(self.request)
            super().setup()

        def finish(self) -> None:
            with suppress(OSError):
                super().finish()
            made.connections.discard(self.request)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.asked.append(self.path.rpartition("/")[2])
            made.headers.append({name.lower(): value for name, value in self.headers.items()})
            moody = made.mood(self.path, body)
            if moody is not None:
                self.reply(moody)
            elif made.writes is not None and self.path == "/api/v1/write":
                made.writes.append(body)
                self.say(204, WRITTEN, b"")
            elif not made.script or made.script[0].status == 1:
                made.script[:1] = []
                status, said = made.answer(self.path, body)
                self.say(status, {}, json.dumps(said).encode())
            else:
                self.reply(made.script.pop(0))

        def reply(self, reply: Reply) -> None:
            if not reply.status:
                self.close_connection = True
            elif reply.drip_s:
                time.sleep(reply.drip_s)
                self.close_connection = True
            else:
                self.say(reply.status, reply.headers, reply.body)

        def say(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


DUTIFUL: Final = Reply(status=1)
"""In a script: here it does its work."""


def bad(status: int, body: bytes = b"no", **headers: str) -> Reply:
    """An answer that is no good; underscores in the names of headers are dashes."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=status, headers=named, body=body)


FACTS: Final = Facts(
    name="web-1",
    labels={"env": "prod"},
    version="0.1",
    pid=4711,
    started_at=1_790_000_000.0,
    system=System(
        hostname="web-1",
        os="Debian GNU/Linux 12",
        kernel="6.1.0",
        arch="x86_64",
        cpu_cores=2,
        memory_bytes=4 << 30,
        boot_time=1_789_000_000.0,
    ),
    metrics_url="http://web-1:9256/metrics",
    collectors=("cpu", "meminfo"),
)
WELL: Final = Vitals(cpu_percent=0.51234, memory_bytes=30 << 20, spool_bytes=4096, spool_oldest_s=12.34)


@dataclass(slots=True)
class Reporters:
    """Makes reporters whose clock only sleeping moves; closes what they opened."""

    opened: list[Transport] = field(default_factory=list)

    def __call__(
        self, url: str, *, timeout_s: float = 5.0, token_file: Path | None = None, **changed: Any
    ) -> tuple[Reporter, FakeClock]:
        clock = FakeClock()

        def connect(path: str) -> Transport:
            transport = Transport(Target(url=url + path, timeout_s=timeout_s, token_file=token_file))
            self.opened.append(transport)
            return transport

        given: dict[str, Any] = {
            "agent_id": AGENT,
            "connect": connect,
            "facts": lambda: FACTS,
            "vitals": lambda: WELL,
            "clock": clock,
            "backoff": Backoff(lambda: 0.0),
            "interval_s": 15.0,
            "user_agent": "fleetgauge/test",
        }
        return Reporter(**(given | changed)), clock

    def close(self) -> None:
        for transport in self.opened:
            transport.close()


def steps(made: Reporter, clock: FakeClock, count: int) -> list[float]:
    """Have it say what is to be said so many times; return how long it waited each time."""
    waits = []
    for _ in range(count):
        waits.append(made.step())
        clock.sleep(waits[-1])
    return waits
