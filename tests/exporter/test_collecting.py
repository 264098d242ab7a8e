"""What the agent collects, put together: names of accounts, what a reload keeps, what a restart keeps."""

import os
import pwd
import time
from pathlib import Path

import pytest

from exporter.collecting import COUNTERS, Collecting, plan, user_names
from exporter.errors import StateUnusable
from exporter.families import Family
from exporter.gathering.families import families_of
from exporter.settings import AgentSettings, Collectors, Paths, Process, Switch
from runtime.values import Duration
from tests.exporter.gathering.parts import everything


class Clock:
    """The clocks of the machine."""

    def now_s(self) -> float:
        return time.time()

    def rising_s(self) -> float:
        return time.monotonic()


def collecting(settings: AgentSettings, directory: Path | None = None) -> Collecting:
    made = Collecting(plan(settings), clock=Clock(), version="", own=list, directory=directory)
    made.resume()
    return made


def scraped(made: Collecting) -> dict[str, Family]:
    return {family.name: family for family in families_of(made.runner.gather(everything))}


def test_names_of_accounts_are_the_systems() -> None:
    named = user_names(Path("/"))
    mine = pwd.getpwuid(os.getuid())
    assert named(mine.pw_uid) == mine.pw_name
    assert named(4_000_000_001) == "4000000001"


def test_names_of_accounts_of_another_root_come_from_its_file(tmp_path: Path) -> None:
    assert user_names(tmp_path / "none")(0) == "0"
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_bytes(
        b"admin:x:0:0::/root:/bin/sh\nother:x:0:0::/:/bin/sh\n\nbroken\nx:y:z\nj\xf6rg:x:1000:1000::/:\n"
    )
    named = user_names(tmp_path)
    assert [named(uid) for uid in (0, 1000, 7)] == ["admin", "j\ufffdrg", "7"]


def own_group(families: dict[str, Family], name: str) -> float:
    """What a counter says of the group that the tests themselves are in."""
    mine = Path("/proc/self/comm").read_text().strip()
    [value] = [each.value for each in families[name].points if ("groupname", mine) in each.labels]
    return value


FAULTS = "namedprocess_namegroup_minor_page_faults_total"


def test_a_reload_keeps_counters_and_a_restart_too(tmp_path: Path) -> None:
    made = collecting(AgentSettings(), tmp_path)
    scraped(made)
    time.sleep(1.05)
    bytearray(20 << 20)
    before = own_group(scraped(made), FAULTS)
    assert before > 0
    chosen = Collectors(loadavg=Switch(enabled=False))
    made.replace(plan(AgentSettings(collector=chosen, process=Process(children=False))))
    families = scraped(made)
    assert own_group(families, FAULTS) >= before
    assert "node_load1" not in families
    made.replace(plan(AgentSettings()))
    made.close()
    assert (tmp_path / COUNTERS).exists()
    assert own_group(scraped(collecting(AgentSettings(), tmp_path)), FAULTS) >= before
    assert not (tmp_path / COUNTERS).exists()
    assert own_group(scraped(collecting(AgentSettings(), tmp_path)), FAULTS) < before


def test_without_a_directory_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    collecting(AgentSettings()).close()
    assert list(tmp_path.iterdir()) == []


def test_switches_of_processes_and_containers_are_heeded(tmp_path: Path) -> None:
    usual = set(collecting(AgentSettings(), tmp_path).runner.names())
    chosen = Collectors(namedprocess=Switch(enabled=False))
    assert usual - set(collecting(AgentSettings(collector=chosen), tmp_path).runner.names()) == {
        "namedprocess"
    }
    assert {"agent", "namedprocess", "container"} <= usual


def test_the_time_that_collectors_have_is_taken_anew_also_for_users(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("class Mine:\n    def collect(self):\n        return []\n")
    made = collecting(AgentSettings(collectors_dir=str(tmp_path)))
    made.replace(plan(AgentSettings(collectors_dir=str(tmp_path), timeout=Duration.parse("2s"))))
    assert {each.timeout_s for each in made.runner.collectors()} == {2.0}


def test_a_host_without_processes_is_told(tmp_path: Path) -> None:
    with pytest.raises(StateUnusable, match="does not show processes"):
        collecting(AgentSettings(path=Paths(procfs=str(tmp_path))))
