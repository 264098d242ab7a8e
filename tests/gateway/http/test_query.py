"""Queries over HTTP: parameters, limits, errors in Prometheus' words, and what comes with an answer."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from gateway.http.query import MAX_STEPS
from tests.gateway.http.querying import NOW_MS, RULES, Reader, reading

NOW = NOW_MS // 1000


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    with reading(tmp_path) as found:
        for host in ("a", "b", "c"):
            samples = [(NOW_MS - 15_000 * at, 100.0 - at) for at in range(20)]
            found.write({"__name__": "up", "host": host}, samples)
        yield found


def test_a_query_without_a_time_is_about_now(reader: Reader) -> None:
    assert reader.data("query", query='up{host="a"}') == {
        "resultType": "vector",
        "result": [{"metric": {"__name__": "up", "host": "a"}, "value": [NOW, "100"]}],
    }


def test_a_form_is_read_as_the_url_is(reader: Reader) -> None:
    asked = {"query": "sum(up)", "time": NOW - 15}
    assert reader.post("query", **asked).json == reader.get("query", **asked).json
    asked = {"query": "sum(up)", "start": NOW - 60, "end": NOW, "step": 15}
    assert reader.post("query_range", **asked).json == reader.get("query_range", **asked).json


def test_sorted_results_stay_sorted(reader: Reader) -> None:
    reader.write({"__name__": "up", "host": "z"}, [(NOW_MS, -1.0)])
    for query, first in (("sort(up)", "z"), ("sort_desc(up)", "a"), ("up", "a")):
        found = reader.data("query", query=query)["result"]
        assert found[0]["metric"]["host"] == first
        assert len(found) == 4


@pytest.mark.parametrize("path", ["query", "query_range"])
def test_a_limit_leaves_out_series_and_says_so(reader: Reader, path: str) -> None:
    span = {"start": NOW, "end": NOW, "step": 1} if path == "query_range" else {}
    full = reader.get(path, query="up", **span).json
    assert "warnings" not in full
    for limit, kept in (("1", 1), ("2", 2), ("3", 3), ("0", 3), ("", 3)):
        answer = reader.get(path, query="up", limit=limit, **span).json
        assert answer["data"]["result"] == full["data"]["result"][:kept]
        assert answer.get("warnings") == (None if kept == 3 else ["results truncated due to limit"])


def test_annotations_come_with_the_answer(reader: Reader) -> None:
    answer = reader.get("query", query='rate(up[1m]) + quantile(2, up) or up{host="a"}').json
    [info] = [text for text in answer["infos"] if "counter" in text]
    assert info.startswith("PromQL info: metric might not be a counter")
    assert answer["warnings"][0].startswith("PromQL warning: quantile value should be between 0 and 1")


def test_more_than_ten_annotations_are_only_counted(reader: Reader) -> None:
    query = " or ".join(f"quantile({number}, up)" for number in range(2, 14))
    warnings = reader.get("query", query=query).json["warnings"]
    assert len(warnings) == 11
    assert warnings[-1] == "2 more warning annotations omitted"


def test_statistics_come_when_asked_for(reader: Reader) -> None:
    assert "stats" not in reader.data("query", query="up")
    stats = reader.data("query", query="up", stats="all")["stats"]
    assert stats["samples"]["totalQueryableSamples"] == 60
    assert "evalTotalTime" in stats["timings"]


def test_the_lookback_can_be_asked_for(reader: Reader) -> None:
    later = {"query": "count(up)", "time": NOW + 100}
    assert reader.data("query", **later)["result"]
    assert reader.data("query", lookback_delta="90s", **later)["result"] == []
    assert reader.data("query", lookback_delta="400", query="count(up)", time=NOW + 399)["result"]


@pytest.mark.parametrize(("steps", "status"), [(MAX_STEPS, 200), (MAX_STEPS + 1, 400)])
def test_steps_have_a_limit(reader: Reader, steps: int, status: int) -> None:
    answer = reader.get("query_range", query="1", start=NOW, end=NOW + steps, step=1)
    assert answer.status_code == status
    if status == 400:
        assert answer.json["error"] == (
            "exceeded maximum resolution of 11,000 points per timeseries. "
            "Try decreasing the query resolution (?step=XX)"
        )


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"query": "up{"}, 'parameter "query": 1:4: parse error: unexpected end of input inside braces'),
        ({"query": "1", "time": "x"}, 'parameter "time": invalid time value for \'time\': cannot parse "x"'),
        ({"query": "1", "timeout": "x"}, 'parameter "timeout": cannot parse "x" to a valid duration'),
        ({"query": "1", "timeout": "-1"}, 'parameter "timeout": a query cannot end before it begins'),
        ({"query": "1", "timeout": "."}, 'parameter "timeout": cannot parse "." to a valid duration'),
        (
            {"query": "1", "timeout": "1e300"},
            'parameter "timeout": cannot parse "1e300" to a valid duration. It',
        ),
        ({"query": "1", "limit": "-1"}, 'parameter "limit": limit must be non-negative'),
        ({"query": "1", "limit": "1.5"}, 'parameter "limit": strconv.Atoi: parsing "1.5": invalid syntax'),
        ({"query": "1", "limit": "9" * 30}, f'parameter "limit": strconv.Atoi: parsing "{"9" * 30}": value'),
    ],
)
def test_what_is_wrong_with_a_parameter_is_told(
    reader: Reader, parameters: dict[str, object], sentence: str
) -> None:
    status, kind, told = reader.error("query", **parameters)
    assert (status, kind) == (400, "bad_data")
    assert told.startswith(f"invalid {sentence}")


@pytest.mark.parametrize("lookback", ["x", "-1", "367d"])
def test_a_lookback_must_be_a_duration_that_someone_can_mean(reader: Reader, lookback: str) -> None:
    status, _, told = reader.error("query", query="1", lookback_delta=lookback)
    assert status == 400
    assert told.startswith("error parsing lookback delta duration: ")


def test_an_error_of_the_execution_is_422(reader: Reader) -> None:
    status, kind, told = reader.error("query", query="up * on() up")
    assert (status, kind) == (422, "execution")
    assert told.startswith("found duplicate series for the match group {}")


def test_a_query_that_takes_too_long_is_503(tmp_path: Path) -> None:
    ticks = count()
    with reading(tmp_path, stopwatch=lambda: float(next(ticks))) as reader:
        assert reader.error("query", query="1", timeout="1ms") == (
            503,
            "timeout",
            "query timed out in query queue",
        )
        assert reader.counted("queries_total", kind="instant", outcome="timeout") == 1


def test_a_query_that_reads_too_much_is_422(tmp_path: Path) -> None:
    with reading(tmp_path, rules=RULES.__class__(timeout_s=9, max_samples=3, lookback_ms=1000)) as reader:
        reader.write({"__name__": "up"}, [(NOW_MS - at, 1.0) for at in range(4)])
        assert reader.data("query", query="count_over_time(up[3ms])")["result"][0]["value"][1] == "3"
        status, kind, told = reader.error("query", query="count_over_time(up[4ms])")
        assert (status, kind) == (422, "execution")
        assert told.startswith("query processing would load too many samples into memory")


def test_queries_are_counted(reader: Reader) -> None:
    reader.get("query", query="up")
    reader.get("query", query="up{")
    reader.get("query_range", query="up", start=NOW, end=NOW, step=1)
    assert reader.counted("queries_total", kind="instant", outcome="success") == 1
    assert reader.counted("queries_total", kind="instant", outcome="parse_error") == 1
    assert reader.counted("queries_total", kind="range", outcome="success") == 1
    assert reader.counted("samples_total") == 120
    assert reader.counted("duration_seconds_count", kind="instant") == 2
