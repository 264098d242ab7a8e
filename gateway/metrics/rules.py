"""What the gateway counts about rules: their groups, how they are evaluated, what failed.

Owns the names, help and labels of these metrics. A group has series as long as it is there.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

GROUP: Final = "rule_group"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupReadings:
    """What a group of rules has done since it is there, and how its last run was."""

    key: str
    """What it is called among all groups: its file and its name."""
    rules: int
    interval_s: float
    evaluations: int = 0
    failures: int = 0
    samples: int = 0
    """Written at the last run."""
    iterations: int = 0
    missed: int = 0
    seconds: float | None = None
    """How long the last run took; None before the first."""
    last_s: float | None = None
    """When the last run began, in seconds since 1970."""


RULE_GAUGES: Final[Mapping[str, tuple[str, Callable[[GroupReadings], float | None]]]] = {
    "group_rules": ("Rules of a group.", lambda each: each.rules),
    "group_interval_seconds": ("How often a group is evaluated.", lambda each: each.interval_s),
    "group_duration_seconds": ("How long the last evaluation of a group took.", lambda each: each.seconds),
    "group_last_evaluation_timestamp_seconds": (
        "When a group was evaluated last, in seconds since 1970.",
        lambda each: each.last_s,
    ),
    "group_last_evaluation_samples": (
        "Samples written by the last evaluation of a group.",
        lambda each: each.samples if each.last_s is not None else None,
    ),
}
"""What a group can be asked for."""

RULE_COUNTERS: Final[Mapping[str, tuple[str, Callable[[GroupReadings], float]]]] = {
    "evaluations": ("Evaluations of rules.", lambda each: each.evaluations),
    "evaluation_failures": ("Evaluations of rules that failed.", lambda each: each.failures),
    "group_iterations": ("Times that a group was due.", lambda each: each.iterations + each.missed),
    "group_iterations_missed": (
        "Times that a group was due while it still ran, or waited for a thread.",
        lambda each: each.missed,
    ),
}
"""What a group counts."""

Totals = Mapping[str, Callable[[], float]]

RULER_COUNTERS: Final = {
    "group_defects": "Evaluations of groups that ended by a defect of the gateway.",
    "alerts_handed": "Alerts handed on to be sent, each time.",
}
"""What is counted for all groups together, by the name of its reading."""


class GroupMetrics(Collector):
    """All groups, asked at each scrape."""

    def __init__(self, groups: Callable[[], Sequence[GroupReadings]], totals: Totals) -> None:
        self._groups = groups
        self._totals = totals

    def collect(self) -> Iterator[Metric]:
        """Ask each."""
        found = self._groups()
        for name, (text, gauge) in RULE_GAUGES.items():
            family = GaugeMetricFamily(f"fleetgauge_rule_{name}", text, labels=[GROUP])
            for each in found:
                if (value := gauge(each)) is not None:
                    family.add_metric([each.key], float(value))
            yield family
        for name, (text, counter) in RULE_COUNTERS.items():
            counted = CounterMetricFamily(f"fleetgauge_rule_{name}", text, labels=[GROUP])
            for each in found:
                counted.add_metric([each.key], counter(each))
            yield counted
        for name, text in RULER_COUNTERS.items():
            yield CounterMetricFamily(f"fleetgauge_rule_{name}", text, value=self._totals[name]())


def watch_rules(
    registry: CollectorRegistry, groups: Callable[[], Sequence[GroupReadings]], totals: Totals
) -> None:
    """Show what groups and the ruler say of themselves."""
    registry.register(GroupMetrics(groups, totals))
