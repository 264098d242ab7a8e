"""Requests share a budget of bytes: they wait their turn, in the order they came, and not for ever."""

import threading

import pytest

from gateway.ingest.budget import BYTES_IN_FLIGHT, Budget
from gateway.ingest.errors import Unavailable
from remotewrite.limits import MAX_DECODED_BYTES

SOON = 0.02
LONG = 10.0


def test_the_largest_request_has_room() -> None:
    assert BYTES_IN_FLIGHT >= MAX_DECODED_BYTES


def test_exactly_the_budget_can_be_held_and_not_a_byte_more() -> None:
    budget = Budget(10, wait_s=SOON)
    with budget.hold(4), budget.hold(6):
        with pytest.raises(Unavailable, match="as it has memory for") as refused, budget.hold(1):
            pass
        assert refused.value.retry_after_s > 0
    with budget.hold(10):
        pass


def test_room_is_given_back_after_a_failure() -> None:
    budget = Budget(10, wait_s=SOON)
    for _ in range(3):
        with pytest.raises(ValueError, match="x"), budget.hold(10):
            raise ValueError("x")


def test_a_refused_request_takes_no_room() -> None:
    budget = Budget(10, wait_s=SOON)
    with budget.hold(1), pytest.raises(Unavailable), budget.hold(10):
        pass
    with budget.hold(10):
        pass


def test_a_request_waits_for_room() -> None:
    budget = Budget(10, wait_s=LONG)
    entered = threading.Event()

    def second() -> None:
        with budget.hold(10):
            entered.set()

    with budget.hold(1):
        thread = threading.Thread(target=second)
        thread.start()
        assert not entered.wait(SOON)
    assert entered.wait(LONG / 2), "it is woken, and does not just look again in the end"
    thread.join(LONG)


def test_what_is_held_and_who_waits_can_be_asked_for() -> None:
    budget = Budget(10, wait_s=LONG)
    held, waiting = budget.readings()["held_bytes"], budget.readings()["waiting_requests"]
    threads = [threading.Thread(target=hold, args=(budget, 8)) for _ in range(3)]
    with budget.hold(4):
        assert (held(), waiting()) == (4, 0)
        for thread in threads:
            thread.start()
        while waiting() < 3:
            pass
        assert held() == 4
    for thread in threads:
        thread.join(LONG)
    assert (held(), waiting()) == (0, 0)


def test_who_was_refused_waits_no_more() -> None:
    budget = Budget(1, wait_s=SOON)
    with pytest.raises(Unavailable), budget.hold(2):
        pass
    assert budget.readings()["waiting_requests"]() == 0


def hold(budget: Budget, size: int) -> None:
    with budget.hold(size):
        pass


def test_small_requests_do_not_overtake_a_large_one() -> None:
    budget = Budget(10, wait_s=LONG)
    order: list[str] = []

    def hold(name: str, size: int) -> threading.Thread:
        def run() -> None:
            with budget.hold(size):
                order.append(name)

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    with budget.hold(5):
        large = hold("large", 10)
        large.join(SOON)
        small = hold("small", 1)
        small.join(SOON)
        assert order == []
    large.join(LONG)
    small.join(LONG)
    assert order == ["large", "small"]


def test_who_waits_behind_the_next_one_waits_no_longer_than_that() -> None:
    budget = Budget(10, wait_s=SOON)
    errors: list[Unavailable] = []

    def refused() -> None:
        try:
            with budget.hold(1):
                pass
        except Unavailable as error:
            errors.append(error)

    with budget.hold(10):
        threads = [threading.Thread(target=refused) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LONG)
    assert len(errors) == 4
