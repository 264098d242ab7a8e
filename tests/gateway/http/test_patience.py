"""Slow and silent clients lose their places, not those who move."""

import time
from collections.abc import Iterable
from contextlib import ExitStack
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.http.patience import BODY, IDLE, STAGES, TRANSFER_BYTES_PER_S, TRANSFER_SECONDS, Patience, Stage
from gateway.http.server import MAX_CONNECTIONS
from tests.gateway.http.test_server import GET, Later, answering, measuring, running
from tests.gateway.http.wire import Wire

POST = b"POST / HTTP/1.1\r\nContent-Length: 100000\r\n\r\n"
LARGE = bytes(32 * 1024 * 1024)


@pytest.mark.parametrize("start", [b"", b"GET / HT"], ids=["silent", "half a line"])
def test_five_hundred_idle_connections_keep_no_one_waiting(start: bytes) -> None:
    with running(answering("204 No Content")) as server, ExitStack() as stack:
        for _ in range(MAX_CONNECTIONS):
            stack.enter_context(Wire(server.port)).send(start)
        for _ in range(3):
            began = time.monotonic()
            assert stack.enter_context(Wire(server.port)).ask(GET).status == 204
            assert time.monotonic() - began < 1
        # Answers that end their connections make room, too.
        assert set(server.cut) == {("headers", True)}


def test_the_one_that_rests_for_longest_gives_way() -> None:
    with running(answering("204 No Content")) as server, ExitStack() as stack:
        first = stack.enter_context(Wire(server.port))
        time.sleep(0.3)
        others = [stack.enter_context(Wire(server.port)) for _ in range(MAX_CONNECTIONS - 1)]
        assert stack.enter_context(Wire(server.port)).ask(GET).status == 204
        assert first.is_closed()
        assert others[0].ask(GET).status == others[-1].ask(GET).status == 204


def test_slow_bodies_delay_no_one() -> None:
    with running(measuring) as server, ExitStack() as stack:
        slow = [stack.enter_context(Wire(server.port)) for _ in range(50)]
        for wire in slow:
            wire.send(POST)
        for _ in range(10):
            for wire in slow:
                wire.send(b"x")
            began = time.monotonic()
            assert stack.enter_context(Wire(server.port)).ask(GET).body == b"0"
            assert time.monotonic() - began < 0.5
        assert server.cut == []


def test_slow_bodies_give_way_when_they_hold_all_places() -> None:
    later = Later()
    with running(measuring, later) as server, ExitStack() as stack:
        for _ in range(MAX_CONNECTIONS):
            stack.enter_context(Wire(server.port)).send(POST)
        with Wire(server.port) as late:
            late.send(GET)
            late.has_answer(within=0.3)
            later.seconds = BODY.gives_way_after
            assert late.answer().body == b"0"
        assert server.cut == [("body", True)]


def test_a_body_that_does_not_come_in_time_is_cut_off() -> None:
    later = Later()
    with running(measuring, later) as server, Wire(server.port) as wire:
        wire.send(POST, b"x")
        assert not wire.has_answer(within=0.3)
        for second in range(1, int(TRANSFER_SECONDS)):
            later.seconds = second
            wire.send(b"x")
        assert not wire.has_answer(within=0.3)
        later.seconds = TRANSFER_SECONDS + 1
        assert wire.is_closed()
        assert server.cut == [("body", False)]


def test_a_client_that_does_not_read_its_answer_is_cut_off_and_gives_its_thread_back() -> None:
    """A second answer has to wait, in a thread, until the first is taken."""
    later, begun = Later(), list[int]()

    def large(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        begun.append(1)
        start_response("200 OK", [("Content-Length", str(len(LARGE)))])
        return [LARGE]

    with running(large, later) as server, ExitStack() as stack:
        for _ in range(8):
            stack.enter_context(Wire(server.port)).send(GET, GET)
        while len(begun) < 8:
            time.sleep(0.01)
        time.sleep(0.5)
        with Wire(server.port) as wire:
            wire.send(GET)
            assert not wire.has_answer(within=0.5)
            later.seconds = TRANSFER_SECONDS + 1
            assert wire.has_answer(within=5)
        while len(server.cut) < 8:
            time.sleep(0.01)
        assert server.cut == [("answer", False)] * 8


@given(stage=st.sampled_from(STAGES), start=st.floats(0, 1e9))
def test_without_bytes_it_is_over_after_its_seconds(stage: Stage, start: float) -> None:
    patience = Patience.begin(stage, start)
    assert not patience.is_over(start + stage.seconds * 0.99)
    assert patience.is_over(start + stage.seconds * 1.01)
    assert stage.gives_way_after < stage.seconds


@given(
    st.lists(st.tuples(st.integers(0, 100_000), st.floats(0.01, 25)), min_size=1, max_size=50),
)
def test_who_moves_fast_enough_is_never_cut_and_who_moves_too_slowly_is(
    moves: list[tuple[int, float]],
) -> None:
    patience, now = Patience.begin(BODY, 0.0), 0.0
    total = 0
    for size, pause in moves:
        now += pause
        patience.moved(size, now)
        total += size
        assert patience.until <= now + BODY.seconds
        if total < (now - TRANSFER_SECONDS) * TRANSFER_BYTES_PER_S:
            assert patience.is_over(now)
    fast, now = Patience.begin(BODY, 0.0), 0.0
    for _, pause in moves:
        now += pause
        assert not fast.is_over(now)
        fast.moved(int(pause * TRANSFER_BYTES_PER_S) + 1, now)


def test_bytes_give_an_idle_connection_no_more_time() -> None:
    patience = Patience.begin(IDLE, 0.0)
    patience.moved(1_000_000, 1.0)
    assert patience.until == IDLE.seconds
