"""Mounts that hang neither hold up the others nor gather threads."""

import os
import threading
import time
from collections.abc import Iterator
from typing import Final

import pytest

from exporter.collectors.statvfs import MAX_LANES, Prober

FULL: Final = os.statvfs_result((4096, 1024, 1000, 400, 300, 64, 32, 31, 0, 255))


class Mounts:
    """Answers at once, but for those that hang until they are let go."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.asked: list[str] = []

    def ask(self, path: str) -> os.statvfs_result:
        self.asked.append(path)
        if path.startswith("hangs"):
            self.let_go.wait(60)
        if path.startswith("fails"):
            raise PermissionError(13, "no")
        return FULL


@pytest.fixture
def mounts() -> Iterator[Mounts]:
    wait_for_no_lanes()
    made = Mounts()
    yield made
    made.let_go.set()


def lanes() -> int:
    return sum(thread.name == "statvfs" for thread in threading.enumerate())


def wait_for_no_lanes() -> None:
    deadline = time.monotonic() + 30
    while lanes() and time.monotonic() < deadline:
        time.sleep(0.01)


def test_what_answers_is_told_and_what_fails_is_none(mounts: Mounts) -> None:
    prober = Prober(mounts.ask)
    assert prober.ask(["/", "fails", "/", "/srv"]) == {"/": FULL, "fails": None, "/srv": FULL}
    assert mounts.asked == ["/", "fails", "/srv"]


def test_nothing_to_ask_is_no_thread() -> None:
    assert Prober().ask([]) == {}


def test_a_mount_that_hangs_does_not_hold_up_the_others(mounts: Mounts) -> None:
    prober = Prober(mounts.ask, patience=0.05)
    assert prober.ask(["hangs", "/", "/srv"]) == {"hangs": None, "/": FULL, "/srv": FULL}
    assert prober.hanging() == {"hangs"}


def test_a_mount_that_hangs_is_not_asked_again_before_it_answered(mounts: Mounts) -> None:
    prober = Prober(mounts.ask, patience=0.05)
    for _ in range(5):
        assert prober.ask(["hangs", "/"]) == {"hangs": None, "/": FULL}
    assert mounts.asked.count("hangs") == 1
    mounts.let_go.set()
    wait_for_no_lanes()
    assert prober.ask(["hangs", "/"]) == {"hangs": FULL, "/": FULL}


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_no_more_threads_than_lanes_wait(mounts: Mounts, more: int) -> None:
    prober = Prober(mounts.ask, patience=0.01)
    paths = [f"hangs {number}" for number in range(MAX_LANES + more)]
    for _ in range(3):
        answers = prober.ask([*paths, "/"])
        assert answers == {**dict.fromkeys(paths), "/": FULL if more < 0 else None}
        assert len(prober.hanging()) == lanes() == min(len(paths), MAX_LANES)
    mounts.let_go.set()
    wait_for_no_lanes()
    assert prober.ask([*paths, "/"]) == dict.fromkeys([*paths, "/"], FULL)
    wait_for_no_lanes()
    assert lanes() == 0
