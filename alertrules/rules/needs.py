"""What a rule looks at: which series, how far back, and whether it depends on the range it is asked over."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Final

from alertrules.rules.alerting import ALERTS, ALERTS_FOR_STATE
from alertrules.rules.model import AlertRule, Rule
from promql.language.ast import (
    AtEnd,
    Call,
    DurationFunction,
    DurationLiteral,
    DurationOperation,
    Expr,
    MatrixSelector,
    Node,
    Shift,
    Subquery,
    VectorSelector,
)
from timeseries.labels import METRIC_NAME
from timeseries.matcher import MatchType

ALERT_METRICS: Final = frozenset({ALERTS, ALERTS_FOR_STATE})

Metrics = frozenset[str] | None
"""Names of metrics; None: any."""


def parts_of(node: Node) -> Iterator[Node | Shift]:
    """Give a query and all that it is made of."""
    left: list[object] = [node]
    while left:
        part = left.pop()
        if isinstance(part, tuple):
            left += part
        elif isinstance(part, Node | Shift) and is_dataclass(part):
            yield part
            left += (getattr(part, field.name) for field in fields(part))


def reads(expr: Expr, name: str) -> bool:
    """Tell whether a query asks for series of a name; one that asks for any name does not."""
    return any(isinstance(part, VectorSelector) and _means(part, name) for part in parts_of(expr))


def read_by(rule: Rule) -> Metrics:
    """Return the metrics that a rule may read, in its query or in a template.

    What earlier rules made is written before it is asked for. When in doubt the answer is "any": that costs a
    commit, nothing else.
    """
    if isinstance(rule, AlertRule):
        texts = (*rule.labels.values(), *rule.annotations.values())
        if any("{{" in text and "query" in text for text in texts):
            return None
    found: set[str] = set()
    for part in parts_of(rule.expr):
        if isinstance(part, Call) and part.function == "info":
            # It also reads series that no selector names.
            return None
        if isinstance(part, VectorSelector):
            names = _names(part)
            if not names:
                return None
            found |= names
    return frozenset(found)


def _names(selector: VectorSelector) -> set[str]:
    return {
        one.value
        for one in selector.matchers
        if one.name == METRIC_NAME and one.type is MatchType.EQUAL and one.value
    }


def _means(selector: VectorSelector, name: str) -> bool:
    named = [matcher for matcher in selector.matchers if matcher.name == METRIC_NAME]
    return bool(named) and all(matcher.matches(name) for matcher in named)


def is_of_a_range(expr: Expr) -> bool:
    """Tell whether a query says start(), end(), step() or range(): over a range they mean another time."""
    return any(
        isinstance(part, DurationFunction) or (isinstance(part, Shift) and isinstance(part.at, AtEnd))
        for part in parts_of(expr)
    )


def reach_ms(expr: Expr, lookback_ms: int) -> int:
    """Return how far back of its time a query looks, or somewhat more."""
    total = lookback_ms
    for part in parts_of(expr):
        lengths = []
        if isinstance(part, MatrixSelector | Subquery):
            lengths.append(part.range)
        elif isinstance(part, Shift) and part.offset is not None:
            lengths.append(part.offset)
        total += sum(_longest(length) for length in lengths)
    return total


def _longest(duration: DurationLiteral | DurationFunction | DurationOperation) -> int:
    return sum(abs(part.ms) for part in parts_of(duration) if isinstance(part, DurationLiteral))
