"""Alert rules a step at a time, as plainly as it goes: what the arrays of the backtest are compared with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from alertrules.alert import ALERT_NAME
from alertrules.backtest.trial import Firing
from alertrules.rules.model import AlertRule
from promql.engine import run_instant
from promql.errors import EvaluationError
from promql.source import Source
from promql.values import Vector
from timeseries.labels import METRIC_NAME, Labels

Found = Callable[[int], dict[Labels, float] | None]
"""What is there at a time, by alert; None when the rule fails then."""


@dataclass(slots=True)
class _State:
    active_ms: int
    value: float
    fired_ms: int | None = None
    missing_since: int | None = None


def firings(found: Found, times: Sequence[int], for_ms: int, keep_ms: int) -> dict[Labels, list[Firing]]:
    """Return when which alert fired."""
    states: dict[Labels, _State] = {}
    told: dict[Labels, list[Firing]] = {}

    def end(labels: Labels, state: _State, at: int | None) -> None:
        if state.fired_ms is not None:
            told.setdefault(labels, []).append(
                Firing(active_ms=state.active_ms, fired_ms=state.fired_ms, ended_ms=at, value=state.value)
            )

    for now in times:
        here = found(now)
        if here is None:
            continue
        for labels, value in here.items():
            states.setdefault(labels, _State(now, value)).missing_since = None
        for labels, state in [*states.items()]:
            if labels not in here:
                if state.missing_since is None:
                    state.missing_since = now
                if state.fired_ms is None or now - state.missing_since >= keep_ms:
                    end(labels, state, now)
                    del states[labels]
            elif state.fired_ms is None and now - state.active_ms >= for_ms:
                state.fired_ms = now
    for labels, state in states.items():
        end(labels, state, None)
    return told


def asked(rule: AlertRule, source: Source) -> Found:
    """Ask a rule's query at one time."""

    def found(now: int) -> dict[Labels, float] | None:
        try:
            value = run_instant(rule.expr, now, source).value
        except EvaluationError:
            return None
        assert isinstance(value, Vector)
        alerts = [
            labels.dropping((METRIC_NAME,)).updated({**rule.labels, ALERT_NAME: rule.name})
            for labels in value.labels
        ]
        if len({*alerts}) < len(alerts):
            return None
        return dict(zip(alerts, value.values[:, 0].tolist(), strict=True))

    return found
