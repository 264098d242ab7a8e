"""Runs queries within their limits, and tells what each came to. Knows no HTTP."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Final, Self

from gateway.query.answer import series_count
from gateway.query.confined import ConfinedSource
from gateway.query.memory import Memory, QueryBusy
from promql.context import Limits
from promql.engine import Answer, Options, run_instant, run_range
from promql.errors import ParseError, QueryError, QueryTimeout, QueryTooLarge
from promql.footprint import size_of
from promql.language.ast import Expr, ValueType
from promql.language.checker import type_of
from promql.language.parser import parse
from promql.source import Source
from promql.values import Steps
from timeseries.matcher import Matcher

INSTANT: Final = "instant"
RANGE: Final = "range"

SUCCESS: Final = "success"
OUTCOMES: Final[dict[type[QueryError], str]] = {
    ParseError: "parse_error",
    QueryTimeout: "timeout",
    QueryTooLarge: "too_large",
    QueryBusy: "busy",
}
"""What a query may come to besides success; every other error is one of the execution."""
OTHER_OUTCOME: Final = "execution"

WRITTEN_TIMES: Final = 3
"""An answer as JSON takes so many times its size: 20 bytes a value, and once more compressed."""


class WrongType(QueryError):
    """A query whose value can't be had at every step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What every query may use."""

    timeout_s: float
    max_samples: int
    lookback_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a client may ask for: less time, another lookback. It has waited `waited_s` for its turn.

    Who it is, and the id of its request, are for the log.
    """

    timeout_s: float | None = None
    lookback_ms: int | None = None
    waited_s: float = 0.0
    caller: str = ""
    request_id: str = ""


NO_WISHES: Final = Wishes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What was asked, and by whom."""

    text: str
    steps: Steps
    caller: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What is counted of a query that was run."""

    question: Question

    kind: str
    outcome: str
    seconds: float
    waited_s: float
    samples: int = 0
    series: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """An answer, and how long it took."""

    answer: Answer
    seconds: float
    waited_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Queries:
    """Answers queries over one source. How many run at once is for whoever calls."""

    source: Source
    rules: Callable[[], Rules]
    stopwatch: Callable[[], float]
    memory: Memory
    ran: Callable[[Ran], None] = field(default=lambda _: None)

    def confined(self, matchers: tuple[Matcher, ...]) -> Self:
        """Return the same where there is nothing but what matches."""
        return replace(self, source=ConfinedSource(self.source, matchers)) if matchers else self

    @contextmanager
    def instant(self, text: str, time_ms: int, wishes: Wishes = NO_WISHES) -> Iterator[Timed]:
        """Answer a query at one time; raises QueryError. Its memory is held as long as the block runs."""

        def run(expr: Expr, options: Options) -> Answer:
            return run_instant(expr, time_ms, self.source, options, text)

        with self._share(wishes) as options:
            steps = Steps(start_ms=time_ms, end_ms=time_ms, step_ms=1)
            yield self._timed(INSTANT, _question(text, steps, wishes), wishes, options, run)

    @contextmanager
    def range(self, text: str, steps: Steps, wishes: Wishes = NO_WISHES) -> Iterator[Timed]:
        """Answer a query at every step; raises QueryError. Its memory is held as long as the block runs."""

        def run(expr: Expr, options: Options) -> Answer:
            kind = type_of(expr)
            if kind not in (ValueType.VECTOR, ValueType.SCALAR):
                raise WrongType(
                    f'invalid expression type "{kind}" for range query, must be Scalar or instant Vector'
                )
            return run_range(expr, steps, self.source, options, text)

        with self._share(wishes) as options:
            yield self._timed(RANGE, _question(text, steps, wishes), wishes, options, run)

    def _timed(
        self,
        kind: str,
        question: Question,
        wishes: Wishes,
        options: Options,
        run: Callable[[Expr, Options], Answer],
    ) -> Timed:
        started = self.stopwatch()
        outcome, samples, series = OTHER_OUTCOME, 0, 0
        try:
            expr = parse(question.text)
            if options.limits.remaining() <= 0:
                raise QueryTimeout("query timed out in query queue")
            answer = run(expr, options)
            room = options.limits.room
            room.resize(room.held + size_of(answer.value) * WRITTEN_TIMES)
            outcome, samples, series = SUCCESS, answer.usage.samples, series_count(answer)
            return Timed(answer=answer, seconds=self.stopwatch() - started, waited_s=wishes.waited_s)
        except QueryError as error:
            outcome = OUTCOMES.get(type(error), OTHER_OUTCOME)
            raise
        finally:
            seconds = self.stopwatch() - started
            self.ran(
                Ran(
                    question=question,
                    kind=kind,
                    outcome=outcome,
                    seconds=seconds,
                    waited_s=wishes.waited_s,
                    samples=samples,
                    series=series,
                )
            )

    @contextmanager
    def _share(self, wishes: Wishes) -> Iterator[Options]:
        """Give the rules with what the client wished, and memory; waiting has used up some of the time."""
        rules = self.rules()
        timeout_s = rules.timeout_s if wishes.timeout_s is None else min(wishes.timeout_s, rules.timeout_s)
        deadline = self.stopwatch() + timeout_s - wishes.waited_s

        def remaining() -> float:
            return deadline - self.stopwatch()

        with self.memory.share(remaining) as room:
            yield Options(
                lookback_ms=wishes.lookback_ms or rules.lookback_ms,
                limits=Limits(
                    max_samples=rules.max_samples,
                    max_cells=rules.max_samples,
                    remaining=remaining,
                    room=room,
                ),
            )


def _question(text: str, steps: Steps, wishes: Wishes) -> Question:
    return Question(text=text, steps=steps, caller=wishes.caller, request_id=wishes.request_id)
