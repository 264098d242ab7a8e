"""Registration and heartbeat, against a gateway on a real socket that misbehaves."""

import logging
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from exporter.reporting.messages import MAX_INTERVAL_S, MAX_TEXT, MIN_INTERVAL_S, Vitals
from exporter.reporting.reporter import GOODBYE_S, NO_GATEWAY_WAIT_S, REFUSED_WAIT_S, REQUEST_S
from tests.delivery.receiver import Reply, refusing_port
from tests.exporter.gateways import AGENT, DUTIFUL, FACTS, WELL, Reporters, bad, gateway, steps


def events(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.msg for record in caplog.records if record.name.startswith("fleetgauge")]


def test_it_registers_with_all_that_the_contract_names_and_then_sends_heartbeats(
    reporter: Reporters, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text("t0ken\n")
    with gateway() as there:
        made, clock = reporter(there.url, token_file=token)
        assert steps(made, clock, 3) == [0.0, 10.0, 10.0]
    assert there.asked == ["register", "heartbeat", "heartbeat"]
    assert {each["authorization"] for each in there.headers} == {"Bearer t0ken"}
    assert {each["user-agent"] for each in there.headers} == {"fleetgauge/test"}
    assert there.registrations == [
        {
            "agent_id": AGENT,
            "name": "web-1",
            "labels": {"env": "prod"},
            "version": "0.1",
            "pid": 4711,
            "started_at": 1_790_000_000.0,
            "system": {
                "hostname": "web-1",
                "os": "Debian GNU/Linux 12",
                "kernel": "6.1.0",
                "arch": "x86_64",
                "cpu_cores": 2,
                "memory_bytes": 4 << 30,
                "boot_time": 1_789_000_000.0,
            },
            "metrics_url": "http://web-1:9256/metrics",
            "heartbeat_interval_s": 15.0,
            "collectors": ["cpu", "meminfo"],
        }
    ]
    assert there.heartbeats[0] == {
        "pid": 4711,
        "status": "running",
        "cpu_percent": 0.51,
        "memory_bytes": 30 << 20,
        "timestamp": 1_790_000_000.0,
        "spool": {"bytes": 4096, "oldest_s": 12.3},
        "failing_collectors": [],
        "last_error": "",
    }
    state = made.reported
    assert (state.registered, state.heartbeats, state.failures) == (True, 2, 0)
    assert state.last_heartbeat_s == 1_790_000_010.0


def test_an_error_and_failing_collectors_are_told_and_cut_to_a_length(reporter: Reporters) -> None:
    ill = Vitals(
        cpu_percent=1,
        memory_bytes=1,
        spool_bytes=0,
        spool_oldest_s=0,
        failing_collectors=("nvme",),
        last_error="x" * (MAX_TEXT + 1),
    )
    with gateway() as there:
        made, clock = reporter(there.url, vitals=lambda: ill)
        steps(made, clock, 2)
    [told] = there.heartbeats
    assert (told["status"], told["failing_collectors"]) == ("error", ["nvme"])
    assert told["last_error"] == "x" * MAX_TEXT


@pytest.mark.parametrize(
    ("asked", "used"),
    [
        (5, 5.0),
        (0.01, MIN_INTERVAL_S),
        pytest.param(10**400, MAX_INTERVAL_S, id="huge"),
        (0, 15.0),
        (-3, 15.0),
        ("5", 15.0),
        (True, 15.0),
        (None, 15.0),
        (float("nan"), 15.0),
        (float("inf"), MAX_INTERVAL_S),
    ],
)
def test_the_gateways_interval_wins_within_bounds(reporter: Reporters, asked: float, used: float) -> None:
    with gateway(interval_s=asked) as there:
        made, clock = reporter(there.url)
        assert steps(made, clock, 2) == [0.0, used]


@pytest.mark.parametrize(("set_to", "used"), [(0.0, MIN_INTERVAL_S), (86_400.0, MAX_INTERVAL_S)])
def test_so_does_what_the_settings_say(reporter: Reporters, set_to: float, used: float) -> None:
    with gateway(interval_s=0) as there:
        made, clock = reporter(there.url, interval_s=set_to)
        assert steps(made, clock, 2) == [0.0, used]


def test_heartbeats_keep_their_beat_when_one_takes_long(reporter: Reporters) -> None:
    with gateway() as there:
        made, clock = reporter(there.url)
        steps(made, clock, 1)

        def slowly() -> Vitals:
            clock.seconds += 3
            return WELL

        made.vitals = slowly
        assert steps(made, clock, 1) == [7.0]


def test_a_gateway_that_is_down_at_start_is_found_once_it_is_there(
    reporter: Reporters, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    port = refusing_port()
    made, clock = reporter(f"http://127.0.0.1:{port}")
    waits = steps(made, clock, 12)
    assert waits[:3] == [0.03, 0.06, 0.12]
    assert waits[-1] == 5.0
    assert "ConnectionRefusedError" in made.reported.last_error
    assert made.reported.registered is False
    with gateway(port=port):
        assert steps(made, clock, 2) == [0.0, 10.0]
    assert made.reported.last_error == ""
    assert events(caplog) == ["reporting.failed", "reporting.recovered", "reporting.registered"]


def test_a_gateway_that_dies_and_comes_back_gets_heartbeats_again(
    reporter: Reporters, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    # The first of each two is the kept connection, the second a new one.
    with gateway(DUTIFUL, DUTIFUL, *[Reply(status=0)] * 6) as there:
        made, clock = reporter(there.url)
        waits = steps(made, clock, 8)
    assert waits[:2] == [0.0, 10.0]
    assert all(wait <= 10 for wait in waits)
    assert there.asked[-1] == "heartbeat"
    assert len(there.heartbeats) >= 2
    assert events(caplog) == ["reporting.registered", "reporting.failed", "reporting.recovered"]


def test_an_agent_that_was_forgotten_registers_anew_at_once(reporter: Reporters) -> None:
    with gateway() as there:
        made, clock = reporter(there.url)
        steps(made, clock, 2)
        there.known.clear()
        assert steps(made, clock, 3) == [0.0, 0.0, 10.0]
    assert there.asked == ["register", "heartbeat", "heartbeat", "register", "heartbeat"]
    assert made.reported.registrations == 2


def test_a_gateway_that_forgets_at_once_is_not_asked_without_a_pause(reporter: Reporters) -> None:
    with gateway() as there:
        made, clock = reporter(there.url)
        waits = []
        for _ in range(10):
            waits += steps(made, clock, 1)
            there.known.clear()
    assert waits == [0.0, 10.0] * 5


def test_a_receiver_without_a_list_of_agents_is_asked_every_few_minutes(
    reporter: Reporters, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with gateway(has_agents=False) as there:
        made, clock = reporter(there.url)
        assert steps(made, clock, 3) == [NO_GATEWAY_WAIT_S] * 3
        there.has_agents = True
        assert steps(made, clock, 2) == [0.0, 10.0]
    assert events(caplog) == ["reporting.failed", "reporting.recovered", "reporting.registered"]


@pytest.mark.parametrize("status", [401, 403, 407])
def test_a_refused_token_is_logged_once_and_tried_slowly(
    reporter: Reporters, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with gateway(*[bad(status, b"token unknown")] * 3) as there:
        made, clock = reporter(there.url)
        assert steps(made, clock, 3) == [REFUSED_WAIT_S] * 3
        assert made.reported.last_error == f"{status}: token unknown"
        assert steps(made, clock, 2) == [0.0, 10.0]
    assert events(caplog) == ["reporting.failed", "reporting.recovered", "reporting.registered"]


@pytest.mark.parametrize("status", [400, 409, 413, 422])
def test_a_heartbeat_that_is_refused_leaves_the_agent_registered(reporter: Reporters, status: int) -> None:
    with gateway(DUTIFUL, bad(status, b"too large")) as there:
        made, clock = reporter(there.url)
        assert steps(made, clock, 3) == [0.0, REFUSED_WAIT_S, 10.0]
    assert there.asked == ["register", "heartbeat", "heartbeat"]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_trouble_of_the_gateway_is_waited_out_with_growing_waits(reporter: Reporters, status: int) -> None:
    with gateway(*[bad(status)] * 3) as there:
        made, clock = reporter(there.url)
        assert steps(made, clock, 5) == [0.03, 0.06, 0.12, 0.0, 10.0]
    assert made.reported.failures == 3


@pytest.mark.parametrize("status", [429, 503, 413, 401])
@pytest.mark.parametrize(("asked", "waited"), [("7", 7.0), ("99999", MAX_INTERVAL_S)])
def test_retry_after_is_honoured_within_bounds(
    reporter: Reporters, status: int, asked: str, waited: float
) -> None:
    with gateway(bad(status, Retry_After=asked)) as there:
        made, clock = reporter(there.url)
        assert steps(made, clock, 1) == [waited]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Welcome to the hotel</html>",
        b"[" * 100_000,
        b"\xff\xfe",
        b"null",
        b"[1]",
        b'"text"',
        b'{"agent_id": "another", "heartbeat_interval_s": 1}',
        b'{"status":"success","data":[]}',
        b"x" * 1_000_000,
    ],
)
def test_what_answers_without_sense_is_no_gateway(reporter: Reporters, body: bytes) -> None:
    with gateway(bad(200, body), bad(200, body)) as there:
        made, clock = reporter(there.url)
        assert steps(made, clock, 2) == [REFUSED_WAIT_S] * 2
        assert made.reported.registered is False
        assert steps(made, clock, 2) == [0.0, 10.0]


def test_an_answer_without_an_envelope_is_understood_too(reporter: Reporters) -> None:
    with gateway(bad(200, b'{"agent_id": "agent-0001", "heartbeat_interval_s": 20}')) as there:
        made, clock = reporter(there.url)
        assert steps(made, clock, 1) == [0.0]
        assert made.reported.interval_s == 20


def test_garbage_in_answer_to_a_heartbeat_does_no_harm(reporter: Reporters) -> None:
    with gateway(DUTIFUL, bad(200, b"\x00garbage"), bad(204, b"")) as there:
        made, clock = reporter(there.url)
        assert steps(made, clock, 3) == [0.0, 10.0, 10.0]


def test_an_error_of_1_mb_is_survived_and_remembered_in_short(reporter: Reporters) -> None:
    with gateway(bad(500, b"x" * 1_000_000), bad(403, b"y" * 1_000_000)) as there:
        made, clock = reporter(there.url)
        steps(made, clock, 2)
        assert made.reported.last_error == ("403: " + "y" * MAX_TEXT)[:MAX_TEXT]
        assert steps(made, clock, 2) == [0.0, 10.0]


def test_a_redirect_is_not_followed_and_says_where_the_gateway_is(reporter: Reporters) -> None:
    with gateway(bad(301, Location="https://elsewhere/")) as there:
        made, clock = reporter(there.url)
        assert steps(made, clock, 1) == [REFUSED_WAIT_S]
    assert made.reported.last_error == "301: the gateway is elsewhere: https://elsewhere/"
    assert there.asked == ["register"]


def test_a_gateway_that_hangs_runs_into_the_time_out(reporter: Reporters) -> None:
    with gateway(Reply(status=200, drip_s=2.0)) as there:
        made, _ = reporter(there.url, timeout_s=0.2)
        begun = time.monotonic()
        assert made.step() == 0.03
        assert time.monotonic() - begun < 1.5
    assert "TimeoutError" in made.reported.last_error


@pytest.mark.parametrize("url", ["http://nowhere.invalid", "http://[::1]:1", "https://127.0.0.1:1"])
def test_bad_names_and_dead_ports_are_failures_that_wait(reporter: Reporters, url: str) -> None:
    made, clock = reporter(url)
    assert steps(made, clock, 2) == [0.03, 0.06]
    assert made.reported.last_error


def test_a_token_file_that_is_not_there_is_a_failure_that_waits(reporter: Reporters, tmp_path: Path) -> None:
    with gateway() as there:
        made, clock = reporter(there.url, token_file=tmp_path / "absent")
        assert steps(made, clock, 1) == [0.03]
    assert "absent" in made.reported.last_error


def test_flapping_between_failures_of_one_kind_is_logged_once(
    reporter: Reporters, caplog: pytest.LogCaptureFixture
) -> None:
    with gateway(*[bad(502), bad(503), bad(500, b"other")] * 3) as there:
        made, clock = reporter(there.url)
        steps(made, clock, 9)
    assert events(caplog) == ["reporting.failed"]


def test_changed_facts_are_told_by_registering_anew(reporter: Reporters) -> None:
    facts = [FACTS]
    with gateway() as there:
        made, clock = reporter(there.url, facts=lambda: facts[0])
        steps(made, clock, 2)
        facts[0] = replace(FACTS, collectors=("cpu",))
        made.announce()
        steps(made, clock, 2)
    assert [each["collectors"] for each in there.registrations] == [["cpu", "meminfo"], ["cpu"]]


def test_it_says_goodbye_when_it_is_stopped(reporter: Reporters) -> None:
    with gateway() as there:
        made, clock = reporter(there.url)
        stop = iter([False, False, True])
        made.run(lambda: next(stop), clock.sleep)
    assert [each["status"] for each in there.heartbeats] == ["running", "stopping"]


def test_nobody_says_goodbye_who_never_said_hello(reporter: Reporters) -> None:
    with gateway() as there:
        made, clock = reporter(there.url)
        made.run(lambda: True, clock.sleep)
    assert there.asked == []


def test_a_goodbye_that_nobody_answers_takes_no_longer_than_it_may(reporter: Reporters) -> None:
    with gateway(DUTIFUL, DUTIFUL, *[Reply(status=200, drip_s=3.0)] * 2) as there:
        made, clock = reporter(there.url)
        steps(made, clock, 2)
        begun = time.monotonic()
        assert made.goodbye(0.3) is False
        assert time.monotonic() - begun < 1.5


def test_a_stop_during_a_request_that_hangs_ends_within_5_s(
    reporter: Reporters, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert REQUEST_S + GOODBYE_S < 5
    monkeypatch.setattr("exporter.reporting.reporter.REQUEST_S", 0.3)
    monkeypatch.setattr("exporter.reporting.reporter.GOODBYE_S", 0.2)
    with gateway(DUTIFUL, *[Reply(status=200, drip_s=6.0)] * 3) as there:
        made, _ = reporter(there.url)
        stopped = threading.Event()
        thread = threading.Thread(target=made.run, args=[stopped.is_set, stopped.wait], daemon=True)
        thread.start()
        while len(there.asked) < 2:
            time.sleep(0.01)
        begun = time.monotonic()
        stopped.set()
        thread.join(5)
        assert not thread.is_alive()
        assert time.monotonic() - begun < 1.0
