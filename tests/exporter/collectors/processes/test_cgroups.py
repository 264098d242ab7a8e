"""Containers and units as paths of cgroups name them."""

from pathlib import Path

import pytest

from exporter.collectors.processes.cgroups import container_id, unit
from exporter.collectors.processes.collector import to_metrics
from exporter.collectors.processes.grouping import BY_COMM
from exporter.collectors.processes.tally import Limits
from tests.exporter.collectors.processes.trees import Watched, copied, rules, values

ID = "0123456789abcdef" * 4
OTHER_ID = "f" * 64


@pytest.mark.parametrize(
    ("path", "container", "named"),
    [
        ("/", "", ""),
        (f"/docker/{ID}", ID, ""),
        (f"/system.slice/docker-{ID}.scope", ID, f"docker-{ID}.scope"),
        (f"/machine.slice/libpod-{ID}.scope/container", ID, f"libpod-{ID}.scope"),
        (f"/kubepods/burstable/pod12/cri-containerd-{ID}.scope", ID, f"cri-containerd-{ID}.scope"),
        (f"/docker/{OTHER_ID}/docker/{ID}", ID, ""),
        (f"/x/{ID}0", "", ""),
        ("/system.slice/ssh.service", "", "ssh.service"),
        ("/user.slice/user-1000.slice/user@1000.service/app.slice/editor.service", "", "editor.service"),
        ("/system.slice/getty.service/sub", "", "getty.service"),
        ("/user.slice/user-0.slice", "", "user-0.slice"),
        ("/system.slice/odd.service.d", "", "system.slice"),
    ],
)
def test_a_path_names_container_and_unit(path: str, container: str, named: str) -> None:
    assert (container_id((path,)), unit((path,))) == (container, named)
    assert (container_id(("/", path)), unit(("/", path))) == (container, named)


def test_groups_are_split_by_the_labels_asked_for(tmp_path: Path) -> None:
    root = copied(tmp_path)
    (root / "701/cgroup").write_text(f"0::/system.slice/docker-{ID}.scope\n")
    collector = Watched(root, rules(BY_COMM, "user", "container", "unit"), Limits())
    found = values(to_metrics(collector.read()))
    start = "namedprocess_namegroup_num_procs"
    inside = f'container="{ID[:12]}",groupname="postgres",unit="docker-{ID}.scope",user="105"'
    assert found[f"{start}{{{inside}}}"] == 1
    assert sum(value for name, value in found.items() if name.startswith(start)) == 5
    assert not any('=""' in name for name in found)
