"""The same rule file in a real Prometheus: rules and alerts have the same fields and texts."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
import requests
from falcon.testing import TestClient

from tests.gateway.whole import whole
from tests.peers.servers import Server, Servers

RULES: Final = """
groups:
- name: all
  interval: 1s
  limit: 7
  rules:
  - record: some:number
    expr: vector(17) / 400000
    labels: {made: here, also: ''}
  - record: bare
    expr: 'some:number   *  2'
  - alert: Fires
    expr: vector(12345) * 100 + 0.5
    labels: {severity: page}
    annotations: {summary: 'It is {{ $value }}'}
  - alert: Waits
    expr: some:number * 4000
    for: 90s
  - alert: Never
    expr: vector(1) > 2
  - alert: Fails
    expr: vector(1) / on () group_left () (label_replace(vector(1), "a", "b", "", "") or vector(1))
- name: later
  interval: 1h
  rules:
  - alert: NotYet
    expr: bare > bool 1
    for: 1h30m
"""
CONFIG: Final = "scrape_configs: []\nglobal: {evaluation_interval: 1s}\nrule_files: [rules.yml]\n"

# What is of one run, and what Prometheus has only since a later version.
_TIMES: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_LATER: Final = ("keepFiringFor", "keepFiringSince")


def plain(value: Any, key: str = "") -> Any:
    """What does not depend on the moment; of what does, the kind."""
    if isinstance(value, dict):
        return {name: plain(one, name) for name, one in value.items() if name not in _LATER}
    if isinstance(value, list):
        return (
            sorted((plain(one) for one in value), key=str)
            if key == "alerts"
            else [plain(one) for one in value]
        )
    if key == "evaluationTime":
        return isinstance(value, int | float)
    if key == "file":
        return value.rpartition("/")[2]
    return _TIMES.sub("TIME", value) if isinstance(value, str) and not value.startswith("0001") else value


def settled(get: Callable[[str], Any]) -> dict[str, Any]:
    """Both answers, once every rule of the first group was evaluated, some times."""
    deadline = time.monotonic() + 15
    while True:
        rules = get("rules")["groups"]
        first = next(group for group in rules if group["name"] == "all")
        waiting = [one["state"] for one in first["rules"] if one["name"] == "Waits"]
        if waiting == ["pending"] and all(one["health"] != "unknown" for one in first["rules"]):
            return {"rules": sorted(rules, key=lambda one: str(one["name"])), "alerts": get("alerts")}
        assert time.monotonic() < deadline, rules
        time.sleep(0.1)


def of_prometheus(server: Server, path: str) -> Any:
    return requests.get(f"{server.url}/api/v1/{path}", timeout=5).json()["data"]


def names(data: Any) -> list[str]:
    return sorted(rule["name"] for group in data["groups"] for rule in group["rules"])


@pytest.mark.peer("prometheus")
def test_rules_and_alerts_look_as_those_of_a_prometheus(servers: Servers, tmp_path: Path) -> None:
    file = tmp_path / "rules.yml"
    file.write_text(RULES)
    prometheus = servers.prometheus(CONFIG.replace("rules.yml", str(file)))
    with whole(tmp_path / "data", rules=(str(file),)) as gateway:
        client = TestClient(gateway.application)
        ours = settled(lambda path: client.simulate_get(f"/api/v1/{path}").json["data"])
        theirs = settled(lambda path: of_prometheus(prometheus, path))
        for query in ("rules?type=alert", "rules?type=RECORD"):
            asked = client.simulate_get(f"/api/v1/{query}").json["data"], of_prometheus(prometheus, query)
            assert names(asked[0]) == names(asked[1])
            assert names(asked[0])
    # Prometheus 3 calls it unknown, 2.42 inactive: nothing is known before the first time.
    [later] = [one for one in ours["rules"] if one["name"] == "later"]
    assert later["rules"][0].pop("state") == "unknown"
    [later] = [one for one in theirs["rules"] if one["name"] == "later"]
    assert later["rules"][0].pop("state") == "inactive"
    assert plain(ours["alerts"]) == plain(theirs["alerts"])
    for our, their in zip(plain(ours["rules"]), plain(theirs["rules"]), strict=True):
        for one, other in zip(our.pop("rules"), their.pop("rules"), strict=True):
            assert one == other
        assert our == their
