"""The rules in service: which groups there are, from files and from people, and how they come and go.

Owns no evaluation and no threads of its own. Knows no HTTP.
"""

import threading
from collections.abc import Callable, Iterable, Mapping

from alertrules.rules.evaluation import GroupEvaluation
from alertrules.rules.model import Group
from alertrules.rules.outcome import Active
from gateway.metrics.rules import GroupReadings
from gateway.ruler.files import Found
from gateway.ruler.managed import Managed
from gateway.ruler.model import GroupView
from gateway.ruler.schedule import Schedule
from gateway.ruler.unit import Surroundings, Unit


class Ruler:
    """All groups. For several threads."""

    def __init__(
        self,
        managed: Managed,
        *,
        schedule: Schedule,
        evaluation: Callable[[Group, int, bool], GroupEvaluation],
        around: Surroundings,
        now_ms: Callable[[], int],
    ) -> None:
        """`evaluation` makes that of a group with an interval, which is restored after the start or not."""
        self.managed = managed
        managed.changed = self.renew
        self._schedule = schedule
        self._evaluation = evaluation
        self._around = around
        self._now_ms = now_ms
        self._units: dict[str, Unit] = {}
        self._from_files: tuple[Group, ...] = ()
        self._interval_ms = 0
        self._began = False
        self._turn = threading.Lock()

    def use(self, found: Found, interval_ms: int) -> None:
        """Evaluate these groups and the managed ones from now on; those that are the same go on."""
        log = self._around.log
        for pattern in found.unmatched:
            log.warning("rules.no_files", pattern=pattern)
        with self._turn:
            self._from_files, self._interval_ms = found.groups, interval_ms
            self._take()
        log.info(
            "rules.loaded",
            files=found.files,
            groups=len(self._units),
            rules=sum(len(unit.group.rules) for unit in self._units.values()),
        )

    def renew(self) -> None:
        """Take the managed groups anew."""
        with self._turn:
            self._take()

    def start(self) -> None:
        """Begin to evaluate. What comes after this does not look for alerts from before the start."""
        self._schedule.start()

    def stop(self, timeout: float) -> None:
        """End within so many seconds; series go on after the next start, so they get no stale markers."""
        with self._turn:
            for unit in self._units.values():
                unit.hurry()
        self._schedule.stop(timeout)

    def groups(self) -> list[GroupView]:
        """Return all groups by file and name."""
        return [unit.view for unit in self._sorted()]

    def active(self) -> list[Active]:
        """Return the alerts of all rules, as they are now."""
        views = [unit.view for unit in self._sorted()]
        return [alert for view in views for rule in view.result.rules for alert in rule.active]

    def totals(self) -> Mapping[str, Callable[[], float]]:
        """Return what is counted for all groups together, each to be asked when it is wanted."""
        return self._around.totals.readings()

    def readings(self) -> list[GroupReadings]:
        """Return what each group counts."""
        return [unit.readings for unit in self._sorted()]

    def _sorted(self) -> list[Unit]:
        return sorted(self._units.values(), key=lambda unit: (unit.group.file, unit.group.name))

    def _take(self) -> None:
        """Put the groups into service that are wanted now; the caller holds the lock."""
        before, after = self._units, {}
        for group in self._wanted():
            unit = self._unit(group, before.get(group.key))
            after[unit.key] = unit
        self._units = after
        self._began = True
        self._schedule.keep(after.values())
        for key, unit in before.items():
            if key not in after:
                unit.end(self._now_ms())

    def _wanted(self) -> Iterable[Group]:
        managed, problems = self.managed.groups()
        for problem in problems:
            self._around.log.warning("rules.managed_unusable", problem=problem)
        return (*self._from_files, *managed)

    def _unit(self, group: Group, old: Unit | None) -> Unit:
        interval_ms = group.interval_ms or self._interval_ms
        if old is not None and old.group == group and old.interval_ms == interval_ms:
            return old
        unit = Unit(
            group,
            self._evaluation(group, interval_ms, not self._began),
            self._around,
            interval_ms=interval_ms,
            restores=not self._began,
        )
        if old is not None:
            unit.succeed(old)
        return unit
