"""What the evaluation of a rule comes to: samples to write, alerts and their states, how it went."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from alertrules.rules.model import Rule
from promql.histograms.model import FloatHistogram
from promql.language.ast import Expr
from promql.values import Vector
from timeseries.labels import Labels
from timeseries.stale import is_stale

Query = Callable[[Expr, int], Vector]
"""Answers a query at a time in ms, as a vector of one step; a scalar is one sample without labels.

Raises QueryError, also for what is neither. How long and how much it may take is for who gives it.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A sample to be written; the stale marker ends a series."""

    labels: Labels
    time_ms: int
    value: float | FloatHistogram

    @property
    def is_end(self) -> bool:
        """Whether it is the stale marker."""
        return isinstance(self.value, float) and is_stale(self.value)


Write = Callable[[Sequence[Recorded]], None]
"""Takes samples, so that queries find them from then on; raises RuleFailed when it can't."""


class State(StrEnum):
    """The states of an alert."""

    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"


@dataclass(slots=True, kw_only=True)
class Active:
    """An alert of a rule, from when its query first came to it until it is forgotten, some time resolved."""

    labels: Labels
    """With `alertname`, without the metric's name."""
    annotations: Labels
    value: float
    state: State
    active_ms: int
    fired_ms: int = 0
    resolved_ms: int = 0
    keep_firing_since_ms: int = 0
    """Since when only keep_firing_for keeps it firing."""
    last_sent_ms: int = 0
    valid_until_ms: int = 0


class Health(StrEnum):
    """What became of a rule the last time."""

    UNKNOWN = "unknown"
    OK = "ok"
    ERR = "err"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleResult:
    """What one evaluation of a rule came to. Nothing in it changes later.

    No other rule has its `key`. `samples` counts what the rule made, without stale markers. `active` has
    the alerts that are pending or firing, as they were then.
    """

    rule: Rule
    key: str
    health: Health = Health.UNKNOWN
    last_error: str = ""
    time_ms: int = 0
    """0: it was not evaluated yet."""
    seconds: float = 0.0
    samples: int = 0
    active: tuple[Active, ...] = ()

    @property
    def state(self) -> State:
        """The most urgent state of its alerts."""
        states = {alert.state for alert in self.active}
        return next((one for one in (State.FIRING, State.PENDING) if one in states), State.INACTIVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupResult:
    """What one evaluation of a group came to."""

    time_ms: int = 0
    seconds: float = 0.0
    rules: tuple[RuleResult, ...] = ()

    @property
    def samples(self) -> int:
        """Count the samples of all its rules."""
        return sum(rule.samples for rule in self.rules)
