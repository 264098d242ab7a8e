"""The settings of a program become the options of its command."""

from pathlib import Path
from typing import Annotated, Literal

import click
import pytest
from click.testing import CliRunner, Result

from runtime.cli import Reread, settings_command
from runtime.errors import SettingsError
from runtime.settings import Section
from runtime.values import LabelPair


class Storage(Section, frozen=True, kw_only=True):
    sync: Annotated[bool, "Wait for the disk."] = True
    parts: Annotated[int, "How many parts."] = 4


class Example(Section, frozen=True, kw_only=True):
    level: Annotated[Literal["quiet", "loud"], "How loud."] = "quiet"
    rules: Annotated[tuple[str, ...], "Rule files."] = ()
    storage: Storage = Storage()


@settings_command(Example)
def example(settings: Example, _reread: Reread[Example]) -> None:
    """Say what was set."""
    print(settings)  # noqa: T201


class Disk(Section, frozen=True, kw_only=True):
    enabled: Annotated[bool, "Run it."] = True
    without_ram: Annotated[bool, "Only real ones."] = False


class Collectors(Section, frozen=True, kw_only=True):
    disk: Annotated[Disk, "Disks."] = Disk()


class Agent(Section, frozen=True, kw_only=True):
    collector: Collectors = Collectors()
    storage: Storage = Storage()
    label: Annotated[tuple[LabelPair, ...], "Labels."] = ()
    disks: Annotated[tuple[Disk, ...], "More disks."] = ()


def odd(settings: Agent) -> list[str]:
    return ["storage.parts: this is odd."] if settings.storage.parts % 2 else []


@settings_command(
    Agent, check=odd, options=[click.Option(["--file"]), click.Option(["--once"], is_flag=True)]
)
def agent(settings: Agent, reread: Reread[Agent], file: str, once: bool) -> None:
    """Write into the file, read the settings again, and say both."""
    print(settings, once)  # noqa: T201
    if file:
        name, _, text = file.partition(":")
        Path(name).write_text(text)
        try:
            print(reread())  # noqa: T201
        except SettingsError as error:
            print(f"still {settings.storage.parts}: {error}")  # noqa: T201


def run(*arguments: str, **variables: str) -> Result:
    return CliRunner().invoke(example, arguments, env=variables, terminal_width=200)


def run_agent(*arguments: str, **variables: str) -> Result:
    return CliRunner().invoke(agent, arguments, env=variables, terminal_width=200)


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
    assert "--[no-]storage.sync Wait for the disk. [FLEETGAUGE_STORAGE_SYNC; default: true]" in text
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


def test_help_has_a_heading_for_each_section_and_those_of_none_come_first() -> None:
    lines = run_agent("--help").output.splitlines()
    found = [line.strip().split("  ")[0] for line in lines if line.startswith(("  --", "Options"))]
    assert found == [
        "Options:", "--config FILE", "--file TEXT", "--once", "--label NAME=VALUE", "--help",
        "Options of collector:", "--[no-]collector.disk", "--[no-]collector.disk.without-ram",
        "Options of storage:", "--[no-]storage.sync", "--storage.parts INT",
    ]  # fmt: skip


def test_a_switch_of_a_section_has_the_sections_name() -> None:
    off = Agent(collector=Collectors(disk=Disk(enabled=False)))
    assert run_agent("--no-collector.disk").output == f"{off} False\n"
    assert run_agent(FLEETGAUGE_COLLECTOR_DISK="false").output == f"{off} False\n"


def test_a_flag_may_be_written_with_underscores() -> None:
    expected = Agent(collector=Collectors(disk=Disk(without_ram=True)))
    assert run_agent("--collector.disk.without_ram").output == f"{expected} False\n"


def test_more_options_are_handed_over_by_their_names() -> None:
    assert run_agent("--once").output == f"{Agent()} True\n"


def test_what_the_check_says_is_a_usage_error() -> None:
    answer = run_agent("--storage.parts", "5")
    assert (answer.exit_code, answer.output) == (2, "Error: storage.parts: this is odd.\n")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("disks: [{enabled: false}]", f"{Agent(disks=(Disk(enabled=False),), storage=Storage(sync=False))}"),
        ("storage: {parts: 3}", "still 4: storage.parts: this is odd."),
        ("storage: {part: 3}", "still 4: FILE, line 1: storage.part: there is no such key."),
    ],
)
def test_reading_again_takes_a_changed_file_with_the_same_flags_and_checks(
    tmp_path: Path, content: str, said: str
) -> None:
    file = tmp_path / "f.yml"
    file.write_text("")
    answer = run_agent("--config", str(file), "--no-storage.sync", "--file", f"{file}:{content}")
    assert answer.output.splitlines()[1].startswith(said.replace("FILE", str(file)))
