"""Queries take their turns on threads of their own, and never keep others waiting."""

import threading
import time
from collections.abc import Iterable
from typing import Final
from wsgiref.types import StartResponse, WSGIEnvironment

from gateway.http.server import DRAIN_SECONDS, REQUEST_THREADS, WAITED
from tests.gateway.http.test_server import GET, Running, running
from tests.gateway.http.wire import Wire

QUERY: Final = b"GET /query HTTP/1.1\r\nHost: t\r\n\r\n"
THREADS: Final = 2


class Slow:
    """Answers queries in the order they came, each once it may; all else at once."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.leave = threading.Semaphore(0)
        self.waited: list[float] = []
        self.now = 0.0
        self._lock = threading.Lock()
        self.at_once = self.most_at_once = 0

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/query":
            with self._lock:
                self.waited.append(environ[WAITED])
                self.at_once += 1
                self.most_at_once = max(self.at_once, self.most_at_once)
            self.entered.release()
            self.leave.acquire(timeout=10)
            with self._lock:
                self.at_once -= 1
        start_response("204 No Content", [])
        return []


def wait_until(server: Running, reading: str, value: int) -> None:
    deadline = time.monotonic() + 10
    while server.readings[reading]() != value:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_query(path: str) -> bool:
    return path == "/query"


def test_so_many_queries_run_and_the_others_wait() -> None:
    slow = Slow()
    wires = []
    # More than there are threads for all other requests: those still answer.
    queries = THREADS + REQUEST_THREADS + 1
    with running(slow, clock=lambda: slow.now, is_query=is_query, query_threads=THREADS) as server:
        for _ in range(queries):
            wires.append(Wire(server.port))
            wires[-1].send(QUERY)
        wait_until(server, "waiting", queries - THREADS)
        wait_until(server, "running", THREADS)
        with Wire(server.port) as wire:
            assert wire.ask(GET).status == 204
        slow.now = 5.0
        for _ in range(queries):
            slow.leave.release()
        for wire in wires:
            assert wire.answer().status == 204
            wire.close()
        wait_until(server, "running", 0)
        assert server.readings["waiting"]() == 0
    assert slow.most_at_once == THREADS
    assert slow.waited == [0.0] * THREADS + [5.0] * (queries - THREADS)


def test_queries_in_a_pipeline_are_answered_in_their_order() -> None:
    slow, requests = Slow(), 3
    with running(slow, is_query=is_query, query_threads=THREADS) as server, Wire(server.port) as wire:
        wire.send(QUERY * requests, GET)
        for _ in range(requests):
            assert slow.entered.acquire(timeout=10)
            assert slow.at_once == 1
            slow.leave.release()
        assert [wire.answer().status for _ in range(requests + 1)] == [204] * (requests + 1)


def test_stopping_lets_a_query_finish() -> None:
    slow = Slow()
    with running(slow, is_query=is_query) as server, Wire(server.port) as wire:
        wire.send(QUERY)
        assert slow.entered.acquire(timeout=10)
        server.stop.request("test")
        server.thread.join(DRAIN_SECONDS / 2)
        assert server.thread.is_alive()
        slow.leave.release()
        assert wire.answer().headers["connection"] == "close"
        assert wire.is_closed()
