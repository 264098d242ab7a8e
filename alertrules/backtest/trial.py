"""Alert rules over a span of time: what would have fired, when, and how often.

Owns which rules can be tried, in which order, and what is told of them. Where series are, how queries are
limited and what time it is come from outside.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from alertrules.backtest.firing import Runs, firings_of
from alertrules.backtest.naming import TOO_MANY, Namer
from alertrules.backtest.overlay import Overlaid, Recorder, doubles
from alertrules.backtest.stepping import Piece, pieces
from alertrules.errors import RuleFailed
from alertrules.rules.alerting import SAME_LABELS, Templates
from alertrules.rules.model import AlertRule, Group, RecordingRule, Rule
from alertrules.rules.needs import ALERT_METRICS, is_of_a_range, reach_ms, reads
from alertrules.seriesinmemory import SeriesInMemory
from promql.context import DEFAULT_LOOKBACK_MS
from promql.errors import QueryError, QueryTimeout
from promql.source import Source
from promql.values import Steps, Vector
from timeseries.columns import Bools, Ints
from timeseries.labels import Labels

MAX_STEPS: Final = 5_300_000
"""Evaluations of one rule: ten years at a minute. What is more is a slip."""

MAX_RUNS: Final = 2_000_000
"""Times that the query of one rule came to something, for all its alerts: 80 MB."""

MAX_FIRED: Final = 200_000
"""Firings of all rules of a backtest: 60 MB. More tell no more than that the rules flap."""

MAX_ALERTS: Final = 100_000
"""Alerts of one rule: as many as a gateway knows at once."""

MAX_LABELS_TEXT: Final = 1 << 26
"""Characters in the labels of all alerts of one rule."""

AskSource = Callable[[Rule, Steps, Source], AbstractContextManager[Vector]]
"""Answers the query of a rule over a source, as `Ask` does; raises QueryError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """From when to when an alert fired; the end is None when it still did at the end.

    `value` is what the query came to when the alert became active.
    """

    active_ms: int
    fired_ms: int
    ended_ms: int | None
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """When an alert fired."""

    labels: Labels
    firings: tuple[Firing, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one rule came to. `problem` says why it could not be tried."""

    group: Group
    rule: AlertRule
    steps: Steps
    alerts: tuple[History, ...] = ()
    failed: int = 0
    failure: str = ""
    problem: str = ""
    notes: tuple[str, ...] = ()

    @property
    def fired(self) -> int:
        """How often an alert of the rule fired."""
        return sum(len(each.firings) for each in self.alerts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The time that is looked at, and how often rules are run that do not say it."""

    since_ms: int
    until_ms: int
    interval_ms: int
    lookback_ms: int = DEFAULT_LOOKBACK_MS

    def steps(self, group: Group, *, before_ms: int = 0) -> Steps | None:
        """Return when a group is evaluated: at whole multiples of its interval; None for never."""
        every = group.interval_ms or self.interval_ms
        first = -(-(self.since_ms - before_ms) // every) * every
        last = self.until_ms // every * every
        return Steps(start_ms=first, end_ms=last, step_ms=every) if last >= first else None


@dataclass(slots=True, kw_only=True)
class Trial:
    """Tries the rules of a file over a source."""

    source: Source
    ask: AskSource
    is_known: Callable[[str], bool]
    """Whether the source has series of a name."""
    templates: Templates
    span: Span
    told: Callable[[str, int, int], None] = field(default=lambda _doing, _done, _total: None)
    _kept: SeriesInMemory = field(default_factory=SeriesInMemory)
    _missing: dict[str, str] = field(default_factory=dict)
    _fired: int = 0

    def run(self, groups: Sequence[Group], only: str | None = None) -> Iterator[Outcome]:
        """Give what each alert rule came to, or those of a name; raises QueryTimeout."""
        wanted = [
            (group, rule)
            for group in groups
            for rule in group.rules
            if isinstance(rule, AlertRule) and only in (None, rule.name)
        ]
        recorded = self._record(groups, [rule for _, rule in wanted])
        for group, rule in wanted:
            yield self._tried(group, rule, recorded)

    def _record(self, groups: Sequence[Group], wanted: Sequence[Rule]) -> Sequence[RecordingRule]:
        """Evaluate the recording rules that the wanted ones read, and whose series nobody has."""
        rules = [(group, rule) for group in groups for rule in group.rules if isinstance(rule, RecordingRule)]
        needed: list[Rule] = [*wanted]
        found: list[tuple[Group, RecordingRule]] = []
        # Backwards: a rule reads what those before it recorded.
        for group, rule in reversed(rules):
            if any(reads(each.expr, rule.name) for each in needed) and not self.is_known(rule.name):
                found.insert(0, (group, rule))
                needed.append(rule)
        before_ms = sum({reach_ms(each.expr, self.span.lookback_ms) for each in needed}) if found else 0
        for group, rule in found:
            self._record_one(group, rule, before_ms)
        return [rule for _, rule in found]

    def _record_one(self, group: Group, rule: RecordingRule, before_ms: int) -> None:
        steps = self.span.steps(group, before_ms=before_ms)
        problem = _hindrance(rule)
        if problem or steps is None:
            self._missing[rule.name] = problem
            return
        recorder = Recorder(rule, self._kept)
        try:
            for piece in self._pieces(group, rule, steps):
                recorder.take(piece)
        except QueryTimeout:
            raise
        except (QueryError, RuleFailed) as error:
            self._missing[rule.name] = str(error)

    def _tried(self, group: Group, rule: AlertRule, recorded: Sequence[RecordingRule]) -> Outcome:
        steps = self.span.steps(group)
        used = [each.name for each in recorded if reads(rule.expr, each.name)]
        missing = [name for name in used if name in self._missing]
        problem = _hindrance(rule)
        if missing:
            problem = f"{missing[0]}, which it reads, could not be recorded: {self._missing[missing[0]]}"
        nothing = Steps(start_ms=self.span.since_ms, end_ms=self.span.since_ms - 1, step_ms=1)
        if problem or steps is None:
            problem = problem or "the time is shorter than the interval of its group"
            return Outcome(group=group, rule=rule, steps=steps or nothing, problem=problem)
        if len(steps) > MAX_STEPS:
            return Outcome(
                group=group, rule=rule, steps=steps, problem=f"it would run more than {MAX_STEPS} times"
            )
        notes = [f"{name} has no series here: it was recorded for this." for name in used]
        if group.limit:
            notes.append("The limit of the group is not looked at.")
        watch = _Watch(rule, self.templates)
        try:
            for piece in self._pieces(group, rule, steps):
                watch.take(piece, group.query_offset_ms or 0)
            alerts = watch.histories(MAX_FIRED - self._fired)
        except QueryTimeout:
            raise
        except (QueryError, RuleFailed) as error:
            return Outcome(group=group, rule=rule, steps=steps, problem=str(error), notes=tuple(notes))
        self._fired += sum(len(each.firings) for each in alerts)
        return Outcome(
            group=group,
            rule=rule,
            steps=steps,
            alerts=alerts,
            failed=watch.failed,
            failure=watch.failure,
            notes=tuple(notes),
        )

    def _pieces(self, group: Group, rule: Rule, steps: Steps) -> Iterator[Piece]:
        source = Overlaid(self.source, self._kept) if self._kept.samples else self.source
        offset = group.query_offset_ms or 0
        asked = Steps(start_ms=steps.start_ms - offset, end_ms=steps.end_ms - offset, step_ms=steps.step_ms)
        done = 0
        for piece in pieces(lambda part: self.ask(rule, part, source), asked):
            self.told(rule.name, done, len(steps))
            yield piece
            done += len(piece.steps)


class _Watch:
    """Gathers when an alert's query came to something."""

    def __init__(self, rule: AlertRule, templates: Templates) -> None:
        self._rule = rule
        self._namer = Namer(rule, templates)
        self._alerts: dict[Labels, int] = {}
        self._characters = 0
        self._times: list[Ints] = []
        self._count = 0
        self._runs: list[Runs] = []
        self._run_count = 0
        self.failed = 0
        self.failure = ""

    def take(self, piece: Piece, offset_ms: int) -> None:
        """Take some steps; at those where the rule fails, nothing changes. Raises RuleFailed for too much."""
        if piece.vector is None:
            self._fails(1, piece.failure)
            return
        times = piece.steps.times + offset_ms
        rows = self._namer.rows(piece.vector, times)
        present, values = rows.present, rows.values
        failed: Bools = doubles(rows.labels, present)
        if failed.any():
            self._fails(int(failed.sum()), SAME_LABELS)
            times, present, values = times[~failed], present[:, ~failed], values[:, ~failed]
        alerts = [self._number(labels) for labels in rows.labels]
        runs = Runs.of(np.array(alerts, np.int64), present, values, self._count)
        self._run_count += len(runs.alerts)
        if self._run_count > MAX_RUNS:
            raise RuleFailed(f"its alerts came and went more than {MAX_RUNS} times; ask for less time")
        self._runs.append(runs)
        self._times.append(times)
        self._count += len(times)

    def _number(self, labels: Labels) -> int:
        if labels not in self._alerts:
            self._characters += sum(len(name) + len(value) for name, value in labels)
            if len(self._alerts) >= MAX_ALERTS or self._characters > MAX_LABELS_TEXT:
                raise RuleFailed(TOO_MANY)
            self._alerts[labels] = len(self._alerts)
        return self._alerts[labels]

    def _fails(self, count: int, why: str) -> None:
        self.failed += count
        self.failure = self.failure or why

    def histories(self, most: int) -> tuple[History, ...]:
        """Return when each alert fired, the first to fire first. Raises RuleFailed for too much."""
        times = np.concatenate([np.empty(0, np.int64), *self._times])
        rule = self._rule
        found = firings_of(Runs.joined(self._runs), times, rule.for_ms, rule.keep_firing_ms)
        if len(found.alerts) > most:
            raise RuleFailed(f"all rules together fired more than {MAX_FIRED} times; ask for less time")
        labels = [*self._alerts]
        firings: dict[int, list[Firing]] = {}
        columns = (found.alerts, found.active, found.fired, found.ended, found.values)
        for alert, active, fired, ended, value in zip(*(each.tolist() for each in columns), strict=True):
            firings.setdefault(alert, []).append(
                Firing(
                    active_ms=int(times[active]),
                    fired_ms=int(times[fired]),
                    ended_ms=int(times[ended]) if ended < len(times) else None,
                    value=value,
                )
            )
        histories = [History(labels=labels[alert], firings=tuple(some)) for alert, some in firings.items()]
        return tuple(sorted(histories, key=lambda each: (each.firings[0].fired_ms, each.labels)))


def _hindrance(rule: Rule) -> str:
    """Return why a rule can't be tried; empty when it can."""
    for name in sorted(ALERT_METRICS):
        if reads(rule.expr, name):
            return f"its query reads {name}, which a backtest does not make"
    if is_of_a_range(rule.expr):
        return "its query says start(), end(), step() or range(), which mean another time here"
    return ""
