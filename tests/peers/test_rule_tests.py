"""`fleetgauge test rules` and `promtool test rules` agree on which files pass and which fail."""

import json
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner

from fleetgauge import commands
from tests.peers.required import find_program

RULES: Final[Any] = {
    "groups": [
        {
            "name": "recording",
            "rules": [
                {"record": "job:up:sum", "expr": "sum by (job) (up)"},
                {"record": "job:up:twice", "expr": "2 * job:up:sum", "labels": {"kind": "double"}},
            ],
        },
        {
            "name": "alerting",
            "rules": [
                {
                    "alert": "Down",
                    "expr": "up == 0",
                    "for": "2m",
                    "labels": {"severity": "page", "where": "{{ $labels.job }}"},
                    "annotations": {"summary": "{{ $labels.instance }} is down since {{ $value }}"},
                },
                {"alert": "Few", "expr": "job:up:sum < 2"},
                {"alert": "Kept", "expr": "heat > 90", "keep_firing_for": "2m"},
                {"alert": "Told", "expr": 'ALERTS{alertname="Down",alertstate="firing"}'},
                {
                    "alert": "Where",
                    "expr": "vector(1)",
                    "annotations": {
                        "at": "{{ $externalLabels.region }} {{ $externalURL }} {{ humanize 1234567.0 }}"
                    },
                },
            ],
        },
    ]
}
LATER: Final = {"groups": [{"name": "last", "rules": [{"record": "seen", "expr": "first_seen"}]}]}
FIRST: Final = {"groups": [{"name": "first", "rules": [{"record": "first_seen", "expr": "source * 1"}]}]}

UP: Final = [
    {"series": 'up{job="a",instance="x"}', "values": "1 1 0x10"},
    {"series": 'up{job="a",instance="y"}', "values": "1x20"},
]
DOWN: Final = {
    "exp_labels": {"severity": "page", "where": "a", "job": "a", "instance": "x"},
    "exp_annotations": {"summary": "x is down since 0"},
}


def alerts(name: str, at: str, *expected: object) -> dict[str, Any]:
    return {"alert_rule_test": [{"eval_time": at, "alertname": name, "exp_alerts": list(expected)}]}


def asks(query: str, at: str, **samples: float) -> dict[str, Any]:
    expected = [{"labels": labels, "value": value} for labels, value in samples.items()]
    return {"promql_expr_test": [{"expr": query, "eval_time": at, "exp_samples": expected}]}


def file(*parts: dict[str, Any], series: object = UP, interval: str = "1m", **more: Any) -> dict[str, Any]:
    test: dict[str, Any] = {"interval": interval, "input_series": series}
    for part in parts:
        test |= part
    # Without it promtool takes the groups of a file in any order.
    order = ["first", "recording", "alerting"]
    fixed = {"rule_files": ["rules.yml"], "evaluation_interval": "1m", "group_eval_order": order}
    return {**fixed, "tests": [test], **more}


def values(text: str) -> list[dict[str, str]]:
    return [{"series": "m", "values": text}]


def heat(text: str) -> list[dict[str, str]]:
    return [{"series": 'heat{i="1"}', "values": text}]


KEPT: Final = {"exp_labels": {"i": "1"}}

PENDING: Final = (
    'ALERTS{alertname="Down",alertstate="pending",job="a",instance="x",severity="page",where="a"}'
)
SINCE: Final = 'sum(ALERTS_FOR_STATE{alertname="Down"})'

MOVING: Final[Any] = {"series": values("0x1 1x5"), "rule_files": ["still.yml", "moves.yml"]}

PASSES: Final = {
    "an alert is pending before its time": file(alerts("Down", "3m")),
    "an alert fires when its time has come": file(alerts("Down", "4m", DOWN)),
    "the alerts of the last evaluation count": file(alerts("Down", "4m59s", DOWN)),
    "no alert is expected and none fires": file(alerts("Few", "1m")),
    "a recorded series is there at once": file(asks("job:up:sum", "1m", **{'job:up:sum{job="a"}': 2})),
    "a rule reads what one before it recorded": file(
        asks("job:up:twice", "2m", **{'job:up:twice{job="a",kind="double"}': 2})
    ),
    "an alert on a recorded series": file(alerts("Few", "2m", {"exp_labels": {"job": "a"}})),
    "ALERTS of a pending alert": file(
        asks(
            'ALERTS{alertname="Down"}',
            "2m",
            **{
                PENDING: 1
            },
        )
    ),
    "ALERTS_FOR_STATE tells since when": file(asks(SINCE, "5m", **{"{}": 120})),
    "an alert on ALERTS": file(
        alerts(
            "Told",
            "4m",
            {"exp_labels": {**DOWN["exp_labels"], "alertstate": "firing"}},
        )
    ),
    "an alert that is kept firing": file(alerts("Kept", "2m", KEPT), series=heat("95 95 1x9")),
    "an alert that was kept firing ends": file(alerts("Kept", "4m"), series=heat("95 95 1x9")),
    "external labels and the URL are in templates": file(
        alerts("Where", "0m", {"exp_annotations": {"at": "eu http://x:9090/p 1.235M"}}),
        {"external_labels": {"region": "eu"}, "external_url": "http://x:9090/p"},
    ),
    "a scalar": file(asks("1 + 1", "0m", **{"{}": 2})),
    "labels that are not written": file(asks("vector(3)", "1m", **{"": 3})),
    "several samples in another order": file(
        asks("up", "0m", **{'up{job="a",instance="y"}': 1, 'up{instance="x",job="a"}': 1})
    ),
    "nothing is expected and nothing is there": file(asks("missing", "1m")),
    "values that grow": file(asks("m", "3m", m=7), series=values("1+2x5")),
    "values that fall": file(asks("m", "3m", m=-5), series=values("1-2x5")),
    "a negative value that grows": file(asks("m", "2m", m=-1), series=values("-3+1x5")),
    "gaps": file(asks("count_over_time(m[10m])", "9m", **{"{}": 4}), series=values("1 _ 2 _x3 3 4")),
    "a stale marker": file(asks("m", "2m"), series=values("1 2 stale")),
    "infinity": file(asks("m", "1m", m=float("inf")), series=values("1 +Inf")),
    "an exponent": file(asks("m", "1m", m=1200), series=values("1 1.2e3")),
    "a value so often again": file(asks("sum_over_time(m[10m])", "9m", **{"{}": 20}), series=values("5x3")),
    "another distance of samples": file(asks("m", "1m", m=4), series=values("0+1x20"), interval="15s"),
    "samples after the last evaluation are not there": file(
        asks("m", "1m30s", m=2), series=values("0+1x20"), interval="30s"
    ),
    "the later one of two same series counts": file(
        asks("m", "0m", m=2), series=[*values("1x3"), *values("2x3")]
    ),
    "rates": file(asks("rate(m[2m30s])", "5m", **{"{}": 1}), series=values("0+60x10")),
    "groups in an order": file(
        asks("seen", "0m", seen=4),
        series=[{"series": "source", "values": "4x5"}],
        rule_files=["later.yml", "first.yml"],
        group_eval_order=["first", "last"],
    ),
    "rule files by a pattern": file(
        asks("first_seen", "1m", first_seen=4),
        series=[{"series": "source", "values": "4x5"}],
        rule_files=["fir*.yml", "rules.yml"],
    ),
    "a pattern without files": file(asks("m", "0m", m=1), series=values("1x3"), rule_files=["none*.yml"]),
    "the same value from two groups": file(asks("r", "1m", r=1), rule_files=["one.yml", "again.yml"]),
    "a series that goes on in an earlier group": file(
        asks("moving", "2m", moving=1), **MOVING, group_eval_order=["still", "moves"]
    ),
    "no rules at all": file(asks("m", "0m", m=1), series=values("1x3"), rule_files=[]),
    "no tests": {"rule_files": ["rules.yml"], "tests": []},
    "a name": file(alerts("Down", "3m"), {"name": "a name of its own"}),
    "the step of a subquery is the evaluation interval": file(
        asks("count_over_time(m[4m30s:])", "5m", **{"{}": 5}), series=values("1x10")
    ),
    "an empty label value is no label": file(
        asks("up", "0m", **{'up{job="a"}': 1}), series=[{"series": 'up{job="a",none=""}', "values": "1"}]
    ),
    "the same alert twice": file(
        alerts("Down", "6m", DOWN, {**DOWN, "exp_labels": {**DOWN["exp_labels"], "instance": "z"},
               "exp_annotations": {"summary": "z is down since 0"}}),
        series=[*UP, {"series": 'up{job="a",instance="z"}', "values": "0x20"}],
    ),
}  # fmt: skip
FAILS: Final = {
    "an alert that does not fire yet": file(alerts("Down", "3m", DOWN)),
    "an alert that is not expected": file(alerts("Down", "5m")),
    "another label": file(alerts("Down", "5m", {**DOWN, "exp_labels": {"instance": "x"}})),
    "another annotation": file(alerts("Down", "5m", {**DOWN, "exp_annotations": {"summary": "x"}})),
    "an annotation that lacks": file(alerts("Down", "5m", {"exp_labels": DOWN["exp_labels"]})),
    "one alert too many is expected": file(alerts("Down", "5m", DOWN, DOWN)),
    "another value": file(asks("m", "0m", m=2), series=values("1x3")),
    "a value that is nearly right": file(asks("m", "0m", m=0.3), series=values("0.30000000000000004")),
    "another name": file(asks("m", "0m", n=1), series=values("1x3")),
    "a sample that is not there": file(asks("m", "0m", m=1, n=1), series=values("1x3")),
    "a sample that is not expected": file(asks("m", "0m"), series=values("1x3")),
    "a query that is none": file(asks("sum(", "0m")),
    "a query for a range": file(asks("m[5m]", "0m"), series=values("1x3")),
    "a query that fails": file(asks("up * on(job) up", "0m")),
    "an alert that there is not, expected": file(alerts("Nothing", "1m", {"exp_labels": {}})),
    "values that are none": file(asks("m", "0m", m=1), series=values("one two")),
    "a series that is none": file(asks("m", "0m"), series=[{"series": "m{", "values": "1"}]),
    "a field that there is not": file(asks("m", "0m"), unknown=1),
    "a field of a test that there is not": file(asks("m", "0m"), {"eval_tme": "1m"}),
    "a duration that is none": file(asks("m", "soon")),
    "a test of alerts without a name": file({"alert_rule_test": [{"eval_time": "1m"}]}),
    "another value of a series that a group wrote": file(asks("m", "0m"), rule_files=["one.yml", "two.yml"]),
    "another value of a series of the test": file(
        asks("r", "0m", r=2), series=[{"series": "r", "values": "2x3"}], rule_files=["one.yml"]
    ),
    "a series that ended in an earlier group": file(
        asks("moving", "2m", moving=1), **MOVING, group_eval_order=["moves", "still"]
    ),
    "a group that stands twice in the order": file(group_eval_order=["a", "a"]),
    "a rule file that is wrong": file(asks("m", "0m"), rule_files=["wrong.yml"]),
    "a rule that fails": file(asks("m", "0m"), rule_files=["failing.yml"]),
    "samples that are there too early": file(
        asks("m", "1m30s", m=3), series=values("0+1x20"), interval="30s"
    ),
}  # fmt: skip
WRONG: Final = {"groups": [{"name": "w", "rules": [{"record": "r", "expr": "sum("}]}]}
FAILING: Final = {"groups": [{"name": "f", "rules": [{"record": "r", "expr": "up * on(job) up"}]}]}


def records(group: str, name: str, query: str) -> dict[str, Any]:
    return {"groups": [{"name": group, "rules": [{"record": name, "expr": query}]}]}


RECORDS: Final = {
    "one": records("one", "r", "vector(1)"),
    "two": records("two", "r", "vector(2)"),
    "again": records("again", "r", "vector(1)"),
    "moves": records("moves", "moving", "m == 0"),
    "still": records("still", "moving", "m == 1"),
}


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("rules")
    named = {"rules": RULES, "later": LATER, "first": FIRST, "wrong": WRONG, "failing": FAILING, **RECORDS}
    for name, content in named.items():
        (found / f"{name}.yml").write_text(json.dumps(content))
    return found


def written(content: object) -> str:
    return json.dumps(content).replace("Infinity", ".inf")


@pytest.mark.peer("prometheus")
@pytest.mark.parametrize(
    ("name", "passes"), [*((one, True) for one in PASSES), *((one, False) for one in FAILS)]
)
def test_both_come_to_the_same_verdict(directory: Path, name: str, passes: bool) -> None:
    path = directory / "tests.yml"
    path.write_text(written((PASSES if passes else FAILS)[name]))
    theirs = subprocess.run(
        [find_program("promtool") or "promtool", "test", "rules", str(path)], capture_output=True, check=False
    )
    ours = CliRunner().invoke(commands, ["test", "rules", str(path)])
    assert theirs.returncode in (0, 1)
    assert (theirs.returncode == 0) == passes, theirs.stdout + theirs.stderr
    assert (ours.exit_code == 0) == passes, ours.output
