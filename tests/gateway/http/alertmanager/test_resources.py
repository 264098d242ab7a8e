"""Alertmanager's API of a whole gateway: who sees what, limits, parameters, errors; the delivery log."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from falcon.testing import Result

from exporter.reporting.messages import registration
from gateway.access.desk import Order
from gateway.access.roles import Role
from gateway.http.alertmanager import alerts, silences
from tests.exporter.gateways import FACTS
from tests.gateway.access.gateways import Headers, House, house
from tests.gateway.history.snapshots import sent

CONFIG = """\
route: {receiver: team, group_by: [alertname], group_wait: 10ms}
receivers:
- name: team
  webhook_configs: [{url: 'http://127.0.0.1:9/closed'}]
- name: nobody
"""
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[House]:
    (tmp_path / "am.yml").write_text(CONFIG)
    with house(tmp_path, alertmanager_config=str(tmp_path / "am.yml"), rule_packs=("none",)) as made:
        yield made


def firing(name: str, **labels: str) -> dict[str, Any]:
    return {"labels": {"alertname": name, **labels}}


def silence(**changes: object) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "matchers": [{"name": "instance", "value": "prod-2", "isRegex": False}],
        "startsAt": now.isoformat(),
        "endsAt": (now + timedelta(hours=1)).isoformat(),
        "createdBy": "ann",
        "comment": "disk",
        **changes,
    }


def post(place: House, path: str, body: object, headers: Headers | None = None) -> Result:
    return place.ask("POST", f"/api/v2/{path}", {**JSON, **(headers or {})}, body=json.dumps(body))


def instances(answer: Result) -> list[str]:
    return sorted(each["labels"]["instance"] for each in answer.json)


def until_told(place: House, headers: Headers | None = None) -> list[Any]:
    deadline = time.monotonic() + 10
    while True:
        found: list[Any] = place.ask("GET", "/api/v1/notifications", headers).json["data"]
        if found:
            return found
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_who_is_confined_sees_only_alerts_of_its_series(place: House) -> None:
    for name, instance in (("Down", "prod-1"), ("Down", "test-1"), ("Load", "test-1"), ("Load", "prod-2")):
        assert post(place, "alerts", [firing(name, instance=instance)]).status_code == 200
    assert post(place, "silences", silence()).status_code == 200
    some = place.token(Order(selector='{instance=~"prod-.*"}'))
    editor = place.token(Order(role=Role.EDITOR))
    assert instances(place.ask("GET", "/api/v2/alerts", editor)) == ["prod-1", "prod-2", "test-1", "test-1"]
    assert instances(place.ask("GET", "/api/v2/alerts", some)) == ["prod-1", "prod-2"]
    query = {"filter": 'alertname="Load"'}
    assert instances(place.ask("GET", "/api/v2/alerts", some, params=query)) == ["prod-2"]
    assert instances(place.ask("GET", "/api/v2/alerts", some, params={"filter": "instance=test-1"})) == []
    groups = place.ask("GET", "/api/v2/alerts/groups", some).json
    assert [[one["labels"]["instance"] for one in group["alerts"]] for group in groups] == [
        ["prod-1"],
        ["prod-2"],
    ]
    hidden = place.ask("GET", "/api/v2/alerts/groups", some, params={"filter": "instance=test-1"})
    assert hidden.json == []
    for path in ("silences", "receivers", "status", "silence/x"):
        assert place.ask("GET", f"/api/v2/{path}", some).status_code == 403
    assert post(place, "alerts", [firing("X")], some).status_code == 403
    assert post(place, "silences", silence(), some).status_code == 403
    assert place.ask("GET", "/api/v1/notifications", some).status_code == 403


def test_who_may_not_see_a_host_sees_no_evidence_of_it(place: House) -> None:
    admin = place.token(Order(role=Role.ADMIN))
    facts = registration(replace(FACTS, name="web-9"), agent_id="agent-0009", interval_s=10)
    assert place.ask("POST", "/api/v1/agents/register", admin, body=facts).status_code == 200
    table = sent(
        time.time_ns() // 1_000_000,
        [{"pid": 7, "start": 7, "name": "miner", "cpu": 99.0}],
        agent="agent-0009",
    )
    assert place.ask("POST", "/api/v1/agents/agent-0009/processes", admin, body=table).status_code == 200
    assert post(place, "alerts", [firing("Busy", instance="web-9", team="a")], admin).status_code == 200

    def evidence(order: Order) -> list[bool]:
        rows = place.ask(
            "GET", "/api/v2/alerts", place.token(order), params={"filter": "alertname=Busy"}
        ).json
        return ["evidence" in row for row in rows]

    assert evidence(Order(role=Role.VIEWER)) == [True]
    assert evidence(Order(selector='{instance="web-9"}')) == [True]
    assert evidence(Order(selector='{team="a"}')) == [False]


def test_an_editor_silences_and_it_is_in_the_audit_but_alerts_are_not(place: House) -> None:
    editor, admin = place.token(Order(role=Role.EDITOR)), place.token(Order(role=Role.ADMIN))
    made = post(place, "silences", silence(), editor).json["silenceID"]
    assert post(place, "alerts", [firing("Down", instance="prod-2")], editor).status_code == 200
    assert place.ask("DELETE", f"/api/v2/silence/{made}", editor).status_code == 200
    tested = place.ask("POST", "/api/v1/notifications/test", editor, json={"receiver": "nobody"})
    assert (tested.status_code, tested.json["data"]) == (200, [])
    entries = place.ask("GET", "/api/v1/audit", admin).text
    for path in ("/api/v2/silences", f"/api/v2/silence/{made}", "/api/v1/notifications/test"):
        assert path in entries
    assert "/api/v2/alerts" not in entries


@pytest.mark.parametrize("module", [alerts, silences])
def test_a_body_may_be_so_large(place: House, monkeypatch: pytest.MonkeyPatch, module: Any) -> None:
    path = module.__name__.rpartition(".")[2]
    body = [firing("Down")] if module is alerts else silence()
    monkeypatch.setattr(module, "MAX_BODY_BYTES", len(json.dumps(body)))
    assert post(place, path, body).status_code == 200
    monkeypatch.setattr(module, "MAX_BODY_BYTES", len(json.dumps(body)) - 1)
    assert post(place, path, body).status_code == 413


def test_errors_are_one_text(place: House) -> None:
    for answer, status in (
        (place.ask("GET", "/api/v2/alerts", params={"filter": "="}), 400),
        (place.ask("GET", "/api/v2/alerts", params={"receiver": "("}), 400),
        (place.ask("GET", "/api/v2/silences", params={"filter": "a=~("}), 400),
        (place.ask("GET", "/api/v2/silence/x"), 404),
        (place.ask("DELETE", "/api/v2/silence/x"), 404),
        (place.ask("POST", "/api/v2/alerts", JSON, body="{"), 400),
        (place.ask("POST", "/api/v2/silences", JSON, body="{"), 400),
        (place.ask("POST", "/api/v2/silences", {"Content-Type": "text/plain"}, body="{}"), 415),
        (post(place, "silences", silence(endsAt="2020-01-01T00:00:00Z")), 400),
    ):
        assert answer.status_code == status
        assert isinstance(answer.json, str), answer.text


def test_good_alerts_are_taken_beside_bad_ones(place: House) -> None:
    answer = post(place, "alerts", [firing("Down", instance="a"), {"labels": {}}])
    assert (answer.status_code, answer.json) == (400, "alert 1: at least one label pair required.")
    assert instances(place.ask("GET", "/api/v2/alerts")) == ["a"]


def test_what_names_no_end_ends_after_the_time_of_the_configuration(place: House) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=290)
    late = soon + timedelta(seconds=30)
    for start, status in ((soon, 200), (late, 400)):
        row = {**firing("Down", instance="a"), "startsAt": start.isoformat()}
        assert post(place, "alerts", [row]).status_code == status


def test_the_delivery_log_says_what_was_told_and_how_it_went(place: House) -> None:
    assert place.ask("GET", "/api/v1/notifications").json["data"] == []
    post(place, "alerts", [firing("Down", instance="a")])
    entry = until_told(place)[-1]
    assert (entry["receiver"], entry["integration"], entry["outcome"]) == ("team", "webhook[0]", "retrying")
    assert (entry["alerts"], entry["firing"], entry["attempts"]) == (1, 1, 1)
    assert entry["group"] == '{}:{alertname="Down"}'
    assert entry["error"]
    assert "closed" not in entry["error"]
    assert place.ask("GET", "/api/v1/notifications", params={"receiver": "nobody"}).json["data"] == []
    assert len(place.ask("GET", "/api/v1/notifications", params={"limit": "1"}).json["data"]) == 1
    assert place.ask("GET", "/api/v1/notifications", params={"limit": "x"}).status_code == 400


def test_a_test_says_what_failed_without_the_address(place: House) -> None:
    [tried] = place.ask("POST", "/api/v1/notifications/test", json={"receiver": "team"}).json["data"]
    assert (tried["integration"], tried["ok"]) == ("webhook[0]", False)
    assert tried["error"]
    assert "closed" not in tried["error"]
    for body, status in (
        ({}, 400),
        ({"receiver": 5}, 400),
        ({"receiver": "team", "now": 1}, 400),
        ({"receiver": "x"}, 404),
        ({"receiver": ""}, 404),
    ):
        answer = place.ask("POST", "/api/v1/notifications/test", json=body)
        assert answer.status_code == status
        assert answer.json["status"] == "error"
