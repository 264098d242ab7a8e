"""From a sender's request to the data on the disk, through the real program."""

import signal
import time
from pathlib import Path

import pytest
import requests

from remotewrite.compression import compress
from remotewrite.encode.v1 import encode_v1
from remotewrite.encode.v2 import encode_v2
from remotewrite.model import Sample, Series
from tests.gateway.programs import run, running
from tests.gateway.storage.samples import contents, open_store
from tests.strategies import bits
from timeseries.exemplar import Exemplar
from timeseries.histogram import Histogram, HistogramSample
from timeseries.labels import Labels

LISTEN = ("gateway", "--listen", "127.0.0.1:0")


def now_ms() -> int:
    """Return the time of day: the gateway takes no samples from far away."""
    return time.time_ns() // 1_000_000


def post(url: str, body: bytes, proto: str = "") -> requests.Response:
    """Send a request as an agent does."""
    kind = "application/x-protobuf" + (f";proto={proto}" if proto else "")
    headers = {"Content-Type": kind, "Content-Encoding": "snappy"}
    return requests.post(f"{url}/api/v1/write", data=compress(body), headers=headers, timeout=10)


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_what_was_acknowledged_is_there_after_the_end(tmp_path: Path, end: signal.Signals) -> None:
    start = now_ms()
    labels = Labels({"__name__": "up", "instance": "web-1"})
    with running(*LISTEN, "--data-dir", str(tmp_path)) as gateway:
        for at in range(5):
            sample = Sample(start + at, at / 7, start - 5)
            old, new = (
                encode([Series(labels=labels, samples=[sample])]) for encode in (encode_v1, encode_v2)
            )
            assert post(gateway.url, old).status_code == 204
            answer = post(gateway.url, new, "io.prometheus.write.v2.Request")
            assert answer.status_code == 204
            assert answer.headers["X-Prometheus-Remote-Write-Samples-Written"] == "1"
        metrics = requests.get(f"{gateway.url}/metrics", timeout=5).text
        assert "fleetgauge_store_series 1.0" in metrics
        assert "fleetgauge_store_head_samples 10.0" in metrics
        assert "fleetgauge_store_log_rows 10.0" in metrics
        assert "fleetgauge_store_commits_total 10.0" in metrics
        assert "fleetgauge_store_commit_duration_seconds_count 10.0" in metrics
        assert "fleetgauge_ingest_waiting_requests 0.0" in metrics
        gateway.process.send_signal(end)
        gateway.process.wait(10)
    with open_store(tmp_path) as store:
        assert contents(store) == {labels: [(start + at, bits(at / 7), start - 5) for at in range(5)]}


def test_histograms_exemplars_and_metadata_are_kept(tmp_path: Path) -> None:
    start = now_ms()
    exemplar = Exemplar(labels=Labels({"trace": "a"}), value=1.5, time_ms=start)
    histogram = HistogramSample(start, Histogram(integer=True, schema=0, count=0, sum=0.5))
    one = Series(labels=Labels({"__name__": "latency"}), histograms=[histogram], exemplars=[exemplar])
    with running(*LISTEN, "--data-dir", str(tmp_path)) as gateway:
        assert post(gateway.url, encode_v1([one])).status_code == 204
    with open_store(tmp_path) as store:
        refs = store.index.select([])
        assert store.histograms.select(refs, 0, start) == {0: [histogram]}
        assert store.exemplars.select(refs, 0, start) == {0: [exemplar]}


def test_series_can_be_deleted_when_the_setting_says_so(tmp_path: Path) -> None:
    start = now_ms()
    old, new = (
        Series(labels=Labels({"__name__": "up", "job": job}), samples=[Sample(start, 1.0)])
        for job in ("old", "new")
    )
    admin = "/api/v1/admin/tsdb"
    with running(*LISTEN, "--data-dir", str(tmp_path), "--enable-admin-api") as gateway:
        assert post(gateway.url, encode_v1([old, new])).status_code == 204
        selector = {"match[]": 'up{job="old"}'}
        answer = requests.post(f"{gateway.url}{admin}/delete_series", params=selector, timeout=5)
        assert answer.status_code == 204
        gateway.process.send_signal(signal.SIGKILL)
        gateway.process.wait(10)
    with running(*LISTEN, "--data-dir", str(tmp_path), "--enable-admin-api") as gateway:
        assert requests.put(f"{gateway.url}{admin}/clean_tombstones", timeout=5).status_code == 204
        status = requests.get(f"{gateway.url}/api/v1/status/tsdb", timeout=5).json()["data"]["store"]
        assert (status["samples"], status["partSamples"], status["tombstones"]) == (1, 1, 0)
    with open_store(tmp_path) as store:
        assert set(contents(store)) == {new.labels}


def test_a_sample_past_the_retention_is_refused_with_a_sentence(tmp_path: Path) -> None:
    old = Series(labels=Labels({"__name__": "up"}), samples=[Sample(now_ms() - 7_200_000, 1.0)])
    with running(*LISTEN, "--data-dir", str(tmp_path), "--retention", "1h") as gateway:
        answer = post(gateway.url, encode_v1([old]))
        assert answer.status_code == 400
        assert "the oldest time that is kept" in answer.json()["error"]


def test_a_second_gateway_on_the_same_data_says_so(tmp_path: Path) -> None:
    with running(*LISTEN, "--data-dir", str(tmp_path)):
        second = run(*LISTEN, "--data-dir", str(tmp_path))
        assert second.returncode == 1
        assert "in use by another gateway" in second.stderr
