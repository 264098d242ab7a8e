"""Queries share memory: who finds none waits for others, and when all wait, one gives up."""

import threading

import pytest

from gateway.query.memory import Memory, QueryBusy, Share
from promql.errors import QueryTimeout, QueryTooLarge

SOON = 60.0


def remaining() -> float:
    return SOON


def wait_until_waiting(memory: Memory, number: int) -> None:
    waiting = memory.readings()["waiting_for_memory"]
    pause = threading.Event()
    while waiting() < number:
        pause.wait(0.001)


class Grower:
    """A thread that wants a share to be larger, and what came of it."""

    def __init__(self, share: Share, size: int) -> None:
        self.error: Exception | None = None
        self._share, self._size = share, size
        self._thread = threading.Thread(target=self._grow, daemon=True)
        self._thread.start()

    def _grow(self) -> None:
        try:
            self._share.resize(self._size)
        except (QueryBusy, QueryTooLarge, QueryTimeout) as error:
            self.error = error

    def done(self) -> Exception | None:
        self._thread.join(SOON)
        assert not self._thread.is_alive()
        return self.error


@pytest.mark.parametrize(("size", "fits"), [(100, True), (101, False)])
def test_one_query_may_have_all(size: int, fits: bool) -> None:
    memory = Memory(100)
    with memory.share(remaining) as share:
        if fits:
            share.resize(size)
            assert share.held == size
        else:
            with pytest.raises(QueryTooLarge):
                share.resize(size)
            assert share.held == 0
    assert memory.readings()["held_bytes"]() == 0


def test_no_size_is_no_limit() -> None:
    with Memory(0).share(remaining) as share:
        share.resize(1 << 60)
        assert share.held == 1 << 60


def test_a_query_waits_until_another_holds_less() -> None:
    memory = Memory(100)
    with memory.share(remaining) as first, memory.share(remaining) as second:
        first.resize(80)
        grower = Grower(second, 40)
        wait_until_waiting(memory, 1)
        first.resize(70)
        assert second.held == 0
        first.resize(60)
        assert grower.done() is None
        assert second.held == 40


def test_when_all_wait_the_last_one_gives_up_and_the_other_goes_on() -> None:
    memory = Memory(100)
    with memory.share(remaining) as first:
        first.resize(50)
        with memory.share(remaining) as second:
            second.resize(50)
            grower = Grower(first, 80)
            wait_until_waiting(memory, 1)
            with pytest.raises(QueryBusy, match="Ask again later"):
                second.resize(60)
        assert grower.done() is None
        assert first.held == 80


def test_waiting_ends_with_the_time_of_the_query() -> None:
    memory = Memory(100)
    with memory.share(remaining) as first, memory.share(lambda: 0.0) as second:
        first.resize(80)
        with pytest.raises(QueryTimeout):
            second.resize(40)
        assert second.held == 0
