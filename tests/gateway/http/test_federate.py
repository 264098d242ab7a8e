"""Federation: the newest samples of chosen series as a page that scrapers read."""

from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from remotewrite.model import Series
from tests.gateway.http.sharing import LOOKBACK_MS, Shared, gauge, sharing
from tests.remotewrite.golden import INTEGER
from tests.strategies import NOW_MS
from timeseries.histogram import HistogramSample
from timeseries.labels import Labels
from timeseries.metadata import Metadata, MetricType
from timeseries.stale import STALE

ALL = ("match[]", '{__name__!=""}')
OPENMETRICS = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"


def page(shared: Shared, *pairs: tuple[str, str], **headers: str) -> str:
    """Return the page."""
    answer = shared.get("/federate", *pairs, **headers)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_the_newest_sample_of_each_chosen_series_is_told(tmp_path: Path) -> None:
    with sharing(tmp_path) as shared:
        shared.put(
            gauge("up", (20_000, 0.0), (5_000, 1.0), job="node", instance="b"),
            gauge("up", (15_000, 0.25), job="node", instance="a"),
            gauge("up", (0, 1.0), job="other", instance="c"),
            gauge("load", (1_000, 1e21), job="node"),
        )
        assert page(shared, ("match[]", 'up{job="node"}'), ("match[]", "load")) == (
            "# TYPE load untyped\n"
            f'load{{job="node",instance=""}} 1e+21 {NOW_MS - 1000}\n'
            "# TYPE up untyped\n"
            f'up{{instance="a",job="node"}} 0.25 {NOW_MS - 15_000}\n'
            f'up{{instance="b",job="node"}} 1 {NOW_MS - 5000}\n'
        )


def test_a_series_that_two_selectors_take_is_told_once(tmp_path: Path) -> None:
    with sharing(tmp_path) as shared:
        shared.put(gauge("up", (0, 1.0), job="node"))
        assert page(shared, ("match[]", "up"), ALL).count("\nup{") == 1


def test_only_samples_within_the_lookback_count(tmp_path: Path) -> None:
    with sharing(tmp_path) as shared:
        shared.put(
            gauge("just", (LOOKBACK_MS - 1, 1.0)),
            gauge("past", (LOOKBACK_MS, 1.0)),
            gauge("future", (5, 1.0), (-1, 2.0)),
            gauge("stale", (5, 1.0), (4, STALE)),
            gauge("back", (5, STALE), (4, float("nan"))),
        )
        told = page(shared, ALL)
        assert [line for line in told.splitlines() if not line.startswith("#")] == [
            f'back{{instance=""}} NaN {NOW_MS - 4}',
            f'future{{instance=""}} 1 {NOW_MS - 5}',
            f'just{{instance=""}} 1 {NOW_MS - LOOKBACK_MS + 1}',
        ]


def test_native_histograms_are_left_out_until_a_float_comes(tmp_path: Path) -> None:
    with sharing(tmp_path) as shared:
        histogram = Series(
            labels=Labels({"__name__": "x"}), histograms=[HistogramSample(NOW_MS - 5, INTEGER)]
        )
        shared.put(gauge("x", (10, 1.0)), gauge("y", (10, 1.0)), histogram)
        assert page(shared, ALL) == f'# TYPE y untyped\ny{{instance=""}} 1 {NOW_MS - 10}\n'
        shared.put(gauge("x", (4, 2.0)))
        assert f'x{{instance=""}} 2 {NOW_MS - 4}\n' in page(shared, ALL)


def fill(shared: Shared) -> None:
    """Keep a metric of every type."""
    seconds = "rpc_duration_seconds"
    shared.put(
        gauge("requests_total", (0, 7.0), path='/a"b\\c\nd', instance="i"),
        gauge("old_counter", (0, 3.0), instance="i"),
        gauge("room_celsius", (0, -0.5), instance="i"),
        gauge(f"{seconds}_bucket", (0, 2.0), instance="i", le="+Inf"),
        gauge(f"{seconds}_count", (0, 2.0), instance="i"),
        gauge(f"{seconds}_sum", (0, 0.75), instance="i"),
        gauge("size", (0, 4.0), instance="i", quantile="0.5"),
        gauge("size_count", (0, 4.0), instance="i"),
        gauge("size_sum", (0, 4.0), instance="i"),
        gauge("build_info", (0, 1.0), instance="i"),
        gauge("mystery", (0, float("inf")), instance="i"),
        metadata=[
            Metadata(family="requests", type=MetricType.COUNTER, help='Requests "served".\\\nAll.'),
            Metadata(family="old_counter", type=MetricType.COUNTER, help="Counts."),
            Metadata(family="room_celsius", type=MetricType.GAUGE, help="Warmth.", unit="celsius"),
            Metadata(family=seconds, type=MetricType.HISTOGRAM, help="Time.", unit="seconds"),
            Metadata(family="size", type=MetricType.SUMMARY, help="Sizes."),
            Metadata(family="build", type=MetricType.INFO, help="Version."),
        ],
    )


def test_the_text_format_has_types_and_help(tmp_path: Path) -> None:
    with sharing(tmp_path) as shared:
        fill(shared)
        answer = shared.get("/federate", ALL)
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        families = {family.name: family for family in read_text(answer.text)}
        assert {name: (family.type, family.documentation) for name, family in families.items()} == {
            "build_info": ("gauge", "Version."),
            "mystery": ("unknown", ""),
            "old_counter": ("counter", "Counts."),
            "requests": ("counter", 'Requests "served".\\\nAll.'),
            "room_celsius": ("gauge", "Warmth."),
            "rpc_duration_seconds": ("histogram", "Time."),
            "size": ("summary", "Sizes."),
        }
        [sample] = families["requests"].samples
        assert sample.labels == {"path": '/a"b\\c\nd', "instance": "i"}
        assert len(families["rpc_duration_seconds"].samples) == len(families["size"].samples) == 3


def test_openmetrics_is_valid_and_has_no_pieces_of_histograms(tmp_path: Path) -> None:
    with sharing(tmp_path) as shared:
        fill(shared)
        answer = shared.get("/federate", ALL, Accept=OPENMETRICS)
        assert answer.headers["Content-Type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
        families = {family.name: family for family in read_openmetrics(answer.text)}  # type: ignore[no-untyped-call]
        assert {name: family.type for name, family in families.items() if family.type != "unknown"} == {
            "requests": "counter",
            "room_celsius": "gauge",
        }
        assert families["requests"].documentation == 'Requests "served".\\\nAll.'
        assert families["room_celsius"].unit == "celsius"
        [sample] = families["room_celsius"].samples
        assert (sample.value, float(sample.timestamp)) == (-0.5, NOW_MS / 1000)
        assert len(families) == 11


def test_names_beyond_the_usual_are_quoted_for_those_who_read_them(tmp_path: Path) -> None:
    with sharing(tmp_path) as shared:
        shared.put(gauge("http.requests", (0, 1.0), **{"7.é": "x", "instance": "i"}))
        assert page(shared, ALL) == (
            f'# TYPE http_requests untyped\nhttp_requests{{___="x",instance="i"}} 1 {NOW_MS}\n'
        )
        answer = shared.get("/federate", ALL, Accept="text/plain;version=1.0.0;escaping=allow-utf-8")
        answer.encoding = "utf-8"
        assert answer.headers["Content-Type"].endswith("; escaping=allow-utf-8")
        assert answer.text == (
            f'# TYPE "http.requests" untyped\n{{"http.requests","7.é"="x",instance="i"}} 1 {NOW_MS}\n'
        )


def test_nothing_chosen_is_an_empty_page_and_a_wrong_selector_is_told(tmp_path: Path) -> None:
    with sharing(tmp_path) as shared:
        shared.put(gauge("up", (0, 1.0)))
        assert page(shared) == ""
        assert page(shared, Accept=OPENMETRICS) == "# EOF\n"
        answer = shared.get("/federate", ("match[]", "up{"))
        assert answer.status_code == 400
        assert answer.json()["error"].startswith(
            'invalid parameter "match[]": 1:4: parse error: unexpected end'
        )


@pytest.mark.parametrize("accept", ["text/plain", OPENMETRICS])
def test_a_page_for_a_thousand_series_is_compressed(tmp_path: Path, accept: str) -> None:
    with sharing(tmp_path) as shared:
        shared.put(*(gauge("up", (0, 1.0), instance=str(number)) for number in range(1000)))
        answer = shared.get("/federate", ALL, Accept=accept, Accept_Encoding="gzip")
        assert answer.headers["Content-Encoding"] == "gzip"
        assert answer.text.count("\nup{") == 1000
        assert answer.headers["Vary"] == "Accept, Accept-Encoding"
