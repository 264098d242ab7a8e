"""Finds what comes to the same at every step, because `@` fixes its time: it is evaluated once."""

from dataclasses import replace
from typing import Final

import numpy as np

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
from promql.values import Value, Vector, Windows

# Functions that look at the time of the step, or that differ from call to call.
UNSTEADY: Final = frozenset(
    {
        "days_in_month",
        "day_of_month",
        "day_of_week",
        "day_of_year",
        "end",
        "hour",
        "info",
        "minute",
        "month",
        "predict_linear",
        "range",
        "sort",
        "sort_by_label",
        "sort_by_label_desc",
        "sort_desc",
        "start",
        "step",
        "time",
        "timestamp",
        "year",
    }
)


def is_invariant(expr: Expr) -> bool:
    """Tell whether an instant vector or scalar holds no time but fixed ones. Range vectors never count."""
    return not isinstance(
        unwrapped(expr), NumberLiteral | StringLiteral | MatrixSelector | Subquery
    ) and _steady(expr)


def _steady(expr: Expr) -> bool:
    match expr:
        case NumberLiteral() | StringLiteral():
            steady = True
        case Paren() | Unary():
            steady = _steady(expr.expr)
        case Binary():
            steady = _steady(expr.left) and _steady(expr.right)
        case Aggregate():
            steady = _steady(expr.expr) and (expr.param is None or _steady(expr.param))
        case Call():
            steady = expr.function not in UNSTEADY and all(map(_steady, expr.args))
        case VectorSelector() | Subquery():
            steady = expr.shift.at is not None
        case MatrixSelector():
            steady = expr.selector.shift.at is not None
    return steady


def unwrapped(expr: Expr) -> Expr:
    """Return what is inside of all parentheses."""
    while isinstance(expr, Paren):
        expr = expr.expr
    return expr


def repeated(value: Value, steps: int) -> Value:
    """Return at all steps what was found at one."""
    if isinstance(value, str | Windows):
        return value
    if not isinstance(value, Vector):
        return np.repeat(value, steps)
    return replace(
        value,
        values=np.repeat(value.values, steps, axis=1),
        present=np.repeat(value.present, steps, axis=1),
        histograms=None if value.histograms is None else np.repeat(value.histograms, steps, axis=1),
    )
