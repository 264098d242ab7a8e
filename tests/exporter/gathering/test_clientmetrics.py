"""What prometheus_client's metrics become is what prometheus_client itself shows of them."""

import math
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Enum,
    Gauge,
    Histogram,
    Info,
    Summary,
    generate_latest,
)
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeHistogramMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    StateSetMetricFamily,
    SummaryMetricFamily,
    UnknownMetricFamily,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import NativeHistogram

from exporter.exposition import text
from exporter.families import Family
from exporter.gathering.clientmetrics import families_in
from exporter.gathering.families import checked

Page = dict[str, tuple[str, str, dict[tuple[str, frozenset[tuple[str, str]]], float]]]


class Collected:
    """A registry of these metrics alone."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = list(metrics)

    def collect(self) -> list[Metric]:
        return self._metrics


def page(shown: str) -> Page:
    """What the client's own parser reads, without when counting began."""
    found: Page = {}
    for metric in text_string_to_metric_families(shown):
        if not metric.name.endswith("_created"):
            values = {(each.name, frozenset(each.labels.items())): each.value for each in metric.samples}
            found[metric.name] = (metric.type, metric.documentation, values)
    return found


def samples(shown: str) -> list[tuple[str, float]]:
    """Name and labels of each sample as they are written, and the value, whatever its digits."""
    found = [line.rpartition(" ") for line in shown.split("\n") if line and not line.startswith("#")]
    return sorted((name, float(value)) for name, _, value in found if "_created" not in name)


def assert_same(registry: Any) -> None:
    families = sorted(checked(families_in(registry.collect())), key=lambda family: family.name)
    ours, theirs = text.page(families).decode(), generate_latest(registry).decode()
    assert page(ours) == {name: told for name, told in page(theirs).items() if told[2]}
    assert samples(ours) == samples(theirs)


def test_instruments_are_shown_as_the_client_shows_them() -> None:
    registry = CollectorRegistry()
    Gauge("temperature", "Degrees.", ["room"], registry=registry).labels('kit\nchen\\"').set(-1.5)
    Gauge("plain", "Inf.", registry=registry).set(math.inf)
    counter = Counter("requests", "Requests.", ["code", "method"], registry=registry)
    counter.labels("200", "GET").inc(7)
    counter.labels(method="PUT", code="500").inc()
    Counter("ended_total", "Named with its ending.", registry=registry).inc(2)
    histogram = Histogram("latency_seconds", "Latency.", ["path"], registry=registry)
    histogram.labels("/").observe(0.3)
    summary = Summary("size_bytes", "Sizes.", registry=registry)
    summary.observe(4)
    Info("build", "Build.", registry=registry).info({"version": "1", "revision": "a"})
    Enum("state", "State.", states=["up", "down"], registry=registry).state("down")
    assert_same(registry)


def test_families_of_custom_collectors_are_shown_as_the_client_shows_them() -> None:
    gauge = GaugeMetricFamily("g", "Gauge.", labels=["a"], unit="seconds")
    gauge.add_metric(["1"], 1.0)
    assert_same(
        Collected(
            [
                gauge,
                CounterMetricFamily("c_total", "Counter.", value=3, created=1.5),
                SummaryMetricFamily("s", "Summary.", count_value=2, sum_value=3),
                HistogramMetricFamily("h", "Histogram.", buckets=[("1", 1), ("+Inf", 2)], sum_value=3),
                GaugeHistogramMetricFamily("gh", "G.", buckets=[("1", 1), ("+Inf", 2)], gsum_value=3),
                InfoMetricFamily("i", "Info.", value={"a": "b"}),
                StateSetMetricFamily("st", "States.", value={"x": True, "y": False}),
                UnknownMetricFamily("u", "Unknown.", value=5),
                GaugeMetricFamily("empty", "Nothing.", labels=["a"]),
            ]
        )
    )


VALUES = st.floats(allow_nan=False)
LABELS = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.text(st.characters(codec="utf-8"), max_size=5))


@given(st.sampled_from(["counter", "gauge", "unknown"]), st.lists(st.tuples(LABELS, VALUES), max_size=5))
def test_any_labels_and_values_are_shown_as_the_client_shows_them(
    kind: str, drawn: list[tuple[dict[str, str], float]]
) -> None:
    metric = Metric("m", "Help.", kind)
    for labels, value in {frozenset(labels.items()): (labels, value) for labels, value in drawn}.values():
        metric.add_sample("m_total" if kind == "counter" else "m", labels, value)
    assert_same(Collected([metric]))


def test_families_pass_as_they_are() -> None:
    family = Family(name="x", kind="gauge", help="", points=())
    assert list(families_in([family])) == [family]


def wrong(name: str = "m", kind: str = "gauge", sample: str = "m", **more: Any) -> Metric:
    metric = Metric(name, "Help.", "gauge")
    metric.type = kind
    metric.add_sample(sample, {}, 1.0, **more)
    return metric


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        (3, "collect.. gave a int, which is no metric"),
        (Metric, "which is no metric"),
        (wrong(kind="enum"), "m: no type of metric: enum"),
        (wrong(sample="other"), "other does not belong to m"),
        (wrong(sample="m_sum"), "m_sum does not belong to a gauge"),
        (wrong(kind="counter"), "m does not belong to m_total"),
        (
            wrong(native_histogram=NativeHistogram(1, 1, 1, 1, 1)),
            "m is a native histogram, which a page of text cannot show",
        ),
    ],
)
def test_what_is_no_metric_is_refused(metric: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        checked(families_in([metric]))
