"""The routes about agents: bodies, filters, errors, and what each caller may see and say."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.access.caller import Caller, Right
from gateway.registry.messages import MAX_BODY_BYTES
from gateway.storage.errors import StorageUnavailable
from tests.gateway.http.listing import Front, fronting
from tests.gateway.registry.parts import START_MS
from timeseries.matcher import Matcher, MatchType

PROD = Matcher(name="env", type=MatchType.EQUAL, value="prod")


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Front]:
    with fronting(tmp_path) as opened:
        yield opened


def beat(front: Front, number: int = 1, **said: object) -> Any:
    return front.data("POST", f"/agents/agent-{number:04}/heartbeat", said)


def test_an_agent_registers_and_is_told_how_often_it_is_to_be_heard(front: Front) -> None:
    assert front.register(heartbeat_interval_s=60) == {"agent_id": "agent-0001", "heartbeat_interval_s": 10.0}
    assert beat(front) == {"heartbeat_interval_s": 10.0}
    assert front.register(2, heartbeat_interval_s=2)["heartbeat_interval_s"] == 2.0


def test_an_agent_is_shown_by_its_id_and_by_its_name(front: Front) -> None:
    front.register()
    front.now_ms += 5000
    beat(front, cpu_percent=1.5, timestamp=START_MS / 1000 + 6, spool={"bytes": 5, "oldest_s": 1})
    shown = front.data("GET", "/agents/web-1")
    assert shown == front.data("GET", "/agents/agent-0001") == front.data("GET", "/agents")[0]
    expected = {
        "id": "agent-0001",
        "name": "web-1",
        "status": "online",
        "labels": {"env": "prod"},
        "last_heartbeat": START_MS / 1000 + 5,
        "skew_s": 1.0,
        "cpu_percent": 1.5,
        "spool": {"bytes": 5, "oldest_s": 1.0},
        "same_name": [],
    }
    assert {name: shown[name] for name in expected} == expected


def test_the_list_is_filtered_sorted_and_cut(front: Front) -> None:
    for number in (3, 1, 2):
        front.register(number)
        beat(front, number, cpu_percent=10 - number, failing_collectors=["x"] * (number == 2))
        front.now_ms += 1
    front.data("PATCH", "/agents/web-2", {"labels": {"team": "a"}, "groups": ["x", "y"]})
    assert front.names() == ["web-1", "web-2", "web-3"]
    assert front.names(sort="-name", limit=2) == ["web-3", "web-2"]
    assert front.names(sort="cpu") == ["web-3", "web-2", "web-1"]
    assert front.names(sort="-last_heartbeat") == ["web-2", "web-1", "web-3"]
    assert front.names(sort="-status")[0] == "web-2"
    assert front.names(status="degraded") == ["web-2"]
    assert front.names(status=["degraded", "online"]) == ["web-1", "web-2", "web-3"]
    assert front.names(label="env=prod") == ["web-1", "web-3"]
    assert front.names(label=["env=test", "team=a"]) == ["web-2"]
    assert front.names(label=["env=prod", "team=a"]) == []
    assert front.names(group=["y", "x"]) == ["web-2"]
    assert front.names(group="z") == []
    assert front.names(q="HOST-3") == ["web-3"]
    assert front.names(q="web") == ["web-1", "web-2", "web-3"]


@pytest.mark.parametrize(
    ("parameters", "word"),
    [
        ({"status": "fine"}, "online, degraded, offline, stopped"),
        ({"sort": "size"}, "name, status, last_heartbeat"),
        ({"label": "env"}, "NAME=VALUE"),
        ({"limit": "0"}, "whole number"),
    ],
)
def test_a_bad_parameter_is_told(front: Front, parameters: dict[str, str], word: str) -> None:
    status, sentence = front.error("GET", "/agents", **parameters)
    assert (status, word in sentence) == (400, True)


def test_people_edit_labels_and_groups_beside_the_agents_own(front: Front) -> None:
    front.register()
    said = {"labels": {"env": "x", "team": "a"}, "groups": ["b", "a"]}
    shown = front.data("PATCH", "/agents/web-1", said)
    assert shown["labels"] == {"env": "prod", "team": "a"}
    assert (shown["own_labels"], shown["added_labels"]) == ({"env": "prod"}, {"env": "x", "team": "a"})
    assert shown["groups"] == ["a", "b"]
    assert front.data("PATCH", "/agents/web-1", {"labels": {"env": None}})["added_labels"] == {"team": "a"}
    assert front.error("PATCH", "/agents/web-1", {"name": "x"})[0] == 400
    assert front.error("PATCH", "/agents/web-9", {})[0] == 404


def test_a_deleted_agent_is_gone_and_may_come_back(front: Front) -> None:
    front.register()
    assert front.ask("DELETE", "/agents/web-1").status_code == 204
    assert front.names() == []
    status, sentence = front.error("POST", "/agents/agent-0001/heartbeat", {})
    assert (status, sentence) == (404, "There is no agent with this id: it has to register first.")
    front.register()
    assert front.names() == ["web-1"]


def test_events_are_listed_for_one_and_for_all(front: Front) -> None:
    for number in (1, 2):
        front.register(number)
    beat(front, 1, status="stopping")
    assert [each["kind"] for each in front.data("GET", "/agents/web-1/events")] == ["stopped", "registered"]
    everything = front.data("GET", "/agents/events")
    assert [(each["name"], each["kind"], each["status"]) for each in everything] == [
        ("web-1", "stopped", "stopped"),
        ("web-2", "registered", "online"),
        ("web-1", "registered", "online"),
    ]
    assert everything[0]["time"] == START_MS / 1000
    assert front.data("GET", "/agents/events", limit=1, before=everything[0]["id"]) == everything[1:2]
    assert front.error("GET", "/agents/events", before="x")[0] == 400


@pytest.mark.parametrize(
    ("path", "body", "status", "sentence"),
    [
        ("/agents/register", b"{", 400, "The body is not JSON in UTF-8."),
        ("/agents/register", b'{"agent_id": "12345678"}', 400, '"name" must be 1 to 253 printable'),
        ("/agents/register", b" " * (MAX_BODY_BYTES + 1), 413, "The body is larger than 256 KiB."),
        ("/agents/agent-0001/heartbeat", b'{"pid": "x"}', 400, '"pid" must be a number from 0 on.'),
        ("/agents/agent-0001/heartbeat", b" " * (MAX_BODY_BYTES + 1), 413, "The body is larger"),
        ("/agents/agent-0009/heartbeat", b"{}", 404, "There is no agent with this id"),
        ("/agents/web-1/heartbeat", b"{}", 404, "There is no agent with this id"),
    ],
)
def test_what_agents_say_wrong_is_told_and_counted(
    front: Front, path: str, body: bytes, status: int, sentence: str
) -> None:
    front.register()
    told, said = front.error("POST", path, body)
    assert (told, said[: len(sentence)]) == (status, sentence)
    assert counted(front)["taken"] == 1
    outcome = {400: "malformed", 404: "unknown", 413: "refused"}[status]
    assert counted(front)[outcome] == 1


def counted(front: Front) -> dict[str, float]:
    found: dict[str, float] = {}
    for what in ("registrations", "heartbeats"):
        for outcome in ("taken", "malformed", "unknown", "refused"):
            value = front.metrics.registry.get_sample_value(
                f"fleetgauge_registry_{what}_total", {"outcome": outcome}
            )
            found[outcome] = found.get(outcome, 0.0) + (value or 0.0)
    return found


def test_more_agents_than_there_may_be_are_refused(tmp_path: Path) -> None:
    with fronting(tmp_path, max_agents=1) as front:
        front.register(1)
        answer = front.ask("POST", "/agents/register", {"agent_id": "agent-0002", "name": "b"})
        assert (answer.status_code, answer.json["error"]) == (
            429,
            "There are 1 agents, as many as limits.agents allows. Delete those that are gone, or raise it.",
        )


def test_a_name_that_several_have_does_not_say_which(front: Front) -> None:
    front.register(1)
    front.register(2, name="web-1")
    for method in ("GET", "DELETE", "PATCH"):
        status, sentence = front.error(method, "/agents/web-1", None if method == "GET" else {})
        assert (status, "agent-0001, agent-0002" in sentence) == (409, True)
    assert front.data("GET", "/agents/agent-0001")["same_name"] == ["agent-0002"]


def test_a_full_disk_is_told_as_such(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: object) -> None:
        raise StorageUnavailable("the disk is full")

    front.register(1)
    monkeypatch.setattr(front.store.ledger, "change", full)
    for method, path, said in (
        ("POST", "/agents/register", {"agent_id": "agent-0002", "name": "b"}),
        ("PATCH", "/agents/web-1", {"groups": ["x"]}),
        ("DELETE", "/agents/web-1", None),
    ):
        answer = front.ask(method, path, said)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert "the disk is full" in answer.json["error"]
    assert front.ask("POST", "/agents/agent-0002/heartbeat", {}).status_code == 200


def test_a_token_speaks_only_for_its_names(front: Front) -> None:
    front.register(1)
    front.register(2, name="db-1")
    front.caller = Caller(name="token web", rights=frozenset({Right.INGEST}), agents=("web-*",))
    assert front.ask("POST", "/agents/agent-0001/heartbeat", {}).status_code == 200
    for path, said in (
        ("/agents/agent-0002/heartbeat", {}),
        ("/agents/register", {"agent_id": "agent-0003", "name": "db-3"}),
        ("/agents/register", {"agent_id": "agent-0002", "name": "web-9"}),
    ):
        status, sentence = front.error("POST", path, said)
        assert (status, sentence[:17]) == (403, "Token web may not")


def test_a_viewer_sees_only_what_its_matchers_take(front: Front) -> None:
    for number in (1, 2, 3):
        front.register(number)
    front.caller = Caller(name="viewer", rights=frozenset({Right.READ}), matchers=(PROD,))
    assert front.names() == ["web-1", "web-3"]
    assert {each["name"] for each in front.data("GET", "/agents/events")} == {"web-1", "web-3"}
    for method, path in (("GET", ""), ("GET", "/events"), ("DELETE", ""), ("PATCH", "")):
        assert front.error(method, f"/agents/web-2{path}", None if method == "GET" else {})[0] == 404
    assert len(front.ask("GET", "/sd/agents").json) == 2


def test_a_viewer_hears_nothing_of_hidden_agents_with_the_name_of_a_seen_one(front: Front) -> None:
    for number in (1, 2, 4):
        front.register(number, name="web-1")
    for number in (6, 8):
        front.register(number, name="db-1")
    front.caller = Caller(name="viewer", rights=frozenset({Right.READ}), matchers=(PROD,))
    assert front.data("GET", "/agents/web-1")["id"] == "agent-0001"
    assert front.data("GET", "/agents/web-1")["same_name"] == []
    assert front.error("GET", "/agents/db-1")[0] == 404
    events = front.data("GET", "/agents/agent-0001/events")
    assert {event["kind"] for event in events} >= {"name_conflict"}
    assert not [event for event in events if "agent-000" in event["detail"]]


def test_prometheus_finds_the_agents(front: Front) -> None:
    for number in (1, 2):
        front.register(number)
    found = front.ask("GET", "/sd/agents", label="env=test")
    assert found.headers["Content-Type"] == "application/json"
    [target] = found.json
    assert (target["targets"], target["labels"]["instance"]) == (["web-2:9256"], "web-2")
