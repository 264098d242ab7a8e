"""The tree of a query: the selectors in it, and its form in the answers of `parse_query`."""

from collections.abc import Sequence
from typing import Final

from gateway.query.jsontext import number
from promql.language.ast import (
    Aggregate,
    Binary,
    Call,
    Duration,
    DurationLiteral,
    Expr,
    Matching,
    MatrixSelector,
    NumberLiteral,
    Paren,
    Shift,
    StringLiteral,
    Subquery,
    Unary,
    ValueType,
    VectorSelector,
)
from promql.language.signatures import FUNCTIONS
from timeseries.matcher import Matcher

_TYPES: Final = {
    ValueType.SCALAR: "scalar",
    ValueType.STRING: "string",
    ValueType.VECTOR: "vector",
    ValueType.MATRIX: "matrix",
}


def selectors_in(expr: Expr) -> list[tuple[Matcher, ...]]:
    """Return the matchers of each selector, in the order they stand."""
    if isinstance(expr, VectorSelector):
        return [expr.matchers]
    return [matchers for part in _parts(expr) for matchers in selectors_in(part)]


def _parts(expr: Expr) -> Sequence[Expr]:
    match expr:
        case MatrixSelector():
            return (expr.selector,)
        case Subquery() | Paren() | Unary():
            return (expr.expr,)
        case Binary():
            return (expr.left, expr.right)
        case Aggregate():
            return (expr.expr,) if expr.param is None else (expr.param, expr.expr)
        case Call():
            return expr.args
        case _:
            return ()


def tree_of(expr: Expr) -> dict[str, object]:
    """Return the tree as Prometheus' interface expects it."""
    told: dict[str, object]
    match expr:
        case NumberLiteral():
            told = {"type": "numberLiteral", "val": number(expr.value)}
        case StringLiteral():
            told = {"type": "stringLiteral", "val": expr.value}
        case Paren():
            told = {"type": "parenExpr", "expr": tree_of(expr.expr)}
        case Unary():
            told = {"type": "unaryExpr", "op": expr.op, "expr": tree_of(expr.expr)}
        case VectorSelector():
            told = {"type": "vectorSelector", **_selector(expr)}
        case MatrixSelector():
            told = {"type": "matrixSelector", "range": _ms(expr.range), **_selector(expr.selector)}
        case Subquery():
            told = _subquery(expr)
        case Aggregate():
            told = _aggregation(expr)
        case Binary():
            told = _binary(expr)
        case Call():
            told = _call(expr)
    return told


def _selector(expr: VectorSelector) -> dict[str, object]:
    matchers = [{"name": one.name, "value": one.value, "type": str(one.type)} for one in expr.matchers]
    shown: dict[str, object] = {"name": expr.name, "matchers": matchers, **_shift(expr.shift)}
    return {**shown, "anchored": expr.anchored, "smoothed": expr.smoothed}


def _shift(shift: Shift) -> dict[str, object]:
    timestamp = shift.at if isinstance(shift.at, int) else None
    edge = None if shift.at is None or isinstance(shift.at, int) else str(shift.at)
    return {"offset": _ms(shift.offset), "timestamp": timestamp, "startOrEnd": edge}


def _ms(duration: Duration | None) -> int:
    """Return what was written as a duration; what has to be computed is 0, as in Prometheus."""
    return duration.ms if isinstance(duration, DurationLiteral) else 0


def _subquery(expr: Subquery) -> dict[str, object]:
    shown = {"type": "subquery", "expr": tree_of(expr.expr), "range": _ms(expr.range), "step": _ms(expr.step)}
    return {**shown, **_shift(expr.shift)}


def _aggregation(expr: Aggregate) -> dict[str, object]:
    return {
        "type": "aggregation",
        "op": expr.op,
        "expr": tree_of(expr.expr),
        "param": None if expr.param is None else tree_of(expr.param),
        "grouping": list(expr.labels),
        "without": expr.without,
    }


def _binary(expr: Binary) -> dict[str, object]:
    return {
        "type": "binaryExpr",
        "op": expr.op,
        "lhs": tree_of(expr.left),
        "rhs": tree_of(expr.right),
        "matching": None if expr.matching is None else _matching(expr.matching),
        "bool": expr.returns_bool,
    }


def _matching(matching: Matching) -> dict[str, object]:
    return {
        "card": str(matching.cardinality),
        "labels": list(matching.labels),
        "on": matching.on,
        "include": list(matching.include),
        "fillValues": {"lhs": matching.fill_left, "rhs": matching.fill_right},
    }


def _call(expr: Call) -> dict[str, object]:
    signature = FUNCTIONS[expr.function]
    return {
        "type": "call",
        "func": {
            "name": expr.function,
            "argTypes": [_TYPES[kind] for kind in signature.args],
            "variadic": signature.variadic,
            "returnType": _TYPES[signature.returns],
        },
        "args": [tree_of(arg) for arg in expr.args],
    }
