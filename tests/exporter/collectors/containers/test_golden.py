"""What is made of the files and answers in `trees/containers`, against golden files; and of damaged ones."""

import json
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporter.families import Family
from tests.exporter import pages
from tests.exporter.collectors.containers.engines import (
    CONTAINERS,
    DB,
    JOB,
    STATS,
    WEB,
    Engine,
    collector,
    loaded,
    running,
)

OF: Final = {"docker": (WEB, DB), "podman": (JOB,)}


@pytest.fixture
def engine() -> Iterator[Engine]:
    with running() as started:
        yield started


@pytest.mark.parametrize("engine_name", OF)
@pytest.mark.parametrize("tree", ["v2", "v1", "elsewhere"])
def test_a_host_makes_the_golden_page(engine: Engine, tree: str, engine_name: str, tmp_path: Path) -> None:
    loaded(engine, engine_name, OF[engine_name])
    host = CONTAINERS / tree
    if tree == "elsewhere":
        # The containers are on a host whose kernel we can't ask.
        host = tmp_path
        shutil.copytree(CONTAINERS / "v2/proc", host / "proc")
        for pid in ("101", "102", "103"):
            shutil.rmtree(host / "proc" / pid)
    golden = CONTAINERS / f"golden/{tree}-{engine_name}.txt"
    assert pages.text(collector(engine.host, host).gather()) == golden.read_text()


def values(families: list[Family], name: str) -> dict[str, float]:
    """By the name of the container."""
    return {
        dict(point.labels).get("name", "/"): point.value
        for family in families
        if family.name == f"container_{name}"
        for point in family.points
    }


def test_every_family_has_help_points_and_no_series_twice(engine: Engine) -> None:
    for family in collector(loaded(engine, "docker", OF["docker"]).host, CONTAINERS / "v2").gather():
        assert family.help
        assert family.points
        assert len({point.labels for point in family.points}) == len(family.points)


def test_only_kernel_files_are_asked_where_there_are_some(engine: Engine) -> None:
    collector(loaded(engine, "docker", OF["docker"]).host, CONTAINERS / "v2").gather()
    assert not [path for path in engine.asked if "stats" in path]


@pytest.mark.parametrize("tree", ["v2", "v1"])
def test_cgroups_are_found_without_the_processes(engine: Engine, tree: str, tmp_path: Path) -> None:
    loaded(engine, "docker", OF["docker"])
    shutil.copytree(CONTAINERS / tree, tmp_path / "host")
    whole = values(collector(engine.host, tmp_path / "host").gather(), "cpu_usage_seconds_total")
    shutil.rmtree(tmp_path / "host/proc/101")
    (tmp_path / "host/proc/102/cgroup").write_text("0::/../../elsewhere\n")
    families = collector(engine.host, tmp_path / "host").gather()
    assert values(families, "cpu_usage_seconds_total") == whole
    # Their network can't be seen then.
    assert set(values(families, "network_receive_bytes_total")) == {"/"}


def test_processes_of_another_namespace_have_no_states(engine: Engine, tmp_path: Path) -> None:
    loaded(engine, "docker", OF["docker"])
    shutil.copytree(CONTAINERS / "v2", tmp_path, dirs_exist_ok=True)
    (tmp_path / f"sys/fs/cgroup/system.slice/docker-{WEB}.scope/cgroup.procs").write_text("0\n0\n")
    families = collector(engine.host, tmp_path).gather()
    assert set(values(families, "tasks_state")) == {"db"}
    assert set(values(families, "threads")) == {"db", "shop-web-1"}


def test_a_path_that_leads_out_of_our_namespace_is_not_followed(engine: Engine, tmp_path: Path) -> None:
    loaded(engine, "docker", OF["docker"])
    shutil.copytree(CONTAINERS / "v2", tmp_path, dirs_exist_ok=True)
    (tmp_path / f"sys/fs/decoy/docker-{WEB}.scope").mkdir(parents=True)
    (tmp_path / "proc/101/cgroup").write_text(f"0::/../decoy/docker-{WEB}.scope\n")
    families = collector(engine.host, tmp_path).gather()
    assert set(values(families, "cpu_usage_seconds_total")) == {"/", "db", "shop-web-1"}


def test_labels_are_shown_by_name_and_by_prefix(engine: Engine) -> None:
    loaded(engine, "docker", OF["docker"])
    entry = {"Id": WEB, "Names": ["/x"], "Image": "i", "State": "running", "Status": "Up"}
    labels = {"a.b": "1", "a-b": "2", "a.c": "3", "ab": "4", "lone": "5 \ud800", "none": None}
    engine.say("/containers/json", [{**entry, "Labels": labels}])
    [seen, *_] = collector(engine.host, CONTAINERS / "v2", labels=("a.*", "a-*", "lone")).gather()
    shown = {name: value for name, value in seen.points[1].labels if name.startswith("container_label_")}
    assert shown == {
        "container_label_a_b": "2",
        "container_label_a_c": "3",
        "container_label_lone": "5 ?",
    }
    [seen, *_] = collector(engine.host, CONTAINERS / "v2", labels=()).gather()
    assert not [name for name, _ in seen.points[1].labels if name.startswith("container_label_")]


@pytest.mark.parametrize(
    ("status", "health"),
    [
        ("Up 3 hours (healthy)", 1),
        ("Up 3 hours (unhealthy)", 0),
        ("Up 1 second (health: starting)", 0),
        ("Up 3 hours", 0),
        ("Up 3 hours (Paused)", 0),
    ],
)
def test_health_of_the_list_is_newer_than_that_of_the_inspection(
    engine: Engine, status: str, health: int
) -> None:
    loaded(engine, "docker", OF["docker"])
    entry = {"Id": WEB, "Names": ["/x"], "Image": "i", "State": "running", "Status": status}
    engine.say("/containers/json", [entry])
    families = collector(engine.host, CONTAINERS / "v2").gather()
    assert values(families, "health_state") == {"x": health}


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("damaged") / "trees"
    shutil.copytree(CONTAINERS, root)
    return root


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)
@given(data=st.data())
def test_only_declared_errors_escape_a_damaged_file(
    damaged: Path, engine: Engine, data: st.DataObject
) -> None:
    tree = data.draw(st.sampled_from(["v1", "v2"]))
    files = sorted(path for path in (damaged / tree).rglob("*") if path.is_file())
    file = data.draw(st.sampled_from(files))
    whole = file.read_bytes()
    cut = data.draw(st.integers(0, len(whole)))
    garbage = data.draw(
        st.one_of(st.binary(max_size=40), st.text("09 :/\n\t-max=", max_size=400).map(str.encode))
    )
    file.write_bytes(whole[:cut] + garbage)
    loaded(engine, "docker", OF["docker"])
    try:
        pages.text(collector(engine.host, damaged / tree).gather())
    except (OSError, ValueError):
        pass
    finally:
        file.write_bytes(whole)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)
@given(data=st.data())
def test_only_declared_errors_escape_an_odd_answer(
    engine: Engine, tmp_path: Path, data: st.DataObject
) -> None:
    loaded(engine, "docker", OF["docker"])
    tree = data.draw(st.sampled_from([CONTAINERS / "v2", CONTAINERS / "golden/nowhere"]))
    if tree.name == "nowhere":
        tree = tmp_path
        shutil.copytree(CONTAINERS / "v2/proc", tree / "proc", dirs_exist_ok=True)
        (tree / "proc/101/cgroup").unlink(missing_ok=True)
    path = data.draw(st.sampled_from(["/containers/json", f"/containers/{WEB}/json", STATS.format(WEB)]))
    answer = json.loads(engine.answers[path][1])  # type: ignore[index]
    place = answer
    # Somewhere inside, one value becomes another.
    while True:
        keys = list(range(len(place)) if isinstance(place, list) else place)
        key = data.draw(st.sampled_from(keys))
        if not isinstance(place[key], list | dict) or not place[key] or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = data.draw(json_values)
    engine.say(path, answer)
    with suppress(OSError, ValueError):
        pages.text(collector(engine.host, tree).gather()).encode()
