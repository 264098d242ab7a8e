"""Which metrics a rule may read, so that what earlier rules made is written before it is asked for.

Owns walking a query for its selectors. When in doubt the answer is "any": that costs a commit, nothing else.
"""

from collections.abc import Iterator

from alertrules.rules.model import AlertRule, Rule
from promql.language.ast import (
    Aggregate,
    Binary,
    Call,
    Expr,
    MatrixSelector,
    NumberLiteral,
    Paren,
    StringLiteral,
    Subquery,
    Unary,
    VectorSelector,
)
from timeseries.labels import METRIC_NAME
from timeseries.matcher import MatchType

Metrics = frozenset[str] | None
"""Names of metrics; None: any."""


def read_by(rule: Rule) -> Metrics:
    """Return the metrics that a rule may read, in its query or in a template."""
    if isinstance(rule, AlertRule):
        texts = (*rule.labels.values(), *rule.annotations.values())
        if any("{{" in text and "query" in text for text in texts):
            return None
    found: set[str] = set()
    for selector in _selectors(rule.expr):
        names = {
            one.value
            for one in selector.matchers
            if one.name == METRIC_NAME and one.type is MatchType.EQUAL and one.value
        }
        if not names:
            return None
        found |= names
    return frozenset(found)


def _selectors(expr: Expr) -> Iterator[VectorSelector]:
    match expr:
        case VectorSelector():
            yield expr
        case MatrixSelector():
            yield expr.selector
        case Call(function="info"):
            # It also reads series that no selector names.
            yield VectorSelector(span=expr.span, name="", matchers=())
        case _:
            for child in _children(expr):
                yield from _selectors(child)


def _children(expr: Expr) -> tuple[Expr, ...]:
    match expr:
        case Binary():
            return (expr.left, expr.right)
        case Aggregate():
            return (expr.expr,) if expr.param is None else (expr.param, expr.expr)
        case Call():
            return expr.args
        case Paren() | Unary() | Subquery():
            return (expr.expr,)
        case NumberLiteral() | StringLiteral() | VectorSelector() | MatrixSelector():
            return ()
