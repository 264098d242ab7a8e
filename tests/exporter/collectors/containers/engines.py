"""A scripted engine with the answers in `trees/containers`, and a collector that asks it."""

import json
import socket
import socketserver
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final, cast

from exporter.collectors.containers.collector import Containers
from tests.exporter.hosts import TREES

CONTAINERS: Final = TREES / "containers"
WEB: Final = "a1" * 32
DB: Final = "b2" * 32
JOB: Final = "c3" * 32
STATS: Final = "/containers/{}/stats?stream=false&one-shot=true"

# What is said to a question: a status with a body, or whatever is written by hand.
Script = tuple[int, bytes] | Callable[[BinaryIO], None]


@dataclass(slots=True)
class Engine:
    """What an engine answers to each path, and what it was asked."""

    socket: Path
    tcp: str = ""
    answers: dict[str, Script] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    @property
    def host(self) -> str:
        return self.tcp or f"unix://{self.socket}"

    def say(self, path: str, answer: object) -> None:
        self.answers[path] = (200, json.dumps(answer).encode())


def loaded(engine: Engine, name: str, containers: Sequence[str]) -> Engine:
    """Let it answer what is in the directory of this name."""
    directory = CONTAINERS / name
    for path, file in (("/version", "version"), ("/containers/json", "list")):
        engine.answers[path] = (200, (directory / f"{file}.json").read_bytes())
    for container in containers:
        engine.answers[f"/containers/{container}/json"] = (
            200,
            (directory / f"{container}.json").read_bytes(),
        )
        engine.answers[STATS.format(container)] = (200, (directory / f"{container}.stats.json").read_bytes())
    return engine


class _OverSocket(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 64
    engine: Engine


class _OverTcp(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64
    engine: Engine
    tls: ssl.SSLContext | None = None

    def get_request(self) -> tuple[socket.socket, object]:
        connected, address = super().get_request()
        if self.tls is not None:
            connected = self.tls.wrap_socket(connected, server_side=True)
        return connected, address


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        engine = cast("_OverSocket | _OverTcp", self.server).engine
        try:
            while line := self.rfile.readline():
                while self.rfile.readline().strip():
                    pass
                method, path, _ = line.decode().split(" ", 2)
                assert method == "GET"
                engine.asked.append(path)
                script = engine.answers.get(path, (404, b'{"message": "no such container"}'))
                if callable(script):
                    script(cast("BinaryIO", self.wfile))
                    return
                status, body = script
                self.wfile.write(
                    b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
                    % (status, len(body), body)
                )
        except OSError:
            return


@contextmanager
def running(
    path: Path | None = None, *, tcp: bool = False, tls: ssl.SSLContext | None = None
) -> Iterator[Engine]:
    """An engine that knows no answer yet."""
    # Not below pytest's directory: the path of a socket has at most 107 bytes.
    with tempfile.TemporaryDirectory() as directory:
        engine = Engine(path or Path(directory, "engine.sock"))
        server: _OverSocket | _OverTcp
        if tcp or tls is not None:
            server = _OverTcp(("127.0.0.1", 0), _Handler)
            server.tls = tls
            engine.tcp = f"tcp://127.0.0.1:{server.server_address[1]}"
        else:
            server = _OverSocket(str(engine.socket), _Handler)
        with server:
            server.engine = engine
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            try:
                yield engine
            finally:
                server.shutdown()
                thread.join()
        engine.socket.unlink(missing_ok=True)


@dataclass(slots=True)
class Clock:
    """Seconds that pass when a test says so."""

    now: float = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


def collector(
    host: str,
    tree: Path,
    *,
    labels: Sequence[str] = ("com.docker.compose.*", "org.opencontainers.image.version"),
    environ: Mapping[str, str] | None = None,
    clock: Clock | None = None,
    allowed_s: float = 3.0,
) -> Containers:
    """A collector of a host whose files are in a tree."""
    clock = clock or Clock()
    return Containers(
        tree / "proc",
        tree / "sys",
        tree / "root",
        host=host,
        labels=labels,
        environ=environ or {},
        now=clock,
        monotonic=clock,
        version="1.2.3",
        allowed_s=allowed_s,
    )
