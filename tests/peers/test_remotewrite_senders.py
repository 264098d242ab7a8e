"""What real senders post: the reference, the decoder and the encoder agree on every body."""

import pytest

from remotewrite.compression import decompress
from remotewrite.decode.v1 import decode_v1
from remotewrite.encode.v1 import encode_v1
from remotewrite.model import Series
from tests.peers.senders import (
    PAGE,
    PAGE_WITHOUT_TOP,
    histogram_series,
    message_of,
    post_v1,
    prometheus_sending_to,
    vmagent_sending_to,
    wait_for,
)
from tests.peers.servers import Servers
from tests.peers.sink import Request, Sink
from tests.remotewrite.golden import FLOAT, INTEGER
from tests.remotewrite.reading import Receiver, expected
from tests.strategies import rewritten_v1, series_of_v1


def assert_all_agree(requests: list[Request]) -> None:
    receiver = Receiver()
    for request in requests:
        assert request.headers["content-encoding"] == "snappy"
        body = decompress(request.body)
        series, metadata = series_of_v1(message_of(request))
        batch = decode_v1(body, receiver.table)
        assert receiver.view(batch) == expected(series, metadata, starts=False)
        assert rewritten_v1(encode_v1(series, metadata)) == body


def series_named(request: Request, name: str) -> Series:
    series, _ = series_of_v1(message_of(request))
    [found] = [one for one in series if one.labels.metric_name == name]
    return found


@pytest.mark.peer("prometheus")
def test_all_that_prometheus_sends_reads_and_writes_alike(servers: Servers) -> None:
    with Sink(PAGE) as sink:
        prometheus = prometheus_sending_to(sink, servers)
        sent = histogram_series({"integer_seconds": INTEGER, "float_seconds": FLOAT})
        assert post_v1(prometheus, sent).status_code == 204
        through = wait_for(sink, "histograms")
        for kind in ("samples", "exemplars", "metadata"):
            wait_for(sink, kind)
        sink.page = PAGE_WITHOUT_TOP
        wait_for(sink, "stale")
        prometheus.stop()
        assert_all_agree(sink.requests)
    for series in sent:
        [back] = series_named(through, series.labels.metric_name).histograms
        assert [back] == series.histograms, "it came back from Prometheus' log as it was sent"


@pytest.mark.peer("vmagent")
def test_all_that_vmagent_sends_reads_and_writes_alike(servers: Servers) -> None:
    with Sink(PAGE) as sink:
        agent = vmagent_sending_to(sink, servers)
        wait_for(sink, "samples")
        sink.page = PAGE_WITHOUT_TOP
        wait_for(sink, "stale")
        agent.stop()
        assert_all_agree(sink.requests)
