"""Which processes are told, and how busy they are said to be."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.collectors.processes.reading import Reading
from exporter.snapshots.taking import Process, take
from tests.exporter.snapshots.looks import BOOT_MS, TICKS, UPTIME_S, WORDS, host, moment, policy, process

NEW = int((UPTIME_S + 3) * TICKS)
"""Started after the first look."""


def test_rates_are_what_was_used_between_the_two_looks() -> None:
    before = moment(0, process(1, cpu=1000, io=5000, written=100), host=host(100, 10))
    now = moment(
        10,
        process(1, "db", cpu=2500, io=25_000, written=30_100, rss=7, threads=4, fds=9, started=0),
        host=host(117.5, 11),
    )
    snapshot = take(before, now, policy(), WORDS)
    [told] = snapshot.processes
    assert (told.cpu, told.read, told.write) == (150.0, 2000.0, 3000.0)
    assert (told.pid, told.parent, told.name, told.command, told.place.user) == (1, 1, "db", "/bin/db", "u0")
    assert (told.rss, told.threads, told.fds, told.state, told.start_ms) == (7, 4, 9, "S", BOOT_MS)
    assert (snapshot.time_ms, snapshot.interval_ms) == (BOOT_MS + 10_000, 10_000)
    totals = snapshot.totals
    assert (totals.processes, totals.threads, totals.cpu, totals.io_wait) == (1, 4, 175.0, 10.0)
    assert (totals.read, totals.write, totals.host) == (2000.0, 3000.0, now.host)


def test_of_a_process_that_is_new_all_that_it_used_counts() -> None:
    now = moment(10, process(7, started=NEW, cpu=500, io=1000))
    [told] = take(moment(0), now, policy(), WORDS).processes
    assert (told.cpu, told.read) == (50.0, 100.0)
    assert told.start_ms == BOOT_MS + NEW * 10


def test_of_a_process_that_is_older_but_was_not_seen_before_nobody_knows() -> None:
    [told] = take(moment(0), moment(10, process(7, cpu=500, io=1000, rss=1)), policy(), WORDS).processes
    assert (told.cpu, told.read, told.write) == (None, None, None)


def test_a_pid_that_was_used_again_is_another_process() -> None:
    before, now = moment(0, process(7, cpu=90_000)), moment(10, process(7, started=NEW, cpu=100))
    [told] = take(before, now, policy(), WORDS).processes
    assert told.cpu == 10.0


def test_the_first_snapshot_has_no_rates_and_ranks_by_memory() -> None:
    snapshot = take(None, moment(0, process(1, cpu=5, rss=1), process(2, rss=2)), policy(), WORDS)
    assert [(each.pid, each.cpu) for each in snapshot.processes] == [(2, None), (1, None)]
    assert (snapshot.interval_ms, snapshot.totals.cpu) == (0, None)


def test_counters_that_go_down_are_no_rate() -> None:
    [told] = take(
        moment(0, process(1, cpu=50)), moment(10, process(1, cpu=40, rss=1)), policy(), WORDS
    ).processes
    assert told.cpu == 0.0


def test_what_may_not_be_read_is_unknown_and_not_nought() -> None:
    before, now = (moment(at, process(1, cpu=at, io=None, fds=None)) for at in (0, 10))
    snapshot = take(before, now, policy(), WORDS)
    [told] = snapshot.processes
    assert (told.read, told.write, told.fds, snapshot.totals.read) == (None, None, None, None)


def test_the_busiest_by_each_measure_are_told_in_turns() -> None:
    before = moment(0, *[process(pid) for pid in range(1, 31)])
    now = moment(
        10,
        *[process(pid, cpu=1000 - pid) for pid in range(1, 11)],
        *[process(pid, rss=1000 - pid) for pid in range(11, 21)],
        *[process(pid, io=1000 - pid) for pid in range(21, 31)],
    )
    snapshot = take(before, now, policy(top=2), WORDS)
    assert [each.pid for each in snapshot.processes] == [1, 11, 21, 2, 12, 22]
    assert (snapshot.omitted, snapshot.totals.processes) == (0, 30)


def test_idle_processes_are_told_only_when_they_are_watched() -> None:
    quiet = [process(1, "nginx"), process(2, "nginx-helper"), process(3, "ssh"), process(4, "sshd")]
    snapshot = take(moment(0, *quiet), moment(10, *quiet), policy(watch=["nginx*", "ssh"]), WORDS)
    assert [each.pid for each in snapshot.processes] == [1, 2, 3]
    assert take(moment(0, *quiet), moment(10, *quiet), policy(), WORDS).processes == []


def test_watching_everything_leaves_the_busiest_in() -> None:
    before = moment(0, *[process(pid) for pid in range(1, 51)])
    now = moment(10, *[process(pid, cpu=pid, rss=100 - pid) for pid in range(1, 51)])
    snapshot = take(before, now, policy(top=1, watch=["*"], max_processes=3), WORDS)
    assert [each.pid for each in snapshot.processes] == [50, 1, 49]
    assert snapshot.omitted == 47


@pytest.mark.parametrize(("most", "told", "omitted"), [(6, 6, 0), (5, 5, 1), (0, 0, 6)])
def test_too_many_are_left_out_and_counted(most: int, told: int, omitted: int) -> None:
    before = moment(0, *[process(pid) for pid in range(1, 7)])
    now = moment(10, *[process(pid, cpu=pid) for pid in range(1, 7)])
    snapshot = take(before, now, policy(max_processes=most), WORDS)
    assert (len(snapshot.processes), snapshot.omitted) == (told, omitted)
    assert [each.pid for each in snapshot.processes] == [6, 5, 4, 3, 2, 1][:told]


def test_a_host_that_cannot_be_read_is_left_out() -> None:
    snapshot = take(moment(0, host=host()), moment(10), policy(), WORDS)
    assert (snapshot.totals.cpu, snapshot.totals.host) == (None, None)


READINGS = st.lists(
    st.builds(
        process,
        st.integers(1, 6),
        started=st.sampled_from([0, NEW]),
        cpu=st.integers(0, 5),
        rss=st.integers(0, 5),
        io=st.none() | st.integers(0, 5),
    ),
    max_size=8,
    unique_by=lambda reading: reading.seen.key,
)


@given(READINGS, READINGS, st.integers(0, 3), st.integers(0, 10), st.sampled_from([(), ("p1",), ("p*",)]))
def test_the_processes_told_are_those_that_nobody_beats(
    before: list[Reading], now: list[Reading], top: int, most: int, watch: tuple[str, ...]
) -> None:
    """Differential: against a ranking that asks of each process how many others are busier."""
    first, second = moment(0, *before), moment(10, *now)
    rules = policy(top=top, watch=watch, max_processes=most)
    snapshot = take(first, second, rules, WORDS)
    told = {(each.pid, each.start_ms): each for each in snapshot.processes}
    assert len(told) == len(snapshot.processes) <= most
    everyone = take(first, second, replace(rules, watch=("*",), max_processes=100), WORDS).processes
    assert len(everyone) == len(now)
    measures: tuple[Callable[[Process], float], ...] = (
        lambda each: each.cpu or 0,
        lambda each: each.rss,
        lambda each: (each.read or 0) + (each.write or 0),
    )
    sure = {
        (each.pid, each.start_ms)
        for each in everyone
        for measure in measures
        if measure(each) and sum(measure(other) >= measure(each) for other in everyone) <= top
    }
    if snapshot.omitted == 0:
        assert sure <= set(told)
    else:
        assert len(told) == most
