"""Queries keep to their limits, and each is counted by what it came to."""

from collections.abc import Sequence
from itertools import count

import numpy as np
import pytest

from gateway.query.memory import Memory
from gateway.query.service import NO_WISHES, Queries, Ran, Rules, Timed, Wishes, WrongType
from promql.errors import EvaluationError, ParseError, QueryTimeout, QueryTooLarge
from promql.source import Reading, Selected, unlimited
from promql.values import Steps, Vector
from timeseries.columns import Columns
from timeseries.labels import Labels
from timeseries.matcher import Matcher

STEPS = Steps(start_ms=0, end_ms=9000, step_ms=1000)
NO_LIMIT = Memory(0)


class TwoSeries:
    """A source of two series with ten samples each."""

    def select(
        self, _: Sequence[Matcher], start_ms: int, end_ms: int, _reading: Reading = unlimited
    ) -> Selected:
        times = np.arange(10, dtype=np.int64) * 1000
        inside = times[(times >= start_ms) & (times <= end_ms)]
        columns = Columns.from_rows([(inside, inside / 1000)] * 2)
        labels = [Labels({"__name__": "a", "n": str(at)}) for at in range(2)]
        starts = np.zeros(len(columns.times), np.int64)
        return Selected(labels=labels, columns=columns, starts=starts, histograms={})


class Service:
    """Queries with rules of the test's own, and what was counted; each look at the watch is a second."""

    def __init__(
        self,
        *,
        max_samples: int = 1000,
        timeout_s: float = 1000.0,
        lookback_ms: int = 1,
        memory: Memory = NO_LIMIT,
    ) -> None:
        self.ran: list[Ran] = []
        ticks = count()
        self.queries = Queries(
            source=TwoSeries(),
            rules=lambda: Rules(timeout_s=timeout_s, max_samples=max_samples, lookback_ms=lookback_ms),
            stopwatch=lambda: float(next(ticks)),
            memory=memory,
            ran=self.ran.append,
        )

    def instant(self, text: str, time_ms: int, wishes: Wishes = NO_WISHES) -> Timed:
        with self.queries.instant(text, time_ms, wishes) as timed:
            return timed

    def range(self, text: str) -> Timed:
        with self.queries.range(text, STEPS) as timed:
            return timed

    @property
    def outcomes(self) -> list[tuple[str, str]]:
        return [(one.kind, one.outcome) for one in self.ran]


def test_an_answer_tells_how_long_it_took() -> None:
    service = Service()
    timed = service.instant("sum(a)", 3000, Wishes(waited_s=2.5))
    assert isinstance(timed.answer.value, Vector)
    assert timed.answer.value.values.tolist() == [[6.0]]
    assert timed.seconds > 0
    assert timed.waited_s == 2.5
    [ran] = service.ran
    assert (ran.kind, ran.outcome, ran.samples, ran.waited_s) == ("instant", "success", 2, 2.5)
    assert ran.seconds >= timed.seconds


@pytest.mark.parametrize(("allowed", "outcome"), [(20, "success"), (19, "too_large")])
def test_samples_have_a_limit(allowed: int, outcome: str) -> None:
    service = Service(max_samples=allowed)
    if outcome == "success":
        service.range("a")
    else:
        with pytest.raises(QueryTooLarge):
            service.range("a")
    assert service.outcomes == [("range", outcome)]


@pytest.mark.parametrize(
    ("query", "error", "outcome"),
    [
        ("sum(", ParseError, "parse_error"),
        ("a * on() a", EvaluationError, "execution"),
        ("a[5m]", WrongType, "execution"),
        ('"text"', WrongType, "execution"),
    ],
)
def test_what_went_wrong_is_counted(query: str, error: type[Exception], outcome: str) -> None:
    service = Service()
    with pytest.raises(error):
        service.range(query)
    assert service.outcomes == [("range", outcome)]
    assert service.ran[0].samples == 0


def test_a_query_ends_when_its_time_is_up() -> None:
    service = Service(timeout_s=3.0)
    with pytest.raises(QueryTimeout, match="query timed out in expression evaluation"):
        service.range("((((((a))))))" + " + a" * 20)
    assert service.outcomes == [("range", "timeout")]


def test_waiting_counts_toward_the_timeout() -> None:
    service = Service(timeout_s=100.0)
    with pytest.raises(QueryTimeout, match="query timed out in query queue"):
        service.instant("1", 0, Wishes(waited_s=100.0))
    assert service.outcomes == [("instant", "timeout")]


def test_a_client_may_ask_for_less_time_and_not_for_more() -> None:
    service = Service(timeout_s=5.0)
    with pytest.raises(QueryTimeout):
        service.instant("1", 0, Wishes(timeout_s=1.0))
    with pytest.raises(QueryTimeout):
        service.instant("1", 0, Wishes(timeout_s=1000.0, waited_s=5.0))


@pytest.mark.parametrize(("wished", "found"), [(None, 0), (2001, 2)])
def test_a_client_may_look_further_back(wished: int | None, found: int) -> None:
    timed = Service().instant("a", 11_000, Wishes(lookback_ms=wished))
    assert isinstance(timed.answer.value, Vector)
    assert len(timed.answer.value) == found


def test_an_answer_holds_its_memory_until_it_is_written() -> None:
    memory = Memory(1 << 20)
    held = memory.readings()["held_bytes"]
    service = Service(memory=memory)
    with service.queries.range("a", STEPS):
        # Two series of ten values.
        assert held() >= 2 * 10 * 9
    assert held() == 0


def test_no_query_that_failed_holds_memory() -> None:
    memory = Memory(1 << 20)
    with pytest.raises(EvaluationError):
        Service(memory=memory).range("a * on() a")
    assert memory.readings()["held_bytes"]() == 0


def test_a_query_that_alone_needs_too_much_is_refused() -> None:
    service = Service(memory=Memory(2000))
    with pytest.raises(QueryTooLarge, match="needs more than 2000 bytes of memory at once"):
        service.range("a")
    assert service.outcomes == [("range", "too_large")]


def test_a_query_waits_for_memory_until_its_time_is_up() -> None:
    memory = Memory(20_000)
    service = Service(memory=memory, timeout_s=30.0)
    with memory.share(lambda: 1000.0) as other:
        other.resize(19_000)
        with pytest.raises(QueryTimeout, match="waited for memory"):
            service.range("a")
    service.range("a")
    assert service.outcomes == [("range", "timeout"), ("range", "success")]


def test_what_is_done_with_in_a_query_is_free_for_the_rest_of_it() -> None:
    # Ten selections one after the other fit where one does, though not beside nine others.
    service = Service(memory=Memory(8000))
    service.range(" + ".join(["sum(a)"] * 10))
    with pytest.raises(QueryTooLarge):
        service.range(" + ".join(["a"] * 3) + " + (a + (a + (a + (a + (a + a)))))")
