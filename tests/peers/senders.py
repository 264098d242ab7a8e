"""Real senders at work: a Prometheus and a vmagent that scrape a sink's page and send it to the same sink."""

import time
from collections.abc import Callable
from typing import Final

import requests

from remotewrite.compression import compress, decompress
from remotewrite.encode.v1 import encode_v1
from remotewrite.model import Series
from tests.peers.servers import Server, Servers
from tests.peers.sink import Request, Sink
from tests.remotewrite.schema import write_v1_pb2 as v1
from timeseries.histogram import Histogram, HistogramSample
from timeseries.labels import Labels
from timeseries.stale import is_stale

PAGE: Final = """\
# HELP demo_requests Requests served.
# TYPE demo_requests counter
demo_requests_total{path="/"} 1027 # {trace_id="4bf92f35"} 0.25
demo_requests_total{path="/café"} 3
# HELP demo_temperature_celsius Temperature of the room.
# TYPE demo_temperature_celsius gauge
# UNIT demo_temperature_celsius celsius
demo_temperature_celsius{room="cellar"} -0.5
demo_temperature_celsius{room="none"} NaN
demo_temperature_celsius{room="top"} +Inf
# EOF
"""

# A room less: the senders mark its series stale.
PAGE_WITHOUT_TOP: Final = PAGE.replace('demo_temperature_celsius{room="top"} +Inf\n', "")

_SCRAPE: Final = """\
scrape_configs:
- job_name: demo
  scrape_interval: 1s
  static_configs: [{{targets: ['{address}'], labels: {{instance: 'demo:80'}}}}]
"""

_REMOTE_WRITE: Final = """\
remote_write:
- url: {url}
  send_exemplars: true
  send_native_histograms: true
  metadata_config: {{send_interval: 1s}}
  queue_config: {{max_shards: 1, batch_send_deadline: 100ms}}
"""


def prometheus_sending_to(sink: Sink, servers: Servers) -> Server:
    """A Prometheus that sends samples, exemplars, histograms and metadata, and takes remote write itself."""
    config = _REMOTE_WRITE.format(url=sink.url) + _SCRAPE.format(address=sink.address)
    return servers.prometheus(config, "--enable-feature=exemplar-storage,native-histograms")


def vmagent_sending_to(sink: Sink, servers: Servers) -> Server:
    """A vmagent that sends samples; this one knows nothing else."""
    return servers.vmagent(sink.url, _SCRAPE.format(address=sink.address), "-remoteWrite.flushInterval=100ms")


def post_v1(server: Server, series: list[Series]) -> requests.Response:
    """Send series to a server, as an agent does."""
    return requests.post(
        f"{server.url}/api/v1/write",
        data=compress(encode_v1(series)),
        headers={
            "Content-Type": "application/x-protobuf",
            "Content-Encoding": "snappy",
            "X-Prometheus-Remote-Write-Version": "0.1.0",
        },
        timeout=10,
    )


def histogram_series(histograms: dict[str, Histogram]) -> list[Series]:
    """Return a series of one histogram each, as of now: no scrape of a text page yields one."""
    now_ms = time.time_ns() // 1_000_000
    return [
        Series(
            labels=Labels({"__name__": name, "job": "demo"}), histograms=[HistogramSample(now_ms, histogram)]
        )
        for name, histogram in histograms.items()
    ]


def message_of(request: Request) -> v1.WriteRequest:
    """Read a 1.0 body with protobuf's own classes."""
    return v1.WriteRequest.FromString(decompress(request.body))


# Name to whether a request is of that kind: what a sender should have sent before a test looks at it.
KINDS: Final[dict[str, Callable[[v1.WriteRequest], bool]]] = {
    "samples": lambda message: any(one.samples for one in message.timeseries),
    "exemplars": lambda message: any(one.exemplars for one in message.timeseries),
    "histograms": lambda message: any(one.histograms for one in message.timeseries),
    "metadata": lambda message: bool(message.metadata),
    "stale": lambda message: any(
        is_stale(sample.value) for one in message.timeseries for sample in one.samples
    ),
}


def wait_for(sink: Sink, kind: str) -> Request:
    """Return the first request of a kind, as soon as it is there."""
    return sink.wait(lambda request: KINDS[kind](message_of(request)))
