"""Every setting of the agent either counts after a reload, or the reload is refused and names it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any, Final, get_args, get_origin

import pytest

from delivery.settings import RelabelRule, RemoteWrite
from exporter.app import Agent
from exporter.settings import AgentSettings
from runtime.settings import SWITCH, Setting, build, settings_of
from runtime.stop import Renewal, Stop
from runtime.values import Address, Duration, LabelPair, Pattern, Size
from tests.delivery.receiver import refusing_port
from tests.house.tree import ROOT

SETTINGS: Final = {setting.key: setting for setting in settings_of(AgentSettings)}

APPLIED: Final = {
    *(key for key in SETTINGS if key.startswith("collector.") and key.endswith(SWITCH)),
    *(key for key in SETTINGS if key.startswith("snapshot.")),
    "collector.diskstats.device_include", "collector.diskstats.device_exclude",
    "collector.filesystem.mount_points_exclude", "collector.filesystem.fs_types_exclude",
    "collector.netclass.ignored_devices",
    "collector.netdev.device_include", "collector.netdev.device_exclude",
    "collector.systemd.unit_include", "collector.systemd.unit_exclude",
    "collector.textfile.directory",
    "collectors_dir", "interval", "label", "timeout",
    "process.children", "process.config", "process.exclude", "process.labels",
    "remote_write", "write_relabel_configs",
}  # fmt: skip
"""What a reload takes into use."""

VALUES: Final[dict[object, object]] = {
    Address: Address(host="127.0.0.1", port=1),
    Duration: Duration.parse("17s"),
    Size: Size.parse("77KiB"),
    Pattern: Pattern.parse("other"),
    LabelPair: LabelPair(name="other", value="1"),
    str: "other",
    int: 7,
    float: 7.5,
    RemoteWrite: RemoteWrite(url=f"http://127.0.0.1:{refusing_port()}/w"),
    RelabelRule: RelabelRule(source_labels=("x",), action="drop", regex=Pattern.parse("y")),
}


Values = dict[tuple[str, ...], object]


@dataclass
class Reloading:
    """An agent, what its settings are, and what they will be at the next reload."""

    base: Values
    agent: Agent | None = None
    settings: AgentSettings | None = None

    def settings_with(self, changed: Values) -> AgentSettings:
        return build(AgentSettings, self.base | changed)

    def reload(self, changed: Values) -> list[str]:
        assert self.agent is not None
        self.settings = self.settings_with(changed)
        return list(self.agent.reload())

    def reread(self) -> AgentSettings:
        assert self.settings is not None
        return self.settings


@pytest.fixture
def reloading(tmp_path: Path) -> Iterator[Reloading]:
    made = Reloading(
        {
            ("listen",): Address(host="127.0.0.1", port=0),
            ("state_dir",): str(tmp_path / "state"),
            ("collectors_dir",): str(tmp_path),
        }
    )
    made.agent = Agent(made.settings_with({}), reread=made.reread)
    yield made
    stop = Stop()
    stop.request("the test is over")
    made.agent.run(stop, Renewal())


def other(setting: Setting, tmp_path: Path) -> Any:
    """A value that a setting does not have."""
    if setting.key == "process.config":
        (tmp_path / "groups.yml").write_text("process_names: [{name: x, comm: [x]}]\n")
        return str(tmp_path / "groups.yml")
    if setting.kind is bool:
        return not setting.default
    if get_origin(setting.kind) is not None:
        choices = [each for each in get_args(setting.kind) if each != setting.default]
        return tuple(choices[:1]) if setting.many else choices[0]
    return (VALUES[setting.kind],) if setting.many else VALUES[setting.kind]


def test_each_setting_counts_after_a_reload_or_is_refused_by_name(
    reloading: Reloading, tmp_path: Path
) -> None:
    applied = set()
    for key, setting in SETTINGS.items():
        changed: Values = {setting.path: other(setting, tmp_path)}
        value, before = (
            reduce(getattr, setting.path, reloading.settings_with(each)) for each in (changed, {})
        )
        assert value != before
        problems = reloading.reload(changed)
        if problems:
            assert problems == [f"{setting.flag} has changed: that takes a restart. Nothing was changed."]
        else:
            applied.add(key)
            assert reloading.reload({}) == []
    assert applied == APPLIED


def test_several_settings_that_take_a_restart_are_all_named_and_nothing_changes(reloading: Reloading) -> None:
    assert reloading.agent is not None
    problems = reloading.reload(
        {("job",): "x", ("spool", "sync"): False, ("collector", "loadavg", "enabled"): False}
    )
    assert [problem.split()[0] for problem in problems] == ["--job", "--spool.sync"]
    assert "loadavg" in reloading.agent.collectors()


def test_a_spool_that_cannot_be_opened_is_told_and_nothing_changes(
    reloading: Reloading, tmp_path: Path
) -> None:
    assert reloading.agent is not None
    (tmp_path / "state/spool").mkdir(parents=True)
    (tmp_path / "state/spool/r").write_text("no directory")
    receivers = tuple(
        RemoteWrite(url=f"http://127.0.0.1:{refusing_port()}", name=name) for name in ("a", "r")
    )
    changed: Values = {("remote_write",): receivers, ("collector", "loadavg", "enabled"): False}
    [problem] = reloading.reload(changed)
    assert "A spool cannot be opened: " in problem
    assert "loadavg" in reloading.agent.collectors()
    assert reloading.agent.health()[1]["receivers"] == {}
    (tmp_path / "state/spool/r").unlink()
    assert reloading.reload(changed) == [], "the other spool is free again"
    assert "loadavg" not in reloading.agent.collectors()


def test_what_takes_a_restart_is_documented() -> None:
    text = (ROOT / "docs/agent.md").read_text().partition("Only a new start changes these settings")[2]
    named = re.findall(r"`([a-z_.]+)`", text.partition("\n\n")[0])
    assert named == [key for key in SETTINGS if key not in APPLIED]
