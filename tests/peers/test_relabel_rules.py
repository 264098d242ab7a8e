"""The rules of relabelling that the agent takes are those that the real Prometheus takes."""

import json
import random
import subprocess
from pathlib import Path
from typing import Any, get_args

import pytest

from delivery.settings import RelabelAction
from exporter.checks import problems
from exporter.settings import AgentSettings
from runtime.errors import SettingsError
from runtime.settings import load
from tests.peers.required import find_program

# No name of a label made of groups for an action that takes it as it stands: Prometheus finds that out later.
CHOICES: dict[str, list[object]] = {
    "source_labels": [["a"], ["__name__", "b"], ["a-b"]],
    "separator": [";", "", "=", 1],
    "regex": ["(.*)", "a|b", "", 5, True, "("],
    "modulus": [0, 1, 8, -1],
    "target_label": ["", "a", "__tmp", "a-b", "1a", "é"],
    "replacement": ["$1", "", "x", 1, "a-b", "${1}_y", "$", "a$$b"],
}
TEMPLATES: list[object] = ["$1", "${1}_x", "a$1", "$1a$2", "${a", "a$"]

RULES = 400
REFUSED_ASKED = 40


def made(chance: random.Random) -> dict[str, Any]:
    rule: dict[str, Any] = {"action": chance.choice(get_args(RelabelAction))}
    for name, values in CHOICES.items():
        if chance.random() < 0.5:
            templates = TEMPLATES if (name, rule["action"]) == ("target_label", "replace") else []
            rule[name] = chance.choice(values + templates)
    return rule


def ours_takes(rule: dict[str, Any], file: Path) -> bool:
    file.write_text(json.dumps({"write_relabel_configs": [rule]}))
    try:
        return not problems(load(AgentSettings, file=file, environ={}, flags={}))
    except SettingsError:
        return False


def prometheus_takes(rules: list[dict[str, Any]], file: Path) -> bool:
    file.write_text(json.dumps({"remote_write": [{"url": "http://a", "write_relabel_configs": rules}]}))
    promtool = find_program("promtool") or "promtool"
    checked = subprocess.run([promtool, "check", "config", file], capture_output=True, check=False)
    return checked.returncode == 0


@pytest.mark.peer("prometheus")
def test_a_rule_is_taken_when_prometheus_takes_it(tmp_path: Path) -> None:
    chance = random.Random(7)
    rules = [made(chance) for _ in range(RULES)]
    taken = [rule for rule in rules if ours_takes(rule, tmp_path / "agent.yml")]
    refused = [rule for rule in rules if rule not in taken][:REFUSED_ASKED]
    assert len(taken) > 50
    assert len(refused) == REFUSED_ASKED
    assert prometheus_takes(taken, tmp_path / "prometheus.yml")
    assert [rule for rule in refused if prometheus_takes([rule], tmp_path / "prometheus.yml")] == []
