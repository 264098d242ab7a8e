"""A Prometheus finds agents at the gateway and scrapes them, with the labels that it is told."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.gateway.programs import running
from tests.peers.servers import Servers

CONFIG = """
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: fleet
    http_sd_configs: [{{url: "{url}/api/v1/sd/agents", refresh_interval: 1s}}]
    relabel_configs:
      - {{source_labels: [__meta_fleetgauge_agent_id], target_label: agent}}
      - {{source_labels: [__meta_fleetgauge_groups], regex: ".*,(edge),.*", target_label: group}}
"""


@pytest.mark.peer("prometheus")
def test_prometheus_scrapes_an_agent_that_it_finds(servers: Servers, tmp_path: Path) -> None:
    options = ("--listen", "127.0.0.1:0", "--name", "web-1", "--label", "env=prod")
    with running("gateway", "--listen", "127.0.0.1:0") as gateway:
        prometheus = servers.prometheus(CONFIG.format(url=gateway.url))
        with running("agent", "--gateway", gateway.url, "--state-dir", str(tmp_path / "state"), *options):
            wait_for(prometheus.url, 'count(node_cpu_seconds_total{instance="web-1",env="prod"}) > 0')
            requests.patch(
                f"{gateway.url}/api/v1/agents/web-1", data=json.dumps({"groups": ["edge"]}), timeout=5
            )
            [found] = wait_for(prometheus.url, 'up{group="edge"} == 1')
        assert set(found["metric"]) == {"__name__", "agent", "env", "group", "instance", "job"}
        assert (found["metric"]["job"], len(found["metric"]["agent"])) == ("fleet", 36)


def wait_for(url: str, query: str) -> Any:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        answer = requests.get(f"{url}/api/v1/query", {"query": query}, timeout=5).json()
        if found := answer["data"]["result"]:
            return found
        time.sleep(0.1)
    raise AssertionError(f"nothing ever came of {query}")
