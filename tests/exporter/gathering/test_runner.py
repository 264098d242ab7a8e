"""No collector breaks, holds up or fills the others' scrape."""

import logging
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial

import pytest

from exporter.families import Family
from exporter.gathering.collector import Collector, Outcome
from exporter.gathering.families import Counts
from exporter.gathering.lanes import MAX_ERROR_LENGTH, MAX_LANES, PATIENCE_S
from exporter.gathering.runner import REST_S, Runner
from tests.exporter.gathering.parts import (
    does,
    everything,
    gauge,
    gives,
    loops,
    raises,
    threads,
    until,
    waits,
)
from tests.house.tree import ROOT, run


@pytest.fixture
def let_go() -> Iterator[threading.Event]:
    until(lambda: threads() == 0)
    event = threading.Event()
    yield event
    event.set()
    until(lambda: threads() == 0)


def runner(*collectors: Collector) -> Runner:
    return Runner(collectors, stopwatch=time.monotonic)


def gathered(runner: Runner) -> dict[str, Outcome]:
    return {outcome.collector: outcome for outcome in runner.gather(everything)}


def test_what_is_wanted_runs_in_order_and_in_one_thread(let_go: threading.Event) -> None:
    used = []

    def note() -> Iterable[Family]:
        used.append(threading.current_thread())
        return [gauge("x")]

    one = runner(*(does(name, note) for name in "cab"))
    outcomes = one.gather(lambda name: name != "a")
    assert [outcome.collector for outcome in outcomes] == ["c", "b"]
    assert all(list(outcome.families) == [gauge("x")] and not outcome.error for outcome in outcomes)
    assert len(set(used)) == 1
    assert one.names() == ["c", "a", "b"]
    assert one.gather(lambda _: False) == []


class SilentError(Exception):
    def __str__(self) -> str:
        raise ValueError("no text")


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("no\n such   thing"), "ValueError: no such thing"),
        (KeyError(), "KeyError"),
        (SystemExit(3), "SystemExit: 3"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (GeneratorExit(), "GeneratorExit"),
        (SilentError(), "SilentError: its text cannot be read"),
        (ValueError("\ud800"), r"ValueError: \ud800"),
        (ValueError("x" * 100_000), "ValueError: " + "x" * (MAX_ERROR_LENGTH - 13) + "…"),
        (TimeoutError("the server's"), "TimeoutError: the server's"),
    ],
)
def test_what_a_collector_raises_is_its_own_error(error: BaseException, text: str) -> None:
    one = runner(does("bad", raises(error)), gives("good", gauge("x")))
    outcomes = gathered(one)
    assert outcomes["bad"].error == text
    assert outcomes["good"].families == [gauge("x")]
    assert one.failing() == {"bad": text}
    assert one.counts() == {"bad": Counts(runs=1, failures=1), "good": Counts(runs=1)}


def test_what_is_raised_while_families_are_made_is_an_error_too() -> None:
    def gather() -> Iterable[Family]:
        yield gauge("x")
        raise ValueError("late")

    assert gathered(runner(does("bad", gather)))["bad"].error == "ValueError: late"


def test_what_the_host_lacks_is_absent_but_what_a_user_lacks_is_an_error() -> None:
    gone = raises(FileNotFoundError(2, "No such file"))
    one = runner(does("ours", gone), does("theirs", gone, source="x.py"))
    outcomes = gathered(one)
    assert outcomes["ours"].absent
    assert not outcomes["ours"].error
    assert not outcomes["theirs"].absent
    assert list(one.failing()) == ["theirs"]


def test_a_hanging_collector_is_waited_for_while_the_rest_runs(let_go: threading.Event) -> None:
    one = runner(does("hangs", waits(let_go), 0.6), *(gives(f"good{n}", gauge("x")) for n in range(20)))
    began = time.monotonic()
    outcomes = gathered(one)
    assert 0.55 < time.monotonic() - began < 2
    assert outcomes.pop("hangs").error == "timed out after 0.6 s"
    assert not any(outcome.error for outcome in outcomes.values())
    assert threads() == 1

    began = time.monotonic()
    again = gathered(one)
    assert time.monotonic() - began < PATIENCE_S
    assert again["hangs"].error.startswith("still running, for ")
    assert one.counts()["hangs"] == Counts(runs=2, failures=2, timeouts=1)

    let_go.set()
    until(lambda: threads() == 0)
    assert gathered(one)["hangs"].families == [gauge("came_back")]
    assert one.failing() == {}


def test_who_is_slower_than_our_patience_still_gets_its_time(let_go: threading.Event) -> None:
    def slow() -> Iterable[Family]:
        time.sleep(PATIENCE_S * 2)
        return [gauge("x")]

    outcomes = gathered(runner(does("slow", slow, 5), does("slow2", slow, 5), gives("good")))
    assert not any(outcome.error for outcome in outcomes.values())
    assert outcomes["slow"].seconds >= PATIENCE_S * 2


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_no_more_threads_than_lanes_hang(let_go: threading.Event, more: int) -> None:
    hanging = [does(f"hangs{n}", waits(let_go), 5) for n in range(MAX_LANES + more)]
    one = runner(*(replace(each, timeout_s=0.8) for each in hanging), gives("good", gauge("x")))
    one._lanes._patience_s = 0.005
    for _ in range(3):
        outcomes = gathered(one)
        assert threads() == min(len(hanging), MAX_LANES)
        assert bool(outcomes["good"].error) == (more >= 0)
    if more >= 0:
        assert outcomes["good"].error == f"not started: {MAX_LANES} others hang"
    let_go.set()
    until(lambda: threads() == 0)
    assert not any(outcome.error for outcome in gathered(one).values())


def test_many_that_are_rather_slow_do_not_make_a_scrape_endless(let_go: threading.Event) -> None:
    def slow() -> Iterable[Family]:
        time.sleep(0.1)
        return []

    one = runner(*(does(f"slow{n}", slow, 0.4) for n in range(50)))
    began = time.monotonic()
    errors = [outcome.error for outcome in one.gather(everything)]
    assert time.monotonic() - began < 1.2
    assert not any(errors[:3])
    assert errors[-1] == "not started: the others took too long"


def test_a_users_endless_loop_is_ended(let_go: threading.Event) -> None:
    one = runner(does("loops", loops, 0.3, source="x.py"), gives("good", gauge("x")))
    assert gathered(one)["loops"].error == "timed out after 0.3 s"
    until(lambda: threads() == 0)
    assert gathered(one)["good"].families == [gauge("x")]


def test_a_loop_that_catches_exceptions_is_ended_too(let_go: threading.Event) -> None:
    def gather() -> Iterable[Family]:
        while True:
            try:
                time.sleep(0.01)
            except Exception:
                continue

    for _ in range(5):
        one = runner(does("loops", gather, 0.1, source="x.py"))
        assert gathered(one)["loops"].error == "timed out after 0.1 s"
        until(lambda: threads() == 0)


def test_who_swallows_the_interrupt_keeps_it_to_himself(let_go: threading.Event) -> None:
    def gather() -> Iterable[Family]:
        try:
            return loops()
        except BaseException:
            return [gauge("late")]

    one = runner(does("swallows", gather, 0.1, source="x.py"), gives("good", gauge("x")))
    outcomes = gathered(one)
    assert outcomes["swallows"].error == "timed out after 0.1 s"
    assert not outcomes["good"].error
    until(lambda: threads() == 0)


def test_what_had_to_be_interrupted_rests(let_go: threading.Event) -> None:
    skipped = [0.0]
    bad = does("loops", loops, 0.1, source="x.py")
    one = Runner([bad], stopwatch=lambda: time.monotonic() + skipped[0])
    for skip_s, timeouts in ((0.0, 1), (REST_S - 10, 1), (REST_S, 2)):
        skipped[0] = skip_s
        assert gathered(one)["loops"].error == "timed out after 0.1 s"
        assert one.counts()["loops"] == Counts(runs=timeouts, failures=timeouts, timeouts=timeouts)
        until(lambda: threads() == 0)


def test_an_interrupt_that_just_misses_its_call_hits_nothing_else(let_go: threading.Event) -> None:
    def spins(until_s: float) -> Iterable[Family]:
        while time.monotonic() < until_s:
            pass
        return []

    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for step in range(100):
            end_s = time.monotonic() + 0.01 + (step % 20 - 10) / 20_000
            one = runner(
                does("close", partial(spins, end_s), 0.01, source="x.py"),
                does("next", partial(list, [gauge("x")]), 5),
            )
            outcomes = gathered(one)
            assert outcomes["close"].error in {"", "timed out after 0.01 s"}
            assert outcomes["next"].families == [gauge("x")]
            until(lambda: threads() == 0)
    finally:
        sys.setswitchinterval(usual)


def test_results_are_shown_again_until_they_are_older_than_the_interval() -> None:
    now = [100.0]
    calls = []

    def gather() -> Iterable[Family]:
        calls.append(now[0])
        now[0] += 0.25
        return [gauge("x", float(len(calls)))]

    rare = Collector(name="rare", gather=gather, interval_s=60)
    one = Runner([rare], stopwatch=lambda: now[0])
    for now_s in (100.0, 115.0, 159.9):
        now[0] = now_s
        assert gathered(one)["rare"] == Outcome(collector="rare", families=[gauge("x", 1.0)], seconds=0.25)
    now[0] = 160.0
    assert gathered(one)["rare"].families == [gauge("x", 2.0)]
    assert calls == [100.0, 160.0]
    assert one.counts()["rare"] == Counts(runs=2)


def test_what_could_not_be_started_is_not_shown_again_for_its_interval(let_go: threading.Event) -> None:
    hanging = [does(f"hangs{n}", waits(let_go), 0.3) for n in range(MAX_LANES)]
    one = runner(*hanging, gives("rare", gauge("x"), interval_s=1000))
    one._lanes._patience_s = 0.005
    assert gathered(one)["rare"].error.startswith("not started: ")
    let_go.set()
    until(lambda: threads() == 0)
    assert gathered(one)["rare"].families == [gauge("x")]


def test_reload_keeps_what_stays_and_forgets_the_rest(let_go: threading.Event) -> None:
    kept = gives("kept", gauge("x"), interval_s=1000)
    one = runner(kept, does("hangs", waits(let_go), 0.1), does("gone", raises(ValueError())))
    first = gathered(one)["kept"]
    one.replace([kept, gives("hangs", gauge("y"))])
    assert one.names() == ["kept", "hangs"]
    outcomes = gathered(one)
    assert outcomes["kept"] is first
    assert outcomes["hangs"].families == [gauge("y")]
    assert one.failing() == {}
    assert one.counts()["hangs"] == Counts(runs=2, failures=1, timeouts=1)
    assert threads() == 1
    with pytest.raises(ValueError, match="same name"):
        one.replace([kept, kept])


def test_gathers_take_turns(let_go: threading.Event) -> None:
    running, most = [], []

    def gather() -> Iterable[Family]:
        running.append(1)
        most.append(len(running))
        time.sleep(0.02)
        running.pop()
        return []

    one = runner(does("slow", gather, 5), does("slow2", gather, 5))
    callers = [threading.Thread(target=gathered, args=(one,)) for _ in range(5)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert max(most) == 1
    assert one.counts()["slow"] == Counts(runs=5)


def test_who_waits_too_long_for_its_turn_is_told(let_go: threading.Event) -> None:
    one = runner(does("slow", waits(let_go), 0.1))
    one._turn.acquire()
    began = time.monotonic()
    assert gathered(one)["slow"].error == "not started: others are being answered"
    assert time.monotonic() - began < 1
    one._turn.release()


def test_a_failure_is_logged_when_it_begins_and_when_it_ends(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "fleetgauge")
    errors: list[Exception] = [ValueError("1"), ValueError("2")]

    def gather() -> Iterable[Family]:
        if errors:
            raise errors.pop()
        return []

    one = runner(does("unsteady", gather))
    for _ in range(4):
        gathered(one)
    assert [record.msg for record in caplog.records] == ["collector.failed", "collector.recovered"]


def test_only_a_users_families_are_checked() -> None:
    bad = gauge("no name")
    one = runner(gives("ours", bad), gives("theirs", bad, source="x.py"))
    outcomes = gathered(one)
    assert outcomes["ours"].families == [bad]
    assert outcomes["theirs"].error == "ValueError: no name for a metric: 'no name'"


def test_a_family_of_another_kind_is_dropped_and_counts_as_a_failure() -> None:
    one = runner(gives("first", gauge("x")), gives("second", gauge("x", kind="counter"), gauge("y")))
    second = gathered(one)["second"]
    assert second.families == [gauge("y")]
    assert second.error == "x is a counter here and a gauge in first"
    assert one.counts()["second"].failures == 1


def test_what_hangs_does_not_keep_the_program_from_ending() -> None:
    program = """if True:
        import time
        from exporter.gathering.collector import Collector
        from exporter.gathering.runner import Runner
        from tests.exporter.gathering.parts import loops
        sleeps = Collector(name="a", gather=lambda: time.sleep(600), timeout_s=0.5)
        spins = Collector(name="b", gather=loops, timeout_s=0.1)
        print(Runner([sleeps, spins], stopwatch=time.monotonic).gather(bool)[1].error)
    """
    began = time.monotonic()
    done = run(sys.executable, "-c", program, cwd=ROOT)
    assert (done.returncode, done.stdout) == (0, "timed out after 0.1 s\n"), done.stderr
    assert time.monotonic() - began < 20


@dataclass
class Leaky:
    """Gives more each time, and keeps all it gave."""

    kept: list[Family] = field(default_factory=list)

    def gather(self) -> Iterable[Family]:
        self.kept += [gauge(f"leak_{len(self.kept) + n}") for n in range(2000)]
        return self.kept


def test_a_long_time_among_bad_collectors(let_go: threading.Event) -> None:
    bad = [
        *(does(f"hangs{n}", waits(let_go), 0.4) for n in range(4)),
        *(does(f"loops{n}", loops, 0.4, source="x.py") for n in range(2)),
        *(does(f"raises{n}", raises(ValueError(str(n)))) for n in range(3)),
        does("exits", raises(SystemExit(1))),
        does("leaks", Leaky().gather, 5, source="x.py"),
        does("lies", lambda: ["no family"], source="x.py"),  # type: ignore[list-item]
        does("nothing", lambda: None, source="x.py"),  # type: ignore[arg-type,return-value]
    ]
    good = [gives(f"good{n}", gauge(f"good{n}")) for n in range(7)]
    mixed = [each for pair in zip(bad, good, strict=False) for each in pair] + bad[len(good) :]
    assert len(mixed) == 20
    one = runner(*mixed)
    slowest, most_threads = 0.0, 0
    for _ in range(12):
        began = time.monotonic()
        outcomes = gathered(one)
        slowest = max(slowest, time.monotonic() - began)
        most_threads = max(most_threads, threads())
        assert {name for name, each in outcomes.items() if not each.error} - {"leaks"} == {
            each.name for each in good
        }
    assert one.failing()["leaks"] == "ValueError: more than 10000 values"
    assert most_threads <= 6
    assert slowest < 4
