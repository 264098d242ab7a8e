"""The log of slow queries says what was asked, by whom, and what it took."""

import logging

import pytest

from gateway.query.service import Question, Ran, Wishes
from gateway.query.slow import MAX_TEXT, SlowQueries
from promql.errors import QueryError
from promql.values import Steps
from runtime.logs import Log
from tests.gateway.query.test_service import STEPS, Service


def lines(caplog: pytest.LogCaptureFixture, ran: Ran, threshold_s: float) -> list[dict[str, object]]:
    with caplog.at_level(logging.WARNING, "fleetgauge"):
        SlowQueries(Log("test"), threshold_s=lambda: threshold_s).ran(ran)
    assert {record.msg for record in caplog.records} <= {"query.slow"}
    return [record.__dict__["fields"] for record in caplog.records]


def ran_of(seconds: float, text: str = "up") -> Ran:
    question = Question(text=text, steps=Steps(start_ms=1500, end_ms=4500, step_ms=1000))
    return Ran(question=question, kind="range", outcome="success", seconds=seconds, waited_s=0.25)


@pytest.mark.parametrize(
    ("seconds", "threshold_s", "is_told"), [(2.0, 2.0, True), (1.9, 2.0, False), (1000.0, 0.0, False)]
)
def test_what_takes_the_threshold_is_slow(
    caplog: pytest.LogCaptureFixture, seconds: float, threshold_s: float, is_told: bool
) -> None:
    assert bool(lines(caplog, ran_of(seconds), threshold_s)) is is_told


def test_a_line_says_all_of_it(caplog: pytest.LogCaptureFixture) -> None:
    service = Service()
    wishes = Wishes(caller="eve", request_id="abc", waited_s=0.25)
    with service.queries.range("sum(a)", STEPS, wishes):
        pass
    [line] = lines(caplog, service.ran[0], 1.0)
    assert line.pop("seconds") == service.ran[0].seconds
    assert line == {
        "kind": "range",
        "query": "sum(a)",
        "start": STEPS.start_ms / 1000,
        "end": STEPS.end_ms / 1000,
        "step": STEPS.step_ms / 1000,
        "waited": 0.25,
        "outcome": "success",
        "samples": service.ran[0].samples,
        "series": 1,
        "caller": "eve",
        "request_id": "abc",
    }


def test_a_query_that_failed_slowly_is_told_too(caplog: pytest.LogCaptureFixture) -> None:
    service = Service(max_samples=1)
    with pytest.raises(QueryError):
        service.instant("a", 3000)
    [line] = lines(caplog, service.ran[0], 1.0)
    assert (line["outcome"], line["query"], line["series"]) == ("too_large", "a", 0)


def test_a_long_query_is_cut(caplog: pytest.LogCaptureFixture) -> None:
    [line] = lines(caplog, ran_of(5, "x" * (MAX_TEXT + 1)), 1.0)
    assert line["query"] == "x" * (MAX_TEXT - 1) + "…"
