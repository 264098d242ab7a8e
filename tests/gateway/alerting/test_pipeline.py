"""The pipeline with real threads and a real database: isolation, retries, logs, reloads, restarts."""

import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from alertrules.alert import Alert
from alertrules.routing.configuration import Configuration, Receiver, Route
from alertrules.routing.silences import UnknownSilence
from gateway.alerting import lane
from gateway.alerting.kept import Writing
from gateway.alerting.lane import THREADS
from gateway.alerting.pipeline import MAX_DELIVERIES
from gateway.metrics import Metrics
from gateway.storage.errors import StorageUnavailable
from gateway.storage.ledger.alerts import AlertTables
from tests.alertrules.routing.dispatching import alert, configured, equal, integration, silence
from tests.gateway.alerting.parts import CLOCK, Recorder, channels, now_ms, pipeline_in, until

HOUR = 3_600_000
QUICK = {"group_wait_ms": 0, "group_interval_ms": 200}


def firing(**labels: str) -> Alert:
    return alert(starts_ms=now_ms() - 1, ends_ms=now_ms() + HOUR, **labels)


def two_receivers() -> Configuration:
    """One alert goes to both."""
    slow = Receiver(name="slow", integrations=(integration("email"),))
    routes = (
        Route(receiver="slow", key="{}/a", id="0/0", continues=True, **QUICK),  # type: ignore[arg-type]
        Route(receiver="team", key="{}/b", id="0/1", **QUICK),  # type: ignore[arg-type]
    )
    return configured(routes=routes, receivers={"slow": slow})


def test_a_receiver_that_hangs_delays_no_other(tmp_path: Path) -> None:
    hung, quick = Recorder(), Recorder()
    hung.free.clear()
    with pipeline_in(tmp_path, two_receivers(), {"email": hung, "webhook": quick}) as pipeline:
        for host in "abcdef":
            pipeline.put([firing(host=host)])
            until(lambda host=host: host in " ".join(quick.hosts()))  # type: ignore[misc]
        assert not hung.sent
        hung.free.set()
        until(lambda: "f" in " ".join(hung.hosts()))


def test_a_receiver_that_fails_is_tried_again_and_the_log_says_so(tmp_path: Path) -> None:
    flaky = Recorder(failures=2)
    with pipeline_in(tmp_path, configured(route=QUICK), {"webhook": flaky}) as pipeline:
        pipeline.put([firing(host="a")])
        until(lambda: len(pipeline.deliveries()) == 2)
        sent, first = pipeline.deliveries("team")
        assert (first.outcome, first.error, first.attempts) == ("retrying", "it answered 503", 1)
        assert (sent.outcome, sent.error, sent.attempts, sent.alerts) == ("sent", "", 3, 1)
        assert pipeline.deliveries("other") == []


@pytest.mark.parametrize("step_ms", [-HOUR, HOUR])
def test_a_clock_that_is_set_ends_no_alert_and_delays_no_news(tmp_path: Path, step_ms: int) -> None:
    told, steps = Recorder(), [0]
    clock = replace(CLOCK, now_ms=lambda: now_ms() + steps[0])
    with pipeline_in(tmp_path, configured(route=QUICK), {"webhook": told}, clock) as pipeline:
        pipeline.put([alert(host="a", ends_ms=now_ms() + 60_000)])
        until(lambda: told.hosts() == ["a"])
        steps[0] = step_ms
        time.sleep(1.2)
        pipeline.put([alert(host="b", ends_ms=clock.now_ms() + 60_000)])
        until(lambda: len(told.sent) > 1)
        assert told.hosts() == ["a", "a b"]
        assert not told.sent[1].resolved


def test_a_receiver_that_refuses_is_not_tried_again_before_the_next_tick(tmp_path: Path) -> None:
    refusing = Recorder(failures=1, is_final=True)
    configuration = configured(route={"group_wait_ms": 0, "group_interval_ms": 500})
    with pipeline_in(tmp_path, configuration, {"webhook": refusing}) as pipeline:
        pipeline.put([firing(host="a")])
        until(pipeline.deliveries)
        assert pipeline.deliveries()[0].outcome == "failed"
        assert refusing.attempts == 1
        until(lambda: refusing.sent)


def test_a_defect_of_a_channel_is_a_failure_of_its_own(tmp_path: Path) -> None:
    class Defect:
        def send(self, *_: object, **__: object) -> None:
            raise ZeroDivisionError

    fine = Recorder()
    with pipeline_in(tmp_path, two_receivers(), {"email": Defect(), "webhook": fine}) as pipeline:
        pipeline.put([firing(host="a")])
        until(lambda: fine.sent and pipeline.deliveries("slow"))
        assert "ZeroDivisionError" in pipeline.deliveries("slow")[0].error
        assert pipeline.readings().failures["send"] == 1


def test_a_restart_tells_nothing_twice_and_forgets_nothing(tmp_path: Path) -> None:
    wait = configured(route={"group_wait_ms": 400, "group_interval_ms": 400})
    first, second = Recorder(), Recorder()
    with pipeline_in(tmp_path, wait, {"webhook": first}) as pipeline:
        pipeline.put([firing(host="a")])
        until(lambda: first.sent)
        kept = pipeline.put_silence(silence(equal("host", "c"), starts_ms=now_ms(), ends_ms=now_ms() + HOUR))
        pipeline.put([firing(host=host) for host in "bc"])
    with pipeline_in(tmp_path, wait, {"webhook": second}) as pipeline:
        until(lambda: second.sent)
        assert second.hosts() == ["a b"]
        assert pipeline.silences() == [kept]
        states = {view.alert.labels.get("host"): view.state for view in pipeline.alerts()}
        assert states == {"a": "active", "b": "active", "c": "suppressed"}
    third = Recorder()
    with pipeline_in(tmp_path, wait, {"webhook": third}):
        time.sleep(0.8)
        assert not third.sent


def test_a_reload_sends_what_was_cut_off_by_the_new_way(tmp_path: Path) -> None:
    away, there = Recorder(failures=1000), Recorder()
    configuration = configured(route={"group_wait_ms": 0, "group_interval_ms": HOUR})
    with pipeline_in(tmp_path, configuration, {"webhook": away}) as pipeline:
        pipeline.put([firing(host="a")])
        until(lambda: away.attempts)
        pipeline.reload(configuration, channels({"webhook": there}))
        until(lambda: there.sent)


def test_what_is_cut_off_by_a_reload_is_written_at_once_and_not_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hung, other = Recorder(), Recorder()
    hung.free.clear()
    other.free.clear()
    commits: list[Writing] = []
    save = AlertTables.save

    def counted(self: AlertTables, writing: Writing) -> None:
        commits.append(writing)
        save(self, writing)

    monkeypatch.setattr(AlertTables, "save", counted)
    each = configured(route={"group_wait_ms": 0, "group_interval_ms": HOUR, "group_by": ("host",)})
    with pipeline_in(tmp_path, each, {"webhook": hung}) as pipeline:
        pipeline.put([firing(host=f"h{number}") for number in range(300)])
        until(lambda: sum(pipeline.readings().waiting.values()) == 300 - THREADS)
        commits.clear()
        pipeline.reload(each, channels({"webhook": other}))
        assert len(commits) <= 3
        assert [one.outcome for one in pipeline.deliveries()] == ["dropped"] * 100
        hung.free.set()
        other.free.set()
        until(lambda: len(other.sent) + len(hung.sent) == 300)


def test_threads_without_work_end_and_come_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def threads() -> int:
        return sum(thread.name.startswith("notify ") for thread in threading.enumerate())

    monkeypatch.setattr(lane, "IDLE_SECONDS", 0.1)
    team = Recorder()
    with pipeline_in(tmp_path, configured(route=QUICK), {"webhook": team}) as pipeline:
        for host in "abcdef":
            pipeline.put([firing(host=host)])
            until(lambda host=host: host in " ".join(team.hosts()))  # type: ignore[misc]
            until(lambda: not threads())


def test_a_group_that_no_thread_could_tell_is_told_at_its_next_tick(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, team = threading.Thread.start, Recorder()

    def no_more(thread: threading.Thread) -> None:
        if thread.name.startswith("notify "):
            raise RuntimeError("can't start new thread")
        start(thread)

    with pipeline_in(tmp_path, configured(route=QUICK), {"webhook": team}) as pipeline:
        with monkeypatch.context() as patched:
            patched.setattr(threading.Thread, "start", no_more)
            pipeline.put([firing(host="a")])
            until(pipeline.deliveries)
        assert pipeline.deliveries()[-1].error == "no thread could be started to send it"
        until(lambda: team.hosts() == ["a"])


def test_silences_are_changed_expired_and_unknown(tmp_path: Path) -> None:
    with pipeline_in(tmp_path, configured(), {"webhook": Recorder()}) as pipeline:
        made = pipeline.put_silence(silence(equal("host", "a"), starts_ms=now_ms(), ends_ms=now_ms() + HOUR))
        other = pipeline.put_silence(replace(made, matchers=(equal("host", "b"),)))
        assert other.id != made.id
        assert pipeline.expire_silence(other.id).ends_ms <= now_ms()
        assert {each.id for each in pipeline.silences()} == {made.id, other.id}
        with pytest.raises(UnknownSilence):
            pipeline.silence("lost")


def test_alerts_are_told_while_the_disk_fails_and_a_silence_says_that_it_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise StorageUnavailable("the disk is full")

    recorder = Recorder()
    with pipeline_in(tmp_path, configured(route=QUICK), {"webhook": recorder}) as pipeline:
        with monkeypatch.context() as broken:
            broken.setattr(AlertTables, "save", fail)
            pipeline.put([firing(host="a")])
            until(lambda: recorder.sent)
            with pytest.raises(StorageUnavailable):
                pipeline.put_silence(silence(equal("host", "a"), starts_ms=now_ms(), ends_ms=now_ms() + HOUR))
            assert pipeline.silences() == []
            assert pipeline.readings().failures["save"] > 0
        pipeline.put([firing(host="b")])
        until(lambda: len(pipeline.deliveries()) == 2)
    second = Recorder()
    with pipeline_in(tmp_path, configured(route=QUICK), {"webhook": second}):
        time.sleep(0.5)
        assert not second.sent


def test_the_delivery_log_is_bounded_for_each_receiver_and_by_age(tmp_path: Path) -> None:
    recorder = Recorder()
    with pipeline_in(tmp_path, configured(route=QUICK), {"webhook": recorder}) as pipeline:
        pipeline.put([firing(host="a")])
        until(pipeline.deliveries)
        kept = pipeline._kept
        [one] = pipeline.deliveries()
        for receiver, number in (("team", MAX_DELIVERIES), ("other", 1)):
            entries = tuple(replace(one, receiver=receiver) for _ in range(number))
            kept.save(Writing(deliveries=entries))
        kept.forget_deliveries(before_ms=0, most=MAX_DELIVERIES)
        assert len(pipeline.deliveries("team", 5000)) == MAX_DELIVERIES
        assert len(pipeline.deliveries(None, 5000)) == MAX_DELIVERIES + 1
        kept.forget_deliveries(before_ms=one.time_ms + 1, most=MAX_DELIVERIES)
        assert pipeline.deliveries() == []


def test_a_thousand_alerts_that_are_heard_again_cost_no_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saves: list[object] = []
    save = AlertTables.save

    def counted(self: AlertTables, writing: Writing) -> None:
        saves.append(writing)
        save(self, writing)

    monkeypatch.setattr(AlertTables, "save", counted)
    with pipeline_in(tmp_path, configured(), {"webhook": Recorder()}) as pipeline:
        alerts = [firing(host=f"host-{number}") for number in range(1000)]
        pipeline.put(alerts)
        assert len(saves) == 1
        for start in range(0, 1000, 100):
            pipeline.put([replace(each, ends_ms=now_ms() + HOUR) for each in alerts[start : start + 100]])
        assert len(saves) == 1


def test_metrics_say_what_the_pipeline_did(tmp_path: Path) -> None:
    metrics = Metrics(version="1", python="3")
    with pipeline_in(tmp_path, configured(route=QUICK), {"webhook": Recorder(failures=1)}) as pipeline:
        metrics.watch_notifications(pipeline.readings)
        pipeline.put([firing(host="a")])
        until(lambda: len(pipeline.deliveries()) == 2)
        text = metrics.text().decode()
    way = 'integration="webhook",receiver="team"'
    for line in (
        f"fleetgauge_notifications_total{{{way}}} 1.0",
        f"fleetgauge_notification_requests_total{{{way}}} 2.0",
        f"fleetgauge_notification_requests_failed_total{{{way}}} 1.0",
        f"fleetgauge_notification_latency_seconds_count{{{way}}} 2.0",
        'fleetgauge_alerts{state="active"} 1.0',
        'fleetgauge_alerts_received_total{status="firing"} 1.0',
        "fleetgauge_notification_groups 1.0",
    ):
        assert line in text, line
