"""The real servers start, answer, show their log when they do not, and are gone after the test."""

from pathlib import Path

import pytest
import requests

from tests.peers.servers import Server, ServerFailed, Servers


@pytest.mark.peer("prometheus")
def test_prometheus_is_healthy_and_takes_remote_write(prometheus: Server) -> None:
    assert requests.get(f"{prometheus.url}/-/healthy", timeout=5).status_code == 200
    refused = requests.post(f"{prometheus.url}/api/v1/write", data=b"not snappy", timeout=5)
    assert refused.status_code == 400, "404 would mean that it does not listen for remote write"


@pytest.mark.peer("victoria-metrics")
def test_victoria_metrics_is_healthy(victoria_metrics: Server) -> None:
    assert requests.get(f"{victoria_metrics.url}/health", timeout=5).text == "OK"


@pytest.mark.peer("vmagent", "victoria-metrics")
def test_vmagent_starts_beside_the_server_it_sends_to(servers: Servers) -> None:
    target = servers.victoria_metrics()
    agent = servers.vmagent(f"{target.url}/api/v1/write")
    assert requests.get(f"{agent.url}/health", timeout=5).text == "OK"


@pytest.mark.peer("prometheus")
def test_a_server_that_refuses_its_configuration_shows_its_log(servers: Servers) -> None:
    with pytest.raises(ServerFailed, match="no_such_key"):
        servers.prometheus("no_such_key: 1\n")


@pytest.mark.peer("prometheus")
def test_leaving_stops_every_server(tmp_path: Path) -> None:
    with Servers(tmp_path) as servers:
        server = servers.prometheus()
        assert server.process.poll() is None
    assert server.process.returncode is not None
    assert "See you next time" in server.log_tail()
