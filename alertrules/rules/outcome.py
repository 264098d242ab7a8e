"""What the evaluation of a rule comes to: samples to write, alerts and their states, what changed."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from promql.histograms.model import FloatHistogram
from promql.language.ast import Expr
from promql.values import Vector
from timeseries.labels import Labels

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """That an alert came into a state. `rule` is a key that no other rule has."""

    rule: str
    group: str
    file: str
    labels: Labels
    annotations: Labels
    value: float
    before: State
    after: State
    active_ms: int
    time_ms: int
