"""The one time at which all series of an expression are looked at, if there is one."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from promql.context import Context
from promql.language.ast import (
    Aggregate,
    AtEnd,
    Binary,
    Call,
    DurationLiteral,
    Expr,
    MatrixSelector,
    Paren,
    Shift,
    Span,
    Subquery,
    Unary,
    ValueType,
    VectorSelector,
)
from promql.language.checker import type_of
from promql.language.durations import format_duration
from promql.selection.selectors import milliseconds

_OF_SERIES: Final = (ValueType.VECTOR, ValueType.MATRIX)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A fixed time in ms, or, where that is None, so many ms before the step."""

    at_ms: int | None = None
    offset_ms: int = 0

    def shift(self, span: Span) -> Shift:
        """Return it as the modifiers of a selector."""
        literal = DurationLiteral(span=span, ms=self.offset_ms, written=format_duration(self.offset_ms))
        return Shift(offset=literal, at=self.at_ms)


def moment_of(expr: Expr, context: Context) -> Moment | None:
    """Return the time; None when there are several, or when something is of no series at all."""
    match expr:
        case VectorSelector():
            found: Moment | None = _of_shift(expr.shift, context)
        case MatrixSelector():
            found = _of_shift(expr.selector.shift, context)
        case Subquery():
            found = _of_subquery(expr, context)
        case Paren() | Unary() | Aggregate():
            found = moment_of(expr.expr, context)
        case Binary():
            found = _shared((expr.left, expr.right), context)
        case Call():
            # What follows the first argument of info() is no value.
            found = _shared(expr.args[:1] if expr.function == "info" else expr.args, context)
        case _:
            found = None
    return found


def _of_shift(shift: Shift, context: Context) -> Moment:
    offset = 0 if shift.offset is None else milliseconds(shift.offset, context)
    if shift.at is None:
        return Moment(offset_ms=offset)
    ends = {AtEnd.START: context.query_start_ms, AtEnd.END: context.query_end_ms}
    return Moment(at_ms=(ends[shift.at] if isinstance(shift.at, AtEnd) else shift.at) - offset)


def _of_subquery(expr: Subquery, context: Context) -> Moment | None:
    inner, own = moment_of(expr.expr, context), _of_shift(expr.shift, context)
    if inner is None or inner.at_ms is not None:
        return inner
    if own.at_ms is not None:
        return Moment(at_ms=own.at_ms - inner.offset_ms)
    return Moment(offset_ms=own.offset_ms + inner.offset_ms)


def _shared(exprs: Iterable[Expr], context: Context) -> Moment | None:
    """Return the time that all have in common; scalars have none, and do not count."""
    found = {moment_of(expr, context) for expr in exprs if type_of(expr) in _OF_SERIES}
    return found.pop() if len(found) == 1 else None
