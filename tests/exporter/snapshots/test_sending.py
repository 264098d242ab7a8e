"""Snapshots on their way: taken every interval, kept on disk, and sent with the care that samples get."""

import logging
import os
import pwd
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from delivery.records import Batch
from delivery.retry import Backoff
from delivery.sender import IDLE_S, WAIT_S, Sender
from delivery.spool import Limits, Spool
from delivery.transport import Target, Transport
from exporter.collectors.processes.procfs import Proc
from exporter.collectors.processes.reading import Look, Program
from exporter.collectors.processes.table import ProcessTable
from exporter.sending.outlet import Outlet, Surroundings
from exporter.settings import Snapshot as Settings
from exporter.snapshots.configured import policy, words
from exporter.snapshots.conversation import ROUTE, Telling
from exporter.snapshots.encoding import Agent
from exporter.snapshots.host import Host, read
from exporter.snapshots.recorder import MAX_SPOOL_BYTES, SPOOL_SHARE, Recorder, limits
from runtime.values import Duration, Pattern
from tests.delivery.parts import FakeClock
from tests.delivery.receiver import Reply
from tests.exporter.gateways import AGENT, DUTIFUL, Gateway, Reporters, bad, gateway, steps
from tests.exporter.snapshots.looks import host, look, process

SETTINGS = Settings(watch=("app",), mask=(Pattern.parse("card [0-9]+"), Pattern.parse("")))
DAY_MS = 86_400_000


@dataclass(slots=True)
class FakeTable:
    """Processes that use more each time one looks."""

    clock: FakeClock
    looks: int = 0
    ages: list[float] = field(default_factory=list)
    broken: str = ""

    def readings(self, max_age_s: float) -> Look:
        if self.broken:
            raise RuntimeError(self.broken)
        self.ages.append(max_age_s)
        self.looks += 1
        app = Program(
            comm="app",
            args=("/bin/app", "--password=hunter2", "card", "4111"),
            uid=33,
            cgroups=(f"/system.slice/app.service/{'c0ffee' * 10}c0ff",),
        )
        busy = process(1, cpu=100 * self.looks, rss=1)
        return look(self.clock.seconds, busy._replace(seen=busy.seen._replace(program=app)))


@dataclass(slots=True)
class Into:
    """Puts what is taken into a spool."""

    spool: Spool
    clock: FakeClock

    def put(self, batches: Iterable[Batch]) -> None:
        for batch in batches:
            self.spool.append(batch, now_ms=round(self.clock.seconds * 1000))


def recorder(spool: Spool, settings: Settings = SETTINGS) -> tuple[Recorder, FakeTable, FakeClock]:
    clock = FakeClock()
    table = FakeTable(clock)
    return (
        Recorder(
            table=table,
            host=lambda: host(clock.seconds),
            keeper=Into(spool, clock),
            policy=policy(settings),
            words=words(settings, user_name=lambda uid: f"user-{uid}"),
            agent=Agent(agent_id=AGENT, name="web-1"),
            max_bytes=settings.max_size.bytes,
            interval_s=settings.interval.ms / 1000,
            clock=clock,
        ),
        table,
        clock,
    )


@contextmanager
def spooled(directory: Path) -> Iterator[Spool]:
    spool = Spool(directory, limits(512 << 20, 7 * DAY_MS), sync=False, order="oldest-first")
    try:
        yield spool
    finally:
        spool.close()


@contextmanager
def sending(spool: Spool, url: str, conversation: Telling) -> Iterator[tuple[Sender, FakeClock]]:
    clock = FakeClock()
    transport = Transport(Target(url=url + ROUTE.format(AGENT), timeout_s=5))
    try:
        yield (
            Sender(
                spool=spool,
                transport=transport,
                conversation=conversation,
                clock=clock,
                backoff=Backoff(lambda: 0.0),
                user_agent="fleetgauge/test",
            ),
            clock,
        )
    finally:
        transport.close()


def telling() -> Telling:
    return Telling(registered=lambda: True, announce=lambda: None)


def known(there: Gateway) -> Gateway:
    there.known.add(AGENT)
    return there


def times(there: Gateway) -> list[int]:
    return [each["time"] for each in there.snapshots]


def test_a_snapshot_is_taken_every_interval_and_sent_with_secrets_masked(tmp_path: Path) -> None:
    with gateway() as there, spooled(tmp_path) as spool:
        made, table, clock = recorder(spool)
        end = clock.seconds + 31
        made.run(lambda: clock.seconds > end, clock.sleep)
        with sending(spool, known(there).url, telling()) as (sender, sleeping):
            assert sender.drain(60, sleeping.sleep)
    assert there.asked == ["processes"] * 3
    assert [each["interval_ms"] for each in there.snapshots] == [0, 15_000, 15_000]
    assert times(there) == [1_790_000_000_000 + 15_000 * number for number in range(3)]
    last = there.snapshots[-1]
    assert (last["version"], last["agent"], last["name"]) == (1, AGENT, "web-1")
    assert last["totals"]["cpu"] == 100.0
    [told] = last["processes"]
    assert told["command"] == "/bin/app --password=*** ***"
    assert (told["cpu"], told["user"], told["unit"]) == (6.7, "user-33", "app.service")
    assert told["container"] == "c0ffee" * 2
    assert there.headers[0]["content-encoding"] == "zstd"
    assert there.headers[0]["content-type"] == "application/json"
    assert set(table.ages) == {3.75}
    assert (made.recorded.taken, made.recorded.failed) == (3, 0)


def test_no_interval_is_so_short_that_the_agent_becomes_a_burden(tmp_path: Path) -> None:
    with spooled(tmp_path) as spool:
        made, table, clock = recorder(spool, Settings(interval=Duration.parse("0s")))
        end = clock.seconds + 10.5
        made.run(lambda: clock.seconds > end, clock.sleep)
    assert table.looks == 11


def test_after_a_pause_of_the_host_nothing_is_caught_up_with(tmp_path: Path) -> None:
    with spooled(tmp_path) as spool:
        made, table, clock = recorder(spool)
        pauses = iter([3600.0, 0.0, 0.0])

        def sleep(seconds: float) -> None:
            clock.sleep(seconds + next(pauses))

        made.run(lambda: len(clock.slept) == 3, sleep)
    assert table.looks == 4
    assert clock.slept == [3615.0, 15.0, 15.0]


def test_the_same_look_twice_is_one_snapshot(tmp_path: Path) -> None:
    with spooled(tmp_path) as spool:
        made, table, _ = recorder(spool)
        made.record()
        made.record()
        assert (table.looks, made.recorded.taken, spool.filling().batches) == (2, 1, 1)


def test_command_lines_can_be_left_out(tmp_path: Path) -> None:
    with gateway() as there, spooled(tmp_path) as spool:
        made, _, _ = recorder(spool, Settings(command_lines=False))
        made.record()
        with sending(spool, known(there).url, telling()) as (sender, sleeping):
            sender.drain(60, sleeping.sleep)
    assert "command" not in there.snapshots[0]["processes"][0]


def test_what_was_taken_while_the_gateway_was_away_arrives_after_a_restart(tmp_path: Path) -> None:
    with spooled(tmp_path) as spool:
        made, _, clock = recorder(spool)
        for _ in range(4):
            made.record()
            clock.sleep(15)
    with gateway() as there, spooled(tmp_path) as spool:
        conversation = telling()
        known(there)
        with sending(spool, there.url, conversation) as (sender, sleeping):
            assert sender.drain(60, sleeping.sleep)
        assert spool.filling().batches == 0
    assert times(there) == [1_790_000_000_000 + 15_000 * number for number in range(4)]


def test_nothing_is_sent_before_the_agent_is_registered(tmp_path: Path) -> None:
    registered = [False]
    conversation = Telling(registered=lambda: registered[0], announce=lambda: None)
    with gateway() as there, spooled(tmp_path) as spool:
        recorder(spool)[0].record()
        with sending(spool, known(there).url, conversation) as (sender, _):
            assert sender.step() == IDLE_S
            assert there.asked == []
            registered[0] = True
            assert sender.step() == 0.0
    assert len(there.snapshots) == 1


def test_a_gateway_that_forgot_the_agent_is_told_of_it_and_no_snapshot_is_lost(
    tmp_path: Path, reporter: Reporters
) -> None:
    with gateway() as there, spooled(tmp_path) as spool:
        reporting, clock = reporter(there.url)
        steps(reporting, clock, 2)
        recorder(spool)[0].record()
        conversation = Telling(registered=lambda: reporting.reported.registered, announce=reporting.announce)
        with sending(spool, there.url, conversation) as (sender, _):
            there.known.clear()
            assert sender.step() == WAIT_S
            steps(reporting, clock, 1)
            assert sender.step() == 0.0
    assert there.asked == ["register", "heartbeat", "processes", "register", "processes"]
    assert (sender.sent.samples, sender.sent.refused) == (1, 0)


def test_a_gateway_that_does_not_know_the_route_is_asked_now_and_then(tmp_path: Path) -> None:
    announced: list[int] = []
    conversation = Telling(registered=lambda: True, announce=lambda: announced.append(1))
    with gateway() as there, spooled(tmp_path) as spool:
        recorder(spool)[0].record()
        with sending(spool, there.url, conversation) as (sender, _):
            assert [sender.step() for _ in range(3)] == [WAIT_S, 30.0, 30.0]
    assert announced == [1]
    assert spool.filling().batches == 1


@pytest.mark.parametrize("status", [400, 405, 409, 413, 415, 422])
def test_a_refusal_is_final_and_counted(status: int, tmp_path: Path) -> None:
    with gateway(bad(status), DUTIFUL) as there, spooled(tmp_path) as spool:
        made, _, clock = recorder(spool)
        made.record()
        clock.sleep(15)
        made.record()
        with sending(spool, known(there).url, telling()) as (sender, sleeping):
            assert sender.drain(60, sleeping.sleep)
    assert (sender.sent.refused, sender.sent.samples, sleeping.slept) == (1, 1, [])
    assert times(there) == [1_790_000_015_000]


@pytest.mark.parametrize(
    ("reply", "slept"),
    [
        (bad(500), 0.03),
        (bad(503, Retry_After="7"), 7.0),
        (bad(429, Retry_After="7"), 7.0),
        (bad(302, Location="/elsewhere"), 0.03),
        (bad(401), 30.0),
        (bad(403), 30.0),
        (bad(500, b"x" * 1_000_000), 0.03),
        (Reply(status=0), 0.03),
    ],
    ids=["500", "503", "429", "302", "401", "403", "1 MB", "closed"],
)
def test_trouble_of_the_gateway_loses_no_snapshot(reply: Reply, slept: float, tmp_path: Path) -> None:
    with gateway(reply) as there, spooled(tmp_path) as spool:
        recorder(spool)[0].record()
        with sending(spool, known(there).url, telling()) as (sender, sleeping):
            assert sender.drain(60, sleeping.sleep)
    assert sleeping.slept == [slept]
    assert (len(there.snapshots), sender.sent.refused, spool.filling().batches) == (1, 0, 0)


def test_a_garbled_acknowledgement_is_one(tmp_path: Path) -> None:
    with gateway(bad(200, b"\x00<html>")) as there, spooled(tmp_path) as spool:
        recorder(spool)[0].record()
        with sending(spool, there.url, telling()) as (sender, sleeping):
            assert sender.drain(60, sleeping.sleep)
    assert sender.sent.samples == 1


def test_a_failure_of_one_snapshot_leaves_the_next_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with spooled(tmp_path) as spool:
        made, table, clock = recorder(spool)
        table.broken = "no such luck"
        end = clock.seconds + 31
        made.run(lambda: clock.seconds > end, clock.sleep)
        assert (made.recorded.failed, made.recorded.last_error) == (3, "RuntimeError: no such luck")
        table.broken = ""
        made.record()
        assert spool.filling().batches == 1
    assert [record.msg for record in caplog.records] == ["snapshots.failed"]
    assert made.recorded.last_error == ""


def test_a_host_that_cannot_be_read_costs_its_totals_only(tmp_path: Path) -> None:
    def unreadable() -> Host:
        raise OSError

    with gateway() as there, spooled(tmp_path) as spool:
        made, _, _ = recorder(spool)
        made.host = unreadable
        made.record()
        with sending(spool, known(there).url, telling()) as (sender, sleeping):
            sender.drain(60, sleeping.sleep)
    assert set(there.snapshots[0]["totals"]) == {"processes", "threads"}


def test_the_time_of_boot_does_not_waver(tmp_path: Path) -> None:
    clock = FakeClock()
    boots = iter([100, 101, 99, 200])

    class Wavering:
        def readings(self, max_age_s: float) -> Look:
            clock.seconds += 15
            return look(clock.seconds - max_age_s, process(1, rss=1), boot_time_s=next(boots))

    with gateway() as there, spooled(tmp_path) as spool:
        made, _, _ = recorder(spool)
        made.table, made.clock = Wavering(), clock
        for _ in range(4):
            made.record()
        with sending(spool, known(there).url, telling()) as (sender, sleeping):
            sender.drain(60, sleeping.sleep)
    starts = [each["processes"][0]["start"] for each in there.snapshots]
    assert starts == [100_000, 100_000, 100_000, 200_000]
    assert times(there)[0] == 1_790_000_015_000 - 3750, "when it was looked, not when it was asked"


@pytest.mark.parametrize(("most", "share"), [(8 << 20, 1 << 20), (1 << 40, MAX_SPOOL_BYTES)])
def test_snapshots_take_a_share_of_the_spool_up_to_a_limit(most: int, share: int) -> None:
    assert limits(most, DAY_MS) == Limits(bytes=share, age_ms=DAY_MS)
    assert SPOOL_SHARE == 8


def test_this_very_process_is_found_on_this_very_host(tmp_path: Path) -> None:
    clock = FakeClock()
    me = Path("/proc/self/comm").read_text().strip()
    settings = Settings(watch=(me,), max_processes=1000)
    with gateway() as there, spooled(tmp_path) as spool:
        made, _, _ = recorder(spool, settings)
        made.clock = clock
        made.table = ProcessTable(Proc(Path("/proc"), wchan=False), clock.rising_s)
        made.host = lambda: read(Path("/proc"))
        made.words = words(settings, user_name=lambda uid: pwd.getpwuid(uid).pw_name)
        made.record()
        clock.sleep(15)
        assert sum(number * number for number in range(1_000_000))
        made.record()
        with sending(spool, known(there).url, telling()) as (sender, sleeping):
            assert sender.drain(60, sleeping.sleep)
    last = there.snapshots[-1]
    [mine] = [each for each in last["processes"] if each["pid"] == os.getpid()]
    assert mine["user"] == pwd.getpwuid(os.getuid()).pw_name
    assert mine["cpu"] > 0
    assert mine["parent"] == os.getppid()
    assert "pytest" in mine["command"]
    assert abs(mine["start"] / 1000 - Path("/proc/self").stat().st_ctime) < 3600
    totals = last["totals"]
    assert totals["memory"] > totals["memory_used"] > 0
    assert totals["cpus"] == os.cpu_count()
    assert totals["processes"] >= len(last["processes"])


class RealClock:
    """The clocks of the machine."""

    def now_s(self) -> float:
        return time.time()

    def rising_s(self) -> float:
        return time.monotonic()


def test_reporter_and_outlet_in_threads_of_their_own_outlive_a_gateway_that_fails(
    tmp_path: Path, reporter: Reporters
) -> None:
    stopped = threading.Event()
    with gateway(DUTIFUL, bad(500), Reply(status=0), bad(429), DUTIFUL, interval_s=1) as there:
        reporting, _ = reporter(there.url, clock=RealClock())
        around = Surroundings(
            spools=tmp_path, clock=RealClock(), chance=lambda: 0.0, user_agent="fleetgauge/test", sync=False
        )
        conversation = Telling(registered=lambda: reporting.reported.registered, announce=reporting.announce)
        target = Target(url=there.url + ROUTE.format(AGENT), timeout_s=2)
        with closing(Outlet("processes", target, conversation, around)) as outlet:
            threads = [
                threading.Thread(target=each.run, args=[stopped.is_set, stopped.wait])
                for each in (reporting, outlet)
            ]
            for thread in threads:
                thread.start()
            with spooled(tmp_path / "unused") as unused:
                made, _, _ = recorder(unused)
            made.keeper, made.clock, made.table = outlet, RealClock(), FakeTable(FakeClock(time.time()))
            for _ in range(3):
                made.table.clock.sleep(15)
                made.record()
            end = time.monotonic() + 15
            while len(there.snapshots) < 3 and time.monotonic() < end:
                time.sleep(0.02)
            stopped.set()
            for thread in threads:
                thread.join(5)
            assert not any(thread.is_alive() for thread in threads)
    assert len(set(times(there))) == len(there.snapshots) == 3
    assert there.heartbeats[-1]["status"] == "stopping"
    assert made.recorded.failed == 0
