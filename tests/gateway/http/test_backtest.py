"""`/api/v1/rules/backtest` over a real store: what is asked for and told, and how long it may run."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import falcon
import pytest
from falcon.testing import Result, TestClient

from alertrules.backtest import telling
from alertrules.backtest.telling import MAX_ALERTS, MAX_FIRINGS, written
from alertrules.rules.model import AlertRule, Group
from gateway.access.caller import ANYONE, Caller, Right
from gateway.http import application
from gateway.http.accounting import Accounting
from gateway.http.backtest import MAX_BODY_BYTES
from gateway.http.errors import Errors
from gateway.http.routes import backtest_routes, is_query
from gateway.query.catalog import Catalog
from gateway.query.service import Queries
from gateway.query.source import StoredSeries
from gateway.ruler.backtest import Backtests
from promql.language.parser import parse
from runtime.logs import Log
from tests.gateway.http.querying import NO_LIMIT, NOW_MS, RULES, Reader, reading
from timeseries.matcher import Matcher, MatchType

MINUTE = 60_000
PATH = "/api/v1/rules/backtest"
TEXT = """\
groups:
- name: g
  rules:
  - record: job:up:sum
    expr: sum by (job) (up)
  - alert: Down
    expr: up == 0
    for: 2m
    labels: {where: "{{ $labels.instance }}"}
  - alert: Few
    expr: job:up:sum < 2
  - alert: Told
    expr: ALERTS > 0
"""
FIRST = NOW_MS // MINUTE * MINUTE - 100 * MINUTE


@dataclass(slots=True)
class Trying:
    """A client, the store behind it, who asks, and a stopwatch that each look moves on."""

    client: TestClient
    reader: Reader
    caller: list[Caller] = field(default_factory=lambda: [ANYONE])
    step_s: list[float] = field(default_factory=lambda: [0.0])
    groups: dict[str, Sequence[Group]] = field(default_factory=dict)

    def post(self, document: object) -> Result:
        return self.client.simulate_post(PATH, json=document)

    def rules(self, **more: object) -> Mapping[str, Any]:
        answer = self.post({"rules": TEXT, **more})
        assert answer.status_code == 200, answer.text
        return {rule["name"]: rule for rule in answer.json["data"]["rules"]}


TEXT_OF_TEMPLATES = """
groups:
- name: g
  rules:
  - {alert: A, expr: "vector(time())", labels: {v: "{{ $value }}"}}
"""


@pytest.fixture
def trying(tmp_path: Path) -> Iterator[Trying]:
    with reading(tmp_path) as reader:
        made = Trying(client=None, reader=reader)  # type: ignore[arg-type]  # it follows
        now = [0.0]

        def stopwatch() -> float:
            now[0] += made.step_s[0]
            return now[0]

        class Who:
            def process_request(self, req: falcon.Request, _resp: falcon.Response) -> None:
                req.context.caller = made.caller[0]

        catalog = Catalog(reader.store)
        queries = Queries(
            source=StoredSeries(reader.store), rules=lambda: RULES, stopwatch=stopwatch, memory=NO_LIMIT
        )
        app = application.create(
            routes=backtest_routes(
                backtests=Backtests(
                    queries=queries,
                    series=lambda matchers: catalog.confined(matchers).series,
                    interval_ms=lambda: MINUTE,
                ),
                groups=lambda name: made.groups.get(name, ()),
                now_ms=lambda: NOW_MS,
            ),
            accounting=Accounting(reader.metrics, clock=lambda: 0.0),
            errors=Errors(log=Log("test"), new_id=lambda: "id-7"),
        )
        app.add_middleware(Who())
        made.client = TestClient(app)
        for instance, values in (("x", [1, 1, *[0] * 8, 1, 1, 0, 1]), ("y", [1] * 14)):
            labels = {"__name__": "up", "job": "a", "instance": instance}
            reader.write(labels, [(FIRST + at * MINUTE, value) for at, value in enumerate(values)])
        yield made


def test_it_tells_when_alerts_would_have_fired(trying: Trying) -> None:
    down = trying.rules()["Down"]
    assert (down["fired"], down["firedAlerts"], down["evaluations"]) == (1, 1, 30 * 1440)
    [alert] = down["alerts"]
    assert alert["labels"] == {"alertname": "Down", "instance": "x", "job": "a", "where": "x"}
    start = (FIRST + 4 * MINUTE) / 1000
    assert alert["firings"] == [{"active": start - 120, "start": start, "end": start + 6 * 60, "value": "0"}]
    assert (alert["seconds"], alert["longest"]) == (360, 360)


def test_a_rule_that_was_never_recorded_is_recorded_for_it(trying: Trying) -> None:
    few = trying.rules(since=FIRST / 1000, until=(FIRST + 11 * MINUTE) / 1000)["Few"]
    assert few["notes"] == ["job:up:sum has no series here: it was recorded for this."]
    assert [one["start"] for one in few["alerts"][0]["firings"]] == [(FIRST + 2 * MINUTE) / 1000]


def test_rules_on_alerts_are_told_to_be_left_out(trying: Trying) -> None:
    assert trying.rules()["Told"]["problem"].startswith("its query reads ALERTS")


def test_one_rule_and_a_time_may_be_chosen(trying: Trying) -> None:
    data = trying.post({"rules": TEXT, "rule": "Down", "since": "2026-09-21T13:00:00Z", "until": 1e9 + 8e8})
    assert [rule["name"] for rule in data.json["data"]["rules"]] == ["Down"]
    assert data.json["data"]["since"] == 1_789_995_600


def test_a_group_in_service_may_be_tried_by_its_name(trying: Trying) -> None:
    rule = AlertRule(name="Own", expr=parse("up == 0"), text="up == 0")
    trying.groups["mine"] = [Group(name="mine", rules=(rule,))]
    [told] = trying.post({"group": "mine"}).json["data"]["rules"]
    assert (told["name"], told["fired"]) == ("Own", 2)
    assert trying.post({"group": "other"}).status_code == 404


def test_who_sees_only_some_series_is_told_only_of_those(trying: Trying) -> None:
    only = Matcher(name="instance", type=MatchType.EQUAL, value="y")
    trying.caller[0] = Caller(name="reader", rights=frozenset({Right.READ}), matchers=(only,))
    rules = trying.rules()
    assert rules["Down"]["fired"] == 0
    assert rules["Few"]["fired"] == 1
    trying.groups["mine"] = [Group(name="mine")]
    assert trying.post({"group": "mine"}).status_code == 404


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ({}, 'Give either "rules", the text of a rule file, or "group"'),
        ({"rules": TEXT, "group": "g"}, 'Give either "rules"'),
        ({"rules": "groups: [{name: g, rules: [{alert: A}]}]"}, "rules, line 1: "),
        ({"rules": "{"}, "rules, line 1: this is not valid YAML"),
        ({"rules": TEXT, "since": "soon"}, '"since" is no time.'),
        ({"rules": TEXT, "until": True}, '"until" is no time.'),
        ({"rules": TEXT, "since": 10, "until": 5}, '"until" must not be before "since"'),
        ({"rules": TEXT, "sinse": 1}, 'There is no key "sinse".'),
        ({"rules": 1}, '"rules" must be a text'),
    ],
)
def test_what_is_wrong_is_told(trying: Trying, document: object, why: str) -> None:
    answer = trying.post(document)
    assert answer.status_code == 400
    assert answer.json["error"].startswith(why)


def test_rules_may_be_so_long_and_no_longer(trying: Trying) -> None:
    for more, status in ((0, 200), (1, 413)):
        empty = len('{"rules": "groups: []", "rule": ""}')
        body = '{"rules": "groups: []", "rule": "%s"}' % ("a" * (MAX_BODY_BYTES - empty + more))
        answer = trying.client.simulate_post(PATH, body=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == status


def test_all_its_queries_together_may_take_as_long_as_one(trying: Trying) -> None:
    assert is_query(PATH)
    trying.step_s[0] = RULES.timeout_s / 20
    answer = trying.post({"rules": TEXT})
    assert (answer.status_code, answer.json["errorType"]) == (503, "timeout")


def test_its_templates_take_of_the_same_time(trying: Trying) -> None:
    rules = TEXT_OF_TEMPLATES
    assert trying.post({"rules": rules}).status_code == 200
    trying.step_s[0] = RULES.timeout_s / 1000
    answer = trying.post({"rules": rules})
    assert (answer.status_code, answer.json["errorType"]) == (503, "timeout")


def test_it_is_told_to_people_in_a_few_lines(trying: Trying) -> None:
    told = trying.post({"rules": TEXT, "since": FIRST / 1000, "until": (FIRST + 13 * MINUTE) / 1000}).json[
        "data"
    ]
    assert written(told).splitlines() == [
        "Down would have fired once in 13m, 6m in all:",
        '  {instance="x", job="a", where="x"}',
        "    once, 6m in all",
        "      2026-09-21 12:37:00Z  for 6m",
        "",
        "Few would have fired 2 times in 13m, 9m in all:",
        "  (job:up:sum has no series here: it was recorded for this.)",
        '  {job="a"}',
        "    2 times, 9m in all, the longest 8m",
        "      2026-09-21 12:35:00Z  for 8m",
        "      2026-09-21 12:45:00Z  for 1m",
        "",
        "Told can't be tried: its query reads ALERTS, which a backtest does not make.",
    ]
    assert written({"since": 0, "until": 0, "rules": []}) == "There is no alert rule.\n"


def test_so_many_alerts_and_firings_are_told_and_all_are_counted(
    trying: Trying, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (MAX_ALERTS, MAX_FIRINGS) == (1_000, 10_000)
    text = "groups: [{name: g, rules: [{alert: A, expr: up >= 0 and on() minute() % 2 == 0}]}]"
    whole = trying.post({"rules": text}).json["data"]["rules"][0]
    counts = [len(alert["firings"]) for alert in whole["alerts"]]
    monkeypatch.setattr(telling, "MAX_ALERTS", 1)
    monkeypatch.setattr(telling, "MAX_FIRINGS", counts[0] - 1)
    cut = trying.post({"rules": text}).json["data"]["rules"][0]
    assert (cut["fired"], cut["firedAlerts"]) == (whole["fired"], 2)
    assert [len(alert["firings"]) for alert in cut["alerts"]] == [counts[0] - 1]
