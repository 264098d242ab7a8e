"""What stays: counters over thresholds, restarts and other rules."""

import json
from pathlib import Path

import pytest

from exporter.collectors.processes.collector import Rules, to_metrics
from exporter.collectors.processes.grouping import BY_COMM, load_grouping
from exporter.collectors.processes.tally import TRACKED_TIMES, Limits
from tests.exporter.collectors.processes.trees import Watched, copied, replace, rules, values

CPU = 'namedprocess_namegroup_cpu_seconds_total{groupname="%s",mode="user"}'
STAT = " 4000 0 12 0 %d 340 "
EVERYTHING = "process_names:\n  - name: %s\n    cmdline: ['.+']\n"


def user_seconds(collector: Watched) -> dict[str, float]:
    start = 'namedprocess_namegroup_cpu_seconds_total{groupname="'
    found = values(to_metrics(collector.read()))
    return {
        name.removeprefix(start).partition('"')[0]: value
        for name, value in found.items()
        if name.startswith(start) and 'mode="user"' in name
    }


def used(root: Path, before: int, now: int) -> None:
    replace(root / "700/stat", STAT % before, STAT % now)


def test_a_group_is_shown_once_it_used_enough_and_no_counter_goes_down(tmp_path: Path) -> None:
    root = copied(tmp_path)
    collector = Watched(root, rules(), Limits(min_cpu_s=2.0))
    assert user_seconds(collector) == {"other": 0}
    used(root, 1200, 1399)
    assert user_seconds(collector) == {"other": 1.99}
    used(root, 1399, 1400)
    assert user_seconds(collector) == {"other": 1.99, "postgres": 0.01}
    used(root, 1400, 1500)
    assert user_seconds(collector) == {"other": 1.99, "postgres": 1.01}


def test_a_group_is_shown_while_it_holds_enough_and_a_while_longer(tmp_path: Path) -> None:
    root = copied(tmp_path)
    collector = Watched(root, rules(), Limits(min_memory=7000 * 4096, empty_s=60))
    assert user_seconds(collector) == {"other": 0, "postgres": 0}
    for process in ("700", "701"):
        stat = root / process / "stat"
        fields = stat.read_text().split()
        fields[23] = "1"
        stat.write_text(" ".join(fields))
    used(root, 1200, 1300)
    assert user_seconds(collector) == {"other": 0, "postgres": 1.0}
    collector.now_s += 60
    used(root, 1300, 1500)
    assert user_seconds(collector) == {"other": 2.0}


def test_only_so_many_hidden_groups_are_watched(tmp_path: Path) -> None:
    root = copied(tmp_path)
    by_pid = tmp_path / "groups.yml"
    by_pid.write_text(EVERYTHING % "'{{.PID}}'")
    limits = Limits(min_cpu_s=1.0, max_groups=0)
    assert TRACKED_TIMES * limits.max_groups == 0
    collector = Watched(root, rules(load_grouping(by_pid)), limits)
    used(root, 1200, 1300)
    user_seconds(collector)
    used(root, 1300, 1500)
    assert user_seconds(collector) == {"other": 2.0}


def test_counters_go_on_after_a_restart_with_what_was_used_meanwhile(tmp_path: Path) -> None:
    root, file = copied(tmp_path), tmp_path / "counters"
    collector = Watched(root, rules(), Limits())
    user_seconds(collector)
    used(root, 1200, 1300)
    before = user_seconds(collector)
    assert before["postgres"] == 1.0
    collector.save(file)
    with pytest.raises(RuntimeError, match="put away"):
        collector.read()
    used(root, 1300, 1500)
    again = Watched(root, rules(), Limits())
    assert again.load(file)
    assert user_seconds(again)["postgres"] == 3.0
    assert not file.exists()
    assert not Watched(root, rules(), Limits()).load(file)


@pytest.mark.parametrize("wrong", ["boot", "config", "version", "state", "text", "groups", "processes"])
def test_what_does_not_fit_is_removed_and_not_taken(wrong: str, tmp_path: Path) -> None:
    root, file = copied(tmp_path), tmp_path / "counters"
    collector = Watched(root, rules(), Limits())
    user_seconds(collector)
    collector.save(file)
    found = json.loads(file.read_text())
    if wrong in found:
        found[wrong] = "other"
    elif wrong in found["state"]:
        found["state"][wrong] = [["postgres", [1], 2, True]]
    file.write_text("{" if wrong == "text" else json.dumps(found))
    again = Watched(root, rules(), Limits())
    assert not again.load(file)
    assert not file.exists()
    used(root, 1200, 1300)
    assert user_seconds(again)["postgres"] == 0


def test_a_configuration_is_known_by_what_it_says(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(EVERYTHING % "a")
    (tmp_path / "b.yml").write_text(EVERYTHING % "b")
    a, b = load_grouping(tmp_path / "a.yml"), load_grouping(tmp_path / "b.yml")
    texts = {
        each.text()
        for each in (rules(a), rules(b), rules(a, "user"), rules(a, children=False), rules(a, exclude="x"))
    }
    assert len(texts) == 5
    assert rules(load_grouping(tmp_path / "a.yml")).text() == rules(a).text()


def test_groups_that_keep_their_name_keep_their_counters(tmp_path: Path) -> None:
    root, file = copied(tmp_path), tmp_path / "groups.yml"
    collector = Watched(root, rules(), Limits())
    user_seconds(collector)
    used(root, 1200, 1300)
    user_seconds(collector)
    file.write_text(
        "process_names:\n  - comm: [postgres]\n    name: postgres\n  - name: rest\n    cmdline: ['.+']\n"
    )
    collector.regroup(rules(load_grouping(file)))
    used(root, 1300, 1500)
    found = user_seconds(collector)
    assert (found["postgres"], found["rest"]) == (3.0, 0)


def test_with_other_labels_groups_begin_anew(tmp_path: Path) -> None:
    root = copied(tmp_path)
    collector = Watched(root, rules(), Limits())
    user_seconds(collector)
    collector.regroup(rules(BY_COMM, "user"))
    used(root, 1200, 1400)
    found = values(to_metrics(collector.read()))
    name = 'namedprocess_namegroup_cpu_seconds_total{groupname="postgres",mode="user",user="105"}'
    assert found[name] == 2.0
    assert CPU % "postgres" not in found


def test_a_look_that_fails_is_counted(tmp_path: Path) -> None:
    root = copied(tmp_path)
    collector = Watched(root, rules(), Limits())
    (root / "uptime").rename(tmp_path / "uptime")
    with pytest.raises(FileNotFoundError):
        collector.read()
    (tmp_path / "uptime").rename(root / "uptime")
    assert values(to_metrics(collector.read()))["namedprocess_scrape_errors{}"] == 1


@pytest.mark.parametrize(("exclude", "left"), [("postgres", 0), (".*checkpointer.*", 1), ("post", 2)])
def test_excluded_processes_are_nowhere(exclude: str, left: int, tmp_path: Path) -> None:
    root = copied(tmp_path)
    (root / "701/cmdline").write_bytes(b"postgres: checkpointer\0")
    excluding: Rules = rules(exclude=exclude)
    found = values(to_metrics(Watched(root, excluding, Limits()).read()))
    assert found.get('namedprocess_namegroup_num_procs{groupname="postgres"}', 0) == left


def test_a_process_that_could_not_be_read_for_once_is_not_counted_again(tmp_path: Path) -> None:
    root = copied(tmp_path)
    collector = Watched(root, rules(), Limits())
    replace(root / "700/stat", " 0 5000 ", " 0 2000050 ")
    assert user_seconds(collector)["postgres"] == 12.0
    (root / "uptime").write_text("30000.00 1.00\n")
    stat = (root / "700/stat").read_text()
    (root / "700/stat").write_text("700 (postgres")
    user_seconds(collector)
    (root / "700/stat").write_text(stat)
    assert user_seconds(collector)["postgres"] == 12.0
