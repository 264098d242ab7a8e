"""Rules in a whole gateway: alerts fire and end, series are recorded, people edit rules."""

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from falcon.testing import TestClient

from gateway.app import Gateway
from remotewrite.decode.batch import Batch, SampleColumns
from runtime.errors import SettingsError
from runtime.settings import changed
from tests.gateway.whole import whole
from timeseries.labels import Labels

RULES = """
groups:
- name: disks
  interval: 50ms
  rules:
  - record: disk:twice
    expr: disk * 2
    labels: {made: here}
  - alert: DiskFull
    expr: disk:twice > 10
    labels: {severity: page}
    annotations: {summary: '{{ $labels.host }} is at {{ $value }}'}
- name: slow
  interval: 1h
  rules:
  - alert: Waits
    expr: disk > 0
    for: 1h
    keep_firing_for: 1m
"""


class Fleet:
    """A gateway, and what one does with it."""

    def __init__(self, gateway: Gateway, rules: Path) -> None:
        self.gateway = gateway
        self.client = TestClient(gateway.application)
        self.rules = rules

    def write(self, name: str, value: float, **labels: str) -> None:
        """Write a sample of now."""
        store = self.gateway._store
        ref = store.register(Labels({"__name__": name, **labels}))
        columns = SampleColumns(
            refs=np.array([ref], np.int64),
            times=np.array([time.time_ns() // 1_000_000], np.int64),
            values=np.array([value], np.float64),
            starts=np.zeros(1, np.int64),
        )
        store.commit(Batch(samples=columns))

    def get(self, path: str) -> Any:
        """Return what a good answer holds."""
        answer = self.client.simulate_get(f"/api/v1/{path}")
        assert answer.status_code == 200, answer.text
        return answer.json["data"]

    def send(self, method: str, path: str, body: object) -> Any:
        """Send a JSON body."""
        return self.client.simulate_request(
            method,
            f"/api/v1/{path}",
            body=json.dumps(body),
            headers={"Content-Type": "application/json"},
        )

    def alerts(self) -> dict[str, str]:
        """The alerts there are: what they say, and how they are."""
        return {one["annotations"].get("summary", ""): one["state"] for one in self.get("alerts")["alerts"]}

    def value(self, query: str) -> list[str]:
        """What a query finds."""
        return [one["value"][1] for one in self.get(f"query?query={query}")["result"]]

    def reload(self) -> None:
        """Take the rule files anew."""
        assert not self.gateway._current.reload()


@contextmanager
def fleet(directory: Path, rules: str = RULES) -> Iterator[Fleet]:
    file = directory / "rules.yml"
    if not file.exists():
        file.write_text(rules)
    with whole(directory / "data", rules=(str(directory / "rules*.yml"),)) as gateway:
        yield Fleet(gateway, file)


def until(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_an_alert_fires_and_ends_and_what_is_recorded_is_there(tmp_path: Path) -> None:
    with fleet(tmp_path) as made:
        made.write("disk", 7, host="a")
        until(lambda: made.alerts() == {"a is at 14": "firing"})
        assert made.value("disk:twice{made='here',host='a'}") == ["14"]
        until(lambda: made.value("ALERTS{alertname='DiskFull',alertstate='firing',severity='page'}") == ["1"])
        [group] = made.get("rules?rule_group[]=disks")["groups"]
        assert [rule["health"] for rule in group["rules"]] == ["ok", "ok"]
        assert (group["interval"], group["file"], group["rules"][1]["state"]) == (
            0.05,
            str(made.rules),
            "firing",
        )
        assert made.get("metadata?metric=ALERTS")["ALERTS"][0]["type"] == "gauge"
        made.write("disk", 1, host="a")
        until(lambda: made.alerts() == {})
        until(lambda: made.value("ALERTS") == [])
        text = made.client.simulate_get("/metrics").text
        assert f'fleetgauge_rule_evaluations_total{{rule_group="{made.rules};disks"}}' in text
        assert re.search(r"^fleetgauge_rule_alerts_handed_total [1-9]", text, re.MULTILINE)


def test_before_the_first_time_nothing_is_known(tmp_path: Path) -> None:
    with fleet(tmp_path) as made:
        [group] = made.get("rules?rule_group[]=slow")["groups"]
        [rule] = group["rules"]
        assert (rule["state"], rule["health"], rule["lastEvaluation"]) == (
            "unknown",
            "unknown",
            "0001-01-01T00:00:00Z",
        )
        assert (rule["duration"], rule["keepFiringFor"], rule["type"]) == (3600, 60, "alerting")


def test_a_reload_keeps_states_and_ends_what_is_gone(tmp_path: Path) -> None:
    with fleet(tmp_path) as made:
        made.write("disk", 7, host="a")
        until(lambda: made.alerts() == {"a is at 14": "firing"})
        [before] = made.get("alerts")["alerts"]
        made.rules.write_text(RULES.replace("is at", "has"))
        made.reload()
        until(lambda: made.alerts() == {"a has 14": "firing"})
        assert made.get("alerts")["alerts"][0]["activeAt"] == before["activeAt"]
        # Another group, in another file: the series of the first end, and the second goes on.
        (tmp_path / "rules2.yml").write_text(RULES.replace("disk:twice", "disk:double"))
        made.rules.write_text("groups: []")
        made.reload()
        assert made.value("disk:twice") == []
        until(lambda: made.value("disk:double") == ["14"])
        made.rules.write_text("groups: [")
        assert "rules.yml" in made.gateway._current.reload()[0]
        until(lambda: made.alerts() == {"a is at 14": "firing"})
        (tmp_path / "rules2.yml").unlink()
        made.rules.write_text("groups: []")
        made.reload()
        assert made.get("rules") == {"groups": []}
        assert made.value("ALERTS or disk:double") == []


def test_alerts_of_rules_that_went_or_have_other_labels_end_when_they_were_said_to(tmp_path: Path) -> None:
    def ends() -> dict[str, float]:
        found = made.client.simulate_get("/api/v2/alerts").json
        return {
            one["labels"].get("severity", ""): datetime.fromisoformat(one["endsAt"]).timestamp()
            for one in found
        }

    with fleet(tmp_path) as made:
        made.write("disk", 7, host="a")
        until(lambda: set(ends()) == {"page"})
        made.rules.write_text(RULES.replace("severity: page", "severity: mail"))
        made.reload()
        until(lambda: set(ends()) == {"page", "mail"})
        made.rules.write_text("groups: []")
        made.reload()
        assert made.alerts() == {}
        time.sleep(0.2)
        # Nobody hears of an end: they count as ended after four minutes, as those of Prometheus do.
        left = [one - time.time() for one in ends().values()]
        assert len(left) == 2
        assert all(220 < each <= 240 for each in left)
        assert [one["state"] for one in made.get("alerts/history")["episodes"]] == ["firing", "firing"]


def test_an_alert_that_two_rules_raise_ends_once_when_it_has_for_both(tmp_path: Path) -> None:
    other = RULES.replace("name: disks", "name: more").replace("> 10", "> 30").split("- name: slow")[0]
    with fleet(tmp_path, RULES + other.removeprefix("\ngroups:\n")) as made:
        made.write("disk", 20, host="a")
        until(lambda: len(made.get("alerts")["alerts"]) == 2)
        made.write("disk", 7, host="a")
        until(lambda: len(made.get("alerts")["alerts"]) == 1)
        time.sleep(0.3)
        assert len(made.client.simulate_get("/api/v2/alerts").json) == 1
        made.write("disk", 0, host="a")
        until(lambda: made.client.simulate_get("/api/v2/alerts").json == [])
        assert [one["state"] for one in made.get("alerts/history")["episodes"]] == ["resolved"]


def test_an_alert_ends_at_once_although_a_reload_changed_its_query(tmp_path: Path) -> None:
    with fleet(tmp_path) as made:
        made.write("disk", 7, host="a")
        until(lambda: len(made.client.simulate_get("/api/v2/alerts").json) == 1)
        made.rules.write_text(RULES.replace("> 10", "> 11"))
        made.reload()
        made.write("disk", 1, host="a")
        until(lambda: made.client.simulate_get("/api/v2/alerts").json == [])


def test_a_bad_file_stops_the_start_with_all_that_is_wrong(tmp_path: Path) -> None:
    text = RULES.replace("disk * 2", "disk *").replace("disk > 0", "disk >")
    with pytest.raises(SettingsError) as caught, fleet(tmp_path, text):
        pass
    assert [("line 7" in text, "line 17" in text) for text in str(caught.value).splitlines()] == [
        (True, False),
        (False, True),
    ]


def test_rules_are_edited_over_the_api(tmp_path: Path) -> None:
    text = "groups: [{name: hot, interval: 50ms, rules: [{record: hot, expr: 'disk + 1'}]}]"
    with fleet(tmp_path, "groups: []") as made:
        made.write("disk", 7)
        assert made.send("POST", "rules/check", {"text": text}).json["data"] == {
            "groups": [
                {
                    "name": "hot",
                    "rules": 1,
                    "queries": [{"type": "recording", "name": "hot", "query": "disk + 1", "line": 1}],
                }
            ]
        }
        bad = made.send("POST", "rules/check", {"text": text.replace("+ 1", "+")})
        assert (bad.status_code, bad.json["errorType"]) == (400, "bad_data")
        assert "line 1" in bad.json["error"]
        assert made.get("audit") == []
        answer = made.send("PUT", "rules/managed/hot", {"text": text})
        assert (answer.status_code, answer.json["data"]["version"]) == (200, 1)
        assert answer.json["data"]["changedBy"] == "anonymous"
        assert len(made.get("audit")) == 1
        until(lambda: made.value("hot") == ["8"])
        assert [group["file"] for group in made.get("rules")["groups"]] == ["managed"]
        made.send("POST", "rules/managed/hot", {"text": text.replace("+ 1", "+ 2"), "enabled": True})
        until(lambda: made.value("hot") == ["9"])
        made.send("PUT", "rules/managed/hot", {"enabled": False})
        assert (made.value("hot"), made.get("rules")) == ([], {"groups": []})
        made.send("PUT", "rules/managed/hot", {"version": 1})
        until(lambda: made.value("hot") == ["8"])
        assert made.send("DELETE", "rules/managed/hot", {}).status_code == 204
        assert made.get("rules/managed") == []
        found = made.get("rules/managed/hot")
        assert (found["deleted"], len(found["versions"])) == (True, 5)
        assert made.send("PUT", "rules/managed/hot", {"version": 9}).status_code == 404
        assert made.send("PUT", "rules/managed/hot", {}).status_code == 400
        assert made.send("PUT", "rules/managed/hot", {"text": text, "version": 1}).status_code == 400
        assert made.send("PUT", "rules/managed/hot", {"version": True}).status_code == 400
        assert made.send("PUT", "rules/managed/other", {"text": text}).status_code == 400
        assert made.client.simulate_get("/api/v1/rules/managed/other").status_code == 404
        audit = made.get("audit")
        assert sum(one["action"] == "PUT /api/v1/rules/managed/{name}" for one in audit) >= 3
        assert sum(one["action"] == "DELETE /api/v1/rules/managed/{name}" for one in audit) == 1


def test_managed_rules_are_there_after_a_restart(tmp_path: Path) -> None:
    text = "groups: [{name: hot, interval: 50ms, rules: [{record: hot, expr: vector(1)}]}]"
    with fleet(tmp_path, "groups: []") as made:
        made.send("PUT", "rules/managed/hot", {"text": text})
    with fleet(tmp_path) as made:
        until(lambda: made.value("hot") == ["1"])


def test_a_slow_group_delays_no_other_and_the_gateway_ends_in_time(tmp_path: Path) -> None:
    slow = "count_over_time(vector(1)[500h:1s])"
    text = f"""
groups:
- {{name: slow, interval: 50ms, rules: [{{record: a, expr: '{slow}'}}, {{record: b, expr: '{slow}'}}]}}
- {{name: fast, interval: 50ms, rules: [{{record: c, expr: 'time()'}}]}}
"""
    with fleet(tmp_path, text) as made:
        until(lambda: bool(made.value("c")))
        seen = set()
        for _ in range(10):
            seen.add(made.value("c")[0])
            time.sleep(0.05)
        assert len(seen) >= 4
        started = time.monotonic()
        made.gateway._ruler.stop(1)
        assert time.monotonic() - started < 1.5


def test_a_rule_that_fails_says_why_and_the_others_go_on(tmp_path: Path) -> None:
    text = """
groups:
- name: mixed
  interval: 50ms
  rules:
  - {record: bad, expr: 'disk * on() group_left() disk'}
  - {record: good, expr: 'count(disk)'}
"""
    with fleet(tmp_path, text) as made:
        made.write("disk", 1, host="a")
        made.write("disk", 1, host="b")
        until(lambda: made.value("good") == ["2"])
        [group] = made.get("rules")["groups"]
        bad, good = group["rules"]
        assert (bad["health"], good["health"]) == ("err", "ok")
        assert "found duplicate series" in bad["lastError"]


def test_without_a_store_there_are_no_rules() -> None:
    from gateway.settings import GatewaySettings, problems

    settings = changed(GatewaySettings(), rules=("a.yml",), store=False)
    assert problems(settings) == ["rules: they need samples, and with store: false there are none here."]
