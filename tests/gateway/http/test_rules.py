"""Which groups and rules are shown, page by page, and how times and numbers are written."""

from collections.abc import Mapping
from typing import Any

import falcon
import pytest
from falcon.testing import TestClient
from hypothesis import given
from hypothesis import strategies as st

from alertrules.rules.model import AlertRule, Group, RecordingRule, Rule
from alertrules.rules.outcome import Active, GroupResult, Health, RuleResult, State
from gateway.http.errors import Errors
from gateway.http.rules import Alerts, Rules, time_text, value_text
from gateway.ruler.model import GroupView
from promql.language.parser import parse
from runtime.logs import Log
from timeseries.labels import Labels

UP = parse("up")


def group(name: str, file: str = "f.yml", labels: Mapping[str, str] = {}) -> GroupView:
    """A group of an alert that fires and a recorded series."""
    alert = Active(
        labels=Labels({"alertname": "A"}),
        annotations=Labels(),
        value=1.0,
        state=State.FIRING,
        active_ms=1000,
        keep_firing_since_ms=2500,
    )
    rules: tuple[Rule, ...] = (
        AlertRule(name="A", expr=UP, text="up", for_ms=1500, labels=labels),
        RecordingRule(name="r", expr=UP, text="up", labels=labels),
    )
    results = [RuleResult(rule=one, key=one.name, health=Health.OK, time_ms=5000) for one in rules]
    results[0] = RuleResult(rule=rules[0], key="A", health=Health.OK, time_ms=5000, active=(alert,))
    return GroupView(
        group=Group(name=name, file=file, rules=rules),
        interval_ms=1500,
        result=GroupResult(time_ms=5000, rules=tuple(results)),
    )


GROUPS = [group("a"), group("b"), group("c", "g.yml", {"team": "x"})]


@pytest.fixture
def client() -> TestClient:
    app = falcon.App()
    Errors(log=Log("test"), new_id=str).install(app)
    app.add_route("/rules", Rules(lambda: GROUPS))
    app.add_route("/alerts", Alerts(lambda: GROUPS))
    return TestClient(app)


def data(client: TestClient, query: str) -> Any:
    answer = client.simulate_get("/rules", query_string=query)
    assert answer.status_code == 200, answer.text
    return answer.json["data"]


def shown(client: TestClient, query: str) -> list[str]:
    """Groups with the first letters of their rules."""
    return [
        one["name"] + "".join(rule["name"] for rule in one["rules"]) for one in data(client, query)["groups"]
    ]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["aAr", "bAr", "cAr"]),
        ("type=alert", ["aA", "bA", "cA"]),
        ("type=Record", ["ar", "br", "cr"]),
        ("rule_group[]=a&rule_group[]=c", ["aAr", "cAr"]),
        ("file[]=g.yml", ["cAr"]),
        ("rule_name[]=r&rule_group[]=b", ["br"]),
        ("rule_name[]=none", []),
        ('match[]={team="x"}', ["cAr"]),
        ('match[]={team="y"}&match[]={team=~"x.*"}', ["cAr"]),
    ],
)
def test_what_is_asked_for_is_shown(client: TestClient, query: str, found: list[str]) -> None:
    assert shown(client, query) == found


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
def test_pages_have_each_group_once(client: TestClient, limit: int) -> None:
    found: list[str] = []
    token = ""
    while True:
        page = data(client, f"group_limit={limit}" + (f"&group_next_token={token}" if token else ""))
        assert len(page["groups"]) <= limit
        found += [one["name"] for one in page["groups"]]
        token = page.get("groupNextToken", "")
        if not token:
            break
    assert found == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("type=x", 'invalid parameter "type": not supported value "x"'),
        ("exclude_alerts=2", 'invalid parameter "exclude_alerts": strconv.ParseBool: parsing "2": '),
        ("group_limit=0", "group_limit needs to be greater than 0"),
        ("group_limit=x", "group_limit needs to be a valid number"),
        ("group_limit=2147483648", "value out of range"),
        ("group_next_token=x", "group_limit needs to be present"),
        ("group_limit=1&group_next_token=x", "invalid group_next_token 'x'. were rule groups changed?"),
        ("match[]={", 'invalid parameter "match[]"'),
    ],
)
def test_what_is_wrong_is_said(client: TestClient, query: str, sentence: str) -> None:
    answer = client.simulate_get("/rules", query_string=query)
    assert (answer.status_code, answer.json["errorType"]) == (400, "bad_data")
    assert sentence in answer.json["error"]


def test_alerts_are_shown_or_left_out(client: TestClient) -> None:
    alert = {
        "labels": {"alertname": "A"},
        "annotations": {},
        "state": "firing",
        "activeAt": "1970-01-01T00:00:01Z",
        "keepFiringSince": "1970-01-01T00:00:02.5Z",
        "value": "1e+00",
    }
    rule = data(client, "rule_group[]=a")["groups"][0]["rules"][0]
    assert (rule["alerts"], rule["state"], rule["duration"]) == ([alert], "firing", 1.5)
    rule = data(client, "rule_group[]=a&exclude_alerts=true")["groups"][0]["rules"][0]
    assert (rule["alerts"], rule["state"]) == ([], "firing")
    assert client.simulate_get("/alerts").json["data"] == {"alerts": [alert] * 3}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1e+00"),
        (0.0, "0e+00"),
        (-0.0, "-0e+00"),
        (12.5, "1.25e+01"),
        (-4.25e-05, "-4.25e-05"),
        (1e100, "1e+100"),
        (float("inf"), "+Inf"),
        (float("nan"), "NaN"),
    ],
)
def test_numbers_are_written_with_an_exponent(value: float, text: str) -> None:
    assert value_text(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_written_number_is_the_same_number(value: float) -> None:
    assert float(value_text(value)) == value


@given(st.integers(1, 4102444800000))
def test_a_time_has_no_zeros_at_its_end(time_ms: int) -> None:
    text = time_text(time_ms)
    whole, _, fraction = text.removesuffix("Z").partition(".")
    assert (len(whole), fraction.endswith("0")) == (19, False)
    assert int(f"{fraction:0<3}") == time_ms % 1000
