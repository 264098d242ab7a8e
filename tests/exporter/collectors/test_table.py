"""Every switch of the settings has its collector, made as the settings say."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from exporter.collectors.table import MAKERS, collectors, host_at
from exporter.settings import AgentSettings, Collectors, Diskstats, Paths, Switch
from runtime.values import Duration, Pattern
from tests.exporter.hosts import TREES

# These remember what they saw, and are made where that is kept: in exporter/collecting.py.
KEPT_APART = {"namedprocess", "container"}


def test_every_switch_has_a_collector_and_every_collector_a_switch() -> None:
    switches = {field.name for field in msgspec.structs.fields(Collectors)}
    assert switches == MAKERS.keys() | KEPT_APART


def made(tmp_path: Path, settings: AgentSettings) -> dict[str, float]:
    host = host_at(Paths(procfs=str(tmp_path)), now=lambda: datetime.now(UTC))
    return {each.name: each.timeout_s for each in collectors(host, settings)}


@pytest.mark.parametrize("name", MAKERS)
def test_a_switch_switches_its_collector_and_no_other(tmp_path: Path, name: str) -> None:
    usual = made(tmp_path, AgentSettings())
    turned = not getattr(Collectors(), name).enabled
    section = type(getattr(Collectors(), name))(enabled=turned)
    changed = made(tmp_path, AgentSettings(collector=Collectors(**{name: section})))
    assert set(changed) ^ set(usual) == {name}


def test_collectors_have_the_time_that_the_settings_give(tmp_path: Path) -> None:
    settings = AgentSettings(timeout=Duration.parse("3s"), collector=Collectors(cpu=Switch(enabled=False)))
    found = made(tmp_path, settings)
    assert "cpu" not in found
    assert set(found.values()) == {3.0}


def test_what_is_left_out_is_as_the_settings_say() -> None:
    paths = Paths(procfs=str(TREES / "host/proc"), sysfs=str(TREES / "host/sys"), rootfs=str(TREES / "host"))
    host = host_at(paths, now=lambda: datetime.now(UTC))

    def devices(chosen: Diskstats) -> set[str]:
        settings = AgentSettings(collector=Collectors(diskstats=chosen))
        [collector] = [each for each in collectors(host, settings) if each.name == "diskstats"]
        return {dict(point.labels)["device"] for family in collector.gather() for point in family.points}

    usual = devices(Diskstats())
    one = sorted(usual)[0]
    assert devices(Diskstats(device_exclude=Pattern.parse(one))) >= usual - {one}
    assert one not in devices(Diskstats(device_exclude=Pattern.parse(one)))
    assert devices(Diskstats(device_include=Pattern.parse(one))) == {one}
