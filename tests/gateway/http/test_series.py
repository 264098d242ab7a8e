"""What there is to query: series, label names, label values, metadata and exemplars."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.http.series import unescaped
from gateway.storage.upkeep import Policy, Upkeep
from tests.gateway.http.querying import NOW_MS, Reader, reading
from tests.remotewrite.golden import FLOAT
from timeseries.exemplar import Exemplar
from timeseries.labels import Labels
from timeseries.metadata import Metadata, MetricType

HOUR_MS = 3_600_000


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    with reading(tmp_path) as found:
        yield found


def at(time_ms: int) -> float:
    return time_ms / 1000


def names(series: list[dict[str, str]]) -> list[str]:
    return [labels["__name__"] for labels in series]


def test_series_are_those_that_any_selector_takes(reader: Reader) -> None:
    for name, host in (("b", "x"), ("a", "y"), ("a", "x"), ("c", "z")):
        reader.write({"__name__": name, "host": host}, [(NOW_MS, 1.0)])
    found = reader.data("series", match=["a", '{host="x"}'])
    assert found == [
        {"__name__": "a", "host": "x"},
        {"__name__": "a", "host": "y"},
        {"__name__": "b", "host": "x"},
    ]
    assert reader.post("series", match=["a", '{host="x"}']).json["data"] == found
    assert reader.data("series", match="nothing") == []


@pytest.mark.parametrize("path", ["series", "labels", "label/__name__/values"])
def test_a_limit_is_told(reader: Reader, path: str) -> None:
    for name in ("a", "b"):
        reader.write({"__name__": name, "host": "x"}, [(NOW_MS, 1.0)])
    every = {"match": '{__name__!=""}'}
    full = reader.data(path, **every)
    assert len(full) == 2
    cut = reader.get(path, limit=1, **every).json
    assert cut["data"] == full[:1]
    assert cut["warnings"] == ["results truncated due to limit"]
    assert "warnings" not in reader.get(path, limit=2, **every).json


def test_what_has_nothing_in_the_span_is_left_out(reader: Reader) -> None:
    """Old samples in a part, new ones in the head, a histogram in a record."""
    reader.write({"__name__": "old", "only": "old"}, [(NOW_MS - 9 * HOUR_MS, 1.0)])
    reader.store.flush()
    reader.write({"__name__": "new", "fresh": "yes"}, [(NOW_MS, 1.0)])
    reader.write({"__name__": "shape", "kind": "native"}, histograms=[(NOW_MS - 5 * HOUR_MS, FLOAT)])
    every = '{__name__!=""}'
    spans = {
        (9.5, 8.5): ["old"],
        (5.5, 4.5): ["shape"],
        (0.5, -0.5): ["new"],
        (9.5, 4.5): ["old", "shape"],
        (-1, -2): [],
    }
    for (first, last), expected in spans.items():
        span = {"start": at(NOW_MS - int(first * HOUR_MS)), "end": at(NOW_MS - int(last * HOUR_MS))}
        assert names(reader.data("series", match=every, **span)) == expected
        assert reader.data("label/__name__/values", **span) == expected
        assert reader.data("label/__name__/values", match=every, **span) == expected
    assert reader.data("labels", end=at(NOW_MS - 8 * HOUR_MS)) == ["__name__", "only"]
    assert reader.data("labels") == ["__name__", "fresh", "kind", "only"]


def test_a_series_is_there_as_long_as_a_part_has_it(reader: Reader) -> None:
    reader.write({"__name__": "a"}, [(NOW_MS - HOUR_MS, 1.0), (NOW_MS, 1.0)])
    between = {"start": at(NOW_MS - HOUR_MS + 1), "end": at(NOW_MS - 1)}
    assert reader.data("series", match="a", **between) == []
    reader.store.flush()
    assert reader.data("series", match="a", **between) == [{"__name__": "a"}]
    Upkeep(reader.store, Policy(retention_ms=1)).run(NOW_MS + 40 * 24 * HOUR_MS)
    assert reader.data("series", match="a", start=at(0), end=at(NOW_MS)) == []


def test_labels_of_some_series_are_theirs_alone(reader: Reader) -> None:
    reader.write({"__name__": "a", "x": "1"}, [(NOW_MS, 1.0)])
    reader.write({"__name__": "b", "y": "2"}, [(NOW_MS, 1.0)])
    assert reader.data("labels", match="a") == ["__name__", "x"]
    assert reader.data("label/y/values", match="a") == []
    assert reader.data("label/y/values", match="b") == ["2"]
    assert reader.post("labels", match=["a", "b"]).json["data"] == ["__name__", "x", "y"]


@pytest.mark.parametrize(
    ("escaped", "name"),
    [
        ("host", "host"),
        ("U__http_2e_requests", "http.requests"),
        ("U__a__b", "a_b"),
        ("U___20ac_", "€"),
        ("U___1F600_x", "😀x"),
        ("U__a_b", "U__a_b"),
        ("U__a_", "U__a_"),
        ("U___d800_", "U___d800_"),
        ("U___110000_", "U___110000_"),
        ("U__", "U__"),
    ],
)
def test_names_may_be_escaped(reader: Reader, escaped: str, name: str) -> None:
    assert unescaped(escaped) == name
    reader.write({"__name__": "a", name: "found"}, [(NOW_MS, 1.0)])
    assert reader.data(f"label/{escaped}/values") == ["found"]


@pytest.mark.parametrize(
    ("path", "parameters", "sentence"),
    [
        ("series", {}, "no match[] parameter provided"),
        ("series", {"match": "a{"}, 'invalid parameter "match[]": 1:3: parse error: '),
        (
            "series",
            {"match": "{}"},
            'invalid parameter "match[]": match[] must contain at least one non-empty ',
        ),
        ("labels", {"match": '{a=~".*"}'}, "match[] must contain at least one non-empty matcher"),
        ("label/a/values", {"match": "a b"}, "1:3: parse error: "),
        (
            "labels",
            {"start": "x"},
            "invalid parameter \"start\": invalid time value for 'start': cannot parse",
        ),
        (
            "label/a/values",
            {"limit": "x"},
            'invalid parameter "limit": strconv.Atoi: parsing "x": invalid syntax',
        ),
        ("metadata", {"limit": "x"}, "limit must be a number"),
        ("metadata", {"limit_per_metric": "1.5"}, "limit_per_metric must be a number"),
        (
            "query_exemplars",
            {"query": "a", "start": 2, "end": 1},
            "end timestamp must not be before start timestamp",
        ),
        ("query_exemplars", {"query": "sum("}, "1:5: parse error: "),
    ],
)
def test_what_is_wrong_with_a_parameter_is_told(
    reader: Reader, path: str, parameters: dict[str, object], sentence: str
) -> None:
    status, kind, told = reader.error(path, **parameters)
    assert (status, kind) == (400, "bad_data")
    assert told.startswith(sentence)


def test_metadata_is_what_senders_told(reader: Reader) -> None:
    told = [
        Metadata(family="a_seconds", type=MetricType.HISTOGRAM, help='with "quotes"', unit="seconds"),
        Metadata(family="b"),
        Metadata(family="c", type=MetricType.COUNTER, help="c"),
    ]
    reader.write({"__name__": "b"}, [(NOW_MS, 1.0)], metadata=told)
    full = {
        "a_seconds": [{"type": "histogram", "help": 'with "quotes"', "unit": "seconds"}],
        "b": [{"type": "unknown", "help": "", "unit": ""}],
        "c": [{"type": "counter", "help": "c", "unit": ""}],
    }
    assert reader.data("metadata") == full
    assert reader.data("metadata", limit=-1, limit_per_metric=-1) == full
    assert reader.data("metadata", limit_per_metric=1) == full
    assert list(reader.data("metadata", limit=2)) == ["a_seconds", "b"]
    assert reader.data("metadata", limit=0) == {}
    assert reader.data("metadata", metric="c") == {"c": full["c"]}
    assert reader.data("metadata", metric="d") == {}


def test_exemplars_are_those_of_the_series_that_a_query_reads(reader: Reader) -> None:
    exemplar = Exemplar(labels=Labels({"trace_id": "7"}), value=0.25, time_ms=NOW_MS)
    old = Exemplar(labels=Labels(), value=1.0, time_ms=NOW_MS - HOUR_MS)
    reader.write({"__name__": "a"}, [(NOW_MS, 1.0)], exemplars=[exemplar, old])
    reader.write({"__name__": "b"}, [(NOW_MS, 1.0)], exemplars=[exemplar])
    shown = {"labels": {"trace_id": "7"}, "value": "0.25", "timestamp": at(NOW_MS)}
    query = "sum(rate(a[5m])) / on() a + time()"
    found = reader.data("query_exemplars", query=query, start=at(NOW_MS - 1), end=at(NOW_MS))
    assert found == [{"seriesLabels": {"__name__": "a"}, "exemplars": [shown]}]
    [both] = reader.data("query_exemplars", query=query)
    assert both["exemplars"] == [{"labels": {}, "value": "1", "timestamp": at(old.time_ms)}, shown]
    assert reader.get("query_exemplars", query="1").status_code == 204
