"""TLS: connections stay open, hang for nobody, and get a new certificate without a restart."""

import http.client
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from gateway.http.server import HttpServer
from gateway.http.tls import Tls
from runtime.errors import SettingsError
from runtime.stop import Stop
from tests.exporter.http.serving import Certificates, certificates_in, eventually
from tests.gateway.programs import run, running

LARGE = 3_000_000


def application(environ: dict[str, object], start_response: Callable[..., object]) -> list[bytes]:
    """Answer with the body that came, or with a large one."""
    body = environ["wsgi.input"].read()  # type: ignore[attr-defined]
    answer = body or (
        b"x" * LARGE if environ["PATH_INFO"] == "/large" else str(environ["wsgi.url_scheme"]).encode()
    )
    start_response("200 OK", [("Content-Length", str(len(answer)))])
    return [answer]


class Served:
    """A server with TLS on loopback."""

    def __init__(self, certificates: Certificates) -> None:
        self.certificates = certificates
        self.failures: list[str] = []
        self.open: list[http.client.HTTPSConnection] = []
        sock = socket.create_server(("127.0.0.1", 0))
        self.port: int = sock.getsockname()[1]
        self.now = 0.0
        tls = Tls(
            certificates.cert("server"),
            certificates.key("server"),
            clock=lambda: self.now,
            failed=self.failures.append,
        )
        self.server = HttpServer(
            application,
            sock,
            clock=time.monotonic,
            on_unreadable=lambda _: None,
            new_id=str,
            tls=tls,
        )

    def connect(self) -> http.client.HTTPSConnection:
        context = self.certificates.trusting()
        made = http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=10)
        self.open.append(made)
        return made

    def serial(self) -> str:
        connection = self.connect()
        connection.connect()
        shown = connection.sock.getpeercert() or {}
        connection.close()
        return str(shown["serialNumber"])


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    served = Served(certificates_in(tmp_path))
    stop = Stop()
    thread = threading.Thread(target=served.server.serve, args=(stop,))
    thread.start()
    yield served
    for connection in served.open:
        connection.close()
    stop.request("test")
    thread.join()


def ask(connection: http.client.HTTPSConnection, path: str = "/", body: bytes | None = None) -> bytes:
    connection.request("GET" if body is None else "POST", path, body)
    return connection.getresponse().read()


def test_a_connection_is_kept_and_carries_large_bodies_both_ways(served: Served) -> None:
    connection = served.connect()
    assert ask(connection) == b"https"
    first = connection.sock
    assert ask(connection, "/large") == b"x" * LARGE
    body = os.urandom(LARGE)
    assert ask(connection, "/", body) == body
    assert connection.sock is first
    assert first.version() == "TLSv1.3"


def test_many_threads_are_served_at_once(served: Served) -> None:
    wrong = []

    def work(number: int) -> None:
        connection = served.connect()
        for turn in range(10):
            body = bytes([number, turn]) * 50_000
            if ask(connection, "/", body) != body:
                wrong.append((number, turn))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not wrong


def test_who_never_shakes_hands_and_who_speaks_no_tls_hold_up_nobody(served: Served) -> None:
    silent = [socket.create_connection(("127.0.0.1", served.port), timeout=10) for _ in range(20)]
    plain = socket.create_connection(("127.0.0.1", served.port), timeout=10)
    plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    half = socket.create_connection(("127.0.0.1", served.port), timeout=10)
    half.sendall(b"\x16\x03\x01\x02\x00\x01")
    started = time.monotonic()
    assert ask(served.connect()) == b"https"
    assert time.monotonic() - started < 2
    with suppress(ConnectionError):
        while plain.recv(1024):
            pass
    half.close()
    assert ask(served.connect()) == b"https"
    for one in (*silent, plain):
        one.close()


def test_old_versions_and_strangers_certificates_are_refused(served: Served) -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as sock, pytest.raises(OSError):  # noqa: PT011
        old.wrap_socket(sock)
    assert ask(served.connect()) == b"https"


def test_a_connection_ends_with_a_goodbye(served: Served) -> None:
    context = served.certificates.trusting()
    with (
        socket.create_connection(("127.0.0.1", served.port), timeout=10) as sock,
        context.wrap_socket(sock, server_hostname="127.0.0.1", suppress_ragged_eofs=False) as client,
    ):
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        while client.recv(1024):  # would raise where the end is cut off
            pass


def test_another_certificate_is_taken_without_a_restart_and_a_bad_one_is_not(served: Served) -> None:
    kept = served.connect()
    ask(kept)
    first = served.serial()
    served.certificates.make("server")
    assert served.serial() == first
    served.now += 1
    second = served.serial()
    assert second != first
    served.certificates.key("server").write_text("no key")
    served.now += 1
    assert served.serial() == second
    eventually(lambda: len(served.failures) == 1)
    assert "can't be used" in served.failures[0]
    served.now += 1
    assert served.serial() == second
    assert len(served.failures) == 1
    served.certificates.cert("server").unlink()
    served.now += 1
    assert served.serial() == second
    served.certificates.make("server")
    served.now += 1
    assert served.serial() != second
    assert ask(kept) == b"https"


def test_what_is_no_certificate_is_told(tmp_path: Path) -> None:
    (tmp_path / "c").write_text("x")
    with pytest.raises(SettingsError, match="can't be used"):
        Tls(tmp_path / "c", tmp_path / "none", clock=float, failed=lambda _: None)


def test_the_gateway_serves_with_tls(tmp_path: Path) -> None:
    certificates = certificates_in(tmp_path)
    files = ("--tls-cert", str(certificates.cert("server")), "--tls-key", str(certificates.key("server")))
    refused = run("gateway", "--tls-cert", "x")
    assert (refused.returncode, "give both or neither" in refused.stderr) == (2, True)
    assert run("gateway", "--tls-cert", "x", "--tls-key", "y").returncode == 2
    with running("gateway", "--listen", "127.0.0.1:0", *files) as gateway:
        connection = http.client.HTTPSConnection(
            "127.0.0.1", gateway.port, context=certificates.trusting(), timeout=10
        )
        assert gateway.url.startswith("https://")
        assert ask(connection, "/-/healthy").endswith(b"\n")
        connection.close()
