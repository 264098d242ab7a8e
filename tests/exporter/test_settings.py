"""The agent's settings: names that never collide, and Prometheus' words as they stand in its files."""

from collections import Counter
from pathlib import Path

import pytest

from delivery.checks import name_of
from delivery.settings import BasicAuth, RelabelRule, RemoteWrite, Tls
from exporter.checks import problems
from exporter.settings import AgentSettings
from runtime.errors import SettingsError
from runtime.settings import file_of, load, settings_of
from runtime.values import Duration, LabelPair, Pattern
from tests.house.tree import ROOT


def read(file: Path | None = None, **environ: str) -> AgentSettings:
    return load(AgentSettings, file=file, environ=environ, flags={})


def test_nothing_given_means_all_defaults() -> None:
    assert read() == AgentSettings()


def test_no_two_settings_have_a_flag_or_a_variable_in_common() -> None:
    names = Counter(
        name for each in settings_of(AgentSettings) for name in (each.flag, each.variable) if name
    )
    assert [name for name, times in names.items() if times > 1] == []
    assert names["--collector.filesystem"] == 1
    assert names["--collector.filesystem.mount-points-exclude"] == 1
    assert names["--web.config.file"] == 1


def test_a_collector_is_switched_by_file_and_variable(tmp_path: Path) -> None:
    file = tmp_path / "agent.yml"
    file.write_text("collector: {cpu: false, systemd: true, diskstats: {device_exclude: sd.}}")
    collector = read(file, FLEETGAUGE_COLLECTOR_THERMAL_ZONE="false").collector
    assert (collector.cpu.enabled, collector.systemd.enabled, collector.thermal_zone.enabled) == (
        False,
        True,
        False,
    )
    assert collector.diskstats.enabled
    assert str(collector.diskstats.device_exclude) == "sd."


def test_the_example_with_receivers_is_read_and_is_fine() -> None:
    settings = read(ROOT / "examples" / "agent-remote-write.yml")
    assert problems(settings) == []
    assert settings.label == (LabelPair(name="env", value="prod"), LabelPair(name="rack", value="12"))
    assert settings.write_relabel_configs == (
        RelabelRule(source_labels=("__name__",), regex=Pattern.parse("node_schedstat_.*"), action="drop"),
    )
    central, mimir = settings.remote_write
    assert central == RemoteWrite(
        url="https://prometheus.example.org/api/v1/write",
        name="central",
        remote_timeout=Duration.parse("10s"),
        order="oldest-first",
        basic_auth=BasicAuth(username="agent", password_file="/etc/fleetgauge/password"),
        tls_config=Tls(ca_file="/etc/fleetgauge/ca.pem"),
        write_relabel_configs=(
            RelabelRule(
                source_labels=("__name__",), regex=Pattern.parse("(node|namedprocess)_.+"), action="keep"
            ),
            RelabelRule(regex=Pattern.parse("container_label_.+"), action="labeldrop"),
            RelabelRule(target_label="tier", replacement="1"),
        ),
    )
    assert mimir.headers == (LabelPair(name="X-Scope-OrgID", value="fleet"),)
    assert name_of(mimir) == "mimir.example.org"


def test_all_settings_written_as_a_file_are_read_as_they_were(tmp_path: Path) -> None:
    settings = read(ROOT / "examples" / "agent-remote-write.yml")
    file = tmp_path / "again.yml"
    file.write_text(file_of(settings))
    assert read(file) == settings


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "remote_write: [{tls_config: {ca_fil: x}}]",
            'remote_write[0].tls_config.ca_fil: there is no such key. Did you mean "ca_file"?',
        ),
        (
            "remote_write: [{write_relabel_configs: [{action: discard}]}]",
            "remote_write[0].write_relabel_configs[0].action: expected one of replace, keep, drop,",
        ),
        ("remote_write: [{queue_config: {}}]", "remote_write[0].queue_config: there is no such key."),
        ("collector: {cpu: 1}", "collector.cpu: expected keys with values, or true or false, got 1."),
        ("collector: {filesytem: false}", 'collector.filesytem: there is no such key. Did you mean "files'),
    ],
)
def test_a_wrong_file_is_refused_with_line_and_place(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "agent.yml"
    file.write_text(text)
    with pytest.raises(SettingsError) as caught:
        read(file)
    assert str(caught.value).startswith(f"{file}, line 1: {said}")
