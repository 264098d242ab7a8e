"""A real Prometheus takes samples from the gateway: by federation and by remote read."""

import time
from collections.abc import Callable, Iterator
from typing import Final

import pytest
import requests

from remotewrite.compression import compress
from remotewrite.encode.v1 import encode_v1
from remotewrite.model import Sample, Series
from tests.gateway.programs import running
from tests.peers.servers import Server, Servers
from tests.peers.sink import POLL_SECONDS, WAIT_SECONDS
from timeseries.labels import Labels
from timeseries.metadata import Metadata, MetricType
from timeseries.stale import STALE

_FEDERATION: Final = """\
scrape_configs:
- job_name: federation
  scrape_interval: 1s
  honor_labels: true
  metrics_path: /federate
  params: {{'match[]': ['{{job="demo"}}']}}
  static_configs: [{{targets: ['{address}']}}]
"""

_REMOTE_READ: Final = """\
scrape_configs: []
remote_read:
- url: {url}/api/v1/read
  read_recent: true
"""


@pytest.fixture
def gateway() -> Iterator[str]:
    """A running gateway with three series, all of now."""
    with running("gateway", "--listen", "127.0.0.1:0") as program:
        fill(program.url)
        yield program.url


def fill(url: str) -> None:
    now_ms = time.time_ns() // 1_000_000

    def series(name: str, *values: float, **labels: str) -> Series:
        samples = [
            Sample(now_ms - 1000 * ago, value)
            for ago, value in zip(range(len(values) - 1, -1, -1), values, strict=True)
        ]
        return Series(labels=Labels({"__name__": name, "job": "demo", **labels}), samples=samples)

    body = encode_v1(
        [
            series("requests_total", *map(float, range(60)), instance="a"),
            series("requests_total", *map(float, range(0, 120, 2)), instance="b"),
            series("gone", 1.0, STALE, instance="a"),
        ],
        [Metadata(family="requests", type=MetricType.COUNTER, help="Requests served.")],
    )
    answer = requests.post(
        f"{url}/api/v1/write",
        data=compress(body),
        headers={"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"},
        timeout=10,
    )
    assert answer.status_code == 204, answer.text


def query(server: Server, text: str) -> list[tuple[dict[str, str], str]]:
    """Return what a server answers to a query now: the labels and the value of each series."""
    answer = requests.get(f"{server.url}/api/v1/query", params={"query": text}, timeout=30)
    assert answer.status_code == 200, answer.text
    return [(one["metric"], one["value"][1]) for one in answer.json()["data"]["result"]]


def wait(answer: Callable[[], list[tuple[dict[str, str], str]]]) -> list[tuple[dict[str, str], str]]:
    """Return an answer as soon as there is something in it."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        if found := answer():
            return found
        time.sleep(POLL_SECONDS)
    raise TimeoutError(f"nothing in {WAIT_SECONDS:.0f} s")


@pytest.mark.peer("prometheus")
def test_a_prometheus_federates_from_the_gateway(servers: Servers, gateway: str) -> None:
    prometheus = servers.prometheus(_FEDERATION.format(address=gateway.removeprefix("http://")))
    found = wait(lambda: query(prometheus, 'requests_total{job="demo"}'))
    assert sorted(found, key=str) == [
        ({"__name__": "requests_total", "instance": "a", "job": "demo"}, "59"),
        ({"__name__": "requests_total", "instance": "b", "job": "demo"}, "118"),
    ]
    assert query(prometheus, "gone") == []
    assert [value for _, value in query(prometheus, 'up{job="federation"}')] == ["1"]
    known = requests.get(f"{prometheus.url}/api/v1/targets/metadata?metric=requests_total", timeout=10)
    known_bare = requests.get(f"{prometheus.url}/api/v1/targets/metadata?metric=requests", timeout=10)
    about = known.json()["data"] or known_bare.json()["data"]
    assert [(one["type"], one["help"]) for one in about] == [("counter", "Requests served.")]


@pytest.mark.peer("prometheus")
def test_a_prometheus_reads_what_the_gateway_keeps(servers: Servers, gateway: str) -> None:
    prometheus = servers.prometheus(_REMOTE_READ.format(url=gateway))
    assert query(prometheus, "sum by (job) (increase(requests_total[59s] offset 1s))")[0][0] == {
        "job": "demo"
    }
    assert query(prometheus, 'max_over_time(requests_total{instance=~"b|c"}[5m])') == [
        ({"instance": "b", "job": "demo"}, "118")
    ]
    assert query(prometheus, "gone") == []
    assert query(prometheus, "count_over_time(gone[5m])")[0][1] == "1"
