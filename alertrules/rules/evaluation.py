"""The evaluation of a group: its rules one after the other, at one time.

Owns what a group remembers from one time to the next, and when what its rules made is written. The time, the
query and the way to write come from outside; when to evaluate is not known here.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from alertrules.alert import NOTHING, Alert
from alertrules.errors import RuleFailed
from alertrules.rules.alerting import (
    RESEND_DELAY_MS,
    RuleAlerts,
    Templates,
    to_send,
)
from alertrules.rules.buffer import Buffer
from alertrules.rules.model import AlertRule, Group, Rule
from alertrules.rules.needs import ALERT_METRICS, read_by
from alertrules.rules.outcome import GroupResult, Health, Query, Recorded, RuleResult, Write
from alertrules.rules.recording import Recording
from alertrules.rules.restoring import restore
from alertrules.templates.builtins import table_link
from promql.errors import QueryError
from promql.source import Source
from timeseries.labels import Labels
from timeseries.stale import STALE

DEFAULT_INTERVAL_MS: Final = 60_000
"""How often a group is evaluated that does not say it, unless the gateway's settings do."""

Stopwatch = Callable[[], float]
"""Seconds since some moment."""


class GroupEvaluation:
    """A group, and what its rules came to so far. Used by one thread at a time."""

    def __init__(
        self,
        group: Group,
        *,
        templates: Templates,
        stopwatch: Stopwatch,
        external_labels: Labels = NOTHING,
        external_url: str = "",
        interval_ms: int = DEFAULT_INTERVAL_MS,
        query_offset_ms: int = 0,
        restoring: bool = False,
    ) -> None:
        """Interval and offset are for a group without; `restoring` says that `restore` will be called."""
        self.group = group
        self.interval_ms = group.interval_ms or interval_ms
        offset_ms = group.query_offset_ms
        self._offset_ms = query_offset_ms if offset_ms is None else offset_ms
        self._stopwatch = stopwatch
        self._external_labels = external_labels
        self._external_url = external_url
        counts: dict[str, int] = {}
        self._rules = [
            _RuleEvaluation(rule, _key(group, rule, counts), group, templates, is_restored=not restoring)
            for rule in group.rules
        ]
        self._leaving: list[Labels] = []
        self.last = GroupResult(rules=tuple(one.result() for one in self._rules))
        """What the last evaluation came to."""

    def evaluate(self, now_ms: int, query: Query, write: Write) -> GroupResult:
        """Evaluate all rules at a time; what fails is told in the result.

        What the rules make is handed to `write` before a rule that may read it, and at the end.
        """
        began = self._stopwatch()
        at_ms = now_ms - self._offset_ms
        buffer = Buffer(write, at_ms)
        for one in self._rules:
            if one.may_read(buffer.names):
                buffer.flush()
            started = self._stopwatch()
            one.evaluate(now_ms, at_ms, query, buffer)
            one.seconds = self._stopwatch() - started
        leaving, self._leaving = self._leaving, []
        buffer.end(leaving)
        buffer.flush(lambda: self._leaving.extend(leaving))
        self.last = GroupResult(
            time_ms=now_ms,
            seconds=self._stopwatch() - began,
            rules=tuple(one.result() for one in self._rules),
        )
        return self.last

    def due_alerts(self, now_ms: int, resend_delay_ms: int = RESEND_DELAY_MS) -> list[Alert]:
        """Return the alerts that are to be sent after an evaluation, and take them as sent.

        A rule whose last evaluation failed sends nothing.
        """
        return [
            to_send(alert, self._external_labels, one.generator_url(self._external_url))
            for one in self._rules
            if one.alerts is not None and one.is_good
            for alert in one.alerts.due(now_ms, self.interval_ms, resend_delay_ms)
        ]

    def restore(self, now_ms: int, source: Source) -> list[str]:
        """Let alerts go on where they were before a restart; call it once, after an evaluation or two.

        Returns what went wrong. Their series are written from the next evaluation on.
        """
        problems: list[str] = []
        for one in self._rules:
            if one.alerts is not None and not one.alerts.is_restored:
                try:
                    restore(one.alerts, source, now_ms)
                except QueryError as error:
                    problems.append(f"{one.rule.name}: {error}")
        return problems

    def take_over(self, old: "GroupEvaluation") -> None:
        """Go on with the states of a group that this one replaces.

        Rules are the same when name and labels are; of several, the first is the first. The series of those
        that went end with the next evaluation.
        """
        known: dict[tuple[str, Labels], list[_RuleEvaluation]] = {}
        for one in old._rules:
            known.setdefault(one.identity, []).append(one)
        for one in self._rules:
            if same := known.get(one.identity):
                one.take_over(same.pop(0))
        self._leaving = [
            *old._leaving,
            *(labels for rest in known.values() for one in rest for labels in one.previous),
        ]
        self.last = GroupResult(
            time_ms=old.last.time_ms,
            seconds=old.last.seconds,
            rules=tuple(one.result() for one in self._rules),
        )

    def end(self, now_ms: int) -> Sequence[Recorded]:
        """Return the ends of all series that the group still has; it is not evaluated any more."""
        series = dict.fromkeys(self._leaving)
        for one in self._rules:
            series.update(dict.fromkeys(one.previous))
        at_ms = now_ms - self._offset_ms
        return [Recorded(labels=labels, time_ms=at_ms, value=STALE) for labels in series]


class _RuleEvaluation:
    """A rule, and what it came to so far."""

    def __init__(
        self, rule: Rule, key: str, group: Group, templates: Templates, *, is_restored: bool
    ) -> None:
        self.rule = rule
        self.identity = (rule.name, Labels.trusted(sorted(rule.labels.items())))
        self.previous: Mapping[Labels, Recorded] = {}
        self.alerts: RuleAlerts | None = None
        self._makes = frozenset({rule.name})
        if isinstance(rule, AlertRule):
            self.alerts = RuleAlerts(rule, templates, is_restored=is_restored)
            self._makes = ALERT_METRICS
            self._evaluated = self.alerts.evaluate
        else:
            self._evaluated = Recording(rule).evaluate
        self.seconds = 0.0
        self.is_good = False
        """Whether the last evaluation came to a result, written or not."""
        self._key = key
        self._limit = group.limit
        self._reads = read_by(rule)
        self._health = Health.UNKNOWN
        self._error = ""
        self._time_ms = 0
        self._samples = 0
        self._url = ""

    def may_read(self, names: set[str]) -> bool:
        """Tell whether the rule may read one of these metrics."""
        return bool(names) and (self._reads is None or not names.isdisjoint(self._reads))

    def evaluate(self, now_ms: int, at_ms: int, query: Query, buffer: Buffer) -> None:
        """Evaluate the rule; what it makes goes into the buffer."""
        self._time_ms, self._samples = now_ms, 0
        self._health, self._error, self.is_good = Health.OK, "", True
        try:
            samples = self._evaluated(now_ms, at_ms, query, self._limit)
        except (QueryError, RuleFailed) as error:
            self.is_good = False
            self.fail(str(error))
            return
        self._samples = len(samples)
        if samples or self.previous:
            buffer.add(self, samples, self._makes)

    def fail(self, reason: str) -> None:
        """Note what went wrong."""
        self._health, self._error = Health.ERR, reason

    def result(self) -> RuleResult:
        """Return what the last evaluation came to."""
        return RuleResult(
            rule=self.rule,
            key=self._key,
            health=self._health,
            last_error=self._error,
            time_ms=self._time_ms,
            seconds=self.seconds,
            samples=self._samples,
            active=self.alerts.active if self.alerts is not None else (),
        )

    def take_over(self, old: "_RuleEvaluation") -> None:
        """Go on with what a rule with the same name and labels came to."""
        self.previous = old.previous
        self._time_ms, self.seconds, self._samples = old._time_ms, old.seconds, old._samples
        self._health, self._error, self.is_good = old._health, old._error, old.is_good
        if self.alerts is not None and old.alerts is not None:
            self.alerts.take_over(old.alerts)

    def generator_url(self, external_url: str) -> str:
        """Return the page that shows the query."""
        if not self._url:
            self._url = external_url.rstrip("/") + table_link(self.rule.text)
        return self._url


def _key(group: Group, rule: Rule, counts: dict[str, int]) -> str:
    """Return a key that no other rule has, and that stays when the group is loaded again."""
    pairs = ",".join(f"{name}={value!r}" for name, value in sorted(rule.labels.items()))
    key = f"{group.key};{rule.name};{pairs}"
    counts[key] = counts.get(key, 0) + 1
    return key if counts[key] == 1 else f"{key};{counts[key]}"
