"""Templates of rules against Prometheus: what promtool makes of each, letter for letter."""

import json
import re
import subprocess
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from alertrules.errors import TemplateError
from alertrules.templates.prometheus import RuleTemplates, check
from promql.language.ast import Expr
from promql.language.lexer import unquote
from promql.language.printer import str_of
from promql.values import Vector
from tests.alertrules.templates.corpus import BAD, good
from tests.peers.required import find_program
from timeseries.labels import Labels

EXTERNAL: Final = Labels({"ext": "e1", "b": "2"})
URL: Final = "http://prom.example:9090/base"
SERIES: Final = tuple(
    Labels({"__name__": "up", "instance": instance, "job": "j"}) for instance in ("h:1", "a.b:2")
)
UP: Final = list(zip(SERIES, (1.5, 2.0), strict=True))
NOW_MS: Final = 60_000
# What Go writes of a pointer is another at each run.
ADDRESS: Final = re.compile(r"0xc[0-9a-f]{9}")
ANNOTATION: Final = re.compile(r'(t[0-9]+)=("(?:[^"\\]|\\.)*")')
PROBLEM: Final = re.compile(r'annotation "(t[0-9]+)": (.*?)(?=\n\s*\S*rules\.yml|\n\n|\Z)', re.DOTALL)

RULES: Final = """
groups:
- name: g
  rules:
  - alert: A
    expr: up{instance="h:1"}
    annotations:
"""
UNIT_TEST: Final = f"""
rule_files: [rules.yml]
tests:
- interval: 1m
  external_labels: {json.dumps(dict(EXTERNAL))}
  external_url: {URL}
  input_series:
  - {{series: 'up{{instance="h:1",job="j"}}', values: 1.5 1.5}}
  - {{series: 'up{{instance="a.b:2",job="j"}}', values: 2 2}}
  alert_rule_test:
  - {{eval_time: 1m, alertname: A, exp_alerts: []}}
"""


def answered(expr: Expr, now_ms: int, rows_of_up: list[tuple[Labels, float]]) -> Vector:
    """What the templates of the corpus ask."""
    assert now_ms == NOW_MS
    found: dict[str, list[tuple[Labels, float]]] = {
        "up": rows_of_up,
        "nope": [],
        "vector(3)": [(Labels(), 3.0)],
        "scalar(up) + 41": [(Labels(), float("nan"))],
    }
    rows = found[str_of(expr)]
    return Vector(
        labels=[labels for labels, _ in rows],
        values=np.array([[value] for _, value in rows]).reshape(len(rows), 1),
        present=np.ones((len(rows), 1), dtype=bool),
        drop_name=np.zeros(len(rows), dtype=bool),
    )


def promtool(directory: Path, texts: dict[str, str], *command: str) -> str:
    rules = RULES + "".join(f"      {name}: {json.dumps(text)}\n" for name, text in texts.items())
    (directory / "rules.yml").write_text(rules)
    (directory / "test.yml").write_text(UNIT_TEST)
    program = find_program("promtool") or ""
    ran = subprocess.run(
        [program, *command], cwd=directory, capture_output=True, text=True, timeout=60, check=False
    )
    return ran.stdout + ran.stderr


def expanded(text: str, rows: list[tuple[Labels, float]] = UP) -> str:
    def query(expr: Expr, now_ms: int) -> Vector:
        return answered(expr, now_ms, rows)

    templates = RuleTemplates(external_labels=EXTERNAL, external_url=URL, query=query)
    try:
        return templates.expand(text, labels=SERIES[0], value=1.5, now_ms=NOW_MS, name="A")
    except TemplateError as error:
        return f"<error expanding template: {error}>"


@pytest.mark.peer("prometheus")
def test_templates_come_to_what_prometheus_makes_of_them(tmp_path: Path) -> None:
    texts = {f"t{number}": text for number, text in enumerate(good())}
    said = promtool(tmp_path, texts, "test", "rules", "test.yml")
    found = {name: unquote(value) for name, value in ANNOTATION.findall(said)}
    assert len(found) > 0.9 * len(texts), said[-2000:]
    differing = [
        f"{text}\n  ours {expanded(text)!r}\n  real {found.get(name, '')!r}"
        for name, text in texts.items()
        # promtool gives the series of a query in any order.
        if found.get(name, "") not in (expanded(text), expanded(text, UP[::-1]))
        and not ADDRESS.search(found.get(name, ""))
    ]
    assert not differing, f"{len(differing)} of {len(texts)}:\n" + "\n".join(differing)


@pytest.mark.peer("prometheus")
def test_bad_templates_are_refused_in_the_words_of_prometheus(tmp_path: Path) -> None:
    texts = {f"t{number}": text for number, text in enumerate(BAD)}
    said = promtool(tmp_path, texts, "check", "rules", "rules.yml")
    found = {name: problem.rstrip() for name, problem in PROBLEM.findall(said)}
    differing = []
    for name, text in texts.items():
        try:
            check(text, name="A")
            ours = ""
        except TemplateError as error:
            ours = str(error)
        if ours != found.get(name, ""):
            differing.append(f"{text!r}\n  ours {ours!r}\n  real {found.get(name)!r}")
    assert not differing, f"{len(differing)} of {len(texts)}:\n" + "\n".join(differing)
