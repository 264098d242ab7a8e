"""The command line finds programs, says what is missing, and never shows a stack trace to its user."""

import subprocess
import sys
from pathlib import Path

import pytest

import fleetgauge
from tests.gateway.programs import FLEETGAUGE, environment, run

GATEWAY_EXTRA = ["falcon", "google.protobuf", "numpy", "prometheus_client", "re2", "waitress"]


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def run_without(modules: list[str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line as if these modules were not installed."""
    return python(
        f"import sys; sys.modules.update(dict.fromkeys({modules}))\n"
        f"sys.argv = ['fleetgauge', *{arguments}]\n"
        "import fleetgauge; fleetgauge.main()"
    )


def test_version_is_one_line() -> None:
    answer = run("--version")
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "fleetgauge 0.1.0\n", "")


def test_help_lists_every_command() -> None:
    answer = run("--help")
    assert answer.returncode == 0
    assert all(f"  {name}  " in answer.stdout for name in fleetgauge.PROGRAMS)


@pytest.mark.parametrize("name", fleetgauge.PROGRAMS)
def test_every_command_has_help_that_says_more_than_its_name(name: str) -> None:
    answer = run(name, "--help")
    assert answer.returncode == 0
    assert len(answer.stdout.splitlines()) > 5


@pytest.mark.parametrize("arguments", [[], ["nope"], ["--nope"], ["gateway", "--nope"], ["gateway", "extra"]])
def test_wrong_usage_exits_with_two(arguments: list[str]) -> None:
    answer = run(*arguments)
    assert answer.returncode == 2
    assert "Usage: fleetgauge" in answer.stderr


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], *([name, "--help"] for name in fleetgauge.PROGRAMS)]
)
def test_help_needs_nothing_of_the_gateway_extra(arguments: list[str]) -> None:
    answer = run_without(GATEWAY_EXTRA, *arguments)
    assert (answer.returncode, answer.stderr) == (0, "")


def test_asking_needs_nothing_of_the_gateway_extra() -> None:
    answer = run_without(GATEWAY_EXTRA, "query", "--url", "http://127.0.0.1:1", "up")
    assert answer.returncode == 1
    assert "can't be asked" in answer.stderr


@pytest.mark.parametrize("command", ["gateway", "demo"])
def test_a_missing_extra_is_named_with_the_command_that_installs_it(command: str) -> None:
    answer = run_without(["falcon"], command)
    assert answer.returncode == 2
    assert answer.stderr == (
        "fleetgauge: this command needs falcon, which is not installed. "
        "Install it with: pip install 'fleetgauge[gateway]'\n"
    )


def test_a_missing_module_of_our_own_is_a_defect_and_not_hidden() -> None:
    answer = run_without(["gateway.app"], "gateway")
    assert answer.returncode == 1
    assert "ModuleNotFoundError" in answer.stderr


def test_importing_the_command_line_is_light() -> None:
    loaded = python("import fleetgauge, sys; print(*sys.modules)").stdout.split()
    assert "fleetgauge" in loaded
    assert {*GATEWAY_EXTRA, "sqlite3", "msgspec", "yaml", "gateway", "exporter"}.isdisjoint(loaded)


@pytest.mark.parametrize("error", ["KeyboardInterrupt", "BrokenPipeError(32, 'gone')"])
def test_interrupting_a_command_shows_no_stack_trace(
    error: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "interrupted.py").write_text(
        f"import click\n\n@click.command\ndef interrupted():\n    raise {error}\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "interrupted", raising=False)
    program = fleetgauge.Program(module="interrupted", help="")
    monkeypatch.setattr(fleetgauge, "PROGRAMS", {"interrupted": program})
    monkeypatch.setattr(sys, "argv", ["fleetgauge", "interrupted"])
    with pytest.raises(SystemExit) as caught:
        fleetgauge.main()
    assert caught.value.code == 1
    assert "Traceback" not in capsys.readouterr().err


def test_a_reader_that_goes_away_shows_no_stack_trace() -> None:
    with subprocess.Popen(
        [FLEETGAUGE, "gateway", "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""


def test_the_shell_can_complete_commands_and_choices() -> None:
    def completed(*words: str) -> str:
        answer = run(
            _FLEETGAUGE_COMPLETE="bash_complete", COMP_WORDS=" ".join(words), COMP_CWORD=str(len(words) - 1)
        )
        return answer.stdout

    assert completed("fleetgauge", "ga") == "plain,gateway\n"
    assert completed("fleetgauge", "gateway", "--log-format", "j") == "plain,json\n"
    assert run(_FLEETGAUGE_COMPLETE="bash_source").returncode == 0
