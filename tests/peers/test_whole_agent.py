"""The running agent beside Debian's exporters on this machine, checked by promtool, and with Prometheus."""

import math
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import requests

from exporter.collectors.processes.collector import SHARED_SECONDS
from tests.exporter import pages
from tests.exporter.hosts import DEBIAN
from tests.exporter.http.serving import eventually
from tests.exporter.programs import Agent, agent
from tests.peers.required import find_program
from tests.peers.servers import Servers
from tests.peers.test_node_exporter import NEWER, RESTLESS, label_names

EXCEPTIONS: Final = {
    "go_": "of the runtime that they are built with",
    "promhttp_": "of the library that serves their page",
    "process_": "of each one's own process; the agent shows those of its own",
    "node_exporter_build_info": "fleetgauge_agent_build_info is the agent's",
    "namedprocess_namegroup_threads_wchan": "opt-in here: --process.wchan",
    "namedprocess_namegroup_thread_": "opt-in here: --process.threads",
}
"""What they show by default and the agent does not, by the beginning of the name, and why."""

# Another tick of the clock, or of a timer in the kernel.
TICKS: Final = 0.05

GROUPS: Final = "process_names:\n- name: '{{.Comm}}'\n  cmdline: ['.+']\n"
# Works for a moment when told to: theirs counts from when it first sees a process.
WORKER: Final = """
import time
input()
while time.process_time() < 0.3:
    pass
time.sleep(60)
"""


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Agent]:
    """An agent that leaves out the mounts and devices that Debian's node_exporter leaves out."""
    (tmp_path / "groups.yml").write_text(GROUPS)
    flags = (
        f"--collector.diskstats.device-exclude={DEBIAN.diskstats.device_exclude}",
        f"--collector.filesystem.mount-points-exclude={DEBIAN.filesystem.mount_points_exclude}",
        f"--collector.netdev.device-exclude={DEBIAN.netdev.device_exclude}",
        f"--process.config={tmp_path / 'groups.yml'}",
    )
    with agent(tmp_path / "agent", "", *flags) as made:
        yield made


def shown_by(url: str) -> pages.Page:
    return pages.parsed(requests.get(f"{url}/metrics", timeout=20).text)


def excepted(name: str) -> bool:
    return name.startswith(tuple(EXCEPTIONS))


def wrong_kinds(theirs: pages.Page, ours: pages.Page) -> list[str]:
    """The families that the agent does not show, or with another type or with other label names."""
    return [
        name
        for name, (kind, values) in theirs.items()
        if not excepted(name)
        and (name not in ours or ours[name][0] != kind or label_names(ours[name][1]) != label_names(values))
    ]


@pytest.mark.peer("node-exporter")
def test_it_shows_what_node_exporter_shows(running: Agent, servers: Servers) -> None:
    there = servers.node_exporter()
    shown_by(there.url)
    before, theirs, after = running.page(), shown_by(there.url), running.page()
    assert wrong_kinds(theirs, after) == []
    differing = []
    compared = 0
    for name, (kind, values) in theirs.items():
        if excepted(name) or name.startswith(("node_scrape_collector_", *RESTLESS)):
            continue
        assert after[name][1].keys() == values.keys(), name
        for key, value in values.items():
            compared += 1
            first, last = before[name][1].get(key, math.nan), after[name][1][key]
            between = first - TICKS <= value <= last + TICKS
            if kind == "counter" and not between:
                differing.append((name, dict(key), first, value, last))
            if (
                kind != "counter"
                and not between
                and not math.isclose(last, value, rel_tol=0.05, abs_tol=TICKS)
            ):
                differing.append((name, dict(key), first, value, last))
    assert differing == []
    assert compared > 200


@pytest.mark.peer("process-exporter")
def test_it_shows_what_process_exporter_shows(running: Agent, servers: Servers, tmp_path: Path) -> None:
    program = tmp_path / "e2e-worker"
    program.symlink_to(sys.executable)
    there = servers.process_exporter(GROUPS)
    running.page()
    shown_by(there.url)
    with subprocess.Popen([program, "-c", WORKER], stdin=subprocess.PIPE) as worker:
        assert worker.stdin is not None
        try:
            cpu = "namedprocess_namegroup_cpu_seconds_total"
            mine = ("groupname", "e2e-worker")

            def spent(page: pages.Page) -> float:
                return sum(value for key, value in page[cpu][1].items() if mine in key)

            pids = "namedprocess_namegroup_num_procs"
            eventually(lambda: frozenset([mine]) in shown_by(there.url)[pids][1])
            eventually(lambda: frozenset([mine]) in running.page()[pids][1])
            time.sleep(SHARED_SECONDS)
            before = running.page(), shown_by(there.url)
            worker.stdin.write(b"\n")
            worker.stdin.flush()
            eventually(lambda: spent(running.page()) >= 0.25 and spent(shown_by(there.url)) >= 0.25, 20)
            time.sleep(SHARED_SECONDS)
            ours, theirs = running.page(), shown_by(there.url)
        finally:
            worker.kill()
    assert wrong_kinds(theirs, ours) == []
    compared = 0
    for name, (kind, values) in theirs.items():
        for key in values:
            if mine in key and not excepted(name):
                compared += 1
                ended = [page[name][1][key] for page in (ours, theirs)]
                began = [page[name][1][key] if kind == "counter" else 0.0 for page in before]
                gains = [last - first for first, last in zip(began, ended, strict=True)]
                assert math.isclose(*gains, rel_tol=0.05, abs_tol=TICKS), (name, key)
    assert compared > 20
    groups = [{dict(key)["groupname"] for key in page[cpu][1]} for page in (ours, theirs)]
    assert len(groups[0] & groups[1]) > 0.8 * len(groups[1])


@pytest.mark.peer("prometheus")
@pytest.mark.peer("node-exporter")
@pytest.mark.peer("process-exporter")
def test_promtool_complains_of_names_that_the_originals_have_only(running: Agent, servers: Servers) -> None:
    eventually(lambda: running.get().ok)
    checked = subprocess.run(
        [find_program("promtool") or "", "check", "metrics"],
        input=running.get().content,
        capture_output=True,
        check=False,
        timeout=20,
    )
    assert checked.stdout == b""
    theirs = shown_by(servers.node_exporter().url) | shown_by(servers.process_exporter(GROUPS).url)
    complaints = checked.stderr.decode().splitlines()
    assert complaints, "there are names that are kept on purpose"
    assert [line for line in complaints if line.split()[0] not in theirs.keys() | NEWER] == []


SCRAPE: Final = """
scrape_configs:
- job_name: agent
  scrape_interval: 500ms
  scrape_timeout: 500ms
  static_configs: [{{targets: ["{target}"]}}]
"""


def asked(url: str, query: str) -> list[dict[str, Any]]:
    answer = requests.get(f"{url}/api/v1/query", params={"query": query}, timeout=10).json()
    return list(answer["data"]["result"])


@pytest.mark.peer("prometheus")
def test_prometheus_scrapes_every_series_of_it(running: Agent, servers: Servers) -> None:
    there = servers.prometheus(SCRAPE.format(target=urllib.parse.urlsplit(running.url).netloc))
    eventually(lambda: bool(asked(there.url, "up == 1")), 20)
    [scraped] = asked(there.url, "scrape_samples_scraped")
    page = running.page()
    assert float(scraped["value"][1]) > 0.9 * sum(len(values) for _, values in page.values())
    for name in ("node_load1", "namedprocess_scrape_errors", "fleetgauge_agent_build_info"):
        assert asked(there.url, name), name
    kinds = requests.get(f"{there.url}/api/v1/metadata", timeout=10).json()["data"]
    # Prometheus asks for OpenMetrics, which calls a counter without what its samples end with.
    assert kinds["node_cpu_seconds"][0]["type"] == "counter"
    [target] = requests.get(f"{there.url}/api/v1/targets", timeout=10).json()["data"]["activeTargets"]
    assert (target["health"], target["lastError"]) == ("up", "")


@pytest.mark.peer("prometheus")
def test_prometheus_takes_its_remote_write(servers: Servers, tmp_path: Path) -> None:
    there = servers.prometheus()
    block = f"remote_write: [{{url: '{there.url}/api/v1/write', name: prometheus}}]\n"
    with agent(tmp_path / "agent", f"name: web-1\ninterval: 1s\n{block}") as sending:
        sending.after_rounds(2)
        eventually(lambda: bool(asked(there.url, "up")), 10)
        [up] = asked(there.url, "up")
        assert up["metric"] == {"__name__": "up", "instance": "web-1", "job": "fleetgauge"}
        [scraped] = asked(there.url, "scrape_samples_post_metric_relabeling")
        [kept] = asked(there.url, 'count({instance="web-1"})')
        assert float(kept["value"][1]) >= float(scraped["value"][1])
        receiver = sending.health()["receivers"]["prometheus"]
        assert receiver["error"] == ""
        assert sending.value("fleetgauge_agent_refused_samples_total", receiver="prometheus") == 0
