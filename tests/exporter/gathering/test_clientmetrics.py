"""What prometheus_client's metrics become is what prometheus_client itself shows of them."""

import math
import re
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


def escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def text(families: Iterable[Family]) -> str:
    """The families as a page of text."""
    lines = []
    for family in families:
        lines += [f"# HELP {family.name} {family.help}", f"# TYPE {family.name} {family.kind}"]
        for point in family.points:
            labels = ",".join(f'{name}="{escaped(value)}"' for name, value in point.labels)
            value = {math.inf: "+Inf", -math.inf: "-Inf"}.get(point.value, repr(point.value))
            lines.append(f"{family.name}{point.suffix}{{{labels}}} {value}")
    return "\n".join(lines) + "\n"


def page(shown: str) -> Page:
    """What the client's own parser reads, without when counting began."""
    found: Page = {}
    for metric in text_string_to_metric_families(shown):
        if not metric.name.endswith("_created"):
            samples = {(each.name, frozenset(each.labels.items())): each.value for each in metric.samples}
            found[metric.name] = (metric.type, metric.documentation, samples)
    return found


def names_of_labels(shown: str) -> list[list[str]]:
    """In the order in which they are shown."""
    samples = [line for line in shown.splitlines() if line[0] != "#" and "_created" not in line]
    return [re.findall(r'(\w+)="(?:[^"\\]|\\.)*"', line) for line in samples]


def assert_same(registry: Any) -> None:
    ours = text(checked(families_in(registry.collect())))
    theirs = generate_latest(registry).decode()
    assert page(ours) == page(theirs)
    assert names_of_labels(ours) == names_of_labels(theirs)
    types = [line for line in theirs.splitlines() if line.startswith("# TYPE") and "_created" not in line]
    assert [line for line in ours.splitlines() if line.startswith("# TYPE")] == types


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
