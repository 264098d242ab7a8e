"""`/api/v1/query_exemplars`: exemplars of the series that a query reads, as Grafana asks for them."""

from pathlib import Path

import pytest

from remotewrite.model import Series
from tests.gateway.http.sharing import Shared, gauge, sharing
from tests.strategies import NOW_MS
from timeseries.exemplar import Exemplar
from timeseries.labels import Labels

PATH = "/api/v1/query_exemplars"


def told(shared: Shared, *pairs: tuple[str, str]) -> object:
    """Return the data of an answer."""
    answer = shared.get(PATH, *pairs)
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "success"
    return answer.json()["data"]


def with_exemplars(name: str, *exemplars: Exemplar, **labels: str) -> Series:
    """Return a series of exemplars alone."""
    return Series(labels=Labels({"__name__": name, **labels}), exemplars=exemplars)


def traced(number: int, ago: int = 0, value: float = 0.25) -> Exemplar:
    """Return an exemplar with a trace."""
    return Exemplar(labels=Labels({"trace_id": f"t{number}"}), value=value, time_ms=NOW_MS - ago)


def fill(shared: Shared) -> None:
    """Keep exemplars of three series."""
    shared.put(
        with_exemplars("rpc_bucket", traced(1, 5000), traced(2, 0, 1e21), le="1", job="b"),
        with_exemplars("rpc_bucket", traced(3, 2500, float("inf")), le="1", job="a"),
        with_exemplars("calls_total", traced(4)),
        gauge("rpc_bucket", (0, 1.0), le="2", job="a"),
    )


def test_the_exemplars_of_all_selectors_of_a_query_are_listed(tmp_path: Path) -> None:
    with sharing(tmp_path) as shared:
        fill(shared)
        query = "histogram_quantile(0.9, sum by (le) (rate(rpc_bucket[5m]))) / on() vector(1)"
        data = told(shared, ("query", query))
        assert data == [
            {
                "seriesLabels": {"__name__": "rpc_bucket", "job": "a", "le": "1"},
                "exemplars": [
                    {"labels": {"trace_id": "t3"}, "value": "+Inf", "timestamp": NOW_MS / 1000 - 2.5}
                ],
            },
            {
                "seriesLabels": {"__name__": "rpc_bucket", "job": "b", "le": "1"},
                "exemplars": [
                    {"labels": {"trace_id": "t1"}, "value": "0.25", "timestamp": NOW_MS // 1000 - 5},
                    {
                        "labels": {"trace_id": "t2"},
                        "value": "1e+21",
                        "timestamp": NOW_MS // 1000,
                    },
                ],
            },
        ]
        both = told(shared, ("query", 'rpc_bucket{job="a"} or calls_total'))
        assert isinstance(both, list)
        assert [one["seriesLabels"]["__name__"] for one in both] == ["calls_total", "rpc_bucket"]


def test_start_and_end_are_both_included(tmp_path: Path) -> None:
    with sharing(tmp_path) as shared:
        fill(shared)
        now = NOW_MS // 1000
        data = told(shared, ("query", "rpc_bucket"), ("start", str(now - 5)), ("end", str(now - 2.5)))
        assert isinstance(data, list)
        assert [exemplar["labels"]["trace_id"] for one in data for exemplar in one["exemplars"]] == [
            "t3",
            "t1",
        ]


def test_a_form_is_taken_and_nothing_found_is_an_empty_list(tmp_path: Path) -> None:
    with sharing(tmp_path) as shared:
        body = b"query=nothing&start=0&end=1"
        answer = shared.post(PATH, body, Content_Type="application/x-www-form-urlencoded")
        assert answer.json() == {"status": "success", "data": []}


@pytest.mark.parametrize(
    ("pairs", "sentence"),
    [
        ([("query", "up{")], "1:4: parse error: unexpected end of input"),
        ([], "unknown position: parse error: no expression found in input"),
        ([("query", "up"), ("start", "2"), ("end", "1")], "end timestamp must not be before start timestamp"),
        ([("query", "up"), ("start", "soon")], 'invalid parameter "start": '),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, pairs: list[tuple[str, str]], sentence: str) -> None:
    with sharing(tmp_path) as shared:
        answer = shared.get(PATH, *pairs)
        assert (answer.status_code, answer.json()["errorType"]) == (400, "bad_data")
        assert answer.json()["error"].startswith(sentence)
