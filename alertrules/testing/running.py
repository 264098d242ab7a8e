"""Runs unit tests: rules over the series of each test, as time goes on in it.

Owns what promtool does: all groups are evaluated at each evaluation interval from the start to the last time
that something is expected at, and samples are there only once their time has come. Opens no file.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from alertrules.errors import RuleFailed
from alertrules.rules.answers import samples_of, vector_of
from alertrules.rules.buffer import DUPLICATE_SAMPLE
from alertrules.rules.evaluation import GroupEvaluation
from alertrules.rules.model import AlertRule, Group
from alertrules.rules.outcome import Health, Recorded, RuleResult, State
from alertrules.seriesinmemory import SeriesInMemory
from alertrules.templates.prometheus import RuleTemplates
from alertrules.testing.differences import Difference, compare_alerts, compare_samples
from alertrules.testing.file import ExpectedAlert, ExpectedSample, QueryTest, TestFile, UnitTest
from promql.engine import Options, run_instant
from promql.errors import QueryError
from promql.language.ast import Expr
from promql.language.durations import format_duration
from promql.language.parser import parse
from promql.values import Vector


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a test went: without differences it passed."""

    test: UnitTest
    differences: tuple[Difference, ...]


def run(file: TestFile, groups: Sequence[Group], tests: Sequence[UnitTest]) -> Iterator[Verdict]:
    """Run tests of a file, each over rules that are new."""
    ordered = sorted(groups, key=lambda group: file.group_order.get(group.name, 0))
    for test in tests:
        yield Verdict(test=test, differences=tuple(_Run(file, test, ordered).differences()))


def _no_time() -> float:
    """Measure nothing: how long rules take is no part of a test."""
    return 0.0


class _Run:
    """One test while it runs."""

    def __init__(self, file: TestFile, test: UnitTest, groups: Sequence[Group]) -> None:
        self._file = file
        self._test = test
        self._series = SeriesInMemory()
        self._options = Options(subquery_step_ms=file.interval_ms)
        templates = RuleTemplates(
            external_labels=test.external_labels, external_url=test.external_url, query=self._query
        )
        self._groups = [
            GroupEvaluation(
                group,
                templates=templates,
                stopwatch=_no_time,
                external_labels=test.external_labels,
                external_url=test.external_url,
            )
            for group in groups
        ]
        # Of two series with the same labels the later one counts.
        self._waiting = [
            (labels, enumerate(points))
            for labels, points in {each.labels: each.points for each in test.series}.items()
        ]
        self._fed = 0
        self._results: list[RuleResult] = []

    def differences(self) -> Iterator[Difference]:
        """Go through the time of the test, and tell what is not as expected."""
        every = self._file.interval_ms
        for after_ms in range(0, self._test.end_ms + 1, every):
            now_ms = self._test.start_ms + after_ms
            self._feed(after_ms)
            failed = [*self._evaluate(now_ms)]
            yield from failed
            if failed:
                return
            for alerts in self._test.alerts:
                if after_ms <= alerts.time_ms < after_ms + every:
                    difference = compare_alerts(
                        alerts.line,
                        f"alert {alerts.name} at {format_duration(alerts.time_ms)}",
                        alerts.expected,
                        self._firing(alerts.name),
                    )
                    if difference is not None:
                        yield difference
        for query in self._test.queries:
            difference = self._asked(query)
            if difference is not None:
                yield difference

    def _feed(self, until_ms: int) -> None:
        """Make the samples be there whose time has come."""
        every = self._test.interval_ms
        while self._fed * every <= until_ms:
            for labels, points in self._waiting:
                _, point = next(points, (0, None))
                if point is not None:
                    self._series.append(labels, self._test.start_ms + self._fed * every, point)
            self._fed += 1

    def _evaluate(self, now_ms: int) -> Iterator[Difference]:
        self._results = []
        for group in self._groups:
            self._results += group.evaluate(now_ms, self._query, self._write).rules
        for result in self._results:
            if result.health is Health.ERR:
                at = format_duration(now_ms - self._test.start_ms)
                yield Difference(
                    line=self._test.line, what=f"rule {result.rule.name} at {at}", problem=result.last_error
                )

    def _write(self, samples: Sequence[Recorded]) -> None:
        for sample in samples:
            is_kept = self._series.append(sample.labels, sample.time_ms, sample.value)
            # A series that ends in one group may go on in another.
            if not is_kept and not sample.is_end:
                raise RuleFailed(f"{sample.labels}: {DUPLICATE_SAMPLE}")

    def _query(self, expr: Expr, time_ms: int) -> Vector:
        return vector_of(run_instant(expr, time_ms, self._series, self._options).value)

    def _firing(self, name: str) -> list[ExpectedAlert]:
        return [
            ExpectedAlert(labels=alert.labels, annotations=alert.annotations)
            for result in self._results
            if isinstance(result.rule, AlertRule) and result.rule.name == name
            for alert in result.active
            if alert.state is State.FIRING
        ]

    def _asked(self, test: QueryTest) -> Difference | None:
        what = f"{test.query} at {format_duration(test.time_ms)}"
        try:
            vector = self._query(parse(test.query), self._test.start_ms + test.time_ms)
        except QueryError as error:
            return Difference(line=test.line, what=what, problem=str(error))
        got = [ExpectedSample(labels=labels, value=value) for labels, value in samples_of(vector)]
        return compare_samples(test.line, what, test.expected, got, is_fuzzy=self._file.is_fuzzy)
