"""What each collector makes of the files in `trees/host`, compared with golden files, and of damaged ones."""

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporter.collectors import sockstat
from tests.exporter import pages
from tests.exporter.hosts import COLLECTORS, TREES, tree

HOST: Final = TREES / "host"
FILES: Final = sorted(path.relative_to(HOST) for path in HOST.rglob("*") if path.is_file())


@pytest.mark.parametrize("name", COLLECTORS)
def test_a_collector_makes_the_golden_page(name: str) -> None:
    golden = TREES / "golden" / f"{name}.txt"
    assert pages.text(COLLECTORS[name](tree(HOST))) == golden.read_text()


@pytest.mark.parametrize("name", COLLECTORS)
def test_every_family_has_help_and_points(name: str) -> None:
    for family in COLLECTORS[name](tree(HOST)):
        assert family.help
        assert family.points


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("damaged") / "host"
    shutil.copytree(HOST, root, symlinks=True)
    return root


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(data=st.data())
def test_only_declared_errors_escape_a_damaged_file(damaged: Path, data: st.DataObject) -> None:
    file = data.draw(st.sampled_from(FILES))
    whole = (HOST / file).read_bytes()
    cut = data.draw(st.integers(0, len(whole)))
    garbage = data.draw(
        st.one_of(st.binary(max_size=40), st.text("0 :\n\tcpu-x=", max_size=40).map(str.encode))
    )
    (damaged / file).write_bytes(whole[:cut] + garbage)
    try:
        for collect in COLLECTORS.values():
            try:
                collect(tree(damaged))
            except (OSError, ValueError):
                continue
    finally:
        (damaged / file).write_bytes(whole)


@pytest.mark.parametrize("name", ["loadavg", "meminfo", "netdev", "conntrack", "os", "schedstat", "pressure"])
def test_a_host_without_the_file_is_told_by_its_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileNotFoundError):
        COLLECTORS[name](tree(tmp_path))


@pytest.mark.parametrize("name", ["cpufreq", "hwmon", "thermal_zone"])
def test_a_host_without_the_hardware_shows_nothing(tmp_path: Path, name: str) -> None:
    assert COLLECTORS[name](tree(tmp_path)) == []


def test_a_host_without_ipv6_shows_the_sockets_of_ipv4(tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    (tmp_path / "net/sockstat").write_text("sockets: used 9\nTCP: inuse 1 mem 2\n")
    assert sockstat.read(tmp_path, 4096).values == {"sockets_used": 9, "TCP_inuse": 1, "TCP_mem": 2}


def test_mounts_are_shown_as_the_host_sees_them(tmp_path: Path) -> None:
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/mounts").write_text(
        f"/dev/vda {tmp_path}/srv ext4 rw 0 0\n/dev/vdb {tmp_path} ext4 rw 0 0\n"
    )
    asked: list[str] = []

    def ask(path: str) -> os.statvfs_result:
        asked.append(path)
        raise OSError

    [errors] = COLLECTORS["filesystem"](replace(tree(tmp_path), ask=ask))
    assert [dict(point.labels)["mountpoint"] for point in errors.points] == ["/srv", "/"]
    assert asked == [f"{tmp_path}/srv", str(tmp_path)]
