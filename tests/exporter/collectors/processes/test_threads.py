"""Threads by name: what they used, how many names, and which go."""

import pytest

from exporter.collectors.processes.reading import Counts, Key, Program, Reading, Seen, Thread, glimpse
from exporter.collectors.processes.threads import MAX_NAMES, OTHER_THREADS, Threads, ThreadTally

PROGRAM = Program(comm="a", args=("a",), uid=0, cgroups=())
ALL = ("all",)


def thread(tid: int, name: str, user: int, started: int = 5) -> Thread:
    return Thread(Key(tid, started), name, "S", Counts(user, 0, 0, 0, 0, 0, 0, 0), "")


def process(*threads: Thread) -> Reading:
    seen = Seen(Key(1, 1), 0, PROGRAM, "S", 0, 0, 0, 0, 0, 0, len(threads), 0, 0)
    return glimpse(seen)._replace(threads=threads)


def shown(tally: ThreadTally, *threads: Thread, now_s: float = 0.0) -> dict[str, tuple[int, int]]:
    found = tally.add({ALL: [process(*threads)]}, now_s=now_s, since=5, keep_s=60)
    return {each.name: (each.count, each.used[0]) for each in found[ALL]}


def test_threads_of_one_name_are_summed_and_keep_what_ended_ones_used() -> None:
    tally = ThreadTally()
    assert shown(tally, thread(1, "a", 3), thread(2, "a", 4), thread(3, "b", 1)) == {"a": (2, 7), "b": (1, 1)}
    assert shown(tally, thread(1, "a", 5), thread(3, "b", 1)) == {"a": (1, 9), "b": (1, 1)}


def test_an_older_thread_begins_at_nothing() -> None:
    tally = ThreadTally()
    assert shown(tally, thread(1, "a", 3, started=4)) == {"a": (1, 0)}
    assert shown(tally, thread(1, "a", 5, started=4)) == {"a": (1, 2)}


def test_a_number_used_again_is_another_thread() -> None:
    tally = ThreadTally()
    shown(tally, thread(1, "a", 30))
    assert shown(tally, thread(1, "a", 2, started=9)) == {"a": (1, 32)}


def test_a_name_without_threads_goes_after_a_while() -> None:
    tally = ThreadTally()
    shown(tally, thread(1, "a", 3), thread(2, "b", 3))
    assert shown(tally, thread(2, "b", 3), now_s=60.0) == {"a": (0, 3), "b": (1, 3)}
    assert shown(tally, thread(2, "b", 3), now_s=60.5) == {"b": (1, 3)}


@pytest.mark.parametrize(("names", "others"), [(MAX_NAMES, 0), (MAX_NAMES + 1, 1)])
def test_one_name_too_many_is_in_other(names: int, others: int) -> None:
    found = shown(ThreadTally(), *(thread(at, f"worker-{at}", 1) for at in range(names)))
    assert found.get(OTHER_THREADS, (0, 0)) == (others, others)
    assert sum(used for _, used in found.values()) == names


def test_a_group_that_is_gone_is_forgotten() -> None:
    tally = ThreadTally()
    shown(tally, thread(1, "a", 3))
    assert tally.add({}, now_s=1, since=5, keep_s=60) == {}
    found = tally.add({ALL: [process(thread(1, "a", 4, started=1))]}, now_s=2, since=5, keep_s=60)
    assert found[ALL] == [Threads(name="a", count=1, used=(0, 0, 0, 0, 0, 0, 0, 0))]
