"""Hosts beside each other come to what PromQL comes to by hand, and to nothing where there is nothing."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import falcon
import numpy as np
import pytest
from falcon.testing import TestClient

from gateway.access.caller import ANYONE, Caller, Right
from gateway.compare.comparing import Comparer, statistics
from gateway.compare.measures import MEASURES
from gateway.http import application
from gateway.http.accounting import Accounting
from gateway.http.compare import MAX_AGENTS, MAX_VALUES
from gateway.http.errors import Errors
from gateway.http.known import Known, Seen
from gateway.http.query import MAX_STEPS
from gateway.http.routes import compare_routes, is_query
from gateway.query.service import Queries, Ran
from gateway.query.source import StoredSeries
from promql.language.parser import parse
from runtime.logs import Log
from tests.gateway.http.querying import NO_LIMIT, NOW_MS, RULES, Reader, reading
from timeseries.labels import Labels
from timeseries.matcher import Matcher, MatchType

STEP_MS = 15_000
COUNT = 240
TIMES = [NOW_MS - 3_600_000 + at * STEP_MS for at in range(COUNT + 1)]
NAMES = ("web-1", "web-2", 'odd"name', "empty")


@dataclass(slots=True)
class Comparison:
    """A client for comparing, one for queries, and who asks."""

    client: TestClient
    reader: Reader
    caller: list[Caller] = field(default_factory=lambda: [ANYONE])
    time_s: list[float] = field(default_factory=lambda: [0.0])
    a_query_s: list[float] = field(default_factory=lambda: [0.0])
    ran: list[Ran] = field(default_factory=list)

    def get(self, path: str, **parameters: object) -> Any:
        return self.client.simulate_get(
            f"/api/v1/agents/{path}", params={k: str(v) for k, v in parameters.items()}
        )

    def data(self, path: str, **parameters: object) -> Any:
        answer = self.get(path, **parameters)
        assert answer.status_code == 200, answer.text
        return answer.json["data"]

    def by_hand(self, query: str, start_ms: int, step_ms: int = STEP_MS) -> dict[float, float]:
        """What Prometheus' API says."""
        result = self.reader.data(
            "query_range", query=query, start=start_ms / 1000, end=TIMES[-1] / 1000, step=step_ms / 1000
        )["result"]
        return {at: float(value) for at, value in result[0]["values"]} if result else {}


def find(text: str, seen: Seen) -> Known | None:
    name = text.removeprefix("id-of-")
    known = Known(agent_id=f"id-of-{name}", name=name, labels=Labels({"instance": name}))
    return known if name in NAMES and seen(known.labels) else None


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[Comparison]:
    with reading(tmp_path) as reader:
        made = Comparison(client=None, reader=reader)  # type: ignore[arg-type]  # it follows

        def passes() -> float:
            made.time_s[0] += made.a_query_s[0]
            return made.time_s[0]

        queries = Queries(
            source=StoredSeries(reader.store),
            rules=lambda: RULES,
            stopwatch=passes,
            memory=NO_LIMIT,
            ran=made.ran.append,
        )

        class Identify:
            def process_request(self, req: falcon.Request, _resp: falcon.Response) -> None:
                req.context.caller = made.caller[0]

        app = application.create(
            routes=compare_routes(comparer=Comparer(queries=queries), find=find, now_ms=lambda: NOW_MS),
            accounting=Accounting(reader.metrics, clock=lambda: 0.0),
            errors=Errors(log=Log("test"), new_id=lambda: "id-7"),
        )
        app.add_middleware(Identify())
        made.client = TestClient(app)
        _fill(reader)
        yield made


def _fill(reader: Reader) -> None:
    chance = np.random.default_rng(1)
    for host in NAMES[:3]:
        for cpu in ("0", "1"):
            idle = np.cumsum(chance.random(COUNT + 1) * 15)
            labels = {"__name__": "node_cpu_seconds_total", "instance": host, "cpu": cpu, "mode": "idle"}
            reader.write(labels, zip(TIMES, idle.tolist(), strict=True))
        for name, value in (("MemTotal", 1000.0), ("MemAvailable", 400.0)):
            samples = [(at, value) for at in TIMES[:100]]
            reader.write({"__name__": f"node_memory_{name}_bytes", "instance": host}, samples)


def test_all_courses_of_an_answer_have_the_time_of_one_query(hosts: Comparison) -> None:
    hosts.a_query_s[0] = RULES.timeout_s / 12
    assert hosts.get("compare", agents="web-1", expr="vector(1)").status_code == 200
    assert hosts.get("compare", agents=",".join(NAMES), expr="vector(1)", offset="1h").status_code == 503


def test_the_log_of_slow_queries_hears_who_compared(hosts: Comparison) -> None:
    hosts.caller[0] = Caller(name="user ada", rights=frozenset({Right.READ}))
    hosts.get("web-1/stats", metrics="cpu")
    assert [(one.question.caller, one.question.request_id) for one in hosts.ran] == [("user ada", "id-7")]


def test_cpu_is_what_promql_says_it_is(hosts: Comparison) -> None:
    data = hosts.data("compare", agents="web-1,id-of-web-2", metric="cpu")
    assert (data["unit"], data["step"], len(data["times"])) == ("percent", 15, COUNT + 1)
    assert [row["name"] for row in data["agents"]] == ["web-1", "web-2"]
    for row in data["agents"]:
        idle = f'node_cpu_seconds_total{{mode="idle",instance="{row["name"]}"}}'
        by_hand = hosts.by_hand(f"100 * (1 - avg(rate({idle}[1m])))", TIMES[0])
        got = {at: value for at, value in zip(data["times"], row["values"], strict=True) if value is not None}
        assert got == pytest.approx(by_hand)
        values = np.array(list(by_hand.values()))
        assert row["statistics"] == {
            "count": len(values),
            "average": pytest.approx(values.mean()),
            "min": pytest.approx(values.min()),
            "max": pytest.approx(values.max()),
            "p95": pytest.approx(np.quantile(values, 0.95)),
            "last": pytest.approx(values[-1]),
        }
        assert row["values"][0] is None


def test_the_percentile_is_that_of_promql(hosts: Comparison) -> None:
    expr = 'sum(node_cpu_seconds_total{instance="$instance"})'
    [row] = hosts.data("compare", agents="web-1", expr=expr, step="20s")["agents"]
    query = '(sum(node_cpu_seconds_total{instance="web-1"}))[1h1ms:20s]'
    answer = hosts.reader.data("query", query=f"quantile_over_time(0.95, {query})", time=NOW_MS / 1000)
    assert row["statistics"]["p95"] == pytest.approx(float(answer["result"][0]["value"][1]))


def test_what_is_not_there_is_null_and_not_0(hosts: Comparison) -> None:
    data = hosts.data("compare", agents="web-1,empty,nobody", metric="memory")
    full, empty = data["agents"]
    # A sample counts for less than five minutes.
    assert full["values"] == [600.0] * 119 + [None] * (COUNT + 1 - 119)
    assert full["statistics"]["last"] == 600.0
    assert empty["values"] == [None] * (COUNT + 1)
    assert empty["statistics"] == dict.fromkeys(("average", "min", "max", "p95", "last")) | {"count": 0}
    assert data["unknown"] == ["nobody"]


def test_now_beside_then(hosts: Comparison) -> None:
    half = TIMES[COUNT // 2] / 1000
    data = hosts.data("compare", agents='odd"name', metric="cpu", start=half, offset="30m")
    [row] = data["agents"]
    alone = hosts.data("compare", agents='odd"name', metric="cpu", start=TIMES[0] / 1000, end=half)
    assert row["before"] == {key: alone["agents"][0][key] for key in ("statistics", "values")}
    now, then = row["statistics"]["average"], row["before"]["statistics"]["average"]
    assert row["change"] == {"average": now - then, "percent": pytest.approx(100 * (now - then) / then)}
    [missing] = hosts.data("compare", agents="web-1", metric="memory", offset="1w")["agents"]
    assert missing["change"] == {"average": None, "percent": None}


def test_all_measures_of_one_host(hosts: Comparison) -> None:
    data = hosts.data("id-of-web-1/stats")
    assert set(data["metrics"]) == set(MEASURES)
    assert data["metrics"]["memory_percent"]["statistics"]["average"] == 60.0
    assert data["metrics"]["disk"]["statistics"]["average"] is None
    compared = hosts.data("compare", agents="web-1", metric="cpu")["agents"][0]
    assert data["metrics"]["cpu"]["statistics"] == compared["statistics"]
    assert list(hosts.data("web-1/stats", metrics="load,cpu", offset="1h")["metrics"]) == ["load", "cpu"]
    assert hosts.get("nobody/stats").status_code == 404


def test_a_long_time_is_drawn_with_few_values(hosts: Comparison) -> None:
    data = hosts.data("compare", agents="web-1", metric="memory", start=NOW_MS / 1000 - 7 * 86_400)
    assert 900 < len(data["times"]) <= 1001
    assert data["step"] % 15 == 0
    # Rates reach from one step to the next, so that they miss nothing.
    assert "[630000ms]" in MEASURES["cpu"].of("web-1", 615_000)


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"metric": "cpu"}, f'invalid parameter "agents": name from 1 to {MAX_AGENTS}'),
        ({"agents": ",".join(map(str, range(MAX_AGENTS + 1))), "metric": "cpu"}, "name from 1"),
        ({"agents": "web-1"}, "give either metric, one of cpu, "),
        ({"agents": "web-1", "metric": "cpu", "expr": "up"}, "give either metric"),
        ({"agents": "web-1", "metric": "warmth"}, "there is no warmth. There are cpu, cpu_user"),
        ({"agents": "web-1", "expr": "up{"}, 'invalid parameter "expr": 1:4: parse error'),
        ({"agents": "web-1", "expr": "up[5m]"}, 'invalid parameter "expr"'),
        (
            {"agents": "web-1", "expr": 'node_cpu_seconds_total{instance="$instance"}'},
            "it comes to 2 series for web-1",
        ),
        ({"agents": "web-1", "metric": "cpu", "step": "0"}, 'invalid parameter "step"'),
        ({"agents": "web-1", "metric": "cpu", "offset": "-1"}, 'invalid parameter "offset"'),
        ({"agents": "web-1", "metric": "cpu", "step": "100ms"}, "Try a larger step"),
        ({"agents": "web-1", "metric": "cpu", "start": 5, "end": 4}, 'invalid parameter "end"'),
    ],
)
def test_wrong_parameters_are_told(hosts: Comparison, parameters: dict[str, object], says: str) -> None:
    answer = hosts.get("compare", **parameters)
    assert answer.status_code == 400
    assert says in answer.json["error"]


def test_as_many_values_as_are_allowed_are_answered(hosts: Comparison) -> None:
    def asked(many: int, agents: str) -> int:
        end = NOW_MS / 1000
        status: int = hosts.get(
            "compare", agents=agents, expr="1", start=end - many + 1, end=end, step=1
        ).status_code
        return status

    assert (asked(MAX_STEPS + 1, "web-1"), asked(MAX_STEPS + 2, "web-1")) == (200, 400)
    many = ",".join(f"host-{number}" for number in range(15))
    assert MAX_VALUES == 15 * 10_000
    assert (asked(10_000, many), asked(10_001, many)) == (200, 400)


def test_nobody_sees_what_is_not_theirs(hosts: Comparison) -> None:
    only = Matcher(name="instance", type=MatchType.EQUAL, value="web-2")
    hosts.caller[0] = Caller(name="web", rights=frozenset({Right.READ}), matchers=(only,))
    data = hosts.data("compare", agents="web-1,web-2", metric="cpu")
    assert ([row["name"] for row in data["agents"]], data["unknown"]) == (["web-2"], ["web-1"])
    [row] = hosts.data("compare", agents="web-2", expr='sum(node_cpu_seconds_total{instance="web-1"})')[
        "agents"
    ]
    assert row["statistics"]["count"] == 0
    [row] = hosts.data("compare", agents="web-2", expr="count(count by (instance) (node_cpu_seconds_total))")[
        "agents"
    ]
    assert row["statistics"]["max"] == 1
    assert hosts.get("web-1/stats").status_code == 404


def test_values_that_are_no_numbers_count_for_nothing() -> None:
    found = statistics(np.array([np.nan, 1.0, np.inf, 3.0, -np.inf]))
    assert (found.count, found.average, found.last) == (2, 2.0, 3.0)


@pytest.mark.parametrize("name", MEASURES)
def test_every_measure_is_a_query(name: str) -> None:
    parse(MEASURES[name].of('a"b\\c', 15_000))


def test_comparing_takes_its_turns_with_the_queries() -> None:
    assert is_query("/api/v1/agents/compare")
    assert is_query("/api/v1/agents/web-1/stats")
    assert is_query("/api/v1/agents/web-1/processes/history")
    assert not is_query("/api/v1/agents/web-1/processes")
    assert not is_query("/api/v1/agents/register")


@pytest.mark.parametrize("time", ["-292273086-05-16T16:47:06Z", "292277025-08-18T07:12:54.999999999Z"])
def test_times_that_nothing_has_are_answered(hosts: Comparison, time: str) -> None:
    [row] = hosts.data("compare", agents="web-1", metric="cpu", start=time, end=time, offset="5y")["agents"]
    assert row["values"] == [None]
