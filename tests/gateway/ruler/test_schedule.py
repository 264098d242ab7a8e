"""When groups are evaluated: at their own times, none twice at once, none because of another."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ruler.schedule import MAX_THREADS, Schedule, first_after


@dataclass(eq=False)
class Work:
    """A job that notes its times, and waits when it is told to."""

    key: str = "a"
    interval_ms: int = 20
    block: threading.Event | None = None
    times: list[int] = field(default_factory=list)
    late: int = 0
    running: int = 0
    most: int = 0

    def run(self, time_ms: int) -> None:
        self.running += 1
        self.most = max(self.most, self.running)
        self.times.append(time_ms)
        if self.block is not None:
            self.block.wait(10)
        self.running -= 1

    def missed(self, times: int) -> None:
        self.late += times


@dataclass
class Hands:
    """A clock that is set by hand."""

    now: int = 1_790_000_000_000

    def now_ms(self) -> int:
        return self.now


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@contextmanager
def scheduled(
    *jobs: Work, clock: Callable[[], int] = now_ms, threads: int = MAX_THREADS
) -> Iterator[Schedule]:
    schedule = Schedule(now_ms=clock, rising_s=time.monotonic, threads=threads)
    schedule.keep(jobs)
    schedule.start()
    try:
        yield schedule
    finally:
        for job in jobs:
            if job.block is not None:
                job.block.set()
        schedule.stop(5)


def until(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.002)


@given(key=st.text(), interval_ms=st.integers(1, 10**8), now=st.integers(0, 1 << 45))
def test_times_are_a_place_in_the_interval_that_follows_from_the_key(
    key: str, interval_ms: int, now: int
) -> None:
    job = Work(key=key, interval_ms=interval_ms)
    first = first_after(job, now)
    assert now <= first < now + interval_ms
    assert first_after(job, first) == first
    assert (first_after(job, now + 7 * interval_ms) - first) % interval_ms == 0


def test_jobs_are_spread_over_the_interval() -> None:
    places = {first_after(Work(key=f"f;{number}", interval_ms=60_000), 0) for number in range(1000)}
    assert len(places) > 950
    assert min(places) < 1000
    assert max(places) > 59_000


def test_a_job_runs_at_each_of_its_times() -> None:
    job = Work()
    with scheduled(job):
        until(lambda: len(job.times) >= 5)
    assert {later - earlier for earlier, later in zip(job.times, job.times[1:], strict=False)} <= {
        20 * (1 + missed) for missed in range(job.late + 1)
    }
    assert job.times[0] == first_after(job, job.times[0])


def test_a_slow_job_delays_no_other_and_never_runs_twice() -> None:
    slow, fast = Work(key="slow", block=threading.Event()), Work(key="fast")
    with scheduled(slow, fast):
        until(lambda: len(slow.times) == 1)
        until(lambda: len(fast.times) >= 10)
        assert len(slow.times) == 1
        assert slow.block is not None
        slow.block.set()
        until(lambda: len(slow.times) >= 3)
    assert slow.most == 1
    assert slow.late >= 5


def test_what_was_missed_is_counted_and_the_times_stay_in_place() -> None:
    clock = Hands()
    job = Work(interval_ms=1000, block=threading.Event())
    with scheduled(job, clock=clock.now_ms):
        clock.now += 1000
        until(lambda: len(job.times) == 1)
        clock.now = job.times[0] + 4_500
        assert job.block is not None
        job.block.set()
        until(lambda: len(job.times) == 2)
        assert job.times[1] - job.times[0] == 4000
        assert job.late == 3


def test_more_jobs_than_threads_all_run() -> None:
    jobs = [Work(key=str(number), interval_ms=100) for number in range(200)]
    before = set(threading.enumerate())
    with scheduled(*jobs, threads=2):
        until(lambda: all(len(job.times) >= 2 for job in jobs))
        made = set(threading.enumerate()) - before
    assert {thread.name for thread in made} == {"rules", "rules-0", "rules-1"}


def test_threads_are_made_when_they_are_needed() -> None:
    before = threading.active_count()
    with scheduled(Work(interval_ms=3_600_000, key="b")):
        time.sleep(0.05)
        assert threading.active_count() == before + 1


def test_a_clock_that_is_set_back_stops_nothing() -> None:
    clock = Hands()
    job = Work(interval_ms=1000)
    with scheduled(job, clock=clock.now_ms):
        clock.now += 1000
        until(lambda: len(job.times) == 1)
        clock.now -= 3_600_000
        time.sleep(1.1)
        clock.now += 1000
        until(lambda: len(job.times) == 2)
    assert job.times[1] < job.times[0]


def test_what_is_no_longer_kept_runs_no_more_and_the_rest_keeps_its_times() -> None:
    gone, kept = Work(key="gone"), Work(key="kept")
    with scheduled(gone, kept) as schedule:
        until(lambda: len(gone.times) >= 1 and len(kept.times) >= 1)
        schedule.keep([kept])
        time.sleep(0.03)
        ran, so_far = len(gone.times), len(kept.times)
        until(lambda: len(kept.times) >= so_far + 3)
        assert len(gone.times) == ran


def test_it_stops_within_its_time_although_a_job_hangs() -> None:
    job = Work(block=threading.Event())
    with scheduled(job) as schedule:
        until(lambda: job.running == 1)
        started = time.monotonic()
        schedule.stop(0.2)
        assert 0.15 < time.monotonic() - started < 1
    assert len(job.times) == 1


def test_jobs_run_once_the_system_has_a_thread_to_give(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = 0
    start = threading.Thread.start

    def reluctant(thread: threading.Thread) -> None:
        nonlocal refused
        if thread.name.startswith("rules-") and refused < 3:
            refused += 1
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", reluctant)
    job = Work()
    with scheduled(job):
        until(lambda: len(job.times) > 2)
    assert refused == 3
