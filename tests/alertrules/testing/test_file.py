"""Files of unit tests are read strictly, and all that is wrong is told with its line."""

import pytest

from alertrules.errors import BadFile
from alertrules.testing import file as files
from alertrules.testing.file import MAX_EVALUATIONS, TestFile, load_tests
from runtime.documents import parse_document
from timeseries.labels import Labels


def load(text: str) -> TestFile:
    return load_tests(parse_document(text, "t.yml"), "t.yml")


def test_a_whole_file() -> None:
    found = load("""
rule_files: [a.yml, "b*.yml"]
evaluation_interval: 30s
group_eval_order: [one, two]
fuzzy_compare: true
tests:
- interval: 15s
  name: first
  start_timestamp: 2026-09-21T13:33:20Z
  external_labels: {region: eu}
  external_url: http://x
  input_series: [{series: up, values: 1x2}]
  alert_rule_test:
  - {eval_time: 1m, alertname: A, exp_alerts: [{exp_labels: {a: b}, exp_annotations: {c: d}}]}
  promql_expr_test:
  - {expr: up, eval_time: 2m, exp_samples: [{labels: up, value: 1}, {labels: m, histogram: "{{count:3}}"}]}
- {}
""")
    first, second = found.tests
    assert [one.text for one in found.patterns] == ["a.yml", "b*.yml"]
    assert (found.interval_ms, found.group_order, found.is_fuzzy) == (30_000, {"one": 0, "two": 1}, True)
    assert (first.name, first.interval_ms, first.start_ms, first.end_ms) == (
        "first", 15_000, 1_789_997_600_000, 120_000
    )  # fmt: skip
    assert first.alerts[0].expected[0].labels == Labels({"a": "b", "alertname": "A"})
    assert (second.name, second.interval_ms, second.end_ms) == ("unnamed#1", 30_000, 0)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("rules: []", "line 1: rules: a file of unit tests has no such field; it may have rule_files,"),
        ("tests: 1", "line 1: tests: must be a list."),
        ("rule_files: [[a]]", "line 1: rule_files: here a text must stand."),
        ("group_eval_order: [a, a]", 'line 1: group_eval_order: the group "a" stands twice.'),
        ("tests:\n- name: a\n  intervl: 1m", "line 3: intervl: a test has no such field; it may have name,"),
        ("tests:\n- input_series:\n  - values: 1", "line 3: series: it must say which"),
        ("tests:\n- input_series: [{series: a, values: b}]", "line 2: values: b is no value."),
        ("tests:\n- input_series: [{series: 'a{', values: 1}]", "line 2: series: a{ is no series:"),
        ("tests:\n- alert_rule_test: [{eval_time: 1m}]", "line 2: alertname: it must say which"),
        ("tests:\n- alert_rule_test: [{alertname: A, eval_time: 5}]", "line 2: eval_time: not a valid"),
        ("tests:\n- promql_expr_test: [{exp_samples: [{value: x}]}]", "line 2: value: x is no number."),
        ("tests:\n- promql_expr_test: [{exp_samples: [{histogram: 1}]}]", "line 2: histogram: 1 is not one"),
        ("tests:\n- start_timestamp: soon", "line 2: start_timestamp: soon is no time; write Unix seconds"),
        ("tests:\n- start_timestamp: .inf", "line 2: start_timestamp: .inf is no time"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(text: str, told: str) -> None:
    with pytest.raises(BadFile) as caught:
        load(text)
    assert len(caught.value.problems) == 1
    assert caught.value.problems[0].startswith(f"t.yml, {told}")


def test_rules_may_be_evaluated_so_often_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_EVALUATIONS == 1_000_000
    monkeypatch.setattr(files, "MAX_EVALUATIONS", 10)
    text = "tests:\n- alert_rule_test: [{alertname: A, eval_time: %s}]"
    load(text % "10m")
    with pytest.raises(BadFile, match="more than 10 times"):
        load(text % "11m")
