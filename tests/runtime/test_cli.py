"""The settings of a program become the options of its command."""

from pathlib import Path
from typing import Annotated, Literal

import pytest
from click.testing import CliRunner, Result

from runtime.cli import settings_command
from runtime.settings import Section


class Storage(Section, frozen=True, kw_only=True):
    sync: Annotated[bool, "Wait for the disk."] = True
    parts: Annotated[int, "How many parts."] = 4


class Example(Section, frozen=True, kw_only=True):
    level: Annotated[Literal["quiet", "loud"], "How loud."] = "quiet"
    rules: Annotated[tuple[str, ...], "Rule files."] = ()
    storage: Storage = Storage()


@settings_command(Example)
def example(settings: Example) -> None:
    """Say what was set."""
    print(settings)  # noqa: T201


def run(*arguments: str, **variables: str) -> Result:
    return CliRunner().invoke(example, arguments, env=variables, terminal_width=200)


def test_without_options_the_defaults_are_taken() -> None:
    assert run().output == f"{Example()}\n"


def test_options_reach_sections_lists_and_truths() -> None:
    answer = run(
        "--rules", "a", "--rules", "b", "--no-storage.sync", "--storage.parts", "9", "--level", "loud"
    )
    expected = Example(level="loud", rules=("a", "b"), storage=Storage(sync=False, parts=9))
    assert answer.output == f"{expected}\n"


def test_the_file_is_named_by_flag_or_variable(tmp_path: Path) -> None:
    file = tmp_path / "f.yml"
    file.write_text("storage: {parts: 7}\n")
    expected = f"{Example(storage=Storage(parts=7))}\n"
    assert run("--config", str(file)).output == expected
    assert run(FLEETGAUGE_CONFIG=str(file)).output == expected


def test_a_flag_wins_over_a_variable_and_a_variable_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "f.yml"
    file.write_text("{level: loud, storage: {parts: 1}}\n")
    answer = run("--config", str(file), "--storage.parts", "3", FLEETGAUGE_STORAGE_PARTS="2")
    assert answer.output == f"{Example(level='loud', storage=Storage(parts=3))}\n"


def test_help_says_what_a_setting_does_its_variable_and_its_default() -> None:
    text = " ".join(run("--help").output.split())
    assert (
        "--storage.sync / --no-storage.sync Wait for the disk. [FLEETGAUGE_STORAGE_SYNC; default: true]"
        in text
    )
    assert "--level [quiet|loud] How loud. [FLEETGAUGE_LEVEL; default: quiet]" in text
    assert "--rules TEXT Rule files. [FLEETGAUGE_RULES; default: none]" in text
    assert "--config FILE" in text


@pytest.mark.parametrize(
    ("arguments", "variables", "said"),
    [
        (["--storage.parts", "x"], {}, 'Error: --storage.parts: expected a whole number, got "x".\n'),
        ([], {"FLEETGAUGE_LEVEL": "x"}, 'Error: FLEETGAUGE_LEVEL: expected one of quiet, loud, got "x".\n'),
        (["--config", "/nope"], {}, "Error: /nope: cannot be read: No such file or directory.\n"),
    ],
)
def test_a_bad_setting_is_a_usage_error_of_one_line(
    arguments: list[str], variables: dict[str, str], said: str
) -> None:
    answer = run(*arguments, **variables)
    assert (answer.exit_code, answer.output) == (2, said)
