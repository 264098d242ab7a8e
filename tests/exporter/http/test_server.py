"""Connections: what is refused, what is cut, how many there may be, how it ends."""

import json
import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.http import server
from exporter.http.connections import HEAD_SECONDS, IDLE_SECONDS, SEND_SECONDS
from exporter.http.reading import MAX_BODY_BYTES, MAX_HEAD_BYTES, MAX_HEADERS, Unreadable, parse
from exporter.http.server import MAX_CONNECTIONS, open_socket
from runtime.errors import ListenRefused
from runtime.values import Address
from tests.exporter.http.serving import (
    Agent,
    Clock,
    ask,
    ask_on,
    connect,
    eventually,
    large,
    opened,
    raw,
    serving,
)

ALIVE = b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET /-/healthy HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


@pytest.fixture(autouse=True)
def _watched_closely(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_WATCH_SECONDS", 0.1)


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def test_a_connection_is_kept_for_many_requests() -> None:
    with serving() as pages:
        connection = connect(pages)
        ask_on(connection, "/metrics")
        kept = connection.sock
        assert ask_on(connection, "/missing").status == 404
        assert ask_on(connection, "/reload", "POST", b"x" * MAX_BODY_BYTES).status == 200
        assert ask_on(connection, "/metrics").headers["connection"] == "keep-alive"
        assert connection.sock is kept
        connection.close()


def test_requests_may_follow_each_other_without_waiting() -> None:
    with serving() as pages:
        assert raw(pages, ALIVE + b"\r\n" + ALIVE + LAST).count(b"HTTP/1.1 200 OK") == 3


@pytest.mark.parametrize(
    "request_bytes",
    [
        LAST,
        b"GET /-/healthy HTTP/1.0\r\n\r\n",
        b"GET http://x/-/healthy HTTP/1.1\r\nHost: x\r\nconnection: a, Close\r\n\r\n",
    ],
)
def test_a_connection_ends_when_the_client_says_so(request_bytes: bytes) -> None:
    with serving() as pages:
        answer = raw(pages, request_bytes)
    assert status(answer) == 200
    assert b"\r\nConnection: close\r\n" in answer


@pytest.mark.parametrize(
    ("request_bytes", "code"),
    [
        (b"\x16\x03\x01\x02\x00\r\n\r\n", 400),
        (b"GET /metrics\r\n\r\n", 400),
        (b"GET  /metrics HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET /metrics HTTP/2.0\r\nHost: x\r\n\r\n", 505),
        (b"GET /metrics HTTP/1.1\r\n\r\n", 400),
        (b"GET /metrics HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
        (b"GET /metrics HTTP/1.1\r\nHost : x\r\n\r\n", 400),
        (b"GET /metrics HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n", 400),
        (b"GET /metrics HTTP/1.1\r\nHost: x\nA: b\r\n\r\n", 400),
        (b"POST /reload HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST /reload HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n", 400),
        (b"POST /reload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
        (b"POST /reload HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n", 417),
    ],
)
def test_what_cannot_be_read_is_refused_in_json_and_ends_the_connection(
    request_bytes: bytes, code: int
) -> None:
    with serving() as pages:
        head, body = raw(pages, request_bytes + ALIVE).split(b"\r\n\r\n", 1)
    assert status(head) == code
    assert b"Connection: close" in head
    assert json.loads(body)["status"] == "error"


def filled(size: int) -> bytes:
    start, end = b"GET /-/healthy HTTP/1.1\r\nHost: x\r\nConnection: close\r\nA: ", b"\r\n\r\n"
    return start + b"x" * (size - len(start) - len(end)) + end


@pytest.mark.parametrize(("size", "code"), [(MAX_HEAD_BYTES, 200), (MAX_HEAD_BYTES + 1, 431)])
def test_request_line_and_headers_have_a_limit(size: int, code: int) -> None:
    with serving() as pages:
        assert status(raw(pages, filled(size))) == code


@pytest.mark.parametrize(("more", "code"), [(-2, 200), (-1, 431)])
def test_the_number_of_headers_has_a_limit(more: int, code: int) -> None:
    request = LAST[:-2] + b"A: b\r\n" * (MAX_HEADERS + more) + b"\r\n"
    with serving() as pages:
        assert status(raw(pages, request)) == code


@pytest.mark.parametrize(("size", "code"), [(MAX_BODY_BYTES, 200), (MAX_BODY_BYTES + 1, 413)])
def test_a_body_has_a_limit_and_its_refusal_arrives(size: int, code: int) -> None:
    head = f"POST /reload HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {size}\r\n\r\n"
    with serving() as pages:
        assert status(raw(pages, head.encode() + b"x" * size)) == code


@given(st.binary(max_size=200))
@settings(max_examples=300)
def test_only_the_declared_error_escapes_from_any_head(head: bytes) -> None:
    for each in (head, b"GET / HTTP/1.1\r\nHost: x\r\n" + head):
        with suppress(Unreadable):
            parse(each).parameters()


def closed(sock: socket.socket) -> bool:
    """Whether the other side has ended the connection."""
    sock.settimeout(0.05)
    try:
        return sock.recv(65536) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [
        (b"", IDLE_SECONDS),
        (ALIVE, IDLE_SECONDS),
        (b"GET", HEAD_SECONDS),
        (b"POST /reload HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1", HEAD_SECONDS),
    ],
)
def test_a_connection_that_takes_too_long_is_cut(sent: bytes, seconds: float) -> None:
    clock = Clock()
    with serving(clock=clock) as pages, opened(pages) as sock:
        sock.sendall(sent)
        if sent == ALIVE:
            assert status(sock.recv(65536)) == 200
        time.sleep(0.1)
        clock.now = seconds - 0.1
        time.sleep(2 * server._WATCH_SECONDS)
        assert not closed(sock)
        clock.now = seconds
        eventually(lambda: closed(sock))


def test_a_client_that_reads_nothing_is_cut() -> None:
    clock = Clock()
    with serving(large(16 << 20), clock=clock) as pages, opened(pages) as sock:
        sock.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        assert status(sock.recv(16)) == 200
        clock.now = SEND_SECONDS - 0.1
        time.sleep(2 * server._WATCH_SECONDS)
        assert len(pages._connections) == 1
        clock.now = SEND_SECONDS
        eventually(lambda: not pages._connections)


def test_a_scrape_is_served_while_another_hangs() -> None:
    hangs, goes_on = threading.Event(), threading.Event()

    def first_hangs() -> None:
        if not hangs.is_set():
            hangs.set()
            goes_on.wait(10)

    with serving(Agent(before=first_hangs)) as pages:
        slow = threading.Thread(target=ask, args=[pages, "/metrics"])
        slow.start()
        assert hangs.wait(10)
        assert ask(pages, "/metrics").status == 200
        assert slow.is_alive()
        goes_on.set()
        slow.join(10)


def busy(pages: server.Pages, count: int, places: ExitStack) -> list[socket.socket]:
    """Connections in the midst of a request."""
    made = [places.enter_context(opened(pages)) for _ in range(count)]
    for sock in made:
        sock.sendall(b"GET")
    eventually(lambda: [each.idle_since for each in pages._connections] == [None] * count)
    return made


def test_as_many_connections_as_allowed_are_served_and_one_more_waits() -> None:
    with serving() as pages, ExitStack() as places:
        first, *_ = busy(pages, MAX_CONNECTIONS - 1, places)
        with opened(pages) as last:
            last.sendall(LAST)
            assert status(last.recv(65536)) == 200
        eventually(lambda: len(pages._connections) == MAX_CONNECTIONS - 1)
        place = places.enter_context(opened(pages))
        place.sendall(b"GET")
        eventually(lambda: [each.idle_since for each in pages._connections] == [None] * MAX_CONNECTIONS)
        with opened(pages) as more:
            more.sendall(LAST)
            more.settimeout(1.0)
            with pytest.raises(TimeoutError):
                more.recv(1)
            first.close()
            more.settimeout(10)
            assert status(more.recv(65536)) == 200


def test_the_connection_that_is_idle_for_longest_gives_way() -> None:
    with serving() as pages, ExitStack() as places:
        oldest, *others = [places.enter_context(opened(pages)) for _ in range(MAX_CONNECTIONS)]
        for sock in (oldest, *others):
            sock.sendall(ALIVE)
            assert status(sock.recv(65536)) == 200
        assert ask(pages, "/-/healthy").status == 200
        eventually(lambda: closed(oldest))
        assert not closed(others[0])


def test_a_connection_that_is_about_to_ask_does_not_give_way() -> None:
    with serving() as pages, ExitStack() as places:
        asking = [places.enter_context(opened(pages)) for _ in range(MAX_CONNECTIONS)]
        eventually(lambda: len([each for each in pages._connections if each.idle_since]) == MAX_CONNECTIONS)
        with opened(pages) as more:
            more.sendall(LAST)
            time.sleep(server.RESTED_SECONDS / 2)
            for sock in asking:
                sock.sendall(ALIVE)
                assert status(sock.recv(65536)) == 200
            assert status(more.recv(65536)) == 200


def within(seconds: float, call: Callable[[], object]) -> bool:
    begin = time.monotonic()
    call()
    return time.monotonic() - begin < seconds


def test_closing_ends_idle_connections_at_once_and_lets_requests_finish() -> None:
    running, goes_on = threading.Event(), threading.Event()

    def wait() -> None:
        running.set()
        goes_on.wait(10)

    answers: list[bytes] = []
    with serving(Agent(before=wait)) as pages, opened(pages) as idle:
        request = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
        asking = threading.Thread(target=lambda: answers.append(raw(pages, request)))
        asking.start()
        assert running.wait(10)
        closing = threading.Thread(target=pages.close, args=[10.0])
        closing.start()
        eventually(lambda: closed(idle))
        goes_on.set()
        closing.join(10)
        asking.join(10)
        assert b"Connection: close" in answers[0]
        with pytest.raises(ConnectionRefusedError):
            opened(pages)


def test_closing_waits_no_longer_than_told() -> None:
    running, goes_on = threading.Event(), threading.Event()

    def wait() -> None:
        running.set()
        goes_on.wait(10)

    with serving(Agent(before=wait)) as pages, opened(pages) as sock:
        sock.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        assert running.wait(10)
        assert within(2.0, lambda: pages.close(0.2))
        assert closed(sock)
        goes_on.set()


def test_nobody_listens_beyond_loopback_without_protection_or_a_word() -> None:
    everywhere = Address(host="0.0.0.0", port=0)
    with pytest.raises(ListenRefused, match=r"--web\.config\.file\. .* --allow-anonymous"):
        open_socket(everywhere, allow_anonymous=False, protected=False)
    open_socket(everywhere, allow_anonymous=True, protected=False).close()
    open_socket(everywhere, allow_anonymous=False, protected=True).close()
    open_socket(Address(host="127.0.0.1", port=0), allow_anonymous=False, protected=False).close()
