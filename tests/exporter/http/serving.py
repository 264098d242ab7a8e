"""The agent's pages on a real socket, over an agent that does what a test tells it."""

import base64
import http.client
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import bcrypt

from exporter.exposition import text
from exporter.families import Family, Point
from exporter.http.server import Pages, open_socket
from runtime.logs import Log
from runtime.values import Address

SECONDS: Final = 10.0
LOADED: Final = Family(name="node_load1", kind="gauge", help="1m load average.", points=[Point(0.25)])
COUNTED: Final = Family(name="node_forks_total", kind="counter", help="Forks.", points=[Point(7.0)])


@dataclass(slots=True, kw_only=True)
class Agent:
    """A Site with two collectors."""

    families: Mapping[str, Family] = field(default_factory=lambda: {"loadavg": LOADED, "stat": COUNTED})
    good: bool = True
    problems: Sequence[str] = ()
    before: Callable[[], None] = lambda: None

    def scrape(self, wanted: Callable[[str], bool]) -> Sequence[Family]:
        self.before()
        return [family for name, family in sorted(self.families.items()) if wanted(name)]

    def collectors(self) -> Sequence[str]:
        return list(self.families)

    def health(self) -> tuple[bool, Mapping[str, object]]:
        return self.good, {"collectors": {"loadavg": "ok"}, "state_dir": Path("state")}

    def reload(self) -> Sequence[str]:
        return self.problems


def large(size: int) -> Agent:
    """An agent whose page has so many bytes."""
    empty = len(text.page([Family(name="a", kind="gauge", help="", points=[Point(1.0)])]))
    return Agent(
        families={"a": Family(name="a", kind="gauge", help="x" * (size - empty), points=[Point(1.0)])}
    )


@dataclass(slots=True)
class Clock:
    """A time that goes on when a test says so."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@contextmanager
def serving(
    agent: Agent | None = None, *, web_config: Path | None = None, clock: Callable[[], float] = time.monotonic
) -> Iterator[Pages]:
    pages = Pages(
        agent or Agent(),
        open_socket(Address(host="127.0.0.1", port=0), allow_anonymous=False, protected=False),
        name="box <1>",
        version="1.2.3",
        web_config=web_config,
        log=Log("agent"),
        clock=clock,
        new_id=lambda: "id-1",
    )
    pages.start()
    try:
        yield pages
    finally:
        pages.close(1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Got:
    status: int
    headers: Mapping[str, str]
    body: bytes


def connect(pages: Pages, tls: ssl.SSLContext | None = None) -> http.client.HTTPConnection:
    parts = urlsplit(pages.url)
    assert parts.hostname is not None
    if tls is not None:
        return http.client.HTTPSConnection(parts.hostname, parts.port, timeout=SECONDS, context=tls)
    return http.client.HTTPConnection(parts.hostname, parts.port, timeout=SECONDS)


def ask_on(
    connection: http.client.HTTPConnection,
    path: str,
    method: str = "GET",
    body: bytes | None = None,
    **headers: str,
) -> Got:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, named)
    with connection.getresponse() as answer:
        return Got(
            status=answer.status,
            headers={name.lower(): value for name, value in answer.getheaders()},
            body=answer.read(),
        )


def ask(
    pages: Pages,
    path: str,
    method: str = "GET",
    *,
    body: bytes | None = None,
    tls: ssl.SSLContext | None = None,
    **headers: str,
) -> Got:
    connection = connect(pages, tls)
    try:
        return ask_on(connection, path, method, body, **headers)
    finally:
        connection.close()


def opened(pages: Pages) -> socket.socket:
    parts = urlsplit(pages.url)
    return socket.create_connection((parts.hostname, parts.port or 0), timeout=SECONDS)


def raw(pages: Pages, request: bytes) -> bytes:
    """All that comes back for some bytes, until the other side closes."""
    with opened(pages) as sock:
        sock.sendall(request)
        found = b""
        while data := sock.recv(65536):
            found += data
        return found


def basic(name: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"


def hashed(password: str) -> str:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """Files of an authority, a server for loopback, two clients of the authority, and a stranger."""

    directory: Path

    def cert(self, name: str) -> Path:
        return self.directory / f"{name}.pem"

    def key(self, name: str) -> Path:
        return self.directory / f"{name}.key"

    def make(self, name: str, *, san: str = "IP:127.0.0.1", issuer: str | None = "authority") -> None:
        command = [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
        ]
        command += ["-keyout", str(self.key(name)), "-out", str(self.cert(name)), "-days", "30"]
        command += ["-subj", f"/CN={name}", "-addext", f"subjectAltName={san}"]
        if issuer is not None:
            command += ["-CA", str(self.cert(issuer)), "-CAkey", str(self.key(issuer))]
            command += ["-addext", "basicConstraints=critical,CA:FALSE"]
        subprocess.run(command, check=True, capture_output=True)

    def trusting(self, client: str | None = None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.cert("authority"))
        if client is not None:
            context.load_cert_chain(self.cert(client), self.key(client))
        return context


def certificates_in(directory: Path) -> Certificates:
    made = Certificates(directory=directory)
    made.make("authority", san="DNS:authority", issuer=None)
    made.make("server")
    made.make("client", san="DNS:prometheus.example.org")
    made.make("stranger", san="DNS:prometheus.example.org", issuer=None)
    return made


def eventually(what: Callable[[], bool], seconds: float = SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)
