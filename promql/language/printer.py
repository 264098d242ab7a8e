"""Tree to text: in one line, or over several when it is long. What is written reads back as the same tree."""

from collections.abc import Sequence
from typing import Final

from promql.gofloat import general, plain
from promql.language.ast import (
    Aggregate,
    AtEnd,
    Binary,
    Call,
    Cardinality,
    Duration,
    DurationFunction,
    DurationLiteral,
    DurationOperation,
    Expr,
    Matching,
    MatrixSelector,
    NumberLiteral,
    Paren,
    Shift,
    StringLiteral,
    Subquery,
    Unary,
    VectorSelector,
)
from promql.language.durations import format_duration, is_duration, seconds_of
from timeseries.labels import METRIC_NAME
from timeseries.matcher import Matcher, MatchType
from timeseries.text import is_legacy_label_name, quote

MAX_LINE: Final = 100
"""What is longer is split."""

_INDENT: Final = "  "


def str_of(expr: Expr) -> str:
    """Write an expression in one line."""
    match expr:
        case NumberLiteral():
            written = format_duration(round(expr.value * 1000)) if expr.duration else plain(expr.value)
        case StringLiteral():
            written = quote(expr.value)
        case VectorSelector():
            written = _selector(expr) + _at(expr.shift) + _extended(expr) + _offset(expr.shift)
        case MatrixSelector(selector=selector):
            range_ = f"[{_duration(expr.range)}]{_extended(selector)}"
            written = _selector(selector) + range_ + _at(selector.shift) + _offset(selector.shift)
        case Subquery():
            written = str_of(expr.expr) + _subquery_range(expr)
        case Paren():
            written = f"({str_of(expr.expr)})"
        case Unary():
            written = expr.op + str_of(expr.expr)
        case Binary():
            written = f"{str_of(expr.left)} {_operator(expr)} {str_of(expr.right)}"
        case Aggregate():
            written = f"{_aggregation(expr)}({', '.join(map(str_of, _arguments(expr)))})"
        case Call():
            written = f"{expr.function}({', '.join(map(str_of, expr.args))})"
    return written


def format_query(expr: Expr) -> str:
    """Write an expression, over several lines where one would be longer than 100 characters."""
    return _split(expr, 0)


def _split(expr: Expr, level: int) -> str:
    """Write an expression so many levels deep; what fits a line stays in one."""
    indent = _INDENT * level
    line = str_of(expr)
    fits = len(line) <= MAX_LINE
    written = indent + line
    match expr:
        case Unary():
            written = f"{indent}{expr.op}{_split(expr.expr, level).strip()}"
        case Subquery():
            written = line if fits else _split(expr.expr, level) + _subquery_range(expr)
        case Binary() if not fits:
            left, right = _split(expr.left, level + 1), _split(expr.right, level + 1)
            written = f"{left}\n{indent}{_operator(expr)}\n{right}"
        case Paren() if not fits:
            written = _bracketed("", [expr.expr], level)
        case Call() if not fits and expr.args:
            written = _bracketed(expr.function, expr.args, level)
        case Aggregate() if not fits:
            written = _bracketed(_aggregation(expr), _arguments(expr), level)
    return written


def _bracketed(name: str, args: Sequence[Expr], level: int) -> str:
    indent = _INDENT * level
    inner = ",\n".join(_split(arg, level + 1) for arg in args)
    return f"{indent}{name}(\n{inner}\n{indent})"


def _arguments(expr: Aggregate) -> list[Expr]:
    return [expr.expr] if expr.param is None else [expr.param, expr.expr]


def _selector(expr: VectorSelector) -> str:
    named = Matcher(name=METRIC_NAME, type=MatchType.EQUAL, value=expr.name) if expr.name else None
    matchers = sorted(str(matcher) for matcher in expr.matchers if matcher != named)
    # Only info() takes a selector of nothing at all.
    return f"{expr.name}{{{','.join(matchers)}}}" if matchers or not expr.name else expr.name


def _extended(expr: VectorSelector) -> str:
    return " anchored" if expr.anchored else " smoothed" if expr.smoothed else ""


def _at(shift: Shift) -> str:
    if shift.at is None:
        return ""
    if isinstance(shift.at, AtEnd):
        return f" @ {shift.at}()"
    seconds, ms = divmod(abs(shift.at), 1000)
    return f" @ {'-' if shift.at < 0 else ''}{seconds}.{ms:03d}"


def _offset(shift: Shift) -> str:
    if shift.offset is None or (isinstance(shift.offset, DurationLiteral) and shift.offset.ms == 0):
        return ""
    return f" offset {_duration(shift.offset)}"


def _subquery_range(expr: Subquery) -> str:
    step = "" if expr.step is None else _duration(expr.step)
    return f"[{_duration(expr.range)}:{step}]{_at(expr.shift)}{_offset(expr.shift)}"


def _duration(duration: Duration) -> str:
    """Write what stands for a whole range, step or offset."""
    return format_duration(duration.ms) if isinstance(duration, DurationLiteral) else _part(duration)


def _part(duration: Duration) -> str:
    """Write a part of an expression, where numbers stay numbers."""
    match duration:
        case DurationLiteral():
            return format_duration(duration.ms) if is_duration(duration) else plain(seconds_of(duration))
        case DurationFunction():
            return f"{duration.name}({', '.join(map(_part, duration.args))})"
        case DurationOperation(op="("):
            return f"({_part(duration.right)})"
        case DurationOperation():
            left = "" if duration.left is None else f"{_part(duration.left)} "
            return f"{left}{duration.op}{' ' if left else ''}{_part(duration.right)}"


def _aggregation(expr: Aggregate) -> str:
    labels = ", ".join(map(_label, expr.labels))
    if expr.without:
        return f"{expr.op} without ({labels}) "
    return f"{expr.op} by ({labels}) " if labels else expr.op


def _operator(expr: Binary) -> str:
    return expr.op + (" bool" if expr.returns_bool else "") + _matching(expr.matching)


def _matching(matching: Matching | None) -> str:
    if matching is None:
        return ""
    written = ""
    grouped = matching.cardinality in (Cardinality.MANY_TO_ONE, Cardinality.ONE_TO_MANY)
    if matching.labels or matching.on or grouped:
        labels = ", ".join(map(_label, matching.labels))
        written = f" {'on' if matching.on else 'ignoring'} ({labels})"
    if grouped:
        side = "left" if matching.cardinality is Cardinality.MANY_TO_ONE else "right"
        written += f" group_{side} ({', '.join(map(_label, matching.include))})"
    left, right = matching.fill_left, matching.fill_right
    if left is not None and right is not None and general(left) == general(right):
        return f"{written} fill ({general(left)})"
    for side, value in (("left", left), ("right", right)):
        if value is not None:
            written += f" fill_{side} ({general(value)})"
    return written


def _label(name: str) -> str:
    return name if is_legacy_label_name(name) else quote(name)
