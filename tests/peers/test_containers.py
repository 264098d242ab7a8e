"""What the agent shows of the containers of real engines, beside what their own statistics say."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from exporter.collectors.containers.collector import Containers
from exporter.families import Family
from tests.peers import engines
from tests.peers.engines import Engine

BUSY: Final = ("/bin/sh", "-c", "while :; do :; done")
IDLE: Final = ("/bin/sleep", "999")
MEMORY: Final = 64 * 1024 * 1024
# How long an engine may take for what it does by itself.
WAIT_S: Final = 20.0

pytestmark = pytest.mark.peer("container-engine")


@pytest.fixture(
    scope="module",
    params=["docker", pytest.param("podman", marks=pytest.mark.peer("podman"))],
)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    with getattr(engines, request.param)() as started:
        yield started


def collector(engine: Engine, proc: Path = Path("/proc"), allowed_s: float = 5.0) -> Containers:
    return Containers(
        proc,
        Path("/sys"),
        Path("/"),
        host=engine.host,
        labels=("com.docker.compose.*",),
        environ={},
        now=time.time,
        monotonic=time.monotonic,
        allowed_s=allowed_s,
    )


def shown(families: list[Family], container: str) -> dict[str, float]:
    """The values of one container, by family; of several, such as those of states, by label."""
    return {
        f"{family.name.removeprefix('container_')}{':' if of else ''}{of}": point.value
        for family in families
        for point in family.points
        if dict(point.labels).get("name") == container
        for of in [",".join(value for name, value in point.labels if name in {"state", "interface"})]
    }


def until(found: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def statistics(engine: Engine, container: str) -> tuple[float, dict[str, object]]:
    answer = engine.ask("GET", f"/containers/{container}/stats?stream=false&one-shot=true")
    return answer["cpu_stats"]["cpu_usage"]["total_usage"] / 1e9, answer


def test_containers_appear_with_their_names_and_go_away(engine: Engine) -> None:
    containers = collector(engine)
    assert containers.gather()
    labels = {"com.docker.compose.project": "shop", "secret": "hidden"}
    container = engine.run("appears", IDLE, Labels=labels)
    try:
        families = containers.gather()
        [seen] = [point for point in families[0].points if ("name", "appears") in point.labels]
        of = dict(seen.labels)
        assert of.pop("id").endswith(container)
        assert engine.image.removeprefix("sha256:") in of.pop("image")
        assert of == {"name": "appears", "container_label_com_docker_compose_project": "shop"}
        assert containers.names()[container] == "appears"
        values = shown(families, "appears")
        assert abs(values["start_time_seconds"] - time.time()) < WAIT_S
        assert values["health_state"] == -1
        assert values["tasks_state:sleeping"] == values["threads"] == 1
        # It has no network of its own but a loopback.
        assert not [name for name in values if name.startswith("network")]
    finally:
        engine.remove("appears")
    assert shown(containers.gather(), "appears") == {}
    assert container not in containers.names()


def test_values_are_those_of_the_engines_own_statistics(engine: Engine) -> None:
    containers = collector(engine)
    engine.run("busy", BUSY, HostConfig={"Memory": MEMORY, "CpuQuota": 50_000, "CpuPeriod": 100_000})
    try:
        first = shown(containers.gather(), "busy")
        before, _ = statistics(engine, "busy")
        time.sleep(0.5)
        values = shown(containers.gather(), "busy")
        after, answer = statistics(engine, "busy")
    finally:
        engine.remove("busy")
    assert first["cpu_usage_seconds_total"] <= before <= values["cpu_usage_seconds_total"] <= after
    assert 0.05 < values["cpu_usage_seconds_total"] - first["cpu_usage_seconds_total"] < WAIT_S
    assert values["spec_memory_limit_bytes"] == answer["memory_stats"]["limit"] == MEMORY  # type: ignore[index]
    assert abs(values["memory_usage_bytes"] - answer["memory_stats"]["usage"]) < 2**20  # type: ignore[index]
    assert 0 < values["memory_working_set_bytes"] <= values["memory_usage_bytes"] < MEMORY
    assert values["threads"] == answer["pids_stats"]["current"]  # type: ignore[index]
    assert values["spec_cpu_quota"] / values["spec_cpu_period"] == 0.5
    assert 0 <= values["cpu_cfs_throttled_periods_total"] <= values["cpu_cfs_periods_total"] > 0


def test_the_statistics_say_the_same_where_the_files_can_not_be_read(engine: Engine, tmp_path: Path) -> None:
    for name in ("stat", "meminfo", "diskstats"):
        shutil.copyfile(f"/proc/{name}", tmp_path / name)
    elsewhere = collector(engine, tmp_path)
    elsewhere._sys = tmp_path
    engine.run("asked", BUSY, HostConfig={"Memory": MEMORY, "CpuQuota": 50_000, "CpuPeriod": 100_000})
    try:
        before = shown(collector(engine).gather(), "asked")
        values = shown(elsewhere.gather(), "asked")
        after = shown(collector(engine).gather(), "asked")
    finally:
        engine.remove("asked")
    counters = ["cpu_usage_seconds_total"]
    if engine.name == "docker":
        counters += ["cpu_cfs_periods_total", "cpu_cfs_throttled_seconds_total"]
    for name in counters:
        assert before[name] <= values[name] <= after[name]
    for name in (
        "spec_memory_limit_bytes",
        "spec_cpu_quota",
        "spec_cpu_period",
        "spec_cpu_shares",
        "threads",
    ):
        assert before[name] == values[name] == after[name]


# Podman starts a container again by another process, which would have to know where this one keeps its data.
@pytest.mark.parametrize("engine", ["docker"], indirect=True)
def test_a_restart_is_counted_and_leaves_no_gap(engine: Engine) -> None:
    containers = collector(engine)
    containers.gather()
    engine.run(
        "fails", ("/bin/sh", "-c", "sleep 0.2; false"), HostConfig={"RestartPolicy": {"Name": "always"}}
    )
    ids: set[str] = set()
    try:

        def restarted() -> bool:
            families = containers.gather()
            ids.update(dict(p.labels)["id"] for p in families[0].points if ("name", "fails") in p.labels)
            return shown(families, "fails").get("restarts_total", 0) >= 2

        until(restarted)
    finally:
        engine.remove("fails")
    assert len(ids) == 1


def is_stopped(pid: int) -> bool:
    """Whether no thread of the process runs any more: the signal may reach some later than others."""
    tasks = Path(f"/proc/{pid}/task").glob("*/stat")
    return all(task.read_text().rpartition(")")[2].split()[0] == "T" for task in tasks)


def test_an_engine_that_is_stopped_takes_no_container_off_the_page(engine: Engine) -> None:
    containers = collector(engine, allowed_s=2)
    engine.run("stays", BUSY)
    try:
        first = shown(containers.gather(), "stays")
        os.kill(engine.process.pid, signal.SIGSTOP)
        try:
            until(lambda: is_stopped(engine.process.pid))
            before = time.monotonic()
            families = containers.gather()
            assert time.monotonic() - before < 4
        finally:
            os.kill(engine.process.pid, signal.SIGCONT)
        assert shown(families, "stays")["cpu_usage_seconds_total"] > first["cpu_usage_seconds_total"]
        [error] = [family for family in families if family.name == "container_scrape_error"]
        assert error.points[0].value == 1
    finally:
        engine.remove("stays")


# Podman's bridge needs more programs, and its health checks need systemd.
@pytest.mark.parametrize("engine", ["docker"], indirect=True)
def test_health_and_network_are_shown(engine: Engine) -> None:
    containers = collector(engine)
    check = {"Test": ["CMD", "/bin/true"], "Interval": 200_000_000}
    engine.run("well", IDLE, network="bridge", Healthcheck=check)
    engine.run("host", IDLE, network="host")
    try:
        until(lambda: shown(containers.gather(), "well")["health_state"] == 1)
        values = shown(containers.gather(), "well")
        counted = engine.ask("GET", "/containers/well/stats?stream=false&one-shot=true")["networks"]["eth0"]
        assert 0 < values["network_receive_bytes_total:eth0"] <= counted["rx_bytes"]
        assert values["network_transmit_errors_total:eth0"] == counted["tx_errors"]
        assert not [name for name in shown(containers.gather(), "host") if name.startswith("network")]
    finally:
        engine.remove("well")
        engine.remove("host")
