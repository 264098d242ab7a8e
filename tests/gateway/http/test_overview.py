"""The overview has what each measure comes to by itself, only what its caller may see, and is made seldom."""

import math
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import falcon
import numpy as np
import pytest
from falcon.testing import Result, TestClient

from alertrules.rules.outcome import Active, State
from gateway.access.caller import ANYONE, Caller, Right
from gateway.compare.comparing import Comparer
from gateway.compare.measures import MEASURES
from gateway.http import application
from gateway.http.accounting import Accounting
from gateway.http.errors import Errors
from gateway.http.overview import MAX_POINTS, Overview
from gateway.http.routes import OVERVIEW, is_query
from gateway.overview.board import FRESH_MS, KEPT, SHARE, STALE_MS, Boards, Sources
from gateway.overview.figures import COURSES, VALUES
from gateway.query.service import Queries, Ran, Rules
from gateway.query.source import StoredSeries
from gateway.registry.model import Agent, Edits, Life, Status
from promql.values import Steps, Vector
from runtime.logs import Log
from tests.gateway.http.querying import NO_LIMIT, NOW_MS, RULES, Reader, reading
from tests.gateway.registry.parts import facts
from timeseries.labels import Labels
from timeseries.matcher import Matcher, MatchType

STEP_MS = 15_000
TIMES = [NOW_MS - 3_600_000 + at * STEP_MS for at in range(241)]
HOSTS = ("web-1", "web-2", "web-3")


@dataclass(slots=True)
class Fleet:
    """A client for the overview, and all that it is made of."""

    reader: Reader
    client: TestClient = None  # type: ignore[assignment]  # it follows
    now_ms: int = NOW_MS
    time_s: float = 0.0
    a_query_s: float = 0.0
    rules: Rules = RULES
    caller: Caller = ANYONE
    agents: list[Agent] = field(default_factory=list)
    alerts: list[Active] = field(default_factory=list)
    ran: list[Ran] = field(default_factory=list)
    during: threading.Barrier | None = None

    def get(self, tag: str = "", **parameters: Any) -> Result:
        return self.client.simulate_get(
            OVERVIEW,
            params={name: str(value) for name, value in parameters.items()},
            headers={"If-None-Match": tag} if tag else {},
        )

    def data(self, **parameters: Any) -> Any:
        answer = self.get(**parameters)
        assert answer.status_code == 200, answer.text
        return answer.json["data"]

    def host(self, name: str, **parameters: Any) -> Any:
        return next(one for one in self.data(**parameters)["agents"] if one["name"] == name)

    def stopwatch(self) -> float:
        self.time_s += self.a_query_s
        return self.time_s

    def ask(self, query: Ran) -> None:
        self.ran.append(query)
        if self.during:
            self.during.wait()


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    with reading(tmp_path) as reader:
        made = Fleet(reader)
        queries = Queries(
            source=StoredSeries(reader.store),
            rules=lambda: made.rules,
            stopwatch=made.stopwatch,
            memory=NO_LIMIT,
            ran=made.ask,
        )
        sources = Sources(
            queries=queries,
            version=lambda: reader.store.state.head.log_seq,
            agents=lambda: made.agents,
            alerts=lambda: made.alerts,
            stopwatch=made.stopwatch,
        )

        class Identify:
            def process_request(self, req: falcon.Request, _resp: falcon.Response) -> None:
                req.context.caller = made.caller

        app = application.create(
            routes={OVERVIEW: Overview(Boards(sources), lambda: made.now_ms)},
            accounting=Accounting(reader.metrics, clock=lambda: 0.0),
            errors=Errors(log=Log("test"), new_id=lambda: "id-7"),
        )
        app.add_middleware(Identify())
        made.client = TestClient(app)
        made.agents = [_agent(number) for number in (1, 2, 3)]
        _fill(reader)
        yield made


def _agent(number: int) -> Agent:
    life = Life(status=Status.ONLINE, since_ms=NOW_MS - 5000, seen_ms=NOW_MS - 1000)
    edits = Edits(groups=("web",))
    return Agent(facts=facts(number), edits=edits, life=life, first_ms=NOW_MS, named_ms=NOW_MS)


def _fill(reader: Reader) -> None:
    chance = np.random.default_rng(1)
    gauges = ("node_memory_MemTotal_bytes", "node_memory_MemAvailable_bytes", "node_load1")
    swaps = ("node_memory_SwapTotal_bytes", "node_memory_SwapFree_bytes")
    for host in HOSTS[:2]:
        own = {"instance": host, "env": "prod" if host == "web-1" else "test"}
        for metric in (*gauges, *swaps):
            values = 1000 + chance.random(len(TIMES)) * 1000
            reader.write({"__name__": metric, **own}, zip(TIMES, values.tolist(), strict=True))
        counters: list[dict[str, str]] = [
            *({"__name__": "node_cpu_seconds_total", "cpu": cpu, "mode": "idle"} for cpu in "01"),
            *(
                {"__name__": f"node_network_{way}_bytes_total", "device": "eth0"}
                for way in ("receive", "transmit")
            ),
            {"__name__": "node_pressure_cpu_waiting_seconds_total"},
            {"__name__": "node_pressure_io_waiting_seconds_total"},
            {"__name__": "node_pressure_memory_waiting_seconds_total"},
        ]
        for labels in counters:
            values = np.cumsum(chance.random(len(TIMES)) * 15)
            reader.write({**labels, **own}, zip(TIMES, values.tolist(), strict=True))
        for mount, free in (("/", 70.0), ("/srv", 30.0 if host == "web-1" else 90.0)):
            for what, value in (("size", 100.0), ("avail", free)):
                labels = {"__name__": f"node_filesystem_{what}_bytes", "mountpoint": mount, "fstype": "ext4"}
                reader.write({**labels, **own}, [(at, value) for at in TIMES])


def _tick(fleet: Fleet) -> None:
    fleet.reader.write({"__name__": "tick"}, [(fleet.now_ms, 1.0)])


def test_every_measure_of_all_hosts_at_once_is_that_of_each_by_itself(fleet: Fleet) -> None:
    queries = Queries(
        source=StoredSeries(fleet.reader.store), rules=lambda: RULES, stopwatch=lambda: 0.0, memory=NO_LIMIT
    )
    steps = Steps(start_ms=TIMES[0], end_ms=NOW_MS, step_ms=90_000)
    there = []
    for name, measure in MEASURES.items():
        with queries.range(measure.of_all(steps.step_ms), steps) as timed:
            together = timed.answer.value
        assert isinstance(together, Vector)
        hosts = [dict(labels) for labels in together.labels]
        rows = np.where(together.present & np.isfinite(together.values), together.values, np.nan)
        for host in HOSTS:
            alone = Comparer(queries=queries).course(measure, host, steps).values
            if {"instance": host} in hosts:
                assert [one if one is not None else math.nan for one in alone] == pytest.approx(
                    rows[hosts.index({"instance": host})].tolist(), nan_ok=True
                ), name
                there.append(name)
            else:
                assert set(alone) == {None}, name
        assert len(hosts) <= len(HOSTS)
    assert set(VALUES.values()) <= set(there)


def test_a_host_has_who_it_is_and_its_last_values(fleet: Fleet) -> None:
    host = fleet.host("web-1")
    assert (host["id"], host["status"], host["groups"]) == ("agent-0001", "online", ["web"])
    assert (host["labels"], host["last_heartbeat"]) == ({"env": "prod"}, NOW_MS / 1000 - 1)
    assert host["values"].keys() == VALUES.keys()
    assert None not in host["values"].values()
    assert host["values"]["disk"] == 70.0
    assert host["series"].keys() == set(COURSES)
    assert fleet.host("web-2")["values"]["disk"] == 30.0


def test_a_host_without_samples_has_no_values_and_is_there(fleet: Fleet) -> None:
    host = fleet.host("web-3", points=4)
    assert set(host["values"].values()) == {None}
    assert host["series"] == {"cpu": [None] * 4, "memory": [None] * 4}


def test_courses_end_with_the_last_whole_step(fleet: Fleet) -> None:
    fleet.now_ms = NOW_MS + 1234
    data = fleet.data(range="1h", points=40)
    assert data["series"]["step"] == 90
    assert data["series"]["end"] == NOW_MS // 90_000 * 90
    assert data["series"]["end"] - data["series"]["start"] == 39 * 90
    assert {len(course) for host in data["agents"] for course in host["series"].values()} == {40}


def test_without_points_there_are_no_courses(fleet: Fleet) -> None:
    data = fleet.data(points=0)
    assert data["series"] is None
    assert "series" not in data["agents"][0]
    assert len(fleet.ran) == len(VALUES)


def test_alerts_are_counted_by_host_and_severity(fleet: Fleet) -> None:
    fleet.alerts = [
        _alert(State.FIRING, instance="web-1", severity="critical"),
        _alert(State.FIRING, instance="web-1", severity="critical"),
        _alert(State.FIRING, instance="web-1"),
        _alert(State.PENDING, instance="web-2", severity="warning"),
        _alert(State.INACTIVE, instance="web-2", severity="warning"),
        _alert(State.FIRING, severity="info"),
    ]
    data = fleet.data(points=0)
    found = {host["name"]: host["alerts"] for host in data["agents"]}
    assert found == {
        "web-1": {"firing": {"critical": 2, "none": 1}, "pending": 0},
        "web-2": {"firing": {}, "pending": 1},
        "web-3": {"firing": {}, "pending": 0},
    }
    assert data["totals"]["alerts"] == {"firing": {"critical": 2, "none": 1, "info": 1}, "pending": 1}


def _alert(state: State, **labels: str) -> Active:
    return Active(labels=Labels(labels), annotations=Labels(), value=1.0, state=state, active_ms=NOW_MS)


def test_totals_count_hosts_by_status(fleet: Fleet) -> None:
    gone = replace(fleet.agents[2], life=replace(fleet.agents[2].life, status=Status.OFFLINE))
    fleet.agents[2] = gone
    totals = fleet.data(points=0)["totals"]
    assert (totals["agents"], totals["online"], totals["offline"]) == (3, 2, 1)
    assert (totals["degraded"], totals["stopped"]) == (0, 0)


def test_who_is_confined_sees_only_their_hosts_values_and_alerts(fleet: Fleet) -> None:
    fleet.agents = [
        replace(agent, facts=replace(agent.facts, labels=Labels({"env": env})))
        for agent, env in zip(fleet.agents, ("prod", "test", "test"), strict=True)
    ]
    fleet.alerts = [
        _alert(State.FIRING, instance="web-1", env="prod"),
        _alert(State.FIRING, instance="web-2", env="test"),
    ]
    fleet.data(points=0)
    matcher = Matcher(name="env", type=MatchType.EQUAL, value="prod")
    fleet.caller = Caller(name="some", rights=frozenset({Right.READ}), matchers=(matcher,))
    data = fleet.data(points=0)
    assert [host["name"] for host in data["agents"]] == ["web-1"]
    assert data["agents"][0]["values"]["cpu"] is not None
    assert data["totals"]["agents"] == data["totals"]["online"] == 1
    assert data["totals"]["alerts"]["firing"] == {"none": 1}


def test_what_others_named_as_a_host_send_is_hidden_from_who_is_confined(fleet: Fleet) -> None:
    """A series with the host's name, but not in the scope."""
    host = replace(fleet.agents[1], facts=replace(fleet.agents[1].facts, labels=Labels({"env": "prod"})))
    fleet.agents = [host]
    matcher = Matcher(name="env", type=MatchType.EQUAL, value="prod")
    fleet.caller = Caller(name="some", rights=frozenset({Right.READ}), matchers=(matcher,))
    assert set(fleet.host("web-2", points=0)["values"].values()) == {None}


# --- how often it is made ---


def test_what_is_not_new_is_304_and_asks_nothing(fleet: Fleet) -> None:
    tag = fleet.get(points=0).headers["ETag"]
    asked = len(fleet.ran)
    fleet.now_ms += FRESH_MS + 1
    answer = fleet.get(tag, points=0)
    assert (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", tag)
    assert len(fleet.ran) == asked
    assert answer.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("news", ["samples", "heartbeat", "alert", "host", "gone"])
def test_whatever_is_new_makes_another_one(fleet: Fleet, news: str) -> None:
    tag = fleet.get(points=0).headers["ETag"]
    fleet.now_ms += FRESH_MS
    first = fleet.agents[0]
    match news:
        case "samples":
            _tick(fleet)
        case "heartbeat":
            fleet.agents[0] = replace(first, life=replace(first.life, seen_ms=fleet.now_ms))
        case "alert":
            fleet.alerts = [_alert(State.FIRING, instance="web-1")]
        case "host":
            fleet.agents.append(_agent(4))
        case "gone":
            del fleet.agents[1]
    assert fleet.get(tag, points=0).status_code == 200


def test_for_a_moment_all_get_the_same(fleet: Fleet) -> None:
    tag = fleet.get(points=0).headers["ETag"]
    _tick(fleet)
    fleet.now_ms += FRESH_MS - 1
    assert fleet.get(tag, points=0).status_code == 304
    fleet.now_ms += 1
    assert fleet.get(tag, points=0).status_code == 200


def test_what_took_long_is_kept_longer(fleet: Fleet) -> None:
    fleet.a_query_s = 0.05
    before = fleet.time_s
    tag = fleet.get(points=0).headers["ETag"]
    took_ms = int((fleet.time_s - before - fleet.a_query_s) * 1000)
    assert took_ms > FRESH_MS
    _tick(fleet)
    fleet.now_ms += took_ms * (SHARE + 1) - 1
    assert fleet.get(tag, points=0).status_code == 304
    fleet.now_ms += 2
    assert fleet.get(tag, points=0).status_code == 200


def test_values_that_are_not_heard_of_any_more_go_though_nothing_comes(fleet: Fleet) -> None:
    assert fleet.host("web-1", points=0)["values"]["load"] is not None
    fleet.now_ms += STALE_MS - 1
    asked = len(fleet.ran)
    fleet.data(points=0)
    assert len(fleet.ran) == asked
    fleet.now_ms = NOW_MS + RULES.lookback_ms + STALE_MS
    assert fleet.host("web-1", points=0)["values"]["load"] is None


def test_courses_are_asked_for_once_a_step(fleet: Fleet) -> None:
    fleet.now_ms = NOW_MS // 90_000 * 90_000
    fleet.data()
    assert len(fleet.ran) == len(VALUES) + len(COURSES)
    fleet.now_ms += FRESH_MS
    _tick(fleet)
    fleet.data()
    assert len(fleet.ran) == 2 * len(VALUES) + len(COURSES)
    fleet.now_ms += 90_000
    fleet.data()
    assert len(fleet.ran) == 3 * len(VALUES) + 2 * len(COURSES)


def test_a_clock_that_was_set_back_stops_nothing(fleet: Fleet) -> None:
    fleet.data(points=0)
    fleet.now_ms -= 3_600_000
    assert fleet.data(points=0)["time"] == fleet.now_ms / 1000


def test_who_comes_while_it_is_made_gets_the_one_before(fleet: Fleet) -> None:
    before = fleet.get(points=0).headers["ETag"]
    _tick(fleet)
    fleet.now_ms += FRESH_MS
    fleet.during = threading.Barrier(2)
    other = threading.Thread(target=fleet.get, kwargs={"points": 0})
    other.start()
    # The other one waits in its first query.
    while not len(fleet.ran) > len(VALUES):
        pass
    assert fleet.get(points=0).headers["ETag"] == before
    fleet.during.abort()
    other.join()


def test_no_more_kinds_are_kept_than_allowed(fleet: Fleet) -> None:
    for points in range(KEPT + 1):
        fleet.data(points=points)
    asked = len(fleet.ran)
    fleet.data(points=KEPT)
    assert len(fleet.ran) == asked
    fleet.data(points=0)
    assert len(fleet.ran) > asked


def test_what_cannot_be_asked_is_told_and_the_hosts_are_there(fleet: Fleet) -> None:
    fleet.rules = Rules(timeout_s=60, max_samples=1, lookback_ms=300_000)
    data = fleet.data(points=0)
    assert len(data["agents"]) == 3
    assert set(data["agents"][0]["values"].values()) == {None}
    assert [problem.partition(":")[0] for problem in data["problems"]] == list(VALUES)
    fleet.rules = RULES
    fleet.now_ms += STALE_MS
    assert fleet.data(points=0)["problems"] == []


def test_all_of_it_has_the_time_of_one_query(fleet: Fleet) -> None:
    fleet.a_query_s = RULES.timeout_s / 12
    assert fleet.data(points=0)["problems"]


# --- what may be asked ---


def test_it_takes_a_query_s_turn() -> None:
    assert is_query(OVERVIEW)


@pytest.mark.parametrize("wrong", ["59", "32d", "x", "-1h"])
def test_a_wrong_range_is_refused(fleet: Fleet, wrong: str) -> None:
    answer = fleet.get(range=wrong)
    assert answer.status_code == 400
    assert '"range"' in answer.json["error"]


@pytest.mark.parametrize("wrong", [str(MAX_POINTS + 1), "-1", "1.5", "x", "99999", "²"])
def test_wrong_points_are_refused(fleet: Fleet, wrong: str) -> None:
    answer = fleet.get(points=wrong)
    assert answer.status_code == 400
    assert '"points"' in answer.json["error"]


@pytest.mark.parametrize("right", ["60", "31d"])
def test_the_limits_of_range_and_points_are_allowed(fleet: Fleet, right: str) -> None:
    data = fleet.data(range=right, points=MAX_POINTS)
    assert len(data["agents"][0]["series"]["cpu"]) == MAX_POINTS
