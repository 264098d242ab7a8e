"""Rule files: which are right, and what is said of the others. Each bad file ends with what is wrong."""

from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertrules.errors import BadFile, TemplateError
from alertrules.rules.loading import load_rules, repeated_rules
from alertrules.rules.model import AlertRule, Group, RecordingRule
from runtime.documents import parse_document, read_document
from runtime.errors import SettingsError

FILES: Final = Path(__file__).parent / "files"
GOOD: Final = sorted((FILES / "good").glob("*.yml"))
BAD: Final = sorted((FILES / "bad").glob("*.yml"))


def check_template(text: str, *, name: str) -> None:
    """Take anything: real templates are looked at in tests/check/test_rules.py."""


def load(text: str, name: str = "rules.yml") -> tuple[Group, ...]:
    return load_rules(parse_document(text, name), name, check_template)


def rules_in(text: str) -> list[AlertRule | RecordingRule]:
    return [rule for group in load(text) for rule in group.rules]


def test_the_corpus_is_there() -> None:
    assert len(GOOD) >= 25
    assert len(BAD) >= 60


@pytest.mark.parametrize("file", GOOD, ids=lambda file: file.stem)
def test_a_good_file_is_taken(file: Path) -> None:
    load_rules(read_document(file), file.name, check_template)


@pytest.mark.parametrize(
    "file", [file for file in BAD if not file.stem.startswith("template-")], ids=lambda file: file.stem
)
def test_all_that_is_wrong_with_a_file_is_said_with_its_line(file: Path) -> None:
    wanted = [line[2:] for line in file.read_text().splitlines() if line.startswith("# ")]
    with pytest.raises((BadFile, SettingsError)) as caught:
        load_rules(read_document(file), str(file), check_template)
    found = [line.removeprefix(str(file)).lstrip(":, ") for line in str(caught.value).splitlines()]
    assert wanted
    assert found == wanted


def test_all_fields_are_read() -> None:
    [group] = load(
        """
groups:
  - name: g
    interval: 30s
    query_offset: 1m
    limit: 7
    labels: {team: a, floor: 1}
    rules:
      - record: a:b
        expr: sum  by(job)(up)
        labels: {team: b}
      - alert: Down
        expr: up == 0
        for: 5m
        keep_firing_for: 90s
        labels: {severity: page}
        annotations: {summary: gone}
""",
        "some.yml",
    )
    assert (group.name, group.file, group.key) == ("g", "some.yml", "some.yml;g")
    assert (group.interval_ms, group.query_offset_ms, group.limit, group.line) == (30_000, 60_000, 7, 3)
    recording, alert = group.rules
    assert isinstance(recording, RecordingRule)
    assert (recording.name, recording.text, recording.line) == ("a:b", "sum by (job) (up)", 9)
    assert recording.labels == {"team": "b", "floor": "1"}
    assert isinstance(alert, AlertRule)
    assert (alert.name, alert.text) == ("Down", "up == 0")
    assert (alert.for_ms, alert.keep_firing_ms) == (300_000, 90_000)
    assert alert.labels == {"team": "a", "floor": "1", "severity": "page"}
    assert alert.annotations == {"summary": "gone"}


def test_what_is_not_said_is_left_to_the_gateway() -> None:
    [group] = load("groups: [{name: g, interval: 0s}]")
    assert (group.interval_ms, group.query_offset_ms, group.limit, group.rules) == (None, None, 0, ())
    [zero] = load("groups: [{name: g, query_offset: 0s}]")
    assert zero.query_offset_ms == 0


def test_values_of_labels_are_taken_as_they_are_written() -> None:
    [rule] = rules_in(
        "groups: [{name: g, rules: [{record: a, expr: up, labels: {a: 0x10, b: yes, c: 1.50, d: }}]}]"
    )
    assert rule.labels == {"a": "0x10", "b": "yes", "c": "1.50", "d": ""}


def test_templates_of_alerts_are_looked_at_and_recording_rules_have_none() -> None:
    seen: list[tuple[str, str]] = []

    def look(text: str, *, name: str) -> None:
        seen.append((text, name))
        if text == "bad":
            raise TemplateError("no")

    text = (
        "groups:\n- name: g\n  rules:\n  - {record: a, expr: up, labels: {x: recorded}}\n"
        "  - alert: A\n    expr: up\n    labels: {y: label}\n"
        "    annotations:\n      fine: good\n      z: bad\n"
    )
    with pytest.raises(BadFile) as caught:
        load_rules(parse_document(text, "f"), "f", look)
    assert caught.value.problems == ('f, line 10: annotations: the template of "z" in "A" is wrong: no.',)
    assert seen == [("label", "A"), ("good", "A"), ("bad", "A")]


def test_mappings_behind_a_merge_key_are_brought_in_and_own_keys_win() -> None:
    rules = rules_in((FILES / "good" / "anchors-and-merges.yml").read_text())
    assert [(rule.name, rule.labels) for rule in rules] == [
        ("DiskFull", {"severity": "page", "team": "a"}),
        ("DiskFuller", {"severity": "page", "team": "a"}),
        ("Other", {"team": "b", "severity": "page", "floor": "1"}),
    ]


def test_a_rule_that_stands_twice_is_told_with_both_lines() -> None:
    file = FILES / "good" / "same-rule-twice.yml"
    groups = load_rules(read_document(file), "f.yml", check_template)
    [warning] = repeated_rules(groups, "f.yml")
    assert warning.startswith("f.yml, line 6: job:up:sum stands in line 4 already, with the same labels; ")


def test_rules_of_one_name_with_other_labels_are_no_repetition() -> None:
    one, other = ("{alert: A, expr: up, labels: {s: " + value + "}}" for value in "ab")
    groups = load(f"groups: [{{name: g, rules: [{one}, {other}]}}]")
    assert repeated_rules(groups, "f") == []


@given(text=st.text(max_size=60) | st.sampled_from(["groups:", "rules:", "- {}", "expr: ["]).map(str))
def test_nothing_but_the_declared_errors_escapes(text: str) -> None:
    try:
        load(f"groups:\n- name: g\n  rules:\n  - record: {text}\n")
        load(text)
    except (BadFile, SettingsError):
        pass
