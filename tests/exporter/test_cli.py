"""The command `agent`: what it hands to the agent, and what it says when that goes wrong."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner, Result

from exporter.cli import agent
from exporter.errors import StateUnusable
from exporter.settings import AgentSettings
from runtime import logs
from runtime.errors import ListenFailed, ListenRefused
from runtime.stop import Renewal, Stop
from tests.test_cli import python


class Stub:
    """In the place of exporter.app: notes what it was made with."""

    def __init__(self) -> None:
        self.made: list[AgentSettings] = []
        self.reread: Callable[[], AgentSettings] = AgentSettings
        self.stops: list[Stop] = []
        self.error: Exception | None = None
        self.failing: dict[str, str] = {}

    def make(self, settings: AgentSettings, *, reread: Callable[[], AgentSettings]) -> "Stub":
        if self.error is not None:
            raise self.error
        self.made.append(settings)
        self.reread = reread
        return self

    def run(self, stop: Stop, _renewal: Renewal) -> None:
        self.stops.append(stop)

    def once(self, settings: AgentSettings) -> tuple[str, dict[str, str]]:
        if self.error is not None:
            raise self.error
        return f"# one scrape of {settings.path.procfs}\n", self.failing


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Stub:
    stub = Stub()
    module: Any = ModuleType("exporter.app")
    module.Agent, module.once = stub.make, stub.once
    monkeypatch.setitem(sys.modules, "exporter.app", module)
    monkeypatch.setattr("exporter.app", module, raising=False)
    monkeypatch.setattr(Stop, "on_signals", lambda _: None)
    monkeypatch.setattr(Renewal, "on_signal", lambda _: None)
    monkeypatch.setattr(logs, "configure", lambda **_: None)
    return stub


def run(*arguments: str, **variables: str) -> Result:
    return CliRunner().invoke(agent, arguments, env=variables)


def test_the_agent_runs_with_its_settings_until_it_stops(app: Stub) -> None:
    answer = run("--no-collector.thermal_zone", FLEETGAUGE_LABEL="env=prod")
    assert (answer.exit_code, answer.output) == (0, "")
    (settings,) = app.made
    assert not settings.collector.thermal_zone.enabled
    assert [str(label) for label in settings.label] == ["env=prod"]
    assert len(app.stops) == 1


def test_the_agent_can_read_its_settings_again(app: Stub, tmp_path: Path) -> None:
    file = tmp_path / "agent.yml"
    file.write_text("interval: 5s")
    run("--config", str(file), "--name", "me")
    file.write_text("interval: 6s")
    again = app.reread()
    assert (str(again.interval), again.name) == ("6s", "me")


def test_once_prints_one_scrape_and_runs_nothing(app: Stub) -> None:
    answer = run("--once", "--path.procfs", "/host/proc")
    assert (answer.exit_code, answer.output) == (0, "# one scrape of /host/proc\n")
    assert app.made == []


def test_once_says_which_collectors_failed(app: Stub) -> None:
    app.failing = {"hwmon": "OSError: no"}
    answer = run("--once")
    assert (answer.exit_code, answer.stdout, answer.stderr) == (
        1,
        "# one scrape of /proc\n",
        "hwmon: OSError: no\n",
    )


@pytest.mark.parametrize("arguments", [[], ["--once"]])
@pytest.mark.parametrize(
    ("error", "code"),
    [(ListenRefused("too open"), 2), (ListenFailed("taken"), 1), (StateUnusable("no directory"), 1)],
)
def test_what_goes_wrong_is_said_in_one_line(
    app: Stub, arguments: list[str], error: Exception, code: int
) -> None:
    app.error = error
    answer = run(*arguments)
    assert (answer.exit_code, answer.output) == (code, f"Error: {error}\n")


def test_settings_that_do_not_go_together_are_refused_before_the_agent_starts(app: Stub) -> None:
    answer = run("--interval", "1ms")
    assert (answer.exit_code, answer.output) == (2, "Error: interval: expected 1s or more, got 1ms.\n")
    assert app.made == []


def test_the_command_line_is_light() -> None:
    loaded = python("import exporter.cli, sys; print(*sys.modules)").stdout.split()
    assert "exporter.cli" in loaded
    heavy = {
        "exporter.app",
        "gateway",
        "ssl",
        "http.client",
        "numpy",
        "yaml",
        "asyncio",
        "requests",
        "socket",
    }
    assert heavy.isdisjoint(loaded)
