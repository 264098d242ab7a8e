"""The alerts and series of generated rules are those of the real promtool, at every evaluation."""

import json
import os
import random
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from alertrules.rules.evaluation import GroupEvaluation
from alertrules.rules.loading import load_rules
from alertrules.rules.model import AlertRule
from alertrules.rules.outcome import Health, State
from promql.engine import run_instant
from runtime.documents import parse_document
from tests.alertrules.rules.world import MINUTE, Templates, World, anything
from timeseries.labels import Labels

STEPS: Final = 25
FILES: Final = 10
QUERIES: Final = ("ALERTS", "ALERTS_FOR_STATE", '{__name__=~"r:.*"}')


@pytest.mark.peer("prometheus")
def test_promtool_finds_the_same_alerts_and_series(tmp_path: Path) -> None:
    first, _, last = os.environ.get("FLEETGAUGE_TEST_SEEDS", f"0-{FILES - 1}").partition("-")
    checked = 0
    for seed in range(int(first), int(last) + 1):
        chance = random.Random(seed)
        rules = {"groups": [a_group(chance, name) for name in ("one", "two")]}
        series = {name: some_values(chance) for name in ('m{h="a"}', 'm{h="b"}', 'm{h="c",x="y"}', "n")}
        tests = judged(without_failing(rules, series), series)
        checked += len(tests["promql_expr_test"]) + len(tests["alert_rule_test"])
        (tmp_path / f"rules{seed}.yml").write_text(json.dumps(rules))
        file = tmp_path / f"test{seed}.yml"
        file.write_text(
            json.dumps(
                {
                    "rule_files": [f"rules{seed}.yml"],
                    "evaluation_interval": "1m",
                    "group_eval_order": ["one", "two"],
                    "tests": [tests],
                }
            )
        )
        ran = subprocess.run(
            ["promtool", "test", "rules", str(file)], capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, f"seed {seed}:\n{(ran.stdout + ran.stderr)[-4000:]}"
    assert checked >= 300 or first != "0"


def a_group(chance: random.Random, name: str) -> dict[str, Any]:
    """Some rules; those behind read what those in front record."""
    rules: list[dict[str, Any]] = []
    for number in range(chance.randint(3, 6)):
        source = chance.choice(["m", "n", "r:0", "r:1", "{h='a'}", "ALERTS"])
        expr = chance.choice(
            ["S > 0", "S == 1", "sum(S) > 1", "count by (h) (S)", "S unless n", "-S", "max_over_time(S[90s])"]
        ).replace("S", source)
        labels = chance.choice([{}, {"s": "page"}, {"h": ""}, {"h": "same"}])
        if chance.random() < 0.4:
            rules.append({"record": f"r:{name}{number % 3}", "expr": expr, "labels": labels})
            continue
        rule: dict[str, Any] = {"alert": f"{name}{number}", "expr": expr}
        rule["labels"] = labels or chance.choice([{}, {"t": "{{ $labels.h }}"}])
        rule["for"] = chance.choice(["0s", "1m", "3m", "90s"])
        rule["keep_firing_for"] = chance.choice(["0s", "0s", "1m", "2m", "150s"])
        rule["annotations"] = {"where": "{{ $labels.h }}", "what": "{{ $value }}", "fixed": "no template"}
        rules.append(rule)
    return {"name": name, "limit": chance.choice([0, 0, 0, 2]), "rules": rules}


def some_values(chance: random.Random) -> str:
    """Values a minute for promtool. No long gaps: 2.42 and 3 differ in where a window ends."""
    values = [chance.choice(["0", "1", "1", "2", "_", "stale"]) for _ in range(STEPS)]
    for place in range(2, STEPS):
        if values[place - 2 : place] == ["_", "_"]:
            values[place] = "1"
    return " ".join(values)


def without_failing(rules: dict[str, Any], series: dict[str, str]) -> dict[str, Any]:
    """The rules without those that fail some time: promtool ends there."""
    while failing := first_failing(rules, series):
        group, place = failing
        del rules["groups"][group]["rules"][place]
    return rules


def first_failing(rules: dict[str, Any], series: dict[str, str]) -> tuple[int, int] | None:
    """The group and the place in it of the rule that fails first."""
    world, groups = started(rules, series)
    for minute in range(STEPS):
        for group, own in enumerate(groups):
            for place, result in enumerate(world.evaluate(own, minute * MINUTE).rules):
                if result.health is not Health.OK:
                    return group, place
    return None


def started(rules: dict[str, Any], series: dict[str, str]) -> tuple[World, list[GroupEvaluation]]:
    """The groups, and a world with the series."""
    world = World()
    groups = [
        GroupEvaluation(group, templates=Templates(), stopwatch=lambda: 0.0)
        for group in load_rules(parse_document(json.dumps(rules), "f"), "f", anything)
    ]
    for text, values in series.items():
        name, _, rest = text.partition("{")
        labels = dict(pair.split("=") for pair in rest.rstrip("}").split(",") if pair)
        plain = {key: value.strip('"') for key, value in labels.items()}
        for minute, value in enumerate(values.split()):
            if value != "_":
                world.put(name, minute * MINUTE, None if value == "stale" else float(value), **plain)
    return world, groups


def judged(rules: dict[str, Any], series: dict[str, str]) -> dict[str, Any]:
    """A test for promtool which says what ours came to at each minute."""
    world, groups = started(rules, series)
    queries: list[dict[str, Any]] = []
    alerts: list[dict[str, Any]] = []
    for minute in range(STEPS):
        for own in groups:
            world.evaluate(own, minute * MINUTE)
        queries += [found(world, query, minute) for query in QUERIES]
        alerts += [firing(own, name, minute) for own in groups for name in names_of(own)]
    return {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": queries,
        "alert_rule_test": alerts,
    }


def found(world: World, query: str, minute: int) -> dict[str, Any]:
    """What a query comes to now."""
    value: Any = run_instant(query, minute * MINUTE, world.memory).value
    samples = zip(value.labels, value.values[:, 0].tolist(), strict=True)
    return {
        "expr": query,
        "eval_time": f"{minute}m",
        "exp_samples": [{"labels": str(labels), "value": number} for labels, number in samples],
    }


def names_of(own: GroupEvaluation) -> list[str]:
    return [one.rule.name for one in own.last.rules if isinstance(one.rule, AlertRule)]


def firing(own: GroupEvaluation, name: str, minute: int) -> dict[str, Any]:
    """The alerts of a rule that fire now."""
    [rule] = [one for one in own.last.rules if one.rule.name == name]
    return {
        "eval_time": f"{minute}m",
        "alertname": name,
        "exp_alerts": [
            {
                "exp_labels": without_name(alert.labels),
                "exp_annotations": dict(alert.annotations),
            }
            for alert in rule.active
            if alert.state is State.FIRING
        ],
    }


def without_name(labels: Labels) -> dict[str, str]:
    return dict(labels.dropping({"alertname"}))
