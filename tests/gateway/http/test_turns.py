"""Queries take their turns on threads of their own, and keep no one waiting. Heartbeats wait for no one."""

import threading
import time
from collections.abc import Iterable
from contextlib import ExitStack
from typing import Final
from wsgiref.types import StartResponse, WSGIEnvironment

from gateway.http.routes import is_heartbeat
from gateway.http.server import DRAIN_SECONDS, REQUEST_THREADS, WAITED
from tests.gateway.http.test_server import GET, Running, running
from tests.gateway.http.wire import Wire

QUERY: Final = b"GET /query HTTP/1.1\r\nHost: t\r\n\r\n"
HEARTBEAT: Final = b"GET /heartbeat HTTP/1.1\r\nHost: t\r\n\r\n"
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


def test_heartbeats_wait_for_no_other_request() -> None:
    slow, wires = Slow(), []
    with running(slow, is_heartbeat=lambda path: path == "/heartbeat") as server:
        for _ in range(REQUEST_THREADS + 1):
            wires.append(Wire(server.port))
            wires[-1].send(QUERY)
        for _ in range(REQUEST_THREADS):
            assert slow.entered.acquire(timeout=10)
        with Wire(server.port) as wire:
            assert wire.ask(HEARTBEAT).status == 204
        assert slow.at_once == REQUEST_THREADS
        slow.leave.release(len(wires))
        for wire in wires:
            assert wire.answer().status == 204
            wire.close()


def test_what_heartbeats_are() -> None:
    assert is_heartbeat("/api/v1/agents/web-1/heartbeat")
    assert not is_heartbeat("/api/v1/agents/web-1/processes")
    assert not is_heartbeat("/api/v1/agents/register")


def test_connections_that_rest_cost_little() -> None:
    looks, resting, requests = [0], 100, 50

    def clock() -> float:
        looks[0] += 1
        return time.monotonic()

    with running(Slow(), clock=clock) as server, ExitStack() as stack:
        for _ in range(resting):
            assert stack.enter_context(Wire(server.port)).ask(GET).status == 204
        wire = stack.enter_context(Wire(server.port))
        before = looks[0]
        for _ in range(requests):
            assert wire.ask(GET).status == 204
        # Each of them would look at the clock at least twice for each request.
        assert looks[0] - before < resting * requests
