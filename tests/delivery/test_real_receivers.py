"""What the sender gets to real receivers: our gateway in 2.0, Prometheus and VictoriaMetrics in 1.0."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from remotewrite.model import Series
from tests.delivery.parts import Senders, batch_of, series, version_of
from tests.gateway.programs import running
from tests.peers.servers import Servers

SECONDS = 20.0


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    with Servers(tmp_path) as running_servers:
        yield running_servers


def of_now(*ages_s: int) -> list[Series]:
    """One sample each, oldest first."""
    now_ms = time.time_ns() // 1_000_000
    return [series(age, time_ms=now_ms - 1000 * age) for age in sorted(ages_s, reverse=True)]


def read_back(url: str) -> dict[str, list[Any]]:
    answer = requests.get(f"{url}/api/v1/query", params={"query": "spooled_total[2h]"}, timeout=10).json()
    return {each["metric"]["number"]: each["values"] for each in answer["data"]["result"]}


def expected(sent: list[Series]) -> dict[str, list[Any]]:
    return {
        one.labels.get("number"): [[sample.time_ms / 1000, str(int(sample.value))] for sample in one.samples]
        for one in sent
    }


def test_the_gateway_has_the_backlog_with_its_own_times(sender_to: Senders) -> None:
    sent = of_now(3600, 1800, 60, 5)
    with running("gateway", "--listen", "127.0.0.1:0") as gateway:
        sender, clock = sender_to(f"{gateway.url}/api/v1/write", *map(batch_of, sent), order="interleaved")
        assert sender.drain(SECONDS, clock.sleep)
        assert read_back(gateway.url) == expected(sent)
    assert (version_of(sender), sender.sent.samples, sender.sent.refused) == (2, 4, 0)


@pytest.mark.peer("prometheus")
def test_prometheus_gets_1_0_and_has_all_of_it(servers: Servers, sender_to: Senders) -> None:
    sent = of_now(60, 30, 5)
    prometheus = servers.prometheus()
    sender, clock = sender_to(f"{prometheus.url}/api/v1/write", *map(batch_of, sent))
    assert sender.drain(SECONDS, clock.sleep)
    assert read_back(prometheus.url) == expected(sent)
    assert (version_of(sender), sender.sent.samples, sender.sent.refused) == (1, 3, 0)


@pytest.mark.peer("victoria-metrics")
def test_victoria_metrics_gets_1_0_and_has_the_backlog_in_any_order(
    servers: Servers, sender_to: Senders
) -> None:
    sent = of_now(3600, 1800, 60, 5)
    victoria = servers.victoria_metrics()
    sender, clock = sender_to(f"{victoria.url}/api/v1/write", *map(batch_of, sent), order="interleaved")
    assert sender.drain(SECONDS, clock.sleep)
    requests.get(f"{victoria.url}/internal/force_flush", timeout=10)
    assert read_back(victoria.url) == expected(sent)
    assert (version_of(sender), sender.sent.samples, sender.sent.refused) == (1, 4, 0)
