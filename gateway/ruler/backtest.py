"""Backtests over the series of a gateway: within the limits of queries, as one query that takes long.

Owns how the queries of rules are limited. Knows no HTTP; what would have fired is for alertrules.backtest.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from alertrules.backtest.trial import Outcome, Span, Trial
from alertrules.rules.answers import vector_of
from alertrules.rules.model import Group, Rule
from alertrules.templates.prometheus import RuleTemplates
from gateway.query.confined import Matchers
from gateway.query.service import NO_WISHES, Queries, Wishes
from promql.errors import QueryTimeout
from promql.language.ast import Expr
from promql.language.printer import str_of
from promql.source import Source
from promql.values import Steps, Vector
from timeseries.labels import METRIC_NAME, Labels
from timeseries.matcher import Matcher, MatchType

Known = Callable[[Sequence[Sequence[Matcher]], int, int], Sequence[Labels]]
"""Which series there are that selectors take, from a time to another."""

Told = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtests:
    """Tries rules over what a gateway keeps."""

    queries: Queries
    series: Callable[[Matchers], Known]
    """For those who see only some series: which there are."""
    interval_ms: Callable[[], int]
    """How often groups are evaluated that do not say it."""

    def run(
        self,
        groups: Sequence[Group],
        *,
        since_ms: int,
        until_ms: int,
        only: str | None = None,
        matchers: Matchers = (),
        wishes: Wishes = NO_WISHES,
        told: Told = lambda _doing, _done, _total: None,
    ) -> list[Outcome]:
        """Return what the alert rules came to; raises QueryError when the time is up."""
        asking = _Asking(self.queries.confined(matchers), wishes)
        span = Span(
            since_ms=since_ms,
            until_ms=until_ms,
            interval_ms=self.interval_ms(),
            lookback_ms=self.queries.rules().lookback_ms,
        )
        series = self.series(matchers)

        def is_known(name: str) -> bool:
            selector = Matcher(name=METRIC_NAME, type=MatchType.EQUAL, value=name)
            return bool(series([(selector,)], since_ms, until_ms))

        trial = Trial(
            source=asking.queries.source,
            ask=asking.ask,
            is_known=is_known,
            templates=_Templates(
                RuleTemplates(external_labels=Labels(), external_url="", query=asking.at), asking.check_time
            ),
            span=span,
            told=told,
        )
        return [*trial.run(groups, only)]


class _Templates:
    """Templates that end when the time is up: there may be one for each step."""

    def __init__(self, templates: RuleTemplates, check_time: Callable[[], None]) -> None:
        self._templates = templates
        self._check_time = check_time

    def expand(self, text: str, *, labels: Labels, value: float, now_ms: int, name: str = "") -> str:
        """Return a text of the alert called `name`; raises TemplateError, or QueryTimeout."""
        self._check_time()
        return self._templates.expand(text, labels=labels, value=value, now_ms=now_ms, name=name)


class _Asking:
    """Asks the queries of one backtest, which may take as long as one query, with all that lies between."""

    def __init__(self, queries: Queries, wishes: Wishes) -> None:
        self.queries = queries
        self._wishes = wishes
        self._began_s = queries.stopwatch()

    def check_time(self) -> None:
        """Raise QueryTimeout when the time is up."""
        if self._left().waited_s >= self.queries.rules().timeout_s:
            raise QueryTimeout("query timed out in query execution")

    @contextmanager
    def ask(self, rule: Rule, steps: Steps, source: Source) -> Iterator[Vector]:
        """Answer the query of a rule at every step."""
        with replace(self.queries, source=source).range(rule.text, steps, self._left()) as timed:
            yield vector_of(timed.answer.value)

    def at(self, expr: Expr, time_ms: int) -> Vector:
        """Answer a query of a template at one time."""
        with self.queries.instant(str_of(expr), time_ms, self._left()) as timed:
            return vector_of(timed.answer.value)

    def _left(self) -> Wishes:
        """Return the wishes for the next query: all the time since the beginning counts."""
        spent_s = self.queries.stopwatch() - self._began_s
        return replace(self._wishes, waited_s=self._wishes.waited_s + spent_s)
