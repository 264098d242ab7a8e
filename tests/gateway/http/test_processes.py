"""Snapshots come in and questions are answered over HTTP; nobody gets what is not theirs."""

import gzip
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import falcon
import pytest
from falcon.testing import Result, TestClient

from gateway.access.caller import ANYONE, Caller, Right
from gateway.history.archive import Archive
from gateway.history.reading import MAX_BODY_BYTES
from gateway.history.receiving import SnapshotReceiver
from gateway.history.upkeep import Policy, Tidying
from gateway.http import application
from gateway.http.accounting import Accounting
from gateway.http.errors import Errors
from gateway.http.known import Known, Seen
from gateway.http.processes import OUTCOMES
from gateway.http.routes import history_routes
from gateway.metrics import Metrics
from gateway.storage.errors import StorageUnavailable
from remotewrite.compression import compress_zstd
from runtime.logs import Log
from tests.gateway.history.snapshots import AGENT, START_MS, opened, sent
from timeseries.labels import Labels
from timeseries.matcher import Matcher, MatchType

NOW_MS = START_MS + 3_600_000
PATH = f"/api/v1/agents/{AGENT}/processes"


@dataclass(slots=True)
class History:
    """A client, who it is, and what lies behind."""

    client: TestClient
    archive: Archive
    tidying: Tidying
    caller: list[Caller] = field(default_factory=lambda: [ANYONE])
    outcomes: list[str] = field(default_factory=list)
    told: list[Any] = field(default_factory=list)

    def post(self, body: bytes, encoding: str = "zstd", agent: str = AGENT) -> Result:
        headers = {"Content-Encoding": encoding} if encoding else {}
        return self.client.simulate_post(f"/api/v1/agents/{agent}/processes", body=body, headers=headers)

    def keep(self, time_ms: int, *rows: dict[str, object]) -> None:
        assert self.post(compress_zstd(sent(time_ms, rows))).status_code == 200

    def get(self, path: str = "", agent: str = AGENT, **parameters: object) -> Result:
        given = {"from" if name == "since" else name: str(value) for name, value in parameters.items()}
        return self.client.simulate_get(f"/api/v1/agents/{agent}/processes{path}", params=given)

    def data(self, path: str = "", agent: str = AGENT, **parameters: object) -> Any:
        answer = self.get(path, agent, **parameters)
        assert answer.status_code == 200, answer.text
        return answer.json["data"]


def find(text: str, seen: Seen) -> Known | None:
    names = {AGENT: "web-1", "web-1": "web-1", "agent-2": "db-1"}
    agent_id = AGENT if text == "web-1" else text
    name = names.get(text)
    labels = Labels({"instance": name or ""})
    return Known(agent_id=agent_id, name=name, labels=labels) if name and seen(labels) else None


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    metrics = Metrics(version="", python="")
    with opened(tmp_path) as (archive, pieces, told):
        made = History(
            client=None,  # type: ignore[arg-type]  # it follows
            archive=archive,
            tidying=Tidying(archive, pieces, Policy(retention_ms=1 << 50)),
            told=told,
        )

        class Identify:
            def process_request(self, req: falcon.Request, _resp: falcon.Response) -> None:
                req.context.caller = made.caller[0]

        app = application.create(
            routes=history_routes(
                archive=archive,
                receiver=SnapshotReceiver(
                    archive=archive, now_ms=lambda: NOW_MS, retention_ms=7 * 24 * 3_600_000
                ),
                find=find,
                received=made.outcomes.append,
            ),
            accounting=Accounting(metrics, clock=lambda: 0.0),
            errors=Errors(log=Log("test"), new_id=lambda: "id-7"),
        )
        app.add_middleware(Identify())
        made.client = TestClient(app)
        yield made


def row(pid: int, **changed: object) -> dict[str, object]:
    return {"pid": pid, "start": START_MS - 1500, "name": f"p{pid}", **changed}


def test_a_snapshot_is_kept_and_found_again(history: History) -> None:
    history.keep(START_MS, row(1, cpu=98.7, rss=4096, command="x --y", state="R"), row(2, cpu=99.9))
    history.keep(START_MS + 15_000, row(1))
    history.keep(START_MS + 30_000, row(1))
    data = history.data(at=(START_MS + 20_000) / 1000)
    times = [data[key] for key in ("previous", "time", "next")]
    assert times == [START_MS / 1000, START_MS / 1000 + 15, START_MS / 1000 + 30]
    data = history.data(at=START_MS / 1000, sort="rss")
    assert data["processes"][0] == {
        "pid": 1,
        "start": (START_MS - 1500) / 1000,
        "parent": None,
        "name": "p1",
        "command": "x --y",
        "user": "",
        "container": "",
        "unit": "",
        "state": "R",
        "cpu": 98.7,
        "rss": 4096,
        "read": None,
        "write": None,
        "threads": None,
        "fds": None,
    }
    assert data["totals"]["cpu"] == 171.3
    assert data["totals"]["load15"] == 0.85
    assert data["totals"]["memory"] is None
    assert [one["pid"] for one in history.data(at=START_MS / 1000, limit=1)["processes"]] == [2]
    assert (data["agent"], data["previous"], data["interval"]) == ("web-1", None, 15)
    assert history.data()["time"] == START_MS / 1000 + 30
    none = history.data(at=START_MS / 1000 - 1)
    assert none == {"agent": "web-1", "time": None, "previous": None, "next": START_MS / 1000}


@pytest.mark.parametrize("encoding", ["zstd", "gzip", "identity", ""])
def test_repeats_are_told_apart_from_what_is_new(history: History, encoding: str) -> None:
    pack: Any = {"zstd": compress_zstd, "gzip": gzip.compress}.get(encoding, bytes)
    for _ in range(2):
        assert history.post(pack(sent(START_MS, [row(1)])), encoding).json == {
            "status": "success",
            "data": {},
        }
    assert history.outcomes == ["kept", "repeated"]


@pytest.mark.parametrize(
    ("body", "encoding", "agent", "status", "says"),
    [
        (b"no", "zstd", AGENT, 400, "The snapshot was refused: the body is not a valid zstd frame"),
        (b"{}", "identity", AGENT, 400, "version: this gateway reads 1, got null"),
        (b"{}", "br", AGENT, 415, "The Content-Encoding must be one of zstd, gzip, identity"),
        (b" " * (MAX_BODY_BYTES + 1), "identity", AGENT, 413, "at most 262144 are taken"),
        (sent(START_MS), "identity", "agent-2", 400, "agent: this is the snapshot of another agent"),
        (sent(START_MS), "identity", "nobody", 404, "it has to register first"),
        (sent(START_MS), "identity", "web-1", 404, "it has to register first"),
        (sent(NOW_MS + 600_001), "identity", AGENT, 400, "more than 10 minutes ahead"),
        (sent(NOW_MS - 7 * 86_400_000 - 1), "identity", AGENT, 400, "older than what is kept"),
    ],
)
def test_what_is_not_taken_is_told(
    history: History, body: bytes, encoding: str, agent: str, *, status: int, says: str
) -> None:
    answer = history.post(body, encoding, agent)
    assert (answer.status_code, answer.json["status"]) == (status, "error")
    assert says in answer.json["error"]
    assert history.outcomes == ["unknown_agent" if status == 404 else "refused"]
    assert set(history.outcomes) <= set(OUTCOMES)


def test_a_failing_disk_is_told_as_such(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise StorageUnavailable("disk full")

    monkeypatch.setattr(Archive, "add", fail)
    answer = history.post(sent(START_MS), "identity")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "disk full" in answer.json["error"]
    assert history.outcomes == ["failed"]
    monkeypatch.setattr(Archive, "at", fail)
    monkeypatch.setattr(Archive, "chunks", fail)
    for path in ("", "/times", "/changes", "/history?name=x"):
        assert history.get(path).status_code == 503


@pytest.mark.parametrize("joined", [False, True])
def test_one_process_over_time(history: History, joined: bool) -> None:
    for at in range(5):
        rows = [row(1, cpu=10.0 * at, rss=4096 * at, read=at)] if at != 2 else []
        history.keep(START_MS + at * 15_000, *rows, row(2, name="p1", cpu=1))
    if joined:
        history.tidying.join_all(NOW_MS + 3_600_000)
    span: dict[str, Any] = {"since": START_MS / 1000, "to": START_MS / 1000 + 60}
    data = history.data("/history", pid=1, start=(START_MS - 1500) / 1000, **span)
    assert [point["cpu"] for point in data["points"]] == [0, 10, None, 30, 40]
    assert [point["processes"] for point in data["points"]] == [1, 1, 0, 1, 1]
    assert data["points"][1] == {
        "time": START_MS / 1000 + 15,
        "snapshots": 1,
        "processes": 1,
        "cpu": 10.0,
        "cpu_max": 10.0,
        "rss": 4096,
        "rss_max": 4096,
        "read": 1,
        "write": None,
    }
    assert [one["name"] for one in data["processes"]] == ["p1"]
    named = history.data("/history", name="p1", **span)
    assert [point["cpu"] for point in named["points"]] == [1, 11, 1, 31, 41]
    assert len(named["processes"]) == 2
    [first, second] = history.data("/history", name="p1", step="45s", **span)["points"]
    assert (first["snapshots"], second["snapshots"]) == (3, 2)
    assert first["cpu"] == round((1 + 11 + 1) / 3, 2)
    assert history.data("/history", name="nobody", **span)["points"] == []


def test_what_changed_between_two_times(history: History) -> None:
    history.keep(START_MS, row(1, cpu=10, rss=100), row(2), row(4, cpu=5.5))
    history.keep(START_MS + 60_000, row(1, cpu=12.5), row(3, start=START_MS + 1), row(4, cpu=5), row(5))
    data = history.data("/changes", since=START_MS / 1000, to=START_MS / 1000 + 60)
    assert {one["pid"]: one["started"] for one in data["appeared"]} == {3: True, 5: False}
    assert [one["pid"] for one in data["gone"]] == [2]
    [grew], [shrank] = data["grew"], data["shrank"]
    assert (grew["pid"], grew["cpu"], grew["before"]["cpu"], grew["difference"]["cpu"]) == (1, 12.5, 10, 2.5)
    assert grew["difference"]["rss"] is None
    assert shrank["difference"]["cpu"] == -0.5
    assert (data["from"]["time"], data["to"]["time"]) == (START_MS / 1000, START_MS / 1000 + 60)
    early = history.data("/changes", since=1, to=2)
    assert early == {"agent": "web-1", "from": None, "to": None}


def test_which_snapshots_there_are(history: History) -> None:
    for at in range(4):
        history.keep(START_MS + at * 15_000)
    times = [START_MS / 1000 + at * 15 for at in range(4)]
    span: dict[str, Any] = {"since": START_MS / 1000, "to": START_MS / 1000 + 30}
    assert history.data("/times", **span) == {"agent": "web-1", "times": times[:3], "truncated": False}
    assert history.data("/times", limit=2, **span) == {
        "agent": "web-1",
        "times": times[:2],
        "truncated": True,
    }
    assert history.data("/times")["times"] == times


@pytest.mark.parametrize(
    ("path", "parameters", "says"),
    [
        ("", {"at": "noon"}, "at"),
        ("", {"sort": "name"}, 'parameter "sort": must be one of cpu, rss, io'),
        ("", {"limit": "-1"}, "limit must be non-negative"),
        ("/history", {}, "give either pid and start"),
        ("/history", {"pid": 1, "name": "x"}, "give either pid and start"),
        ("/history", {"pid": "x", "start": 1}, 'invalid parameter "pid"'),
        ("/history", {"pid": 1}, 'invalid parameter "start"'),
        ("/history", {"name": "x", "step": "0"}, 'invalid parameter "step"'),
        ("/history", {"name": "x", "step": "1ms"}, "Try a larger step"),
        ("/times", {"since": 5, "to": 4}, "it must not be before from"),
    ],
)
def test_wrong_parameters_are_told(
    history: History, path: str, parameters: Mapping[str, Any], says: str
) -> None:
    answer = history.get(path, **parameters)
    assert answer.status_code == 400
    assert says in answer.json["error"]


def test_nobody_gets_what_is_not_theirs(history: History) -> None:
    history.keep(START_MS, row(1))
    prod = Matcher(name="instance", type=MatchType.REGEX, value="db-.*")
    history.caller[0] = Caller(name="db", rights=frozenset({Right.READ}), matchers=(prod,), agents=("db-*",))
    paths = ("", "/times", "/changes", "/history?name=x")
    assert [history.get(path).status_code for path in paths] == [404] * 4
    assert [history.get(path, "agent-2").status_code for path in paths] == [200] * 4
    assert [history.get(path, "nobody").json for path in paths] == [history.get(path).json for path in paths]
    answer = history.post(sent(START_MS + 1), "identity")
    assert (answer.status_code, answer.json["error"]) == (
        403,
        "Db may not speak for an agent named web-1.",
    )
    assert history.post(sent(START_MS, agent="agent-2"), "identity", "agent-2").status_code == 200


@pytest.mark.parametrize("time", ["-292273086-05-16T16:47:06Z", "292277025-08-18T07:12:54.999999999Z", "-1"])
def test_times_that_nothing_has_are_answered(history: History, time: str) -> None:
    history.keep(START_MS, row(1))
    assert history.get(at=time).status_code == 200
    span: dict[str, Any] = {"since": time, "to": time}
    asked: list[tuple[str, dict[str, Any]]] = [
        ("/times", {}),
        ("/changes", {}),
        ("/history", {"pid": "1", "start": "5"}),
    ]
    for path, more in asked:
        assert history.get(path, **span, **more).status_code == 200
