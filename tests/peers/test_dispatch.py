"""The same alerts and silences to a real Alertmanager and to our pipeline: the same notifications."""

import json
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
import requests

from alertrules.alert import Alert
from alertrules.notification import Notification
from alertrules.routing.loading import load_configuration
from gateway.alerting.pipeline import Pipeline
from runtime.documents import parse_document
from tests.alertrules.routing.dispatching import equal, silence
from tests.gateway.alerting.parts import now_ms, pipeline_in
from tests.peers.servers import Server, Servers
from tests.peers.sink import Sink
from timeseries.labels import Labels

HOUR_MS: Final = 3_600_000
# Ticks are a second apart from what happens; a busy machine is late by less.
LATE_S: Final = 0.8

CONFIG: Final = """
global:
  resolve_timeout: 4s
route:
  receiver: plain
  group_by: [alertname]
  group_wait: 1s
  group_interval: 2s
  repeat_interval: 1h
  routes:
  - matchers: [case="all"]
    group_by: ['...']
  - matchers: [case="quiet"]
    receiver: quiet
  - matchers: [case="repeat"]
    receiver: repeat
    repeat_interval: 3s
  - matchers: [case="twice", host=~"a|b"]
    receiver: other
    group_by: [case, host]
    continue: true
  - matchers: [case="twice"]
    group_by: []
  - matchers: [case="muted"]
    mute_time_intervals: [always]
  - matchers: [case="off"]
    active_time_intervals: [never]
  - matchers: [case="both"]
    receiver: both
inhibit_rules:
- source_matchers: [alertname="Dead"]
  target_matchers: [alertname="Slow"]
  equal: [host]
time_intervals:
- name: always
  time_intervals: [{}]
- name: never
  time_intervals: [{years: ['1990']}]
receivers:
- name: plain
  webhook_configs: [{url: 'URL'}]
- name: quiet
  webhook_configs: [{url: 'URL', send_resolved: false}]
- name: repeat
  webhook_configs: [{url: 'URL'}]
- name: other
  webhook_configs: [{url: 'URL'}]
- name: both
  webhook_configs: [{url: 'URL'}, {url: 'URL', send_resolved: false}]
"""

FIRES, ENDS, UNTIL_TIMEOUT, LONG_SINCE, SILENCE, EXPIRE = (
    "fires",
    "ends",
    "no end",
    "old",
    "silence",
    "expire",
)


def of(case: str, name: str = "Down", **labels: str) -> dict[str, str]:
    return {"alertname": name, "case": case, **labels}


# Seconds from the start, what happens, to which alerts. Ticks are at 1, 3, 5 …; those of what is old, at
# 2, 4, 6 …
STORY: Final[Sequence[tuple[float, str, Sequence[dict[str, str]]]]] = (
    (0.0, SILENCE, [of("silenced", host="a")]),
    (
        0.2,
        FIRES,
        [
            *(of("plain", host=host, job=job) for host, job in (("b", "y"), ("a", "z"), ("c", ""))),
            of("plain", instance="9", job="y"),
            *(of(case, host=host) for case in ("all", "twice", "quiet", "both") for host in "abc"),
            *(of(case, host="a") for case in ("repeat", "muted", "off", "brief")),
            *(of("silenced", host=host) for host in "ab"),
            of("inhibited", "Dead", host="a"),
            *(of("inhibited", "Slow", host=host) for host in "ab"),
        ],
    ),
    (0.2, UNTIL_TIMEOUT, [of("timeout", "Lost", host="a")]),
    (0.6, ENDS, [of("brief", host="a")]),
    (0.7, FIRES, [of("plain", "Down", host="late")]),
    (2.0, FIRES, [of("plain", host="d"), of("quiet", host="d")]),
    (2.1, LONG_SINCE, [of("old", "Old", host="a")]),
    (2.2, ENDS, [*(of(case, host="a") for case in ("plain", "all", "twice", "both", "quiet"))]),
    (4.1, ENDS, [*(of(case, host=host) for case in ("quiet", "both") for host in "bcd")]),
    (4.1, ENDS, [of("inhibited", "Dead", host="a"), of("silenced", host="a")]),
    (4.1, FIRES, [of("all", host="a"), of("silenced", host="c")]),
    (6.1, FIRES, [of("quiet", host="b"), of("both", host="a")]),
    (6.2, EXPIRE, []),
    (6.3, FIRES, [of("silenced", host="a")]),
    (6.4, ENDS, [of("repeat", host="a"), of("twice", host="b"), of("twice", host="c")]),
)
END_S: Final = 9.7


@dataclass(frozen=True, slots=True)
class Told:
    """One notification, and when it came, in seconds from the start."""

    at_s: float
    status: str
    alerts: tuple[tuple[str, dict[str, str]], ...]

    def says(self) -> tuple[str, tuple[tuple[str, dict[str, str]], ...]]:
        return self.status, self.alerts


@dataclass
class Heard:
    """What came, by group and receiver."""

    began: float = field(default_factory=time.monotonic)
    told: defaultdict[tuple[str, str], list[Told]] = field(default_factory=lambda: defaultdict(list))

    def add(
        self, receiver: str, group_key: str, status: str, alerts: list[tuple[str, dict[str, str]]]
    ) -> None:
        at_s = time.monotonic() - self.began
        self.told[receiver, group_key].append(Told(at_s, status, tuple(alerts)))


class Ours:
    """A channel that hears for us."""

    def __init__(self, heard: Heard) -> None:
        self._heard = heard

    def send(self, notification: Notification, *, timeout_s: float) -> None:
        del timeout_s
        alerts = [(each.status(notification.now_ms), dict(each.labels)) for each in notification.alerts]
        self._heard.add(notification.receiver, notification.group_key, notification.status, alerts)


class Theirs(threading.Thread):
    """Hears what a sink was posted, as it comes."""

    def __init__(self, sink: Sink, heard: Heard) -> None:
        super().__init__(daemon=True)
        self._sink = sink
        self._heard = heard
        self.is_over = threading.Event()

    def run(self) -> None:
        number = 0
        while not self.is_over.wait(0.02):
            for request in self._sink.requests[number:]:
                number += 1
                said = json.loads(request.body)
                alerts = [(each["status"], each["labels"]) for each in said["alerts"]]
                self._heard.add(said["receiver"], said["groupKey"], said["status"], alerts)


class Both:
    """Does the same to both."""

    def __init__(self, server: Server, pipeline: Pipeline) -> None:
        self._api = f"{server.url}/api/v2"
        self._pipeline = pipeline
        self._starts: dict[Labels, int] = {}
        self._silences: list[tuple[str, str]] = []

    def do(self, what: str, alerts: Sequence[dict[str, str]]) -> None:
        if what == SILENCE:
            self._silence(alerts[0])
        elif what == EXPIRE:
            for theirs, ours in self._silences:
                requests.delete(f"{self._api}/silence/{theirs}", timeout=5).raise_for_status()
                self._pipeline.expire_silence(ours)
        else:
            self._put([self._alert(what, labels) for labels in alerts])

    def _alert(self, what: str, labels: dict[str, str]) -> Alert:
        given, now = Labels(labels), now_ms()
        if what in (FIRES, LONG_SINCE):
            self._starts[given] = now - (60_000 if what == LONG_SINCE else 0)
        ends_ms = {FIRES: now + HOUR_MS, LONG_SINCE: now + HOUR_MS, ENDS: now, UNTIL_TIMEOUT: 0}[what]
        return Alert(labels=given, starts_ms=self._starts.get(given, now), ends_ms=ends_ms)

    def _put(self, alerts: Sequence[Alert]) -> None:
        posted: list[dict[str, Any]] = []
        for each in alerts:
            times = {"startsAt": written(each.starts_ms)}
            if each.ends_ms:
                times["endsAt"] = written(each.ends_ms)
            posted.append({"labels": dict(each.labels), **times})
        requests.post(f"{self._api}/alerts", json=posted, timeout=5).raise_for_status()
        self._pipeline.put(alerts)

    def _silence(self, labels: dict[str, str]) -> None:
        starts_ms, ends_ms = now_ms(), now_ms() + HOUR_MS
        matchers = [
            {"name": name, "value": value, "isRegex": False, "isEqual": True}
            for name, value in labels.items()
        ]
        times = {"startsAt": written(starts_ms), "endsAt": written(ends_ms)}
        body = {"matchers": matchers, "createdBy": "me", "comment": "work", **times}
        answer = requests.post(f"{self._api}/silences", json=body, timeout=5)
        answer.raise_for_status()
        wanted = silence(*(equal(*pair) for pair in labels.items()), starts_ms=starts_ms, ends_ms=ends_ms)
        self._silences.append((answer.json()["silenceID"], self._pipeline.put_silence(wanted).id))


def written(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).isoformat()


@pytest.mark.peer("alertmanager")
def test_receivers_are_told_what_alertmanager_tells_them(servers: Servers, tmp_path: Path) -> None:
    with Sink() as sink:
        config = CONFIG.replace("URL", sink.url)
        server = servers.alertmanager(config)
        configuration = load_configuration(parse_document(config, "alertmanager.yml"), "alertmanager.yml")
        ours, theirs = Heard(), Heard()
        listener = Theirs(sink, theirs)
        with pipeline_in(tmp_path / "data", configuration, {"webhook": Ours(ours)}) as pipeline:
            both = Both(server, pipeline)
            began = ours.began = theirs.began = time.monotonic()
            listener.start()
            for at_s, what, alerts in STORY:
                time.sleep(max(0.0, began + at_s - time.monotonic()))
                both.do(what, alerts)
            time.sleep(began + END_S - time.monotonic())
            compare_listed(server, pipeline)
            listener.is_over.set()
            listener.join()
    compare(ours, theirs)


def compare(ours: Heard, theirs: Heard) -> None:
    assert len(theirs.told) > 12
    assert {key: [each.says() for each in told] for key, told in ours.told.items()} == {
        key: [each.says() for each in told] for key, told in theirs.told.items()
    }
    for key, told in theirs.told.items():
        for mine, other in zip(ours.told[key], told, strict=True):
            assert abs(mine.at_s - other.at_s) < LATE_S, (key, mine, other)


def compare_listed(server: Server, pipeline: Pipeline) -> None:
    listed = requests.get(f"{server.url}/api/v2/alerts", timeout=5).json()
    assert {
        each["fingerprint"]: (
            each["status"]["state"],
            len(each["status"]["silencedBy"]),
            each["status"]["inhibitedBy"],
            sorted(receiver["name"] for receiver in each["receivers"]),
        )
        for each in listed
    } == {
        view.fingerprint: (view.state, len(view.silenced_by), list(view.inhibited_by), sorted(view.receivers))
        for view in pipeline.alerts()
    }
    groups = requests.get(f"{server.url}/api/v2/alerts/groups", timeout=5).json()
    theirs = [
        (group["receiver"]["name"], group["labels"], sorted(each["fingerprint"] for each in group["alerts"]))
        for group in groups
    ]
    ours = [
        (group.receiver, dict(group.labels), sorted(view.fingerprint for view in group.alerts))
        for group in pipeline.groups()
    ]
    assert [group[:2] for group in ours] == [group[:2] for group in theirs]
    # Groups of different routes with the same labels and receiver come in any order.
    assert sorted(ours, key=str) == sorted(theirs, key=str)
