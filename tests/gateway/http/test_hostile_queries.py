"""Queries that want too much are refused or stopped, and the gateway answers others meanwhile."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
import requests

from gateway.http.parameters import MAX_FORM_BYTES
from remotewrite.compression import compress
from tests.gateway.http.sharing import MAX_SAMPLES, Shared, gauge, sharing
from tests.remotewrite.read.reading import request_of
from tests.strategies import NOW_MS
from timeseries.matcher import MAX_REGEX_LENGTH, Matcher, MatchType

NOW_S = NOW_MS // 1000
FORM = "application/x-www-form-urlencoded"
TIMEOUT_S = 2.0
SERIES = 500
SAMPLES = 200


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    """Some series, and queries that may take two seconds."""
    with sharing(tmp_path_factory.mktemp("hostile"), timeout_s=TIMEOUT_S) as made:
        fill(made)
        yield made


def fill(shared: Shared) -> None:
    shared.put(
        *(
            gauge(
                "load",
                *((15_000 * ago, float(number + ago)) for ago in range(SAMPLES - 1, -1, -1)),
                instance=f"host-{number}{'a' * 40}",
            )
            for number in range(SERIES)
        )
    )


@pytest.fixture(autouse=True)
def alive(shared: Shared) -> Iterator[None]:
    """Whatever a test does, others are answered afterwards."""
    yield
    assert shared.get("/-/healthy").status_code == 200
    assert told(instant(shared, "count(load)"))[0] == 200


def told(answer: requests.Response) -> tuple[int, str, str]:
    """Return the status, the type and the text of an error."""
    content = answer.json()
    return answer.status_code, content.get("errorType", ""), content.get("error", "")


def instant(shared: Shared, query: str, **more: str) -> requests.Response:
    """Ask for the present, in a form."""
    body = urlencode({"query": query, **more}).encode()
    return shared.post("/api/v1/query", body, Content_Type=FORM)


def over(shared: Shared, query: str, seconds: int, step: str) -> requests.Response:
    """Ask for a range up to now."""
    form = {"query": query, "start": str(NOW_S - seconds), "end": str(NOW_S), "step": step}
    return shared.post("/api/v1/query_range", urlencode(form).encode(), Content_Type=FORM)


@pytest.mark.parametrize(("seconds", "step"), [(11_001, "1"), (100_000_000, "1ms"), (1 << 40, "0.0001")])
def test_millions_of_steps_are_refused(shared: Shared, seconds: int, step: str) -> None:
    status, kind, error = told(over(shared, "load", seconds, step))
    assert (status, kind) == (400, "bad_data")
    assert error.startswith("exceeded maximum resolution of 11,000 points per timeseries.")


@pytest.mark.parametrize(
    "query",
    [
        "max_over_time(load[10000d:1s])",
        "sum_over_time(sum_over_time(load[30d:1s])[30d:1s])",
        "count_over_time(vector(1)[5000d:1ms])",
        "avg_over_time((load * on() group_left() vector(1))[365d:100ms])",
        "rate(load[1h:1ms])",
    ],
)
def test_subqueries_of_millions_of_steps_are_refused_or_stopped(shared: Shared, query: str) -> None:
    status, kind, error = told(instant(shared, query))
    assert (status, kind) in {(422, "execution"), (503, "timeout")}, error


def test_a_query_that_reads_more_than_it_may_is_refused(shared: Shared) -> None:
    everything = '{__name__!=""}[10000d]'
    enough = MAX_SAMPLES // (SERIES * SAMPLES) + 1
    query = " + ".join(f"count(count_over_time({everything}))" for _ in range(enough))
    status, kind, error = told(instant(shared, query))
    assert (status, kind) == (422, "execution")
    assert "too many samples" in error
    assert told(instant(shared, f"count(count_over_time({everything}))"))[0] == 200


def test_a_huge_range_is_no_matter_where_nothing_is(shared: Shared) -> None:
    assert told(instant(shared, "count(rate(load[100y]))"))[0] == 200
    assert told(over(shared, "count(load)", 86_400 * 365 * 50, "365d"))[0] == 200


@pytest.mark.parametrize(
    "query",
    [
        "(" * 100_000 + "1" + ")" * 100_000,
        "-" * 200_000 + "1",
        "abs(" * 50_000 + "load" + ")" * 50_000,
        "1" + "+1" * 100_000,
        "sum(" * 20_000,
        "load" + "[5m:1s]" * 20_000,
        "2" + "^2" * 50_000,
        "load{" + ",".join(f'a{number}="b"' for number in range(40_000)),
    ],
    ids=["parentheses", "signs", "calls", "sums", "open", "subqueries", "powers", "matchers"],
)
def test_deep_nesting_is_refused(shared: Shared, query: str) -> None:
    status, kind, error = told(instant(shared, query))
    assert (status, kind) == (400, "bad_data")
    assert "parse error" in error
    assert len(error) < 2000


@pytest.mark.parametrize(
    "pattern",
    ["(a*)*b", "(a|a)*b", "(.*)*(.*)*(.*)*x", "host-[0-9]+(a+)+$x", "(?:a?){40}a{40}", ".*.*.*.*=.*"],
)
def test_expressions_that_others_never_finish_are_matched(shared: Shared, pattern: str) -> None:
    status, _, error = told(instant(shared, f"count(load{{instance=~'{pattern}'}})"))
    assert status == 200, error


@pytest.mark.parametrize(
    "pattern",
    ["(((a{100}){100}){100})", "a.{1000}" * 300, "." * (MAX_REGEX_LENGTH + 1)],
)
def test_expressions_that_take_too_much_memory_are_refused(shared: Shared, pattern: str) -> None:
    status, kind, error = told(instant(shared, f'load{{instance=~"{pattern}"}}'))
    assert (status, kind) == (400, "bad_data")
    assert len(error) < 2000
    request = Matcher(name="instance", type=MatchType.EQUAL, value=pattern)
    body = request_of(([request], 0, NOW_MS))
    body.queries[0].matchers[0].type = 2  # type: ignore[assignment]  # the stubs want the enum
    answer = shared.post("/api/v1/read", compress(body.SerializeToString()))
    assert answer.status_code == 400
    assert "regular expression" in answer.json()["error"]


@pytest.mark.parametrize("size", [MAX_FORM_BYTES, 10_000_000])
def test_a_query_text_that_is_too_long_is_refused(shared: Shared, size: int) -> None:
    assert told(instant(shared, "1" * size))[:2] == (413, "bad_data")


@pytest.mark.parametrize(
    "pairs",
    [
        {"time": "9" * 400},
        {"time": "1e308"},
        {"timeout": "-1"},
        {"lookback_delta": "99999y"},
        {"limit": "9" * 5000},
    ],
)
def test_odd_parameters_are_refused(shared: Shared, pairs: dict[str, str]) -> None:
    status, kind, _ = told(instant(shared, "load", **pairs))
    assert (status, kind) in {(400, "bad_data"), (503, "timeout")}


def test_others_are_answered_while_heavy_queries_run(tmp_path: Path) -> None:
    heavy = " + ".join(["sum(quantile_over_time(0.9, load[30m:5s]))"] * 60)
    answers: list[requests.Response] = []
    with sharing(tmp_path, timeout_s=TIMEOUT_S, max_samples=50_000_000) as shared:
        fill(shared)
        threads = [
            threading.Thread(target=lambda: answers.append(over(shared, heavy, 3600, "15"))) for _ in range(6)
        ]
        for thread in threads:
            thread.start()
        answered = 0
        while any(thread.is_alive() for thread in threads):
            assert shared.get("/-/healthy").status_code == 200
            answered += len(answers) < len(threads)
            time.sleep(0.02)
    assert {told(answer)[:2] for answer in answers} == {(503, "timeout")}
    assert answered > len(threads)
