"""The gateway's own metrics become series, end when they are gone, and whatever fails is counted."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gateway.metrics import Metrics
from gateway.selfwatch import SelfWatch
from runtime.logs import Log
from tests.gateway.registry.test_series import Written
from tests.gateway.whole import whole
from timeseries.labels import METRIC_NAME, Labels
from timeseries.matcher import Matcher, MatchType
from timeseries.metadata import Metadata, MetricType
from timeseries.stale import is_stale


@dataclass
class Watched:
    store: Written = field(default_factory=Written)
    shown: dict[str, float] = field(default_factory=lambda: {"a_total": 1.0, "b": 2.0})
    failures: int = 0
    error: Exception | None = None

    def __post_init__(self) -> None:
        self.watch = SelfWatch(
            self.take, self.store, instance="gw:9095", now_ms=lambda: 5000, log=Log("test"), failed=self.fail
        )

    def take(self) -> list[tuple[Metadata, list[tuple[Labels, float]]]]:
        if self.error is not None:
            raise self.error
        return [
            (Metadata(family=name, type=MetricType.GAUGE), [(Labels({METRIC_NAME: name, "x": "1"}), value)])
            for name, value in self.shown.items()
        ]

    def fail(self) -> None:
        self.failures += 1


def series(name: str) -> Labels:
    return Labels({METRIC_NAME: name, "x": "1", "instance": "gw:9095", "job": "fleetgauge-gateway"})


def test_metrics_become_series_of_the_gateway_with_their_metadata_once() -> None:
    watched = Watched()
    watched.watch.once()
    watched.shown["b"] = 3.0
    watched.watch.once()
    assert watched.store.last == {series("a_total"): 1.0, series("b"): 3.0}
    told = [[each.family for each in batch.metadata] for batch in watched.store.batches]
    assert told == [["a_total", "b"], []]
    assert watched.store.batches[0].samples.times.tolist() == [5000, 5000]


def test_what_is_gone_ends_once() -> None:
    watched = Watched()
    watched.watch.once()
    del watched.shown["b"]
    watched.watch.once()
    assert is_stale(watched.store.last[series("b")])
    watched.watch.once()
    assert len(watched.store.batches[2].samples) == 1


def test_what_could_not_be_ended_is_ended_the_next_time() -> None:
    watched = Watched()
    watched.watch.once()
    del watched.shown["b"]
    watched.store.busy = True
    watched.watch.once()
    assert watched.failures == 1
    watched.store.busy = False
    watched.watch.once()
    assert is_stale(watched.store.last[series("b")])


def test_series_beyond_the_limit_do_not_stop_the_others() -> None:
    watched = Watched(store=Written(max_series=1))
    watched.watch.once()
    assert watched.store.last == {series("a_total"): 1.0}
    assert watched.failures == 0


@pytest.mark.parametrize("error", [ValueError("a defect"), KeyError("x")])
def test_a_failure_is_counted_and_the_next_time_is_as_usual(error: Exception) -> None:
    watched = Watched(error=error)
    watched.watch.once()
    assert watched.failures == 1
    watched.error = None
    watched.watch.once()
    assert watched.store.last[series("b")] == 2.0


def test_the_page_and_the_series_say_the_same() -> None:
    metrics = Metrics(version="1", python="3")
    metrics.answered(route="/x", method="GET", code=200, seconds=0.1)
    lines = {
        line.rpartition(" ")[0] for line in metrics.text().decode().splitlines() if not line.startswith("#")
    }
    taken = {labels.metric_name for _, samples in metrics.own.take() for labels, _ in samples}
    assert {line.partition("{")[0] for line in lines} == taken
    families = {metadata.family: metadata.type for metadata, _ in metrics.own.take()}
    assert families["fleetgauge_http_requests_total"] is MetricType.COUNTER
    assert families["fleetgauge_http_request_duration_seconds"] is MetricType.HISTOGRAM
    assert families["fleetgauge_build_info"] is MetricType.GAUGE


def test_a_gateway_has_its_own_metrics_in_its_store(tmp_path: Path) -> None:
    with whole(tmp_path) as gateway:
        gateway.selfwatch.once()
        name = Matcher(name=METRIC_NAME, type=MatchType.EQUAL, value="fleetgauge_store_series")
        [ref] = set(gateway._store.select([name], 0, 2**62).refs.tolist())
        one = gateway._store.index.labels(ref)
        assert one.get("job") == "fleetgauge-gateway"
        assert one.get("instance").endswith(f":{gateway.url.rpartition(':')[2]}")
