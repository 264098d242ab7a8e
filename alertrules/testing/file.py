"""Files of unit tests as promtool has them, read strictly.

Owns the fields of such a file. Which rule files its patterns mean is for who can look; nothing is run here.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from alertrules.alert import ALERT_NAME
from alertrules.errors import BadFile
from alertrules.reading import Fields, Node, Problems
from alertrules.testing.series import Point, Value, parse_histogram, parse_points, parse_series
from timeseries.errors import InvalidLabels
from timeseries.labels import Labels

DEFAULT_INTERVAL_MS: Final = 60_000

MAX_EVALUATIONS: Final = 1_000_000
"""Of one test: two years at a minute. More is a slip such as `1y` for `1m`, and would run for hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputSeries:
    """A series with a point for each interval."""

    labels: Labels
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedAlert:
    """An alert that must fire."""

    labels: Labels
    annotations: Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertTest:
    """Which alerts of a name must fire at a time, and no others."""

    line: int
    time_ms: int
    name: str
    expected: tuple[ExpectedAlert, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedSample:
    """A sample that a query must come to."""

    labels: Labels
    value: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryTest:
    """What a query must come to at a time."""

    line: int
    time_ms: int
    query: str
    expected: tuple[ExpectedSample, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitTest:
    """Series, and what rules and queries must make of them. Times count from `start_ms`."""

    name: str
    line: int
    interval_ms: int
    start_ms: int = 0
    series: tuple[InputSeries, ...] = ()
    alerts: tuple[AlertTest, ...] = ()
    queries: tuple[QueryTest, ...] = ()
    external_labels: Labels = field(default_factory=Labels)
    external_url: str = ""

    @property
    def end_ms(self) -> int:
        """The last time that something is expected at, after the start."""
        times = [one.time_ms for one in self.alerts]
        return max([*times, *(one.time_ms for one in self.queries)], default=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePattern:
    """Which rule files are meant, relative to the file itself."""

    line: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TestFile:
    """A file of unit tests."""

    # So that pytest does not take it for one of its own.
    __test__ = False

    patterns: tuple[RulePattern, ...]
    interval_ms: int
    group_order: Mapping[str, int]
    is_fuzzy: bool
    """Whether numbers are equal to their neighbours."""
    tests: tuple[UnitTest, ...]


def load_tests(node: Node, name: str) -> TestFile:
    """Read a file of unit tests; raises BadFile with all that is wrong."""
    problems = Problems(name)
    fields = Fields(node, "a file of unit tests", problems)
    patterns = tuple(
        RulePattern(line=each.line, text=each.written)
        for each in fields.each("rule_files")
        if _is_text(each, "rule_files", problems) and each.written
    )
    interval_ms = fields.duration_ms("evaluation_interval") or DEFAULT_INTERVAL_MS
    order: dict[str, int] = {}
    for at, group in enumerate(fields.texts("group_eval_order")):
        if group in order:
            fields.wrong("group_eval_order", f'the group "{group}" stands twice.')
        order.setdefault(group, at)
    is_fuzzy = fields.switch("fuzzy_compare")
    tests = tuple(
        _test(each, number, interval_ms, problems) for number, each in enumerate(fields.each("tests"))
    )
    fields.end()
    if problems.found:
        raise BadFile(problems.sentences)
    return TestFile(
        patterns=patterns, interval_ms=interval_ms, group_order=order, is_fuzzy=is_fuzzy, tests=tests
    )


def _test(node: Node, number: int, evaluation_ms: int, problems: Problems) -> UnitTest:
    fields = Fields(node, "a test", problems)
    test = UnitTest(
        name=fields.text("name") or f"unnamed#{number}",
        line=node.line,
        interval_ms=fields.duration_ms("interval") or evaluation_ms,
        start_ms=fields.parsed("start_timestamp", _moment_ms, 0),
        series=tuple(_series(each, problems) for each in fields.each("input_series")),
        alerts=tuple(_alert_test(each, problems) for each in fields.each("alert_rule_test")),
        queries=tuple(_query_test(each, problems) for each in fields.each("promql_expr_test")),
        external_labels=_labels(fields, "external_labels"),
        external_url=fields.text("external_url"),
    )
    if test.end_ms // evaluation_ms > MAX_EVALUATIONS:
        problems.add(
            node.line, f"the rules would be evaluated more than {MAX_EVALUATIONS} times; is a unit wrong?"
        )
    fields.end()
    return test


def _series(node: Node, problems: Problems) -> InputSeries:
    fields = Fields(node, "an input series", problems)
    if not fields.text("series"):
        fields.wrong("series", "it must say which series the values are of.")
    no_points: list[Point] = []
    series = InputSeries(
        labels=fields.parsed("series", parse_series, Labels()),
        points=tuple(fields.parsed("values", parse_points, no_points)),
    )
    fields.end()
    return series


def _alert_test(node: Node, problems: Problems) -> AlertTest:
    fields = Fields(node, "a test of alerts", problems)
    name = fields.text("alertname")
    if not name:
        fields.wrong("alertname", "it must say which alert is meant.")
    test = AlertTest(
        line=node.line,
        time_ms=fields.duration_ms("eval_time") or 0,
        name=name,
        expected=tuple(_expected_alert(each, name, problems) for each in fields.each("exp_alerts")),
    )
    fields.end()
    return test


def _expected_alert(node: Node, name: str, problems: Problems) -> ExpectedAlert:
    fields = Fields(node, "an expected alert", problems)
    expected = ExpectedAlert(
        # The name of the rule is among the labels of every alert: nobody writes it down.
        labels=_labels(fields, "exp_labels").updated({ALERT_NAME: name}),
        annotations=_labels(fields, "exp_annotations"),
    )
    fields.end()
    return expected


def _query_test(node: Node, problems: Problems) -> QueryTest:
    fields = Fields(node, "a test of a query", problems)
    test = QueryTest(
        line=node.line,
        query=fields.text("expr"),
        time_ms=fields.duration_ms("eval_time") or 0,
        expected=tuple(_expected_sample(each, problems) for each in fields.each("exp_samples")),
    )
    fields.end()
    return test


def _expected_sample(node: Node, problems: Problems) -> ExpectedSample:
    fields = Fields(node, "an expected sample", problems)
    histogram = fields.parsed("histogram", _histogram, None)
    sample = ExpectedSample(
        labels=fields.parsed("labels", parse_series, Labels()),
        value=fields.parsed("value", _number, 0.0) if histogram is None else histogram,
    )
    fields.end(("value",))
    return sample


def _histogram(written: str) -> Value | None:
    if not written:
        return None
    points = parse_points(written)
    if len(points) != 1 or points[0] is None or isinstance(points[0], float):
        raise ValueError(f"{written} is not one histogram")
    return parse_histogram(written)


def _number(written: str) -> float:
    """Read a number as YAML or PromQL writes it: `1`, `.inf`, `NaN`."""
    text = written.lower().replace(".inf", "inf").replace(".nan", "nan")
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{written} is no number") from None


def _moment_ms(written: str) -> int:
    try:
        seconds = float(written)
    except ValueError:
        try:
            at = datetime.fromisoformat(written)
        except ValueError:
            raise ValueError(f"{written} is no time; write Unix seconds, or 2026-09-21T13:33:20Z") from None
        seconds = (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    if not math.isfinite(seconds):
        raise ValueError(f"{written} is no time")
    return round(seconds * 1000)


def _labels(fields: Fields, name: str) -> Labels:
    try:
        return Labels(fields.mapping(name))
    except InvalidLabels as error:
        fields.wrong(name, f"{error}.")
        return Labels()


def _is_text(node: Node, name: str, problems: Problems) -> bool:
    if node.items is None and node.pairs is None:
        return True
    problems.add(node.line, f"{name}: here a text must stand.")
    return False
