"""Real Alertmanagers get, group and resolve what we send; our webhook says what theirs says."""

import json
import re
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from alertrules.alert import Alert
from alertrules.notification import Notification
from gateway.alerting.alertmanagers import Alertmanagers, make_alertmanagers
from gateway.alerting.channels.making import make_channel
from gateway.settings import GatewaySettings
from runtime.logs import Log
from tests.gateway.alerting.receivers import PlainTemplates, integration
from tests.peers.servers import Server, Servers
from tests.peers.sink import Sink
from timeseries.labels import Labels

pytestmark = pytest.mark.peer("alertmanager")

READY = "/-/ready"
WAIT_SECONDS = 30.0

CONFIG = """\
route:
  receiver: team.x (1)
  group_by: [alertname]
  group_wait: 50ms
  group_interval: 200ms
receivers:
- name: team.x (1)
  webhook_configs:
  - url: URL
    send_resolved: true
    max_alerts: MAX
"""


class RealClock:
    def now_s(self) -> float:
        return time.time()

    def rising_s(self) -> float:
        return time.monotonic()


@contextmanager
def sending(*servers: Server) -> Iterator[Alertmanagers]:
    made = make_alertmanagers(
        GatewaySettings(alertmanager=tuple(server.url for server in servers)),
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
        made.stop(1)


def config(sink: Sink, max_alerts: int = 0) -> str:
    return CONFIG.replace("URL", f"http://{sink.address}/hook").replace("MAX", str(max_alerts))


def alert(name: str, host: str, **more: Any) -> Alert:
    now_ms = int(time.time() * 1000)
    usual: dict[str, Any] = {
        "labels": Labels({"alertname": name, "host": host, "what": "ä<&>"}),
        "annotations": Labels({"summary": f"{name} <b>&amp; \u2028", "on": host}),
        "starts_ms": now_ms - 61_500,
        "ends_ms": now_ms + 240_000,
        "generator_url": "http://gw/graph?g0.expr=up+%3D%3D+0",
    }
    return Alert(**{**usual, **more})


def soon(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not done():
        assert time.monotonic() < deadline, f"it did not happen within {WAIT_SECONDS:.0f} s"
        time.sleep(0.02)


def asked(server: Server, path: str) -> Any:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{server.url}/api/v2/{path}", timeout=5) as answer:
        return json.load(answer)


def names(server: Server) -> set[str]:
    return {each["labels"]["alertname"] for each in asked(server, "alerts")}


def bodies(sink: Sink) -> list[Any]:
    return [json.loads(request.body) for request in sink.requests.copy()]


def ours(body: Any, alerts: list[Alert], max_alerts: int) -> Any:
    """What our webhook sends for the same group."""
    by_labels = {tuple(sorted(dict(each.labels).items())): each for each in alerts}
    ordered = [by_labels[tuple(sorted(each["labels"].items()))] for each in body["alerts"]]
    ordered += [each for each in alerts if each not in ordered]
    note = Notification(
        receiver="team.x (1)",
        group_key=body["groupKey"],
        group_labels=Labels(body["groupLabels"]),
        alerts=tuple(ordered),
        now_ms=int(time.time() * 1000),
        external_url=body["externalURL"],
    )
    with Sink() as sink:
        settings = {"url": f"http://{sink.address}/hook", "max_alerts": max_alerts}
        made = make_channel(integration("webhook", settings), templates=PlainTemplates(), user_agent="x")
        made.send(note, timeout_s=10)
        return json.loads(sink.requests[0].body)


@pytest.mark.parametrize("max_alerts", [0, 1])
def test_our_webhook_says_what_a_real_alertmanager_says(servers: Servers, max_alerts: int) -> None:
    with Sink() as sink:
        server = servers.alertmanager(config(sink, max_alerts))
        with sending(server) as made:
            alerts = [alert("Disk", "a"), alert("Disk", "b")]
            made.send(alerts)
            soon(lambda: any(len(each["alerts"]) + each["truncatedAlerts"] == 2 for each in bodies(sink)))
            body = bodies(sink)[-1]
            assert ours(body, alerts, max_alerts) == body
            ended = [each.changed(ends_ms=int(time.time() * 1000)) for each in alerts]
            made.send(ended)
            soon(lambda: bodies(sink)[-1]["status"] == "resolved")
            body = bodies(sink)[-1]
            assert ours(body, ended, max_alerts) == body


def test_an_alertmanager_groups_and_resolves_what_we_send(servers: Servers) -> None:
    with Sink() as sink:
        server = servers.alertmanager(config(sink))
        with sending(server) as made:
            alerts = [alert("Disk", "a"), alert("Disk", "c"), alert("Load", "a")]
            made.send(alerts)
            soon(lambda: made.readings()[0].sent == 3)
            soon(lambda: len(asked(server, "alerts")) == 3)
            found = {each["fingerprint"]: each for each in asked(server, "alerts")}
            assert set(found) == {each.fingerprint for each in alerts}
            first = found[alerts[0].fingerprint]
            assert first["generatorURL"] == alerts[0].generator_url
            assert first["annotations"] == dict(alerts[0].annotations)
            groups = {
                each["labels"]["alertname"]: len(each["alerts"]) for each in asked(server, "alerts/groups")
            }
            assert groups == {"Disk": 2, "Load": 1}
            made.send([alerts[2].changed(ends_ms=int(time.time() * 1000))])
            soon(lambda: any(each["status"] == "resolved" for each in bodies(sink)))
            [resolved] = [each for each in bodies(sink) if each["status"] == "resolved"]
            assert resolved["groupLabels"] == {"alertname": "Load"}
            assert re.fullmatch(r"\{\}:\{alertname=.Load.\}", resolved["groupKey"])


def test_one_is_killed_and_started_again_and_the_other_notices_nothing(servers: Servers) -> None:
    with Sink() as sink:
        steady, other = servers.alertmanager(config(sink)), servers.alertmanager(config(sink))
        with sending(steady, other) as made:
            made.send([alert("First", "a")])
            soon(lambda: names(steady) == names(other) == {"First"})
            other.process.kill()
            other.process.wait()
            began = time.monotonic()
            ended = alert("Second", "a")
            made.send([ended, alert("Third", "a")])
            soon(lambda: {"Second", "Third"} <= names(steady))
            assert time.monotonic() - began < 5
            soon(lambda: made.readings()[1].failures > 0)
            # A newer state while it is down: it must never hear the old one.
            made.send([ended.changed(ends_ms=int(time.time() * 1000) - 1)])
            again = servers.again(other, READY)
            soon(lambda: "Third" in names(again))
            assert "Second" not in names(again)
            soon(lambda: made.readings()[1].waiting == 0)
            assert made.readings()[1].trouble == ""
            assert made.active() == [f"{each.url}/api/v2/alerts" for each in (steady, other)]


def test_alerts_that_an_alertmanager_refuses_do_not_stop_the_others(servers: Servers) -> None:
    with Sink() as sink:
        server = servers.alertmanager(config(sink))
        with sending(server) as made:
            bad = Alert(labels=Labels({"alertname": "Bad", "no name": "x"}), starts_ms=1, ends_ms=0)
            made.send([bad])
            soon(lambda: made.readings()[0].refused == 1)
            made.send([alert(str(number), "a") for number in range(600)])
            soon(lambda: made.readings()[0].sent == 600)
            assert len(names(server)) == 600
