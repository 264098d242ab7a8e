"""`fleetgauge check rules` says OK, or all that is wrong, where, and with which exit code."""

from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner, Result

from check.cli import check
from tests.alertrules.rules.test_loading import BAD, FILES, GOOD

TEMPLATES: Final = [file for file in BAD if file.stem.startswith("template-")]


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(check, ["rules", *map(str, arguments)])


def test_good_files_are_told_with_the_number_of_their_rules() -> None:
    answer = run(*GOOD)
    assert answer.exit_code == 0
    assert len(answer.stdout.splitlines()) == len(GOOD)
    assert f"{FILES}/good/anchors-and-merges.yml: OK (3 rules)\n" in answer.stdout


def test_each_bad_file_is_told_and_good_ones_beside_it_are_ok(tmp_path: Path) -> None:
    file = tmp_path / "r.yml"
    file.write_text("groups:\n- name: g\n  color: red\n  rules:\n  - {record: a-b, expr: up}\n")
    answer = run(file, GOOD[0])
    assert answer.exit_code == 1
    assert answer.stdout == f"{GOOD[0]}: OK (1 rule)\n"
    assert answer.stderr.startswith(f"{file}, line 3: color: a group has no such field; it may have name,")
    assert f'{file}, line 5: record: "a-b" is no name of a metric' in answer.stderr


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.stem)
def test_a_bad_template_is_told_in_the_words_of_go(file: Path) -> None:
    answer = run(file)
    wanted = [line[2:] for line in file.read_text().splitlines() if line.startswith("# ")]
    assert answer.exit_code == 1
    assert answer.stderr.splitlines() == [f"{file}, {line}" for line in wanted]


def test_a_rule_that_stands_twice_is_a_warning() -> None:
    file = FILES / "good" / "same-rule-twice.yml"
    answer = run(file)
    assert answer.exit_code == 0
    assert answer.stdout == f"{file}: OK (2 rules)\n"
    assert answer.stderr.startswith(f"{file}, line 6: job:up:sum stands in line 4 already")


def test_a_file_that_cannot_be_read_is_wrong(tmp_path: Path) -> None:
    answer = run(tmp_path / "nowhere.yml")
    assert answer.exit_code == 1
    assert str(tmp_path / "nowhere.yml") in answer.stderr
