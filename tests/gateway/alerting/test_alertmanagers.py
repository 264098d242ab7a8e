"""Sending to servers on loopback that answer what a script says; tests/peers has real Alertmanagers."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from alertrules.alert import Alert
from delivery.settings import RelabelRule
from gateway.alerting import alertmanagers as module
from gateway.alerting.alertmanagers import MAX_BATCH, Alertmanagers, make_alertmanagers
from gateway.settings import Alertmanager, GatewaySettings
from runtime.logs import Log
from runtime.values import LabelPair, Pattern
from tests.delivery.receiver import Receiver, Reply, receiving, refusing_port
from timeseries.labels import Labels

OK = Reply(status=200)


class RealClock:
    def now_s(self) -> float:
        return time.time()

    def rising_s(self) -> float:
        return time.monotonic()


@contextmanager
def sending(**settings: Any) -> Iterator[Alertmanagers]:
    made = make_alertmanagers(
        GatewaySettings(**settings),
        environment={},
        clock=RealClock(),
        chance=lambda: 0.5,
        user_agent="Fleetgauge/1",
        log=Log("alerting"),
    )
    made.start()
    try:
        yield made
    finally:
        made.stop(0)


def to(*receivers: Receiver, **more: Any) -> Any:
    return sending(alertmanager=tuple(base(each) for each in receivers), **more)


def base(receiver: Receiver) -> str:
    return receiver.url.removesuffix("/api/v1/write")


def firing(*names: str, **labels: str) -> list[Alert]:
    now_ms = int(time.time() * 1000)
    return [
        Alert(
            labels=Labels({"alertname": name, **labels}),
            annotations=Labels({"summary": "s"}),
            starts_ms=now_ms - 5_000,
            ends_ms=now_ms + 240_000,
            generator_url="http://gw/graph",
        )
        for name in names
    ]


def soon(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not done():
        assert time.monotonic() < deadline, "it did not happen within 10 s"
        time.sleep(0.01)


def told(receiver: Receiver) -> list[str]:
    return [alert["labels"]["alertname"] for body in receiver.bodies for alert in json.loads(body)]


def test_alerts_are_posted_as_the_api_wants_them() -> None:
    with receiving(OK) as receiver, to(receiver) as made:
        [alert] = firing("A")
        made.send([alert])
        soon(lambda: made.readings()[0].sent == 1)
    [got] = receiver.got
    [body] = json.loads(got.body)
    assert (got.path, got.headers["content-type"]) == ("/api/v2/alerts", "application/json")
    assert set(body) == {"labels", "annotations", "startsAt", "endsAt", "generatorURL"}
    assert body["labels"] == {"alertname": "A"}


def test_external_labels_fill_only_what_is_not_set() -> None:
    pairs = (LabelPair(name="site", value="fra"), LabelPair(name="host", value="none"))
    with receiving(OK) as receiver, to(receiver, external_labels=pairs) as made:
        made.send(firing("A", host="db-1"))
        soon(lambda: bool(receiver.got))
    assert json.loads(receiver.bodies[0])[0]["labels"] == {"alertname": "A", "host": "db-1", "site": "fra"}


@pytest.mark.parametrize(("count", "sizes"), [(MAX_BATCH, [256]), (MAX_BATCH + 1, [256, 1])])
def test_a_request_has_so_many_alerts_at_most(count: int, sizes: list[int]) -> None:
    with receiving(*[OK] * 9) as receiver, to(receiver) as made:
        made.send(firing(*map(str, range(count))))
        soon(lambda: made.readings()[0].sent == count)
    assert [len(json.loads(body)) for body in receiver.bodies] == sizes


def test_one_that_is_down_or_slow_holds_up_no_other() -> None:
    down = f"http://127.0.0.1:{refusing_port()}"
    with (
        receiving(Reply(drip_s=5)) as slow,
        receiving(*[OK] * 20) as good,
        sending(alertmanager=(down, base(slow), base(good))) as made,
    ):
        for number in range(10):
            made.send(firing(f"A{number}"))
        soon(lambda: len(told(good)) == 10)
        assert made.readings()[0].failures > 0
        assert made.readings()[0].waiting == 10
        assert made.readings()[1].sent == 0


def test_a_newer_state_takes_the_place_of_what_could_not_be_sent() -> None:
    with receiving(*[Reply(status=503)] * 3) as receiver, to(receiver) as made:
        [alert] = firing("A")
        made.send([alert])
        soon(lambda: made.readings()[0].failures > 0)
        made.send([alert.changed(ends_ms=int(time.time() * 1000) - 1)])
        soon(lambda: made.readings()[0].sent == 1 and made.readings()[0].waiting == 0)
        time.sleep(0.1)
    ends = [json.loads(body)[0]["endsAt"] for body in receiver.bodies]
    last = ends.index(ends[-1])
    assert set(ends[last:]) == {ends[-1]}, "an old state came after a new one"
    assert len(set(ends)) == 2


def test_what_is_no_longer_true_is_not_sent_late() -> None:
    with receiving(*[Reply(status=500)] * 100) as receiver, to(receiver) as made:
        [alert] = firing("A")
        made.send([alert.changed(ends_ms=int(time.time() * 1000) + 150)])
        soon(lambda: made.readings()[0].dropped["expired"] == 1)
        count = len(receiver.got)
        time.sleep(0.1)
        assert len(receiver.got) == count


def test_a_refusal_is_counted_and_the_next_go_on() -> None:
    with receiving(Reply(status=400, body=b"bad labels"), OK) as receiver, to(receiver) as made:
        made.send(firing("A"))
        soon(lambda: made.readings()[0].refused == 1)
        assert made.readings()[0].trouble == "400 bad labels"
        made.send(firing("B"))
        soon(lambda: made.readings()[0].sent == 1)
        assert (made.readings()[0].trouble, told(receiver)) == ("", ["A", "B"])


def test_a_request_that_is_too_large_is_halved() -> None:
    with receiving(Reply(status=413), *[OK] * 5) as receiver, to(receiver) as made:
        made.send(firing(*"abcd"))
        soon(lambda: made.readings()[0].sent == 4)
    assert [len(json.loads(body)) for body in receiver.bodies] == [4, 2, 2]


def test_one_alert_that_is_too_large_is_refused() -> None:
    with receiving(Reply(status=413), OK) as receiver, to(receiver) as made:
        made.send(firing("A"))
        soon(lambda: made.readings()[0].refused == 1)


def test_rules_change_and_drop_alerts() -> None:
    rules = (
        RelabelRule(source_labels=("severity",), regex=Pattern.parse("info"), action="drop"),
        RelabelRule(regex=Pattern.parse("replica"), action="labeldrop"),
    )
    with receiving(OK) as receiver:
        block = Alertmanager(url=base(receiver), alert_relabel_configs=rules)
        with sending(alertmanagers=(block,)) as made:
            made.send([*firing("A", replica="1"), *firing("B", severity="info")])
            soon(lambda: made.readings()[0].sent == 1)
            assert made.readings()[0].left_out == 1
    assert json.loads(receiver.bodies[0])[0]["labels"] == {"alertname": "A"}


def test_what_waits_at_the_end_is_still_sent() -> None:
    with receiving(*[OK] * 9) as receiver, to(receiver) as made:
        made.send(firing(*map(str, range(600))))
        made.stop(5)
    assert len(told(receiver)) == 600


def test_the_end_does_not_wait_for_who_is_down() -> None:
    with receiving(Reply(drip_s=20)) as slow, sending(alertmanager=(base(slow),)) as made:
        made.send(firing("A"))
        soon(lambda: bool(slow.got))
        began = time.monotonic()
        made.stop(0.3)
        assert time.monotonic() - began < 2


def test_a_file_adds_and_removes_alertmanagers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_S", 0.02)
    file = tmp_path / "am.json"
    with receiving(*[OK] * 9) as first, receiving(*[OK] * 9) as second:
        file.write_text(json.dumps([{"targets": [base(first)]}]))
        with sending(alertmanager_file_sd=str(file)) as made:
            made.send(firing("A"))
            soon(lambda: told(first) == ["A"])
            file.write_text("[{")
            time.sleep(0.1)
            assert len(made.active()) == 1
            file.write_text(json.dumps([{"targets": [base(second), "x:99999"]}]))
            soon(lambda: made.active() == [f"{base(second)}/api/v2/alerts"])
            assert made.dropped() == ["http://x:99999/api/v2/alerts"]
            made.send(firing("B"))
            soon(lambda: told(second) == ["B"])
        assert told(first) == ["A"]


def test_a_file_that_is_not_there_yet_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_S", 0.02)
    file = tmp_path / "later.yml"
    with receiving(OK) as receiver, sending(alertmanager_file_sd=str(file)) as made:
        assert made.active() == []
        file.write_text(f"[{{targets: ['{base(receiver)}']}}]")
        soon(lambda: len(made.active()) == 1)


def test_nobody_to_tell_is_no_failure() -> None:
    with sending() as made:
        made.send(firing("A"))
        assert (made.active(), made.dropped(), made.readings()) == ([], [], [])


def test_after_the_end_nothing_begins() -> None:
    with receiving(OK) as receiver, to(receiver) as made:
        made.stop(1)
        late = make_alertmanagers(
            GatewaySettings(alertmanager=(base(receiver),)),
            environment={},
            clock=RealClock(),
            chance=lambda: 0.5,
            user_agent="x",
            log=Log("alerting"),
        )
        late.stop(0)
        late.start()
        assert late.active() == []
