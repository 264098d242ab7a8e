"""The running agent and a gateway that is away, comes back, forgets, refuses: it goes on, and all arrives."""

import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

import requests

from tests.delivery.receiver import Reply, refusing_port
from tests.exporter.gateways import Gateway, bad, gateway
from tests.exporter.http.serving import eventually
from tests.exporter.programs import Agent, agent, arrived
from tests.gateway.programs import running as running_program

SETTINGS = "name: web-1\ninterval: 1s\nheartbeat: 1s\ncollector: {namedprocess: false, netclass: false}\n"


def times_at(there: Gateway) -> list[int]:
    """The times of the rounds that arrived."""
    assert there.writes is not None
    found = arrived(there.writes, lambda name: name == "up")
    return sorted({time_ms for values in found.values() for time_ms in values})


def complete(running: Agent, *receivers: Gateway) -> bool:
    """Whether each has all rounds of the agent's life, a second apart."""
    rounds = running.rounds()
    return all(len(times_at(each)) >= rounds for each in receivers)


def evenly(times: list[int]) -> bool:
    """Whether no round is missing; the first is when the agent starts."""
    return all(late - early == 1000 for early, late in pairwise(times[1:]))


def test_a_gateway_that_is_away_dies_comes_back_and_forgets_costs_nothing(tmp_path: Path) -> None:
    port = refusing_port()
    writes: list[bytes] = []
    with agent(tmp_path / "a", f"{SETTINGS}gateway: http://127.0.0.1:{port}\n") as running:
        running.after_rounds(2)
        assert running.health()["registered"] is False
        assert running.health()["status"] == "degraded"
        with gateway(port=port, writes=writes, interval_s=1.0) as there:
            eventually(lambda: bool(there.heartbeats), 12)
            [registered] = there.registrations
            assert registered["name"] == "web-1"
            assert registered["metrics_url"] == f"{running.url}/metrics"
            assert {"agent", "loadavg", "uname"} <= set(registered["collectors"])
            eventually(lambda: complete(running, there), 10)
            eventually(lambda: bool(there.snapshots))
            there.known.clear()
            eventually(lambda: len(there.registrations) == 2)
        running.after_rounds(2)
        with gateway(port=port, writes=writes, interval_s=1.0) as there:
            eventually(lambda: complete(running, there), 12)
            assert evenly(times_at(there))
            eventually(lambda: running.health()["registered"] is True)
            assert running.reload(f"{SETTINGS}gateway: http://127.0.0.1:{port}\nlabel: [env=prod]\n").ok
            eventually(lambda: any(each["labels"] == {"env": "prod"} for each in there.registrations))
            running.stop()
            assert there.heartbeats[-1]["status"] == "stopping"


BLOCK = "- {{url: '{url}/api/v1/write', name: {name}}}\n"


def test_gateways_that_answer_badly_cost_nothing(tmp_path: Path) -> None:
    """Each in its own way, beside each other; a 401 is tried again by a restart, to be quick."""
    moods: dict[str, Any] = {
        "token": lambda _path, _body: bad(401),
        "large": lambda _path, body: bad(413) if len(body) > 3000 else None,
        "busy": lambda _path, _body: bad(429, Retry_After="1"),
        "broken": lambda _path, _body: bad(500, b"<html>"),
        "closing": lambda _path, _body: Reply(status=0),
    }
    with ExitStack() as stack:
        there = {name: stack.enter_context(gateway(writes=[], mood=mood)) for name, mood in moods.items()}
        main = stack.enter_context(
            gateway(writes=[], mood=lambda _path, _body: bad(200, b"<html>what?</html>"))
        )
        blocks = "".join(BLOCK.format(url=each.url, name=name) for name, each in there.items())
        settings = f"{SETTINGS}gateway: {main.url}\nremote_write:\n{blocks}"
        with agent(tmp_path / "a", settings) as running:
            running.after_rounds(3)
            health = running.health()
            assert "401" in health["receivers"]["token"]["error"]
            assert "500" in health["receivers"]["broken"]["error"]
            assert health["receivers"]["token"]["waiting_samples"] > 0
            assert "no gateway" in health["gateway_error"]
            assert not there["token"].writes
            for each in there.values():
                each.mood = lambda _path, _body: None
            eventually(
                lambda: complete(running, *(there[name] for name in ("busy", "broken", "closing"))), 15
            )
            rounds = running.rounds()
            running.stop()
            assert len(times_at(there["large"])) >= rounds
            assert not [line for line in running.log().splitlines() if "part_failed" in line]
        with agent(tmp_path / "a", settings) as running:
            eventually(lambda: len(times_at(there["token"])) >= rounds, 10)
            running.stop()
        assert times_at(there["token"])[:rounds] == times_at(there["broken"])[:rounds]


def asked(url: str, query: str) -> list[dict[str, Any]]:
    answer = requests.get(f"{url}/api/v1/query", params={"query": query}, timeout=10).json()
    return list(answer["data"]["result"])


def test_a_real_gateway_has_series_as_if_it_had_scraped_them(tmp_path: Path) -> None:
    (tmp_path / "groups.yml").write_text("process_names: [{name: e2e-sleeper, cmdline: [e2e-sleeper]}]\n")
    groups = f"process: {{config: '{tmp_path}/groups.yml', empty_groups: 1s}}\n"
    lines = "name: web-1\ninterval: 1s\nlabel: [env=prod]\ncollector: {netclass: false}\n"
    command = [sys.executable, "-c", "import time; time.sleep(60)", "e2e-sleeper"]
    with running_program("gateway", "--listen", "127.0.0.1:0") as there, subprocess.Popen(command) as sleeper:
        try:
            with agent(tmp_path / "a", f"{lines}{groups}gateway: {there.url}\n") as running:
                eventually(lambda: bool(asked(there.url, "up")), 10)
                common = {"instance": "web-1", "job": "fleetgauge", "env": "prod"}
                for name, more in (
                    ("up", {}),
                    ("scrape_samples_scraped", {}),
                    ("node_load1", {}),
                    ("namedprocess_namegroup_num_procs", {"groupname": "e2e-sleeper"}),
                ):
                    [series] = asked(there.url, name)
                    assert series["metric"] == {"__name__": name, **common, **more}
                [uptime] = asked(there.url, "time() - node_boot_time_seconds")
                assert float(uptime["value"][1]) > 0
                kinds = requests.get(f"{there.url}/api/v1/metadata", timeout=10).json()["data"]
                assert kinds["node_cpu_seconds_total"][0]["type"] == "counter"
                sleeper.kill()
                sleeper.wait()
                group = 'namedprocess_namegroup_num_procs{groupname="e2e-sleeper"}'
                eventually(lambda: not asked(there.url, group), 10)
                assert asked(there.url, f"last_over_time({group}[1m])"), "it was there a moment ago"
                assert asked(there.url, "up")
                running.stop()
        finally:
            sleeper.kill()


def test_a_kill_while_the_gateway_is_away_loses_nothing(tmp_path: Path) -> None:
    port = refusing_port()
    settings = f"{SETTINGS}gateway: http://127.0.0.1:{port}\n"
    spooled = 0
    for _ in range(2):
        with agent(tmp_path / "a", settings) as running:
            spooled += running.after_rounds(2)
            running.process.send_signal(signal.SIGKILL)
            running.process.wait()
    with running_program("gateway", "--listen", f"127.0.0.1:{port}") as there:
        with agent(tmp_path / "a", settings) as running:
            eventually(lambda: bool(asked(there.url, "up")), 10)
            time.sleep(0.2)
            spooled += running.rounds()
            running.stop()
        [series] = asked(there.url, "up[5m]")
        assert len(series["values"]) >= spooled
        assert {value for _, value in series["values"]} == {"1"}
