"""The command `test rules`: what it says, what it ends with."""

from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from fleetgauge import commands

RULES = """\
groups:
- name: g
  rules:
  - alert: Down
    expr: up == 0
"""
TESTS = """\
rule_files: [rules.yml]
tests:
- name: good
  input_series: [{series: 'up{i="1"}', values: 0}]
  alert_rule_test: [{alertname: Down, eval_time: 0, exp_alerts: [{exp_labels: {i: 1}}]}]
- name: bad
  input_series: [{series: 'up{i="1"}', values: 0}, {series: 'up{i="2"}', values: 0}]
  alert_rule_test: [{alertname: Down, eval_time: 0, exp_alerts: [{exp_labels: {i: 1}}, {exp_labels: {i: 3}}]}]
  promql_expr_test: [{expr: up + 0.1, eval_time: 0, exp_samples: [{labels: '{i="1"}', value: 1}]}]
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "rules.yml").write_text(RULES)
    (tmp_path / "tests.yml").write_text(TESTS)
    return tmp_path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(commands, ["test", "rules", *map(str, arguments)])


def test_differences_are_told_with_lines(directory: Path) -> None:
    result = run(directory / "tests.yml")
    assert result.output.splitlines() == [
        f"{directory}/tests.yml: FAILED (1 of 2 tests)",
        "  bad, line 6",
        "    line 8: alert Down at 0s",
        '      exp: {alertname="Down", i="3"}',
        '      got: {alertname="Down", i="2"}',
        "      and 1 as expected",
        "    line 9: up + 0.1 at 0s",
        '      exp: {i="1"} 1',
        '      got: {i="1"} 0.1',
        '      got: {i="2"} 0.1',
    ]
    assert result.exit_code == 1


def test_tests_are_chosen_by_their_names(directory: Path) -> None:
    result = run(directory / "tests.yml", "--run", "^go")
    assert (result.output, result.exit_code) == (f"{directory}/tests.yml: OK (1 test)\n", 0)
    assert run(directory / "tests.yml", "--run", "(").exit_code == 2


def test_files_that_can_not_be_used_end_with_2_and_the_others_still_run(directory: Path) -> None:
    (directory / "broken.yml").write_text("rule_files: [missing.yml, other.yml]\ntests: [{nme: 1}]")
    (directory / "wrong.yml").write_text("rule_files: [missing.yml, bad_rules.yml]\n")
    (directory / "bad_rules.yml").write_text("groups: [{name: g, rules: [{alert: A, expr: 'sum('}]}]")
    result = run(*(directory / name for name in ("broken.yml", "wrong.yml", "none.yml", "tests.yml")))
    assert result.exit_code == 2
    assert f"{directory}/broken.yml, line 2: nme: a test has no such field" in result.output
    assert f"{directory}/wrong.yml, line 1: no file is called missing.yml." in result.output
    assert f"{directory}/bad_rules.yml, line 1: " in result.output
    assert f"{directory}/none.yml: " in result.output
    assert f"{directory}/tests.yml: FAILED" in result.output


def test_a_rule_that_fails_is_told_and_ends_its_test(directory: Path) -> None:
    (directory / "rules.yml").write_text("groups: [{name: g, rules: [{alert: A, expr: up * on(x) up}]}]")
    result = run(directory / "tests.yml", "--run", "bad")
    assert "    line 6: rule A at 0s" in result.output
    assert "many-to-many matching not allowed" in result.output
    assert "exp:" not in result.output


def test_a_report_has_a_case_for_each_test(directory: Path) -> None:
    report = directory / "report.xml"
    run(directory / "tests.yml", "--junit", report)
    [suite] = ElementTree.parse(report).getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    assert [(case.get("name"), len(case)) for case in suite] == [("good", 0), ("bad", 2)]


def test_numbers_may_differ_by_the_last_bit_where_the_file_says_so(directory: Path) -> None:
    text = "tests: [{promql_expr_test: [{expr: 0.1 + 0.2, exp_samples: [{value: 0.3}]}]}]"
    for more, code in (("", 1), ("fuzzy_compare: true\n", 0)):
        (directory / "tests.yml").write_text(more + text)
        assert run(directory / "tests.yml").exit_code == code


def test_histograms_are_compared(directory: Path) -> None:
    for count, code in ((4, 0), (5, 1)):
        (directory / "tests.yml").write_text(f"""\
tests:
- input_series: [{{series: h, values: '{{{{schema:1 count:2 buckets:[1 1]}}}}'}}]
  promql_expr_test:
  - {{expr: 2 * h, exp_samples: [{{histogram: '{{{{schema:1 count:{count} buckets:[2 2]}}}}'}}]}}
""")
        result = run(directory / "tests.yml")
        assert result.exit_code == code, result.output
    assert "{count:4 sum:0 " in result.output
