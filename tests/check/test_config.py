"""`fleetgauge check config` says OK, or all that is wrong, where, and with which exit code."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from check.cli import check
from tests.house.tree import ROOT


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(check, ["config", *map(str, arguments)])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "some.yml"


@pytest.mark.parametrize(
    ("name", "program"),
    [
        ("agent", "agent"),
        ("gateway", "gateway"),
        ("agent-remote-write", "agent"),
        ("gateway-forward", "gateway"),
        ("gateway-relay", "gateway"),
    ],
)
def test_the_examples_are_right(name: str, program: str) -> None:
    path = ROOT / "examples" / f"{name}.yml"
    answer = run(path)
    assert (answer.exit_code, answer.output) == (0, f"{path}: OK ({program})\n")


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("retention: much\n", ["line 1: retention: expected"]),
        (
            "data_dir: x\nlistn: y\nquery: {slow: 1}\n",
            ["line 2: listn: there is no", "line 3: query.slow: expected"],
        ),
        ("interval: 0s\njob: x\n", ["line 1: interval: expected 1s or more"]),
        ("job: x\nspool:\n  max_size: '0'\n", ["line 3: spool.max_size: expected more than 0"]),
        (
            "job: x\nremote_write:\n  - url: http://a:1\n  - url: ftp://b\n    name: c\n",
            ["line 4: remote_write[1].url: expected"],
        ),
        ("retention: 1d\nstore: false\n", ["line 2: store: with false there must be a destination"]),
        ("job: x\n  y: z\n", ["line 2: this is not valid YAML"]),
        ("job: [\n", ["line 2: this is not valid YAML"]),
    ],
)
def test_all_that_is_wrong_is_told_with_its_line(file: Path, text: str, problems: list[str]) -> None:
    file.write_text(text)
    answer = run(*(["--program", "agent"] if "valid" in problems[0] else []), file)
    assert answer.exit_code == 1
    lines = answer.output.splitlines()
    assert len(lines) == len(problems)
    for line, problem in zip(lines, problems, strict=True):
        assert line.startswith(f"{file}, {problem}")


def test_a_file_that_cannot_be_read_is_wrong(tmp_path: Path) -> None:
    answer = run(tmp_path / "none.yml")
    assert (answer.exit_code, "cannot be read" in answer.output) == (1, True)


@pytest.mark.parametrize("text", ["", "listen: 127.0.0.1:1\n", "x: y\n"])
def test_who_cannot_be_recognised_has_to_be_named(file: Path, text: str) -> None:
    file.write_text(text)
    answer = run(file)
    assert (answer.exit_code, "--program" in answer.output) == (2, True)
    assert run("--program", "gateway", file).exit_code == (1 if "x" in text else 0)


def test_one_wrong_file_among_others_counts_and_the_others_are_told(file: Path) -> None:
    file.write_text("retention: much\n")
    right = ROOT / "examples" / "gateway.yml"
    answer = run(right, file, right)
    assert answer.exit_code == 1
    assert answer.output.count("OK (gateway)") == 2


def test_a_bomb_of_aliases_ends(file: Path) -> None:
    lines = ["a0: &a0 {k: v}"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    file.write_text("\n".join(lines))
    assert run("--program", "agent", file).exit_code == 1


def test_files_of_other_programs_are_sent_to_the_command_that_checks_them(file: Path) -> None:
    file.write_text("route: {receiver: x}\nreceivers: [{name: x}]\n")
    assert "fleetgauge check alertmanager" in run(file).output
