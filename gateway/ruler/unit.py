"""One group of rules in service: evaluated when it is told to, shown as it was after the last time.

Owns what is counted of a group, and how it begins and ends. When it runs is for the schedule.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from alertrules.errors import RuleFailed
from alertrules.rules.evaluation import GroupEvaluation
from alertrules.rules.model import Group
from alertrules.rules.outcome import GroupResult, Health, Recorded, RuleResult
from gateway.metrics.rules import GroupReadings
from gateway.ruler.asking import ENDED, Asking
from gateway.ruler.claims import Claims
from gateway.ruler.model import GroupView
from gateway.ruler.port import Notifier
from gateway.ruler.recording import Recorder
from promql.language.ast import Expr
from promql.source import Source
from promql.values import Vector
from runtime.logs import Log

PATIENCE_SECONDS: Final = 5.0
"""How long a reload waits for a group in work, before it gives up what its rules ask."""


@dataclass(slots=True, kw_only=True)
class Totals:
    """What is counted for all groups together."""

    defects: int = 0
    handed: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, *, defects: int = 0, handed: int = 0) -> None:
        """Count more of something."""
        with self.lock:
            self.defects += defects
            self.handed += handed

    def readings(self) -> dict[str, Callable[[], float]]:
        """Return what can be said of it, each to be asked when it is wanted."""
        return {
            "group_defects": lambda: self.defects,
            "alerts_handed": lambda: self.handed,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What all groups share."""

    asking: Asking
    source: Source
    recorder: Callable[[], Recorder]
    notifier: Notifier
    log: Log
    totals: Totals = field(default_factory=Totals)
    claims: Claims = field(default_factory=Claims)


@dataclass(slots=True)
class _Counts:
    """What a group has done, also before its rules were changed."""

    evaluations: int = 0
    failures: int = 0
    iterations: int = 0
    missed: int = 0


class Unit:
    """A group in service. For several threads: one evaluates, others look."""

    def __init__(
        self,
        group: Group,
        evaluation: GroupEvaluation,
        around: Surroundings,
        *,
        interval_ms: int,
        restores: bool,
    ) -> None:
        """`restores` says that its alerts may have been pending before this process began."""
        self.group = group
        self.key = group.key
        self.interval_ms = interval_ms
        self._evaluation = evaluation
        self._around = around
        self._recorder = around.recorder()
        self._counts = _Counts()
        self._turn = threading.Lock()
        self._is_retired = False
        self._is_over = False
        self._restores = restores
        self._result = evaluation.last

    # --- for the schedule ---

    def run(self, time_ms: int) -> None:
        """Evaluate it. Isolation boundary: other groups go on whatever fails here."""
        with self._turn:
            if self._is_retired:
                return
            try:
                self._evaluate(time_ms)
            except Exception as error:
                self._around.totals.add(defects=1)
                self._around.log.error("rules.failed", group=self.key, exception=error)

    def missed(self, times: int) -> None:
        """Hear of times at which it was due and did not run."""
        self._counts.missed += times
        self._around.log.warning("rules.missed", group=self.key, times=times)

    def _evaluate(self, time_ms: int) -> None:
        evaluation, around = self._evaluation, self._around
        self._recorder.begin()
        result = evaluation.evaluate(time_ms, self._ask, self._write)
        self._restore(time_ms)
        before, self._result = self._result, result
        self._count(result)
        self._tell_failures(before, result)
        alerts = around.claims.heard(self.key, evaluation.due_alerts(time_ms), time_ms)
        if alerts:
            around.notifier.send(alerts, time_ms)
            around.totals.add(handed=len(alerts))

    def _restore(self, time_ms: int) -> None:
        """Look for what was before the restart, after the second time, as Prometheus: data comes in again."""
        if not self._restores or self._counts.iterations == 0:
            return
        self._restores = False
        for problem in self._evaluation.restore(time_ms, self._around.source):
            self._around.log.warning("rules.not_restored", group=self.key, problem=problem)

    def _ask(self, expr: Expr, time_ms: int) -> Vector:
        return self._around.asking.ask(expr, time_ms, lambda: self._is_over)

    def _write(self, samples: Sequence[Recorded]) -> None:
        if self._is_over:
            # The store may be closed by now.
            raise RuleFailed(ENDED)
        self._recorder.write(samples)

    def _count(self, result: GroupResult) -> None:
        counts = self._counts
        counts.iterations += 1
        counts.evaluations += len(result.rules)
        counts.failures += sum(rule.health is Health.ERR for rule in result.rules)

    def _tell_failures(self, before: GroupResult, result: GroupResult) -> None:
        """Log what failed, once for each reason: a rule that is wrong fails each time."""
        known = {rule.key: rule.last_error for rule in before.rules}
        for rule in result.rules:
            if _failed_anew(rule, known):
                self._around.log.warning(
                    "rules.rule_failed", group=self.key, rule=rule.rule.name, reason=rule.last_error
                )

    # --- for those that look ---

    @property
    def view(self) -> GroupView:
        """How it is."""
        return GroupView(group=self.group, interval_ms=self.interval_ms, result=self._result)

    @property
    def readings(self) -> GroupReadings:
        """What it counts."""
        result, counts = self._result, self._counts
        return GroupReadings(
            key=self.key,
            rules=len(self.group.rules),
            interval_s=self.interval_ms / 1000,
            evaluations=counts.evaluations,
            failures=counts.failures,
            samples=result.samples,
            iterations=counts.iterations,
            missed=counts.missed,
            seconds=result.seconds if result.time_ms else None,
            last_s=result.time_ms / 1000 if result.time_ms else None,
        )

    # --- for whoever changes the rules ---

    def hurry(self) -> None:
        """Let it run no more; what runs ends at its next query, or in its midst."""
        self._is_retired = self._is_over = True

    @contextmanager
    def _retired(self) -> Iterator[None]:
        """Let it run no more, and wait until it does not."""
        self._is_retired = True
        if not self._turn.acquire(timeout=PATIENCE_SECONDS):
            self.hurry()
            self._turn.acquire()
        try:
            yield
        finally:
            self._turn.release()

    def succeed(self, old: "Unit") -> None:
        """Go on where the same group with other rules is, which does nothing more."""
        with old._retired():
            self._evaluation.take_over(old._evaluation)
            self._around.claims.forget(self.key)
            self._recorder, self._counts = old._recorder, old._counts
            self._restores = old._restores
            self._result = self._evaluation.last

    def end(self, now_ms: int) -> None:
        """Let it run no more, and end its series."""
        with self._retired():
            self._around.claims.forget(self.key)
            try:
                self._recorder.write(self._evaluation.end(now_ms))
            except RuleFailed as error:
                # They end by themselves after the lookback.
                self._around.log.warning("rules.not_ended", group=self.key, reason=str(error))


def _failed_anew(rule: RuleResult, known: dict[str, str]) -> bool:
    return rule.health is Health.ERR and known.get(rule.key) != rule.last_error
