"""Queries with a time put on every selector: asked at any other time, they come to the same."""

from dataclasses import replace
from typing import Final

from promql.language.ast import (
    Aggregate,
    Binary,
    Call,
    Expr,
    MatrixSelector,
    Paren,
    Shift,
    Subquery,
    Unary,
    VectorSelector,
)

# What these come to depends on the time of the query, whatever stands in the parentheses.
_OF_THE_TIME: Final = frozenset(
    {
        "days_in_month",
        "day_of_month",
        "day_of_week",
        "day_of_year",
        "end",
        "hour",
        "minute",
        "month",
        "predict_linear",
        "start",
        "time",
        "timestamp",
        "year",
    }
)


def pinned(expr: Expr, time_ms: int) -> Expr | None:
    """Return the query with `@` on all selectors and subqueries; None when it depends on the time anyway.

    One that has `@` keeps it. What is inside a subquery needs none of its own.
    """
    if _depends_on_time(expr):
        return None
    return _pin(expr, time_ms)


def other_times(time_ms: int) -> list[int]:
    """Return the times at which the query with `@` is asked."""
    if time_ms == 0:
        return [-1000, 0, 1000]
    # A fifth is cut towards zero.
    return [-10 * time_ms, 0, int(time_ms / 5), time_ms, 10 * time_ms]


def _depends_on_time(expr: Expr) -> bool:
    match expr:
        case Call():
            return expr.function in _OF_THE_TIME or any(map(_depends_on_time, expr.args))
        case Aggregate():
            param = expr.param
            return _depends_on_time(expr.expr) or (param is not None and _depends_on_time(param))
        case Binary():
            return _depends_on_time(expr.left) or _depends_on_time(expr.right)
        case Paren() | Unary():
            return _depends_on_time(expr.expr)
        case _:
            return False


def _pin(expr: Expr, at: int) -> Expr:
    match expr:
        case VectorSelector() | Subquery():
            return replace(expr, shift=_at(expr.shift, at))
        case MatrixSelector():
            return replace(expr, selector=replace(expr.selector, shift=_at(expr.selector.shift, at)))
        case Call():
            return replace(expr, args=tuple(_pin(one, at) for one in expr.args))
        case Aggregate():
            param = None if expr.param is None else _pin(expr.param, at)
            return replace(expr, expr=_pin(expr.expr, at), param=param)
        case Binary():
            return replace(expr, left=_pin(expr.left, at), right=_pin(expr.right, at))
        case Paren() | Unary():
            expr = replace(expr, expr=_pin(expr.expr, at))
    return expr


def _at(shift: Shift, at: int) -> Shift:
    return shift if shift.at is not None else replace(shift, at=at)
