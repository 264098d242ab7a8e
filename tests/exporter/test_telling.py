"""What the agent says of itself, from readings made up here."""

import os
import time
from pathlib import Path
from typing import Final

import pytest

from delivery.readings import Readings
from exporter.gathering.runner import Runner
from exporter.outgoing import Progress
from exporter.own import Own, families
from exporter.own import Receiver as OwnReceiver
from exporter.reporting.reporter import Reported
from exporter.rounds import Done
from exporter.settings import AgentSettings, Paths
from exporter.snapshots.recorder import Recorded
from exporter.telling import STUCK_ROUNDS, STUCK_S, Life, facts, health, own, system, vitals
from runtime.values import LabelPair
from tests.exporter import pages
from tests.exporter.gathering.parts import does, everything, gives, raises
from tests.exporter.hosts import TREES

NOW_S: Final = 1_790_000_000.0
LIFE: Final = Life(version="1.2", agent_id="id-1", name="web-1", started_s=NOW_S - 60, reloaded_s=NOW_S - 30)


def readings(name: str = "gateway", *, trouble: str = "", oldest_ms: int | None = None) -> Readings:
    return Readings(
        name=name,
        waiting_batches=1,
        waiting_samples=20,
        waiting_bytes=300,
        oldest_ms=oldest_ms,
        sent_batches=4,
        sent_samples=500,
        refused_samples=6,
        failures=7,
        lost_samples={"size": 8},
        left_out={"limit": 9},
        damaged_bytes=0,
        trouble=trouble,
        version=2,
    )


def runner(*, failing: bool = False) -> Runner:
    made = Runner(
        [does("bad", raises(OSError("no"))) if failing else gives("good")], stopwatch=time.monotonic
    )
    made.gather(everything)
    return made


def status(
    progress: Progress, life: Life = LIFE, *, failing: bool = False, rising_s: float = 100.0
) -> tuple[bool, object]:
    good, shown = health(
        life, runner(failing=failing), progress, interval_s=15, now_s=NOW_S, rising_s=rising_s
    )
    return good, shown["status"]


REGISTERED: Final = Reported(registered=True, interval_s=10)


def test_it_is_well_or_degraded_or_stuck() -> None:
    assert status(Progress()) == (True, "ok")
    assert status(Progress(reported=REGISTERED, receivers=[readings()])) == (True, "ok")
    assert status(Progress(), failing=True) == (True, "degraded")
    assert status(Progress(receivers=[readings(trouble="no")])) == (True, "degraded")
    assert status(Progress(reported=Reported(interval_s=10))) == (True, "degraded")
    assert status(Progress(reported=Reported(registered=True, last_error="401", interval_s=10))) == (
        True,
        "degraded",
    )
    reloaded = Life(version="", agent_id="", name="", started_s=0, reloaded_s=0, reload_error="x")
    assert status(Progress(), reloaded) == (True, "degraded")


def test_a_slow_collector_with_a_short_interval_is_no_reason_for_a_restart() -> None:
    rounds = Progress(rounds=Done(ended_s=100.0))
    for passed_s, well in ((10.0, True), (STUCK_S, True), (STUCK_S + 1, False)):
        good, _ = health(LIFE, runner(), rounds, interval_s=1, now_s=NOW_S, rising_s=100.0 + passed_s)
        assert good == well


@pytest.mark.parametrize("late_s", [0.0, 0.5])
def test_without_a_round_for_some_intervals_it_is_stuck(late_s: float) -> None:
    rounds = Progress(rounds=Done(ended_s=100.0))
    expected = (False, "stuck") if late_s else (True, "ok")
    assert status(rounds, rising_s=100.0 + STUCK_ROUNDS * 15 + late_s) == expected


def test_health_shows_receivers_and_collectors() -> None:
    progress = Progress(
        rounds=Done(ended_s=90.0),
        reported=REGISTERED,
        receivers=[readings(trouble="500: no", oldest_ms=int(NOW_S * 1000) - 12_340)],
    )
    _, shown = health(LIFE, runner(failing=True), progress, interval_s=15, now_s=NOW_S, rising_s=100)
    assert shown == {
        "status": "degraded",
        "name": "web-1",
        "agent_id": "id-1",
        "version": "1.2",
        "uptime_s": 60.0,
        "failing_collectors": {"bad": "OSError: no"},
        "receivers": {
            "gateway": {"waiting_samples": 20, "waiting_bytes": 300, "oldest_s": 12.3, "error": "500: no"}
        },
        "last_round_s": 10.0,
        "registered": True,
        "last_heartbeat": None,
        "gateway_error": "",
    }


def test_a_heartbeat_sums_up_what_waits() -> None:
    waiting = [
        readings("a", oldest_ms=int(NOW_S * 1000) - 5000, trouble="no"),
        readings("b", oldest_ms=int(NOW_S * 1000) + 5000),
        readings("c", trouble="401"),
    ]
    told = vitals(runner(failing=True), Progress(receivers=waiting), cpu_percent=0.5, now_s=NOW_S)
    assert (told.spool_bytes, told.spool_oldest_s, told.cpu_percent) == (900, 5.0, 0.5)
    assert (told.failing_collectors, told.last_error) == (["bad"], "a: no; c: 401")
    assert told.memory_bytes > 1 << 20
    alone = vitals(runner(), Progress(), cpu_percent=0.0, now_s=NOW_S)
    assert (alone.spool_bytes, alone.spool_oldest_s, alone.last_error) == (0, 0.0, "")


def test_the_facts_are_of_the_host_whose_files_the_settings_name(tmp_path: Path) -> None:
    settings = AgentSettings(
        label=(LabelPair(name="env", value="prod"),),
        path=Paths(procfs=str(TREES / "host/proc"), rootfs=str(TREES / "host")),
    )
    told = facts(LIFE, settings, metrics_url="http://web-1:9256/metrics", collectors=["cpu"])
    assert (told.name, told.labels, told.version, told.pid) == ("web-1", {"env": "prod"}, "1.2", os.getpid())
    assert (told.started_at, told.metrics_url, told.collectors) == (
        NOW_S - 60,
        "http://web-1:9256/metrics",
        ["cpu"],
    )
    assert told.system.memory_bytes > 0
    assert told.system.boot_time > 0
    assert told.system.os.startswith("Debian")
    unknown = system(Paths(procfs=str(tmp_path), rootfs=str(tmp_path)))
    assert (unknown.memory_bytes, unknown.boot_time, unknown.os) == (0, 0.0, os.uname().sysname)


def test_its_own_metrics_are_told_from_the_same_readings() -> None:
    progress = Progress(
        rounds=Done(rounds=3, missed=1, ended_s=0, seconds=0.25),
        reported=Reported(registered=True, heartbeats=4, failures=5, interval_s=10),
        recorded=Recorded(taken=6, failed=7),
        receivers=[readings(oldest_ms=int(NOW_S * 1000) - 2000)],
    )
    told = own(LIFE, progress, now_s=NOW_S)
    assert (told.rounds, told.missed, told.round_s, told.config_good) == (3, 1, 0.25, True)
    assert (told.registered, told.heartbeats, told.report_failures) == (True, 4, 5)
    assert (told.snapshots, told.snapshot_failures, told.config_time_s) == (6, 7, NOW_S - 30)
    assert told.receivers == [
        OwnReceiver(
            name="gateway",
            waiting_bytes=300,
            waiting_samples=20,
            oldest_s=2.0,
            sent=500,
            refused=6,
            failures=7,
            lost={"size": 8, "limit": 9},
        )
    ]


GOLDEN: Final = """\
# TYPE fleetgauge_agent_build_info gauge
fleetgauge_agent_build_info{version="1",python="3"} 1.0
# TYPE fleetgauge_agent_rounds_total counter
fleetgauge_agent_rounds_total{} 3.0
# TYPE fleetgauge_agent_rounds_missed_total counter
fleetgauge_agent_rounds_missed_total{} 1.0
# TYPE fleetgauge_agent_round_duration_seconds gauge
fleetgauge_agent_round_duration_seconds{} 0.5
# TYPE fleetgauge_agent_config_last_reload_successful gauge
fleetgauge_agent_config_last_reload_successful{} 0.0
# TYPE fleetgauge_agent_config_last_reload_success_timestamp_seconds gauge
fleetgauge_agent_config_last_reload_success_timestamp_seconds{} 7.0
"""
RECEIVERS: Final = """\
# TYPE fleetgauge_agent_waiting_bytes gauge
fleetgauge_agent_waiting_bytes{receiver="r"} 1.0
# TYPE fleetgauge_agent_waiting_samples gauge
fleetgauge_agent_waiting_samples{receiver="r"} 2.0
# TYPE fleetgauge_agent_oldest_waiting_seconds gauge
fleetgauge_agent_oldest_waiting_seconds{receiver="r"} 3.0
# TYPE fleetgauge_agent_sent_samples_total counter
fleetgauge_agent_sent_samples_total{receiver="r"} 4.0
# TYPE fleetgauge_agent_refused_samples_total counter
fleetgauge_agent_refused_samples_total{receiver="r"} 5.0
# TYPE fleetgauge_agent_send_failures_total counter
fleetgauge_agent_send_failures_total{receiver="r"} 6.0
# TYPE fleetgauge_agent_lost_samples_total counter
fleetgauge_agent_lost_samples_total{receiver="r",reason="age"} 7.0
fleetgauge_agent_lost_samples_total{receiver="r",reason="size"} 0.0
# TYPE fleetgauge_agent_registered gauge
fleetgauge_agent_registered{} 0.0
# TYPE fleetgauge_agent_heartbeats_total counter
fleetgauge_agent_heartbeats_total{} 8.0
# TYPE fleetgauge_agent_report_failures_total counter
fleetgauge_agent_report_failures_total{} 9.0
# TYPE fleetgauge_agent_snapshots_total counter
fleetgauge_agent_snapshots_total{} 10.0
# TYPE fleetgauge_agent_snapshot_failures_total counter
fleetgauge_agent_snapshot_failures_total{} 11.0
"""


def test_own_metrics_are_these() -> None:
    alone = Own(version="1", python="3", rounds=3, missed=1, round_s=0.5, config_good=False, config_time_s=7)
    assert pages.text(families(alone)) == GOLDEN
    receiver = OwnReceiver(
        name="r",
        waiting_bytes=1,
        waiting_samples=2,
        oldest_s=3,
        sent=4,
        refused=5,
        failures=6,
        lost={"age": 7, "size": 0},
    )
    sending = Own(
        version="1",
        python="3",
        rounds=3,
        missed=1,
        round_s=0.5,
        config_good=False,
        config_time_s=7,
        registered=False,
        heartbeats=8,
        report_failures=9,
        snapshots=10,
        snapshot_failures=11,
        receivers=[receiver],
    )
    assert pages.text(families(sending)) == GOLDEN + RECEIVERS
