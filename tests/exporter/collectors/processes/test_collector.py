"""The whole collector on a checked-in /proc."""

from pathlib import Path

import pytest

from exporter.collectors.processes.collector import SHARED_SECONDS, to_metrics
from exporter.collectors.processes.procfs import Proc
from tests.exporter.collectors.processes.trees import (
    TREES,
    Watched,
    copied,
    lines,
    processes,
    replace,
    values,
)

GROUP = "namedprocess_namegroup_"


def shown(collector: Watched) -> dict[str, float]:
    return values(to_metrics(collector.read()))


def of(name: str, group: str = "postgres", more: str = "") -> str:
    return f'{GROUP}{name}{{groupname="{group}"{more}}}'


def test_the_families_of_a_tree_are_the_golden_ones() -> None:
    found = lines(to_metrics(processes(TREES / "processes").read()))
    assert "\n".join(found) + "\n" == (TREES / "processes.txt").read_text()


def test_only_what_a_process_uses_while_we_look_is_counted(tmp_path: Path) -> None:
    root = copied(tmp_path)
    collector = processes(root)
    assert shown(collector)[of("read_bytes_total")] == 0
    replace(root / "700/io", "read_bytes: 81920", "read_bytes: 90000")
    replace(root / "700/status", "nonvoluntary_ctxt_switches:\t20", "nonvoluntary_ctxt_switches:\t25")
    replace(root / "700/stat", " 4000 0 12 0 1200 340 ", " 4001 0 14 0 1300 360 ")
    after = shown(collector)
    assert after[of("read_bytes_total")] == 90000 - 81920
    assert after[of("context_switches_total", more="").replace("{", '{ctxswitchtype="nonvoluntary",')] == 5
    assert after[of("minor_page_faults_total")] == 1
    assert after[of("major_page_faults_total")] == 2
    assert after[of("cpu_seconds_total", more=',mode="user"')] == 1.0
    assert after[of("cpu_seconds_total", more=',mode="system"')] == 0.2


def test_what_started_after_us_counts_in_full_and_stays_when_it_ends(tmp_path: Path) -> None:
    root = copied(tmp_path)
    new = (root / "700").rename(tmp_path / "700")
    collector = processes(root)
    shown(collector)
    replace(new / "stat", " 0 5000 ", " 0 2000050 ")
    new.rename(root / "700")
    assert shown(collector)[of("cpu_seconds_total", more=',mode="user"')] == 12.0
    (root / "700").rename(tmp_path / "700")
    after = shown(collector)
    assert after[of("num_procs")] == 1
    assert after[of("cpu_seconds_total", more=',mode="user"')] == 12.0


def test_a_number_used_again_is_another_process(tmp_path: Path) -> None:
    root = copied(tmp_path)
    collector = processes(root)
    shown(collector)
    replace(root / "700/stat", " 1200 340 0 0 20 0 1 0 5000 ", " 5 0 0 0 20 0 1 0 2000060 ")
    assert shown(collector)[of("cpu_seconds_total", more=',mode="user"')] == 0.05


def test_a_process_that_becomes_another_program_changes_its_group(tmp_path: Path) -> None:
    root = copied(tmp_path)
    collector = processes(root)
    assert shown(collector)[of("num_procs")] == 2
    replace(root / "701/stat", "(postgres)", "(backup)")
    (root / "701/cmdline").write_bytes(b"backup\0")
    after = shown(collector)
    assert (after[of("num_procs")], after[of("num_procs", "backup")]) == (1, 1)


def test_an_empty_group_goes_after_an_hour(tmp_path: Path) -> None:
    root = copied(tmp_path)
    collector = processes(root)
    shown(collector)
    (root / "1").rename(tmp_path / "1")
    collector.now_s += 3600 - SHARED_SECONDS - 1
    assert shown(collector)[of("num_procs", "systemd")] == 0
    assert of("num_procs", "systemd") not in shown(collector)


@pytest.mark.parametrize(("most", "groups"), [(4, 4), (3, 4), (2, 3)])
def test_no_more_groups_are_made_than_may_be_and_the_sum_stays(most: int, groups: int) -> None:
    found = shown(processes(TREES / "processes", most=most))
    numbers = {name: value for name, value in found.items() if name.startswith(GROUP + "num_procs")}
    assert len(numbers) == groups
    assert sum(numbers.values()) == 5
    assert (of("num_procs", "other") in numbers) == (most < 4)


@pytest.mark.parametrize(("release", "by_size"), [("6.2.0\n", True), ("6.1.99\n", False), ("odd\n", False)])
def test_open_files_are_told_by_size_where_the_kernel_does_so(
    release: str, by_size: bool, tmp_path: Path
) -> None:
    root = copied(tmp_path)
    (root / "sys/kernel/osrelease").write_text(release)
    size = (root / "1/fd").stat().st_size
    assert size != 5
    assert shown(processes(root))[of("open_filedesc", "systemd")] == (size if by_size else 5)


@pytest.mark.parametrize("name", ["stat", "status", "io", "limits", "cmdline", "cgroup", "fd"])
def test_a_process_that_ends_while_it_is_read_is_left_out(name: str, tmp_path: Path) -> None:
    root = copied(tmp_path)
    (root / "1" / name).rename(tmp_path / name)
    found = shown(processes(root))
    assert of("num_procs", "systemd") not in found
    assert found["namedprocess_scrape_procread_errors{}"] == 0


@pytest.mark.parametrize("name", ["stat", "status", "io", "limits"])
@pytest.mark.parametrize("kept", [0, 4, 30])
def test_a_cut_file_is_counted_and_the_others_are_read(name: str, kept: int, tmp_path: Path) -> None:
    root = copied(tmp_path)
    file = root / "1" / name
    file.write_bytes(file.read_bytes()[:kept])
    collector = processes(root)
    found = shown(collector)
    assert of("num_procs", "systemd") not in found
    assert found[of("num_procs")] == 2
    assert found["namedprocess_scrape_procread_errors{}"] == 1


def test_what_we_may_not_see_is_counted_as_partial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Proc, folder: str) -> tuple[int | None, int | None]:
        return (None, None) if folder == "700" else (7, 7)

    root = copied(tmp_path)
    collector = processes(root)
    with monkeypatch.context() as patched:
        patched.setattr(Proc, "_io", refuse)
        assert shown(collector)["namedprocess_scrape_partial_errors{}"] == 1
    # Its first numbers that we see are where counting begins: no jump.
    assert shown(collector)[of("read_bytes_total")] == 0


def test_what_is_used_while_we_may_not_look_counts_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = copied(tmp_path)
    collector = processes(root)
    shown(collector)
    with monkeypatch.context() as patched:
        patched.setattr(Proc, "_io", lambda *_: (None, None))
        assert shown(collector)[of("read_bytes_total")] == 0
    replace(root / "700/io", "read_bytes: 81920", "read_bytes: 90000")
    assert shown(collector)[of("read_bytes_total")] == 90000 - 81920
