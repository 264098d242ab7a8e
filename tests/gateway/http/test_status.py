"""What the status of the store says, in Prometheus' keys and in ours."""

from pathlib import Path

import pytest

from gateway.http.status import MAX_LIMIT
from tests.gateway.http.looking_after import looking_after
from tests.gateway.storage.samples import batch, counting
from tests.strategies import NOW_MS

STATUS = "/api/v1/status/tsdb"


def test_the_status_has_prometheus_keys_and_ours(tmp_path: Path) -> None:
    with looking_after(tmp_path, admin=False) as (client, store):
        store.commit(batch(store, counting(NOW_MS, 20, many=4)))
        store.flush()
        store.commit(batch(store, counting(NOW_MS + 500_000, 1, many=4)))
        answer = client.simulate_get(STATUS)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
        assert answer.json["status"] == "success"
        data = answer.json["data"]
        assert data["headStats"] == {
            "numSeries": 4,
            "numLabelPairs": 7,
            "chunkCount": 1,
            "minTime": NOW_MS,
            "maxTime": NOW_MS + 500_000,
        }
        assert data["seriesCountByMetricName"] == [
            {"name": "metric_0", "value": 2},
            {"name": "metric_1", "value": 1},
            {"name": "metric_2", "value": 1},
        ]
        assert data["labelValueCountByLabelName"] == [
            {"name": "instance", "value": 4},
            {"name": "__name__", "value": 3},
        ]
        assert data["seriesCountByLabelValuePair"][0] == {"name": "__name__=metric_0", "value": 2}
        assert {each["name"] for each in data["memoryInBytesByLabelName"]} == {"instance", "__name__"}
        assert data["bytesByMetricName"][0]["name"] == "metric_0"
        sizes = data["store"]
        assert sizes["bytesPerSample"] == round(sizes["bytes"] / 84, 3)
        wanted = {"samples": 84, "headSamples": 4, "partSamples": 80, "parts": 1, "tombstones": 0}
        assert sizes | wanted == sizes
        head = client.simulate_head(STATUS)
        assert (head.status_code, head.content) == (200, b"")


def test_an_empty_store_has_a_status(tmp_path: Path) -> None:
    with looking_after(tmp_path) as (client, _):
        data = client.simulate_get(STATUS).json["data"]
        assert data["headStats"] == {
            "numSeries": 0,
            "numLabelPairs": 0,
            "chunkCount": 0,
            "minTime": (1 << 63) - 1,
            "maxTime": -(1 << 63),
        }
        assert data["bytesByMetricName"] == []
        assert data["store"]["bytesPerSample"] == 0


@pytest.mark.parametrize(("query", "many"), [("", 10), ("limit=3", 3), (f"limit={MAX_LIMIT}", 24)])
def test_the_limit_holds_for_every_list(tmp_path: Path, query: str, many: int) -> None:
    with looking_after(tmp_path) as (client, store):
        store.commit(batch(store, counting(NOW_MS, 1, many=21)))
        pairs = client.simulate_get(STATUS, query_string=query).json["data"]["seriesCountByLabelValuePair"]
        assert len(pairs) == many


@pytest.mark.parametrize("limit", ["0", "-1", "x", str(MAX_LIMIT + 1)])
def test_a_bad_limit_is_refused(tmp_path: Path, limit: str) -> None:
    with looking_after(tmp_path) as (client, _):
        answer = client.simulate_get(STATUS, query_string=f"limit={limit}")
        assert answer.status_code == 400
        assert answer.json["errorType"] == "bad_data"
        assert "whole number from 1 to 10000" in answer.json["error"]
