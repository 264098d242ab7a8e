"""The shipped packs: each alert says what it is, has a runbook and tests, and asks for metrics that exist."""

import re
from collections import Counter
from typing import Final

import pytest
import yaml

from promql.language.ast import MatrixSelector, Subquery
from promql.language.durations import resolve
from promql.language.parser import parse
from tests.alertrules.packs.reading import (
    FILES,
    GIVEN,
    RUNBOOKS,
    TESTS,
    Rule,
    alerts,
    cases,
    known_metrics,
    nodes,
    rules,
    selectors,
)
from tests.house.tree import ROOT

SEVERITIES: Final = ("page", "warning", "info")
KNOWN: Final = known_metrics()
RECORDED: Final = {rule.name for rule in rules() if "record" in rule.fields}
ALERTS: Final = alerts()
LONGEST_WINDOW_MS: Final = 3_600_000


def named(rule: Rule) -> str:
    return rule.name


def test_there_is_a_pack_for_each_part() -> None:
    assert FILES == ["agents", "containers", "gateway", "host", "processes"]


def test_no_two_alerts_have_one_name() -> None:
    assert [name for name, times in Counter(rule.name for rule in rules()).items() if times > 1] == []
    groups = {(rule.pack, rule.group) for rule in rules()}
    assert len({group for _, group in groups}) == len(groups)


@pytest.mark.parametrize("alert", ALERTS, ids=named)
def test_an_alert_says_what_it_is_how_bad_and_what_to_do(alert: Rule) -> None:
    assert set(alert.fields) <= {"alert", "expr", "for", "labels", "annotations"}
    assert alert.fields["labels"].keys() == {"severity"}
    assert alert.fields["labels"]["severity"] in SEVERITIES
    said = alert.fields["annotations"]
    assert said.keys() == {"summary", "description", "runbook"}
    assert said["description"].endswith(".")
    assert not said["summary"].endswith(".")
    assert "\n" not in said["summary"] + said["description"]
    if alert.name != "ManyAgentsOffline":
        assert "$labels." in said["summary"]
        assert "$labels.instance" in said["description"]
    runbook = ROOT / said["runbook"]
    assert runbook.parent == RUNBOOKS
    assert f"`{alert.name}` ({alert.fields['labels']['severity']})" in runbook.read_text().replace("\n", " ")


@pytest.mark.parametrize("alert", ALERTS, ids=named)
def test_an_alert_has_a_test_that_fires_and_one_that_does_not(alert: Rule) -> None:
    found = [case for case in cases(alert.pack) if case["alertname"] == alert.name]
    assert any(case.get("exp_alerts") for case in found)
    # Once before its time, where it has one, and once with values that are all right.
    assert len([case for case in found if not case.get("exp_alerts")]) >= 2
    for case in found:
        for fired in case.get("exp_alerts", []):
            assert fired["exp_annotations"].keys() == alert.fields["annotations"].keys()
            assert "<no value>" not in str(fired)


@pytest.mark.parametrize("pack", FILES)
def test_the_tests_of_a_pack_are_of_its_alerts(pack: str) -> None:
    assert yaml.safe_load((TESTS / f"{pack}_test.yml").read_text())["rule_files"] == [
        f"../../../alertrules/packs/{pack}.yml"
    ]
    assert {case["alertname"] for case in cases(pack)} == {one.name for one in ALERTS if one.pack == pack}


def unknown(query: str) -> list[str]:
    """Metrics and labels of a query that neither agents nor gateway show."""
    found = []
    for selector in selectors(parse(query)):
        name = selector.name
        labels = {matcher.name for matcher in selector.matchers} - {"__name__"}
        if name in RECORDED or not name:
            continue
        if name not in KNOWN:
            found.append(name)
            continue
        of_it = KNOWN[name]
        if of_it is not None and not labels <= of_it | GIVEN:
            found.append(f"{name}: {labels - of_it - GIVEN}")
    return found


@pytest.mark.parametrize("rule", rules(), ids=named)
def test_a_rule_asks_for_metrics_and_labels_that_exist(rule: Rule) -> None:
    assert unknown(rule.fields["expr"]) == []


def test_a_metric_or_label_that_does_not_exist_is_found() -> None:
    assert unknown("rate(node_load2[5m]) > 1") == ["node_load2"]
    assert unknown('node_cpu_seconds_total{core="0"}') == ["node_cpu_seconds_total: {'core'}"]
    assert unknown('sum by (x) (fleetgauge_forward_up{to="a"} / on () up)') == [
        "fleetgauge_forward_up: {'to'}"
    ]


def test_what_is_recorded_is_used_in_its_pack() -> None:
    for rule in rules():
        if "record" in rule.fields:
            users = [one for one in ALERTS if rule.name in one.fields["expr"]]
            assert users
            assert {one.pack for one in users} == {rule.pack}


def test_what_is_recorded_is_used_in_its_group_unless_rules_look_back_at_it() -> None:
    for rule in rules():
        if "record" in rule.fields and rule.group != "processes-each-half-hour":
            users = [one for one in ALERTS if rule.name in one.fields["expr"]]
            assert {one.group for one in users} == {rule.group}


def far_windows(query: str) -> list[str]:
    """What reads too much where many hosts send: with 1,000 of them, a query would read more than it may."""
    found = []
    for node in nodes(parse(query)):
        if isinstance(node, Subquery):
            found.append("a subquery")
        if isinstance(node, MatrixSelector) and node.selector.name not in RECORDED:
            window_ms = resolve(node.range, 0, 0)
            found += [node.selector.name] if window_ms > LONGEST_WINDOW_MS else []
    return found


@pytest.mark.parametrize("rule", rules(), ids=named)
def test_windows_longer_than_an_hour_are_over_what_is_recorded(rule: Rule) -> None:
    assert far_windows(rule.fields["expr"]) == []


def test_a_window_that_is_too_long_is_found() -> None:
    assert far_windows("rate(node_load1[1h]) > 0 and rate(node_load5[61m]) > 0") == ["node_load5"]
    assert far_windows("max_over_time(node_load1[1d:30m])") == ["a subquery"]
    assert far_windows("max_over_time(instance:node_memory_available:ratio[1d])") == []


def test_every_runbook_belongs_to_an_alert() -> None:
    led_to = {(ROOT / one.fields["annotations"]["runbook"]).name for one in ALERTS}
    assert {page.name for page in RUNBOOKS.glob("*.md")} == led_to


@pytest.mark.parametrize("page", sorted(RUNBOOKS.glob("*.md")), ids=lambda page: page.stem)
def test_a_runbook_has_queries_that_can_be_asked(page: object) -> None:
    text = (RUNBOOKS / str(page)).read_text()
    for heading in ("## Look", "## Do", "## Tune"):
        assert text.count(heading) == 1
    commands = re.search(r"```\n(.*?)```", text, re.DOTALL)
    assert commands is not None
    for line in commands[1].splitlines():
        query = re.fullmatch(r"fleetgauge query (?:.* )?'(.*)'", line)
        assert query is not None or line.startswith("curl ")
        if query is not None:
            assert unknown(query[1]) == []
    named_here = set(re.findall(r"`(\w+)` \((?:page|warning|info)\)", text.replace("\n", " ")))
    assert named_here == {
        one.name
        for one in ALERTS
        if one.fields["annotations"]["runbook"].endswith(f"/{page.name}")  # type: ignore[attr-defined]
    }


def test_the_page_lists_what_the_packs_hold() -> None:
    text = (ROOT / "docs" / "alert-packs.md").read_text()
    chapters = re.split(r"^## `(\w+)\.yml`$", text, flags=re.MULTILINE)
    listed = {
        (pack, name, page, severity, lasting)
        for pack, chapter in zip(chapters[1::2], chapters[2::2], strict=True)
        for name, page, severity, lasting in re.findall(
            r"^\| \[(\w+)\]\((\S+)\) \| (\w+) \| (\w*) \| [^|]+ \|$", chapter, re.MULTILINE
        )
    }
    assert listed == {
        (
            one.pack,
            one.name,
            one.fields["annotations"]["runbook"].removeprefix("docs/"),
            one.fields["labels"]["severity"],
            one.fields.get("for", ""),
        )
        for one in ALERTS
    }
    assert {word for word in SEVERITIES if f"| `{word}` |" not in text} == set()
