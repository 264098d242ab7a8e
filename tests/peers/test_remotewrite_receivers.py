"""Real receivers take what the encoder writes, and give it back through their query APIs."""

import json
import math
import time
from typing import Any

import pytest
import requests

from remotewrite.model import Sample, Series
from tests.peers.senders import histogram_series, post_v1
from tests.peers.servers import Server, Servers
from tests.remotewrite.golden import FLOAT, INTEGER
from tests.strategies import bits, from_bits
from timeseries.exemplar import Exemplar
from timeseries.labels import Labels
from timeseries.stale import STALE

NAN = from_bits(0x7FF8000000000001)


def labels(name: str) -> Labels:
    return Labels({"__name__": name, "job": "demo", "path": '/café"\\\n✓'})


def series_of_now(name: str, *values: float) -> Series:
    """One sample a second until 3 s ago: VictoriaMetrics answers no query about the last second."""
    first = time.time_ns() // 1_000_000 - 1000 * (len(values) + 2)
    return Series(
        labels=labels(name), samples=[Sample(first + 1000 * at, one) for at, one in enumerate(values)]
    )


def query(server: Server, **params: str | float) -> Any:
    answer = requests.get(f"{server.url}/api/v1/query", params=params, timeout=10).json()
    return answer["data"]["result"]


def around(sample: Sample) -> dict[str, float]:
    """The query parameters of a minute before and after."""
    return {"start": sample.time_ms / 1000 - 60, "end": sample.time_ms / 1000 + 60}


def read_back(result: Any) -> list[tuple[int, int | str]]:
    """Times in ms and values by their bits; any NaN is a NaN."""
    return [
        (round(at * 1000), "NaN" if math.isnan(float(text)) else bits(float(text)))
        for at, text in result["values"]
    ]


@pytest.mark.peer("prometheus")
def test_prometheus_gives_back_labels_times_and_values(prometheus: Server) -> None:
    sent = series_of_now("special_values", 1.5, 0.0, -0.0, 1e308, 5e-324, math.inf, -math.inf, NAN, 0.1)
    assert post_v1(prometheus, [sent]).status_code == 204
    [result] = query(prometheus, query="special_values[1m]")
    assert Labels(result["metric"]) == sent.labels
    assert read_back(result) == [
        (sample.time_ms, "NaN" if math.isnan(sample.value) else bits(sample.value)) for sample in sent.samples
    ]


@pytest.mark.peer("prometheus")
def test_prometheus_hides_a_series_after_its_stale_marker(prometheus: Server) -> None:
    gone, there = series_of_now("gone", 1.0, STALE), series_of_now("there", 1.0, NAN)
    assert post_v1(prometheus, [gone, there]).status_code == 204
    at = there.samples[-1].time_ms / 1000
    [result] = query(prometheus, query='{job="demo"}', time=at)
    assert result["metric"]["__name__"] == "there", "an ordinary NaN is a value, a stale marker the end"
    [before] = query(prometheus, query="gone", time=gone.samples[0].time_ms / 1000)
    assert before["value"][1] == "1"


@pytest.mark.peer("prometheus")
def test_prometheus_takes_exemplars_and_native_histograms(servers: Servers) -> None:
    prometheus = servers.prometheus(
        "scrape_configs: []\n", "--enable-feature=exemplar-storage,native-histograms"
    )
    sample = series_of_now("requests_total", 1027.0).samples[0]
    exemplar = Exemplar(labels=Labels({"trace_id": "4bf92f35"}), value=0.25, time_ms=sample.time_ms)
    sent = Series(labels=labels("requests_total"), samples=[sample], exemplars=[exemplar])
    histograms = histogram_series({"integer_seconds": INTEGER, "float_seconds": FLOAT})
    assert post_v1(prometheus, [sent, *histograms]).status_code == 204

    url = f"{prometheus.url}/api/v1/query_exemplars"
    params: dict[str, str | float] = {"query": "requests_total", **around(sample)}
    [found] = requests.get(url, params=params, timeout=10).json()["data"]
    [back] = found["exemplars"]
    assert back["labels"] == {"trace_id": "4bf92f35"}
    assert (float(back["value"]), round(back["timestamp"] * 1000)) == (0.25, sample.time_ms)

    assert buckets(prometheus, "integer_seconds") == [
        (-1.0, 1.0),
        (0.0, 1.0),
        (0.5, 2.0),
        (2.828427, 3.0),
    ]
    assert buckets(prometheus, "float_seconds") == [(-1.0, 0.5), (0.0, 1.0), (0.0625, 2.0), (64.0, 3.0)]


def buckets(prometheus: Server, name: str) -> list[tuple[float, float]]:
    """Lower bound, rounded, and count of each bucket; 0 stands for the zero bucket."""
    [result] = query(prometheus, query=name)
    histogram = result["histogram"][1]
    zero_bucket = 3  # its boundaries are both inclusive
    return [
        (0.0 if rule == zero_bucket else round(float(low), 6), float(count))
        for rule, low, _, count in histogram["buckets"]
    ]


@pytest.mark.peer("victoria-metrics")
def test_victoria_metrics_gives_back_labels_times_and_values(victoria_metrics: Server) -> None:
    sent = series_of_now("some_values", 1.5, 0.0, 1e15, -2.25, math.inf, -math.inf, 7.0)
    gone = series_of_now("gone", 1.0, STALE)
    assert post_v1(victoria_metrics, [sent, gone]).status_code == 204
    exported = export(victoria_metrics, sent.samples[-1])
    back = exported["some_values"]
    assert Labels(back["metric"]) == sent.labels
    assert back["timestamps"] == [sample.time_ms for sample in sent.samples]
    assert back["values"] == [sample.value for sample in sent.samples]
    assert exported["gone"]["values"] == [1.0, None], "it keeps a stale marker, and drops any other NaN"
    there, marker = (sample.time_ms / 1000 for sample in gone.samples)
    assert query(victoria_metrics, query="gone", time=there)
    assert query(victoria_metrics, query="gone", time=marker) == []


def export(victoria_metrics: Server, sample: Sample) -> dict[str, Any]:
    """Every series around the time of the sample, by its name."""
    requests.get(f"{victoria_metrics.url}/internal/force_flush", timeout=10)
    url = f"{victoria_metrics.url}/api/v1/export"
    params: dict[str, str | float] = {"match[]": '{job="demo"}', **around(sample)}
    lines = requests.get(url, params=params, timeout=10).text.splitlines()
    series = [json.loads(line.replace("Inf", "Infinity").replace("+", "")) for line in lines]
    return {one["metric"]["__name__"]: one for one in series}
