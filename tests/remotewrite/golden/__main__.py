"""Writes the golden files: the reference's from the cases, real senders' by running them on loopback."""

import sys
import tempfile
from pathlib import Path

from tests.peers.senders import (
    PAGE,
    PAGE_WITHOUT_TOP,
    histogram_series,
    post_v1,
    prometheus_sending_to,
    vmagent_sending_to,
    wait_for,
)
from tests.peers.servers import Servers
from tests.peers.sink import Sink
from tests.remotewrite.golden import CASES, FLOAT, FOLDER, INTEGER
from tests.strategies import reference_v1, reference_v2


def write_reference() -> None:
    for name, (series, metadata) in CASES.items():
        (FOLDER / f"{name}.v1").write_bytes(reference_v1(series, metadata).SerializeToString())
        (FOLDER / f"{name}.v2").write_bytes(reference_v2(series).SerializeToString())


def capture_prometheus(servers: Servers) -> None:
    with Sink(PAGE) as sink:
        server = prometheus_sending_to(sink, servers)
        post_v1(server, histogram_series({"integer_seconds": INTEGER, "float_seconds": FLOAT}))
        _keep(sink, "prometheus-2.42", "histograms", "exemplars", "metadata")
        sink.page = PAGE_WITHOUT_TOP
        _keep(sink, "prometheus-2.42", "stale")
        server.stop()


def capture_vmagent(servers: Servers) -> None:
    with Sink(PAGE) as sink:
        agent = vmagent_sending_to(sink, servers)
        _keep(sink, "vmagent-1.79", "samples")
        sink.page = PAGE_WITHOUT_TOP
        _keep(sink, "vmagent-1.79", "stale")
        agent.stop()


def _keep(sink: Sink, sender: str, *kinds: str) -> None:
    for kind in kinds:
        (FOLDER / f"{sender}-{kind}.snappy").write_bytes(wait_for(sink, kind).body)


if __name__ == "__main__":
    write_reference()
    if "capture" in sys.argv:
        with tempfile.TemporaryDirectory() as root, Servers(Path(root)) as servers:
            capture_prometheus(servers)
            capture_vmagent(servers)
