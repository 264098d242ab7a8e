"""What Grafana's data source asks for, as it was recorded, gets the answers that it can work with."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from falcon.testing import Result

from tests.gateway.http.querying import NOW_MS, Reader, reading
from timeseries.exemplar import Exemplar
from timeseries.labels import Labels
from timeseries.metadata import Metadata, MetricType

NOW: Final = NOW_MS // 1000
FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
EVERYTHING: Final = "%7B__name__%21%3D%22%22%7D"


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    with reading(tmp_path) as found:
        for host in ("a", "b"):
            found.write(
                {"__name__": "http_requests_total", "instance": host, "job": "api"},
                [(NOW_MS - 15_000 * at, 1000.0 - 3 * at) for at in reversed(range(41))],
                exemplars=[Exemplar(labels=Labels({"traceID": "7"}), value=0.5, time_ms=NOW_MS - 1000)],
                metadata=[
                    Metadata(family="http_requests_total", type=MetricType.COUNTER, help="Requests served.")
                ],
            )
        yield found


def good(answer: Result) -> Any:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert set(answer.json) <= {"status", "data", "warnings", "infos"}
    return answer.json["data"]


def post(reader: Reader, path: str, body: str) -> Any:
    return good(reader.client.simulate_post(f"/api/v1/{path}", body=body, headers=FORM))


def get(reader: Reader, path: str) -> Any:
    route, _, query = path.partition("?")
    return good(reader.client.simulate_get(f"/api/v1/{route}", query_string=query))


def test_its_health_check_gets_two(reader: Reader) -> None:
    found = post(reader, "query", "query=1%2B1&time=4")
    assert found == {"resultType": "scalar", "result": [4, "2"]}
    assert get(reader, "query?query=1%2B1&time=4") == found


def test_a_panel_gets_its_lines(reader: Reader) -> None:
    body = (
        f"end={NOW}&query=sum+by%28instance%29+%28rate%28http_requests_total%7Bjob%3D%22api%22%7D%5B1m0s%5D%29%29"
        f"&start={NOW - 300}&step=15"
    )
    found = post(reader, "query_range", body)
    assert found["resultType"] == "matrix"
    assert [line["metric"] for line in found["result"]] == [{"instance": "a"}, {"instance": "b"}]
    times = [at for at, _ in found["result"][0]["values"]]
    assert times == list(range(NOW - 300, NOW + 1, 15))
    assert {round(float(value), 9) for _, value in found["result"][0]["values"]} == {0.2}


def test_a_table_gets_its_rows(reader: Reader) -> None:
    body = f"query=topk%281%2C+http_requests_total%29&time={NOW}.000"
    [row] = post(reader, "query", body)["result"]
    assert row["metric"]["__name__"] == "http_requests_total"
    assert row["value"] == [NOW, "1000"]


def test_its_query_builder_gets_names_values_and_series(reader: Reader) -> None:
    span = f"start={NOW - 3600}&end={NOW}"
    names = ["__name__", "instance", "job"]
    assert get(reader, f"labels?limit=40000&{span}") == names
    assert post(reader, "labels", f"{span}&limit=40000&match%5B%5D={EVERYTHING}") == names
    assert get(reader, f"label/__name__/values?{span}&limit=40000") == ["http_requests_total"]
    asked = f"label/instance/values?{span}&match%5B%5D=http_requests_total&limit=40000"
    assert get(reader, asked) == ["a", "b"]
    series = post(reader, "series", f"{span}&match%5B%5D=http_requests_total&limit=40000")
    assert [labels["instance"] for labels in series] == ["a", "b"]
    assert get(reader, "metadata?limit=40000") == {
        "http_requests_total": [{"type": "counter", "help": "Requests served.", "unit": ""}]
    }


def test_its_exemplars_are_dots_on_a_panel(reader: Reader) -> None:
    body = f"end={NOW}&query=rate%28http_requests_total%5B1m%5D%29&start={NOW - 300}&step=15"
    found = post(reader, "query_exemplars", body)
    assert [one["seriesLabels"]["instance"] for one in found] == ["a", "b"]
    assert found[0]["exemplars"] == [{"labels": {"traceID": "7"}, "value": "0.5", "timestamp": NOW - 1}]


def test_its_editor_sees_what_is_wrong(reader: Reader) -> None:
    body = f"end={NOW}&query=sum%28&start={NOW - 300}&step=15"
    answer = reader.client.simulate_post("/api/v1/query_range", body=body, headers=FORM)
    assert answer.status_code == 400
    assert answer.json == {
        "status": "error",
        "errorType": "bad_data",
        "error": 'invalid parameter "query": 1:5: parse error: unclosed left parenthesis',
    }
