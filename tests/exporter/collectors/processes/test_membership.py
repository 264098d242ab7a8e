"""Children go with their nearest ancestor that is in a group."""

from pathlib import Path

import pytest

from exporter.collectors.processes.collector import to_metrics
from exporter.collectors.processes.grouping import load_grouping
from tests.exporter.collectors.processes.trees import copied, processes, replace, values

ODD = "process_names:\n  - name: odd\n    exe: [/opt/odd]\n"


@pytest.mark.parametrize(("children", "number"), [(True, 2), (False, 1)])
def test_a_child_is_in_the_group_of_its_parent(children: bool, number: int, tmp_path: Path) -> None:
    assert numbers(copied(tmp_path), tmp_path, children=children) == {"odd": number}


def test_a_grandchild_is_too(tmp_path: Path) -> None:
    root = copied(tmp_path)
    replace(root / "701/stat", " D 700 ", " D 801 ")
    assert numbers(root, tmp_path) == {"odd": 3}


def test_a_ring_of_parents_comes_to_an_end(tmp_path: Path) -> None:
    root = copied(tmp_path)
    replace(root / "700/stat", " S 1 ", " S 701 ")
    replace(root / "1/stat", " S 0 ", " S 700 ")
    assert numbers(root, tmp_path) == {"odd": 2}


def test_an_orphan_stays_where_it_was(tmp_path: Path) -> None:
    root, grouping = copied(tmp_path), tmp_path / "groups.yml"
    grouping.write_text(ODD)
    collector = processes(root, load_grouping(grouping))
    collector.read()
    (root / "800").rename(tmp_path / "800")
    replace(root / "801/stat", " Z 800 ", " Z 1 ")
    [group] = collector.read().groups
    assert (group.identity[0], group.processes, group.states["Zombie"]) == ("odd", 1, 1)


def test_a_child_that_was_in_no_group_stays_in_none(tmp_path: Path) -> None:
    root, grouping = copied(tmp_path), tmp_path / "groups.yml"
    grouping.write_text(ODD)
    collector = processes(root, load_grouping(grouping))
    collector.read()
    replace(root / "700/stat", "(postgres)", "(odd)")
    (root / "700/cmdline").write_bytes(b"/opt/odd\0")
    [group] = collector.read().groups
    assert group.processes == 3


def numbers(root: Path, folder: Path, *, children: bool = True) -> dict[str, float]:
    (folder / "groups.yml").write_text(ODD)
    collector = processes(root, load_grouping(folder / "groups.yml"), children=children)
    found = values(to_metrics(collector.read()))
    prefix = 'namedprocess_namegroup_num_procs{groupname="'
    return {name.removeprefix(prefix)[:-2]: each for name, each in found.items() if name.startswith(prefix)}
