"""Connections, limits and the graceful end, seen from the wire."""

import errno
import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import IO
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest

from gateway.http import listen
from gateway.http.errors import ERROR_TYPES
from gateway.http.patience import HEADER_SECONDS
from gateway.http.server import (
    BODY_BYTES_IN_MEMORY,
    DRAIN_SECONDS,
    KEPT_CONNECTIONS,
    MAX_BODY_BYTES,
    MAX_CONNECTIONS,
    MAX_HEADER_BYTES,
    HttpServer,
)
from runtime.stop import Stop
from runtime.values import Address
from tests.gateway.http.wire import Answer, Wire

GET = b"GET / HTTP/1.1\r\nHost: t\r\n\r\n"


@dataclass(kw_only=True)
class Running:
    """A server in a thread."""

    port: int
    stop: Stop
    thread: threading.Thread
    readings: dict[str, Callable[[], float]]
    unreadable: list[int] = field(default_factory=list)
    cut: list[tuple[str, bool]] = field(default_factory=list)

    def end(self) -> float:
        """Stop it and say how long that took."""
        started = time.monotonic()
        self.stop.request("test")
        self.thread.join(30)
        assert not self.thread.is_alive()
        return time.monotonic() - started


@contextmanager
def running(
    application: WSGIApplication,
    clock: Callable[[], float] = time.monotonic,
    is_query: Callable[[str], bool] = lambda _: False,
    query_threads: int = 1,
    is_heartbeat: Callable[[str], bool] = lambda _: False,
) -> Iterator[Running]:
    sock = listen.open_socket(Address(host="127.0.0.1", port=0), allow_anonymous=False)
    stop, unreadable, cut = Stop(), list[int](), list[tuple[str, bool]]()
    server = HttpServer(
        application,
        sock,
        clock=clock,
        on_unreadable=unreadable.append,
        new_id=lambda: "id-9",
        is_query=is_query,
        query_threads=query_threads,
        is_heartbeat=is_heartbeat,
        on_cut=lambda *what: cut.append(what),
    )
    thread = threading.Thread(target=server.serve, args=(stop,))
    thread.start()
    started = Running(
        port=sock.getsockname()[1],
        stop=stop,
        thread=thread,
        readings=server.readings(),
        unreadable=unreadable,
        cut=cut,
    )
    try:
        yield started
    finally:
        started.end()


def answering(status: str, body: bytes = b"", headers: Iterable[tuple[str, str]] = ()) -> WSGIApplication:
    def application(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        length = [("Content-Length", str(len(body)))] if body else []
        start_response(status, [*headers, *length])
        return [body] if body else []

    return application


def measuring(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answers the size of the body it got."""
    size = str(len(environ["wsgi.input"].read())).encode()
    start_response("200 OK", [("Content-Length", str(len(size)))])
    return [size]


@pytest.fixture
def no_content() -> Iterator[Running]:
    with running(answering("204 No Content")) as server:
        yield server


@pytest.fixture
def sizes() -> Iterator[Running]:
    with running(measuring) as server:
        yield server


def sentence(answer: Answer) -> str:
    assert answer.headers["content-type"] == "application/json"
    assert int(answer.headers["content-length"]) == len(answer.body)
    document = json.loads(answer.body)
    assert (document["status"], document["errorType"]) == ("error", ERROR_TYPES[answer.status])
    return str(document["error"])


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_a_connection_stays_open_after_an_answer_without_body(status: str) -> None:
    with running(answering(status)) as server, Wire(server.port) as wire:
        for _ in range(3):
            answer = wire.ask(GET)
            assert answer.status == int(status[:3])
            assert {"connection", "content-length", "transfer-encoding"}.isdisjoint(answer.headers)


def test_requests_sent_at_once_are_answered_one_after_the_other(no_content: Running) -> None:
    with Wire(no_content.port) as wire:
        wire.send(GET, GET)
        assert [wire.answer().status, wire.answer().status] == [204, 204]


@pytest.mark.parametrize(
    "request_", [b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", b"GET / HTTP/1.0\r\n\r\n"]
)
def test_a_client_can_ask_to_close_after_204(no_content: Running, request_: bytes) -> None:
    with Wire(no_content.port) as wire:
        answer = wire.ask(request_)
        assert (answer.status, answer.headers["connection"]) == (204, "close")
        assert wire.is_closed()


def test_a_connection_stays_open_after_a_body_of_known_length() -> None:
    with running(answering("200 OK", b"hello")) as server, Wire(server.port) as wire:
        assert [wire.ask(GET).body, wire.ask(GET).body] == [b"hello", b"hello"]


def test_the_server_header_names_no_version(no_content: Running) -> None:
    with Wire(no_content.port) as wire:
        assert wire.ask(GET).headers["server"] == "fleetgauge"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n", 400),
        (b"get / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 1, 2\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"GET http://[/ HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\n\r\n", 505),
        (b"GET / HTTP/2.0\r\n\r\n", 505),
        (b"GET / HTTP/1.2\r\n\r\n", 505),
        (b"GET /\r\n\r\n", 505),
        (b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 5_000 + b"\r\n\r\n", 400),
    ],
)
def test_what_is_no_request_is_answered_in_json(no_content: Running, request_: bytes, status: int) -> None:
    with Wire(no_content.port) as wire:
        answer = wire.ask(request_)
        assert answer.status == status
        assert sentence(answer).startswith("The request was refused: ")
        assert "waitress" not in str(answer).lower()
        assert wire.is_closed()
    assert no_content.unreadable == [status]


SMUGGLED = b"GET /smuggled HTTP/1.1\r\n\r\n"


@pytest.mark.parametrize(
    ("version", "headers"),
    [
        (b"1.1", b"Content-Length: 4\r\nTransfer-Encoding: chunked"),
        (b"1.1", b"transfer-encoding:chunked\r\nContent-Length: 4"),
        (b"1.1", b"Transfer-Encoding:\r\nContent-Length: 4"),
        (b"1.1", b"Transfer-Encoding: chunked, chunked"),
        (b"1.1", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
        (b"1.1", b"Transfer-Encoding:\r\n chunked"),
        (b"1.1", b"Transfer-Encoding: chunked\r\n ,chunked"),
        (b"1.1", b"Transfer-Encoding: chunked\r\n\t, chunked\r\n , chunked"),
        (b"1.0", b"Connection: keep-alive\r\nTransfer-Encoding: chunked"),
        (b"1.0", b"Connection: keep-alive\r\nTransfer-Encoding: chunked\r\nContent-Length: 4"),
    ],
)
def test_a_body_whose_end_is_said_in_two_ways_is_refused_and_ends_the_connection(
    version: bytes, headers: bytes
) -> None:
    paths: list[str] = []

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        paths.append(environ["PATH_INFO"])
        start_response("204 No Content", [])
        return []

    with running(application) as server, Wire(server.port) as wire:
        answer = wire.ask(b"POST / HTTP/%b\r\n%b\r\n\r\n0\r\n\r\n" % (version, headers), SMUGGLED)
        assert (answer.status, "Transfer-Encoding" in sentence(answer)) == (400, True)
        assert wire.is_closed()
    assert paths == []


def test_a_long_transfer_encoding_is_refused_before_the_client_gives_up(no_content: Running) -> None:
    with Wire(no_content.port) as wire:
        blanks = b" " * 60_000
        answer = wire.ask(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked%b,chunked\r\n\r\n" % blanks)
        assert (answer.status, "Transfer-Encoding" in sentence(answer)) == (400, True)


class Later:
    """A clock that can be put forward."""

    seconds = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.seconds


@pytest.mark.parametrize("start", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: t\r\n"])
def test_who_does_not_send_its_headers_in_time_is_cut_off(start: bytes) -> None:
    later = Later()
    with running(answering("204 No Content"), later) as server, Wire(server.port) as wire:
        wire.send(start)
        assert not wire.has_answer(within=0.3)
        later.seconds = HEADER_SECONDS
        assert wire.is_closed()
        assert server.cut == [("headers", False)]


def test_the_headers_of_the_next_request_have_a_time_of_their_own() -> None:
    later = Later()
    with running(answering("204 No Content"), later) as server, Wire(server.port) as wire:
        assert wire.ask(GET).status == 204
        later.seconds = 2 * HEADER_SECONDS
        assert not wire.has_answer(within=0.5)
        assert wire.ask(GET, GET[:9]).status == 204
        # Their time begins when the server next looks.
        assert not wire.has_answer(within=0.5)
        later.seconds = 4 * HEADER_SECONDS
        assert wire.is_closed()


def test_who_sends_a_body_slowly_keeps_its_place() -> None:
    later = Later()
    with running(measuring, later) as server, Wire(server.port) as wire:
        wire.send(b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n1")
        assert not wire.has_answer(within=0.3)
        later.seconds = 2 * HEADER_SECONDS
        assert not wire.has_answer(within=0.5)
        assert wire.ask(b"2").body == b"2"


def test_half_a_request_behind_one_in_work_is_not_late() -> None:
    later, entered, leave = Later(), threading.Event(), threading.Event()

    def slow(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        entered.set()
        leave.wait(10)
        start_response("204 No Content", [])
        return []

    with running(slow, later) as server, Wire(server.port) as wire:
        wire.send(GET, GET[:9])
        assert entered.wait(10)
        later.seconds = 2 * HEADER_SECONDS
        assert not wire.has_answer(within=0.5)
        leave.set()
        assert wire.answer().status == 204
        assert wire.ask(GET[9:]).status == 204


@pytest.fixture
def no_directory(monkeypatch: pytest.MonkeyPatch) -> str:
    """There is no place at all for temporary files."""

    def nowhere(_mode: str) -> IO[bytes]:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "TemporaryFile", nowhere)
    return "No usable temporary directory found"


@pytest.fixture
def small_files() -> Iterator[str]:
    """No file may become as large as the body, but it may be begun."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (BODY_BYTES_IN_MEMORY * 3 // 2, hard))
    yield "File too large"
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("fault", ["no_directory", "small_files"])
@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_large_body_that_finds_no_room_on_disk_is_503_and_small_ones_go_on(
    sizes: Running, request: pytest.FixtureRequest, fault: str, is_chunked: bool
) -> None:
    why = request.getfixturevalue(fault)
    if is_chunked:  # what a file still has of small chunks makes its closing fail, too
        chunk = b"1000\r\n" + bytes(4096) + b"\r\n"
        body = b"Transfer-Encoding: chunked\r\n\r\n" + chunk * (2 * BODY_BYTES_IN_MEMORY // 4096)
    else:
        body = b"Content-Length: %d\r\n\r\n" % (2 * BODY_BYTES_IN_MEMORY) + bytes(2 * BODY_BYTES_IN_MEMORY)
    with Wire(sizes.port) as wire:
        answer = wire.ask(b"POST / HTTP/1.1\r\n", body)
        assert (answer.status, answer.headers["retry-after"]) == (503, "5")
        assert (
            sentence(answer) == f"The request was refused: its body can't be kept in a temporary file: {why}."
        )
        assert wire.is_closed()
    with Wire(sizes.port) as wire:
        assert wire.ask(b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello").body == b"5"
    assert sizes.unreadable == [503]


def test_the_size_of_the_headers_is_limited(no_content: Running) -> None:
    def request_of(size: int) -> bytes:
        start = b"GET / HTTP/1.1\r\nX: "
        return start + b"x" * (size - len(start) - 4) + b"\r\n\r\n"

    with Wire(no_content.port) as wire:
        assert wire.ask(request_of(MAX_HEADER_BYTES)).status == 204
        answer = wire.ask(request_of(MAX_HEADER_BYTES + 1))
        assert answer.status == 431
        assert str(MAX_HEADER_BYTES) in sentence(answer)


def test_the_size_of_a_body_is_limited(sizes: Running) -> None:
    with Wire(sizes.port) as wire:
        headers = b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n"
        answer = wire.ask(headers % MAX_BODY_BYTES, bytes(MAX_BODY_BYTES))
        assert (answer.status, answer.body) == (200, b"%d" % MAX_BODY_BYTES)
        answer = wire.ask(headers % (MAX_BODY_BYTES + 1), bytes(MAX_BODY_BYTES + 1))
        assert answer.status == 413
        assert str(MAX_BODY_BYTES) in sentence(answer)
        assert wire.is_closed()


def test_the_size_of_a_chunked_body_is_limited(sizes: Running) -> None:
    def chunked(size: int) -> bytes:
        return (
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % size
            + bytes(size)
            + b"\r\n0\r\n\r\n"
        )

    with Wire(sizes.port) as wire:
        assert wire.ask(chunked(1000)).body == b"1000"
        assert wire.ask(chunked(MAX_BODY_BYTES + 1)).status == 413


def test_who_offers_too_large_a_body_is_refused_before_sending_it(sizes: Running) -> None:
    headers = b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"
    with Wire(sizes.port) as wire:
        assert wire.ask(headers % 5).status == 100
        assert wire.ask(b"hello").body == b"5"
        assert wire.ask(headers % (MAX_BODY_BYTES + 1)).status == 413


def test_a_failure_below_the_application_is_answered_in_json() -> None:
    def failing(_environ: WSGIEnvironment, _start: StartResponse) -> Iterable[bytes]:
        raise RuntimeError("secret")

    with running(failing) as server, Wire(server.port) as wire:
        answer = wire.ask(GET)
        assert answer.status == 500
        assert "secret" not in sentence(answer)


def test_connections_beyond_those_that_are_kept_end_with_their_answer(no_content: Running) -> None:
    with ExitStack() as stack:
        wires = [stack.enter_context(Wire(no_content.port)) for _ in range(KEPT_CONNECTIONS)]
        assert {wire.ask(GET).status for wire in wires} == {204}
        for _ in range(3):
            with Wire(no_content.port) as one_more:
                assert one_more.ask(GET).status == 204
                assert one_more.is_closed()
        assert {wire.ask(GET).status for wire in wires} == {204}


def test_a_connection_beyond_the_limit_waits_until_another_ends() -> None:
    leave = threading.Event()

    def slow(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        leave.wait(20)
        start_response("204 No Content", [])
        return []

    with running(slow) as server, ExitStack() as stack:
        for _ in range(MAX_CONNECTIONS):
            stack.enter_context(Wire(server.port)).send(GET, GET)
        with Wire(server.port) as late:
            late.send(GET[:-2])
            assert not late.has_answer(within=1)
            leave.set()
            assert late.ask(GET[-2:]).status == 204
        assert {stage for stage, _ in server.cut} <= {"idle"}


@pytest.mark.parametrize("start", [b"5;", b"0\r\nTrailer: "], ids=["chunk line", "trailer"])
def test_what_stands_around_chunks_is_limited(no_content: Running, start: bytes) -> None:
    with Wire(no_content.port) as wire:
        wire.send(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", start)
        answer = wire.ask(b"x" * (MAX_HEADER_BYTES + 1))
        assert (answer.status, "too long" in sentence(answer)) == (400, True)


def test_a_client_that_sends_half_a_request_and_goes_does_no_harm(no_content: Running) -> None:
    with Wire(no_content.port) as wire:
        wire.send(b"POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\nhalf")
    with Wire(no_content.port) as wire:
        assert wire.ask(GET).status == 204


def test_stopping_closes_idle_and_half_read_connections_at_once(no_content: Running) -> None:
    with Wire(no_content.port) as silent, Wire(no_content.port) as half:
        half.send(b"POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\nhalf")
        idle = Wire(no_content.port)
        assert idle.ask(GET).status == 204  # by now the server has read what came before
        assert no_content.end() < 1
        assert silent.is_closed()
        assert idle.is_closed()
        assert half.is_closed()
        idle.close()


@pytest.mark.parametrize("status", ["204 No Content", "200 OK"])
def test_stopping_lets_a_request_in_work_finish_and_says_that_the_connection_ends(status: str) -> None:
    entered, leave = threading.Event(), threading.Event()

    def slow(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        entered.set()
        leave.wait(10)
        start_response(status, [("Content-Length", "0")])
        return []

    with running(slow) as server, Wire(server.port) as wire:
        wire.send(GET)
        assert entered.wait(10)
        server.stop.request("test")
        server.thread.join(DRAIN_SECONDS / 2)
        assert server.thread.is_alive()
        leave.set()
        answer = wire.answer()
        assert (answer.status, answer.headers["connection"]) == (int(status[:3]), "close")
        assert wire.is_closed()


def test_stopping_sends_a_large_answer_to_its_end() -> None:
    body = bytes(8 * 1024 * 1024)
    with running(answering("200 OK", body)) as server, Wire(server.port) as wire:
        wire.send(GET)
        assert wire.has_answer(within=10)
        server.stop.request("test")
        time.sleep(DRAIN_SECONDS / 2)
        assert wire.answer().body == body


HANGING = """
import time
from gateway.http import listen
from gateway.http.server import HttpServer
from runtime.stop import Stop
from runtime.values import Address

def hang(environ, start_response):
    print("hanging", flush=True)
    time.sleep(60)

sock = listen.open_socket(Address(host="127.0.0.1", port=0), allow_anonymous=False)
stop = Stop()
stop.on_signals()
server = HttpServer(hang, sock, clock=time.monotonic, on_unreadable=print, new_id=str)
print(sock.getsockname()[1], flush=True)
server.serve(stop)
"""


def test_stopping_does_not_wait_for_a_request_that_hangs() -> None:
    with subprocess.Popen([sys.executable, "-c", HANGING], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        with Wire(int(process.stdout.readline())) as wire:
            wire.send(GET)
            assert process.stdout.readline() == "hanging\n"
            process.terminate()
            started = time.monotonic()
            assert process.wait(20) == 0
            assert DRAIN_SECONDS <= time.monotonic() - started < 5
            assert wire.is_closed()


def test_no_one_can_connect_after_stopping(no_content: Running) -> None:
    no_content.end()
    with pytest.raises(ConnectionRefusedError):
        Wire(no_content.port)
