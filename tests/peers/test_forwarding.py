"""A gateway in front of a real Prometheus and a real VictoriaMetrics: what it acknowledged is in both.

All three are ended while agents write: Prometheus and the gateway by kill -9, VictoriaMetrics, which keeps
what it acknowledged in memory for some seconds, as its manual wants.
"""

import itertools
import json
import os
import threading
import time
from pathlib import Path

import pytest
import requests

from tests.gateway.forward.posting import Seen, body_of, now_ms, post, samples_of, series, wait_until
from tests.gateway.programs import running
from tests.peers.servers import Server, Servers
from timeseries.labels import Labels

AGENTS = 3
SERIES = 40

# How long each destination is away: FLEETGAUGE_TEST_OUTAGE=600 for ten minutes.
OUTAGE_S = float(os.environ.get("FLEETGAUGE_TEST_OUTAGE", "1.2"))
STEP_S = OUTAGE_S / 3
# A request every 5 ms, and fewer in a long outage: the test remembers every sample.
PAUSE_S = max(OUTAGE_S / 6000, 0.005)


class Agent:
    """Writes a request after another, each again until it is acknowledged, wherever the gateway is by now."""

    def __init__(self, number: int) -> None:
        self.name = f"agent-{number}"
        self.version = 1 + number % 2
        self.url = ""
        self.stop = threading.Event()
        self.acknowledged: Seen = set()

    def write(self) -> None:
        start_ms = now_ms() - 60_000
        for number in itertools.count():
            request = series(number, time_ms=start_ms + 10 * number, count=SERIES, agent=self.name)
            body = body_of(request, self.version)
            while not self._wrote(body):
                if self.stop.wait(0.02):
                    return
            self.acknowledged |= samples_of(request)
            if self.stop.wait(PAUSE_S):
                return

    def _wrote(self, body: bytes) -> bool:
        try:
            return post(self.url, body, self.version).status_code == 204
        except requests.RequestException:
            return False


@pytest.mark.peer("prometheus")
@pytest.mark.peer("victoria-metrics")
def test_all_that_was_acknowledged_is_at_both_destinations(servers: Servers, tmp_path: Path) -> None:
    prometheus, victoria = servers.prometheus(), servers.victoria_metrics()
    agents = [Agent(number) for number in range(AGENTS)]
    arguments = ["gateway", "--listen", "127.0.0.1:0", "--data-dir", str(tmp_path / "data")]
    arguments += ["--forward", prometheus.url, "--forward", victoria.url]
    threads = [threading.Thread(target=agent.write) for agent in agents]
    with running(*arguments) as gateway:
        aim(agents, gateway.url)
        for thread in threads:
            thread.start()
        time.sleep(STEP_S)
        prometheus.process.kill()
        prometheus.process.wait(10)
        time.sleep(STEP_S)
        victoria.stop()
        time.sleep(STEP_S)
        gateway.process.kill()
        gateway.process.wait(10)
    with running(*arguments) as gateway:
        aim(agents, gateway.url)
        time.sleep(STEP_S)
        prometheus = servers.again(prometheus, "/-/ready")
        time.sleep(STEP_S)
        victoria = servers.again(victoria, "/health")
        time.sleep(STEP_S)
        for agent in agents:
            agent.stop.set()
        for thread in threads:
            thread.join()
        wait_until(lambda: waiting(gateway.url) == 0, "nothing waits")
    acknowledged = set.union(*(agent.acknowledged for agent in agents))
    assert len(acknowledged) > AGENTS * SERIES * 20
    assert acknowledged - in_prometheus(prometheus) == set()
    wait_until(lambda: in_victoria_metrics(victoria) >= acknowledged, "VictoriaMetrics shows all")


def aim(agents: list[Agent], url: str) -> None:
    for agent in agents:
        agent.url = url


def waiting(url: str) -> float:
    lines = requests.get(f"{url}/metrics", timeout=10).text.splitlines()
    return sum(
        float(line.split()[-1]) for line in lines if line.startswith("fleetgauge_forward_waiting_samples{")
    )


def in_prometheus(server: Server) -> Seen:
    answer = requests.get(f"{server.url}/api/v1/query", params={"query": "load[6h]"}, timeout=10).json()
    return {
        (Labels(one["metric"]), round(seconds * 1000), float(value))
        for one in answer["data"]["result"]
        for seconds, value in one["values"]
    }


def in_victoria_metrics(server: Server) -> Seen:
    lines = requests.get(
        f"{server.url}/api/v1/export", params={"match[]": "load"}, timeout=10
    ).text.splitlines()
    return {
        (Labels(one["metric"]), time_ms, float(value))
        for one in map(json.loads, lines)
        for time_ms, value in zip(one["timestamps"], one["values"], strict=True)
    }
