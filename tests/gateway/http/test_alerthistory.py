"""The history of alerts over HTTP: what is chosen, in pages, and who sees what."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import falcon
import falcon.testing
import pytest

from gateway.access.desk import Order
from gateway.alerthistory.episode import Episode
from gateway.storage.ledger.beside import ledger_of
from gateway.storage.ledger.episodes import Episodes
from tests.gateway.access.gateways import house
from tests.gateway.whole import whole
from timeseries.labels import Labels

DAY_MS = 86_400_000
NOW_MS = time.time_ns() // 1_000_000
EVIDENCE = {"agent": "web-1", "time": 1.5, "summary": "CPU: miner[7] 99 %", "processes": []}


def episode(name: str, starts_ms: int, resolved_ms: int | None = None, **labels: str) -> Episode:
    return Episode(
        labels=Labels({"alertname": name, **labels}),
        annotations=Labels({"summary": f"{name} is Bad"}),
        starts_ms=starts_ms,
        resolved_ms=resolved_ms,
    )


@dataclass
class Client:
    http: falcon.testing.TestClient
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **params: Any) -> falcon.testing.Result:
        return self.http.simulate_get(path, params=params, headers=self.headers)

    def names(self, **params: Any) -> list[str]:
        answer = self.get("/api/v1/alerts/history", **params)
        assert answer.status_code == 200, answer.text
        return [one["labels"]["alertname"] for one in answer.json["data"]["episodes"]]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with whole(tmp_path_factory.mktemp("history")) as gateway:
        book = Episodes(gateway._store.ledger)
        book.write([(episode("Old", NOW_MS - 9 * DAY_MS, NOW_MS - 8 * DAY_MS), None)], [])
        book.write([(episode("Long", NOW_MS - 9 * DAY_MS, NOW_MS - 6 * DAY_MS, instance="db"), None)], [])
        found = episode("Busy", NOW_MS - 1000, instance="web-1")
        book.write([(Episode(**{**parts(found), "summary": "CPU: miner[7] 99 %"}), EVIDENCE)], [])
        yield Client(falcon.testing.TestClient(gateway.application))


def parts(one: Episode) -> dict[str, Any]:
    return {name: getattr(one, name) for name in ("labels", "annotations", "starts_ms", "resolved_ms")}


def test_the_last_week_is_shown_the_newest_first(client: Client) -> None:
    assert client.names() == ["Busy", "Long"]
    assert client.names(start="0") == ["Busy", "Long", "Old"]
    assert client.names(end=str((NOW_MS - 7 * DAY_MS) / 1000), start="0") == ["Long", "Old"]


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({"name": "Busy"}, ["Busy"]),
        ({"state": "firing"}, ["Busy"]),
        ({"state": "resolved"}, ["Long"]),
        ({"match[]": '{instance="db"}'}, ["Long"]),
        ({"match[]": ['{instance="db"}', '{alertname="Busy"}']}, ["Busy", "Long"]),
        ({"search": "MINER"}, ["Busy"]),
        ({"search": "bad long"}, ["Long"]),
        ({"search": "bad nothing"}, []),
    ],
)
def test_episodes_are_chosen(client: Client, params: dict[str, Any], names: list[str]) -> None:
    assert client.names(**params) == names


def test_pages_follow_each_other(client: Client) -> None:
    seen, before = [], None
    for _ in range(4):
        params = {"limit": "1", "start": "0"} | ({} if before is None else {"before": str(before)})
        data = client.get("/api/v1/alerts/history", **params).json["data"]
        seen += [one["labels"]["alertname"] for one in data["episodes"]]
        if (before := data["next"]) is None:
            break
    assert seen == ["Busy", "Long", "Old"]


def test_an_episode_has_its_evidence(client: Client) -> None:
    [listed] = client.get("/api/v1/alerts/history", name="Busy").json["data"]["episodes"]
    data = client.get(f"/api/v1/alerts/history/{listed['number']}").json["data"]
    assert data == listed | {"evidence": EVIDENCE, "lasted": data["lasted"]}
    assert data["state"] == "firing"
    assert client.get("/api/v1/alerts/history/999").status_code == 404


@pytest.mark.parametrize(
    ("path", "params", "words"),
    [
        ("/api/v1/alerts/history", {"state": "odd"}, "firing, resolved"),
        ("/api/v1/alerts/history", {"before": "x"}, "number of an episode"),
        ("/api/v1/alerts/history", {"start": "5", "end": "4"}, "must not be before start"),
        ("/api/v1/alerts/history", {"match[]": "{"}, "match"),
        ("/api/v1/alerts/history/x", {}, "number of an episode"),
        (f"/api/v1/alerts/history/{'9' * 16}", {}, "number of an episode"),
    ],
)
def test_what_is_wrong_is_said(client: Client, path: str, params: dict[str, str], words: str) -> None:
    answer = client.get(path, **params)
    assert answer.status_code == 400
    assert words in answer.json["error"]


def test_statistics_count_what_is_chosen(client: Client) -> None:
    data = client.get("/api/v1/alerts/statistics", start="0", name="Long").json["data"]
    assert data == [
        {
            "name": "Long",
            "fired": 1,
            "alerts": 1,
            "firing": 0,
            "flapped": 0,
            "total": 3 * DAY_MS / 1000,
            "mean": 3 * DAY_MS / 1000,
            "median": 3 * DAY_MS / 1000,
            "longest": 3 * DAY_MS / 1000,
            "last_fired": (NOW_MS - 9 * DAY_MS) / 1000,
        }
    ]


def test_who_is_confined_sees_only_alerts_of_their_own(tmp_path: Path) -> None:
    with house(tmp_path) as closed:
        host = Labels({"instance": "other", "job": "fleetgauge"})
        own = parts(episode("A", NOW_MS, instance="mine", of="other"))
        foreign = {**own, "host": host, "summary": "secret"}
        with ledger_of(tmp_path) as ledger:
            mine, other, about = Episodes(ledger).write(
                [
                    *((episode("A", NOW_MS, instance=who), None) for who in ("mine", "other")),
                    (Episode(**foreign), EVIDENCE | {"labels": dict(host)}),
                ],
                [],
            )
        headers = closed.token(Order(selector='{instance="mine"}'))
        confined = Client(closed.client, dict(headers))
        found = confined.get("/api/v1/alerts/history").json["data"]["episodes"]
        assert [(one["number"], one["summary"]) for one in found] == [(about, ""), (mine, "")]
        assert confined.get(f"/api/v1/alerts/history/{about}").json["data"]["evidence"] is None
        assert confined.names(search="secret") == []
        assert confined.get(f"/api/v1/alerts/history/{mine}").status_code == 200
        assert confined.get(f"/api/v1/alerts/history/{other}").status_code == 404
        assert [one["fired"] for one in confined.get("/api/v1/alerts/statistics").json["data"]] == [2]


@pytest.mark.parametrize("path", ["history", "history/1", "statistics"])
def test_a_history_that_can_not_be_read_is_tried_again_later(tmp_path: Path, path: str) -> None:
    with whole(tmp_path) as gateway:
        gateway._store.ledger.change(lambda connection: connection.execute("DROP TABLE alert_history"))
        answer = Client(falcon.testing.TestClient(gateway.application)).get(f"/api/v1/alerts/{path}")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "the history of alerts can't be read" in answer.text
