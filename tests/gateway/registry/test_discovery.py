"""Which agents a Prometheus is told of, and with which labels."""

import pytest

from gateway.registry.discovery import targets
from gateway.registry.model import Edits
from tests.gateway.registry.parts import BYE, START_MS, facts, registry
from timeseries.labels import Labels


def found(url: str, *, agent_is_local: bool = False, asker_is_local: bool = False) -> list[str]:
    made = registry()
    made.register(facts(metrics_url=url), is_local=agent_is_local, now_ms=START_MS)
    return [each.address for each in targets(made.agents(), asker_is_local=asker_is_local)]


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://web-1:9256/metrics", "web-1:9256"),
        ("https://web-1/metrics", "web-1"),
        ("http://[2001:db8::1]:9256/metrics", "[2001:db8::1]:9256"),
        ("http://10.1.2.3:9256", "10.1.2.3:9256"),
    ],
)
def test_an_agent_is_found_where_it_says(url: str, address: str) -> None:
    assert found(url) == [address]


@pytest.mark.parametrize(
    "url",
    ["", "web-1:9256", "ftp://web-1/", "http://", "http://web-1:x/", "http://[::", "http://web-1:99999/"],
)
def test_what_is_no_url_is_left_out(url: str) -> None:
    assert found(url) == []


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9256/", "http://localhost:9256/", "http://[::1]:9256/", "http://0.0.0.0:1/"]
)
def test_loopback_is_shown_only_between_those_on_the_gateways_machine(url: str) -> None:
    assert found(url) == []
    assert found(url, agent_is_local=True) == []
    assert found(url, asker_is_local=True) == []
    assert len(found(url, agent_is_local=True, asker_is_local=True)) == 1


def test_labels_say_what_is_known() -> None:
    made = registry()
    labels = Labels({"env": "prod", "job": "mine", "instance": "other"})
    made.register(facts(labels=labels), is_local=False, now_ms=START_MS)
    made.edit("agent-0001", lambda _: Edits(labels=Labels({"team": "a"}), groups=("x", "y")), now_ms=START_MS)
    [target] = targets(made.agents(), asker_is_local=False)
    assert target.labels == {
        "env": "prod",
        "team": "a",
        "instance": "web-1",
        "__scheme__": "http",
        "__metrics_path__": "/metrics",
        "__meta_fleetgauge_agent_id": "agent-0001",
        "__meta_fleetgauge_name": "web-1",
        "__meta_fleetgauge_status": "online",
        "__meta_fleetgauge_version": "0.1",
        "__meta_fleetgauge_hostname": "host-1",
        "__meta_fleetgauge_groups": ",x,y,",
    }


def test_those_that_stopped_are_left_out() -> None:
    made = registry()
    for number in (2, 1):
        made.register(facts(number), is_local=False, now_ms=START_MS)
    assert [each.address for each in targets(made.agents(), asker_is_local=False)] == [
        "web-1:9256",
        "web-2:9256",
    ]
    made.heartbeat("agent-0001", BYE, now_ms=START_MS)
    assert [each.address for each in targets(made.agents(), asker_is_local=False)] == ["web-2:9256"]
