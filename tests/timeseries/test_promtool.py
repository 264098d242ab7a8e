"""Matchers and the text of labels against the real Prometheus: promtool evaluates what we expect."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.peers.required import find_program
from timeseries.labels import METRIC_NAME, Labels
from timeseries.matcher import Matcher, MatchType

# No newlines: the dot of Prometheus 2, which Debian has, does not match them; that of 3 and ours do.
VALUES = (
    "a",
    "A",
    "ab",
    "a|b",
    "a.b",
    "a-b",
    "(a",
    "b",
    "b)",
    'say "a"',
    "C:\\a",
    "it's",
    "é",
    "É",
    "e\u0301",
    "🔥",
    "K",
    "\u212a",
    "s",
    "\u017f",
    "\u200b",
    "\x7f",
    "node-1.example.com:9100",
)

PATTERNS = (
    "",
    "a",
    "a|b",
    "(a|b)",
    "(a)|(b)",
    r"\(a|b\)",
    r"a\|b|b",
    "^a|b$",
    "a|",
    ".",
    ".*",
    ".+",
    "a.b",
    "(?-s)a.b",
    "(?i)a.*",
    "(?i)é",
    "(?i)k|S",
    r"\w+",
    r"\pL",
    r"\PL+",
    "[[:alpha:]]+",
    "[^a]+",
    r"C:\\.",
    r"it\'s",
    r"node\-\d\.example\.com:9100",
    r"\Qa.b\E",
    r"\x{1F525}",
    "(a?){20}b?",
)


@pytest.mark.peer("prometheus")
@pytest.mark.parametrize("operator", MatchType)
def test_prometheus_takes_the_same_series(operator: MatchType, tmp_path: Path) -> None:
    series = [Labels({METRIC_NAME: "x", "v": value, "i": str(i)}) for i, value in enumerate(VALUES)]
    series.append(Labels({METRIC_NAME: "x"}))
    matchers = [Matcher(name="v", type=operator, value=pattern) for pattern in (*PATTERNS, *VALUES[:6])]
    test = {
        "interval": "1m",
        "input_series": [{"series": str(labels), "values": "1"} for labels in series],
        "promql_expr_test": [
            {
                "expr": f"x{{{matcher}}}",
                "eval_time": "0m",
                "exp_samples": [
                    {"labels": str(labels), "value": 1} for labels in series if matcher.accepts(labels)
                ],
            }
            for matcher in matchers
        ],
    }
    file = tmp_path / "test.yml"
    file.write_text(json.dumps({"rule_files": [], "tests": [test]}, ensure_ascii=False))
    promtool = find_program("promtool") or "promtool"
    checked = subprocess.run([promtool, "test", "rules", file], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
