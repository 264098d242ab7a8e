"""Another parser, promql-parser, takes the same queries for the same trees."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import promql_parser as other
from hypothesis import given
from hypothesis import strategies as st

from promql.errors import ParseError
from promql.language.ast import (
    Aggregate,
    AtEnd,
    Binary,
    Call,
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
    VectorSelector,
)
from promql.language.parser import parse

Shape = tuple[object, ...]


def ms_of(duration: object) -> int | None:
    """Return a duration in ms; a step or an offset that is not there is None."""
    if duration is None:
        return None
    assert isinstance(duration, DurationLiteral)
    return duration.ms


def shift_of(shift: Shift) -> Shape:
    """Return the offset and the time."""
    return (ms_of(shift.offset) or 0, f"{shift.at}()" if isinstance(shift.at, AtEnd) else shift.at)


def matching_of(matching: Matching | None) -> Shape | None:
    """Return how vectors match."""
    if matching is None:
        return None
    labels = (matching.on, matching.labels) if matching.on or matching.labels else None
    return (str(matching.cardinality), labels, matching.include)


def own(expr: Expr) -> Shape:
    """Return our tree, as much of it as the other parser has."""
    found: Shape
    match expr:
        case NumberLiteral() | StringLiteral():
            found = ("literal", expr.value)
        case VectorSelector():
            matchers = {
                (one.name, one.type.value, one.value) for one in expr.matchers if one.name != "__name__"
            }
            found = ("selector", expr.name, frozenset(matchers), shift_of(expr.shift))
        case MatrixSelector():
            found = ("range", own(expr.selector), ms_of(expr.range))
        case Subquery():
            found = ("subquery", own(expr.expr), ms_of(expr.range), ms_of(expr.step), shift_of(expr.shift))
        case Paren():
            found = ("paren", own(expr.expr))
        case Unary():
            found = ("sign", own(expr.expr))
        case Binary():
            kind = (expr.op, expr.returns_bool, matching_of(expr.matching))
            found = (*kind, own(expr.left), own(expr.right))
        case Aggregate():
            param = None if expr.param is None else own(expr.param)
            found = (expr.op, expr.without, expr.labels, param, own(expr.expr))
        case Call():
            found = (expr.function, *map(own, expr.args))
    return found


def theirs(node: Any) -> Shape:
    """Return the other parser's tree likewise."""
    return SHAPES[type(node).__name__](node)


def _their_ms(duration: timedelta | None) -> int | None:
    return None if duration is None else duration // timedelta(milliseconds=1)


def _their_shift(node: Any) -> Shape:
    at = None if node.at is None else str(node.at).removeprefix("@ ")
    offset = _their_ms(node.offset) or 0
    return (offset, at if at is None or at.endswith("()") else round(float(at) * 1000))


def _their_selector(node: Any) -> Shape:
    matchers = {(one.name, THEIR_OPERATORS[str(one.op)], one.value) for one in node.matchers.matchers}
    return ("selector", node.name, frozenset(matchers), _their_shift(node))


def _their_matching(modifier: Any) -> Shape:
    labels = modifier.matching
    on = None if labels is None else (str(labels.type).endswith("Include"), tuple(labels.labels))
    if on == (False, ()):
        on = None
    return (CARDINALITIES[str(modifier.card).rpartition(".")[2]], on, tuple(modifier.group_labels or ()))


def _their_binary(node: Any) -> Shape:
    left, right = theirs(node.lhs), theirs(node.rhs)
    vectors = not (_is_scalar(node.lhs) or _is_scalar(node.rhs))
    modifier = node.modifier
    matching = None
    if vectors:
        set_operation = str(node.op) in ("and", "or", "unless")
        plain = ("many-to-many" if set_operation else "one-to-one", None, ())
        matching = plain if modifier is None else _their_matching(modifier)
    return (str(node.op), modifier is not None and modifier.return_bool, matching, left, right)


def _is_scalar(node: Any) -> bool:
    name = type(node).__name__
    if name == "BinaryExpr":
        return _is_scalar(node.lhs) and _is_scalar(node.rhs)
    if name in ("ParenExpr", "UnaryExpr"):
        return _is_scalar(node.expr)
    return name == "NumberLiteral" or (name == "Call" and node.func.name in ("time", "scalar"))


def _their_aggregate(node: Any) -> Shape:
    modifier = node.modifier
    without = modifier is not None and str(modifier.type).endswith("Without")
    labels = () if modifier is None else tuple(modifier.labels)
    return (str(node.op), without, labels, node.param and theirs(node.param), theirs(node.expr))


THEIR_OPERATORS = {"MatchOp.Equal": "=", "MatchOp.NotEqual": "!=", "MatchOp.Re": "=~", "MatchOp.NotRe": "!~"}
CARDINALITIES = {
    "OneToOne": "one-to-one",
    "ManyToOne": "many-to-one",
    "OneToMany": "one-to-many",
    "ManyToMany": "many-to-many",
}
SHAPES: dict[str, Callable[[Any], Shape]] = {
    "NumberLiteral": lambda node: ("literal", node.val),
    "StringLiteral": lambda node: ("literal", node.val),
    "VectorSelector": _their_selector,
    "MatrixSelector": lambda node: ("range", theirs(node.vector_selector), _their_ms(node.range)),
    "SubqueryExpr": lambda node: (
        "subquery",
        theirs(node.expr),
        _their_ms(node.range),
        _their_ms(node.step),
        _their_shift(node),
    ),
    "ParenExpr": lambda node: ("paren", theirs(node.expr)),
    "UnaryExpr": lambda node: ("sign", theirs(node.expr)),
    "BinaryExpr": _their_binary,
    "AggregateExpr": _their_aggregate,
    "Call": lambda node: (node.func.name, *map(theirs, node.args)),
}


# What both know: the other has no durations that are computed, and no range is anchored or smoothed.
SHIFTS = ("", "", " offset 5m", " offset -1h30m", " @ 1.5", " @ end() offset 2w", " offset 1y2d @ start()")
LEAVES = (
    "up",
    'foo{a="b"}',
    "foo{a=~'b|c',d!=\"\"}",
    '{job!~"x"}',
    "job:up:sum",
    "sum",
    "offset",
    "3",
    "0.5",
    "time()",
)
OPERATORS = (*"+-*/%^", "atan2", "and", "or", "unless", "> bool", "== bool", "<= bool", "!= bool")
MATCHINGS = ("", "", " on (a)", " ignoring (a, b)", " on (a) group_left (c)", " ignoring (a) group_right")

leaves = st.builds(
    lambda leaf, shift: leaf + (shift if leaf[0] not in "30t" else ""),
    st.sampled_from(LEAVES),
    st.sampled_from(SHIFTS),
)


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = st.builds(str.__add__, st.sampled_from(OPERATORS), st.sampled_from(MATCHINGS))
    return st.one_of(
        st.builds("{} {} {}".format, inner, operators, inner),
        st.builds("{} {} {} {} {}".format, inner, operators, inner, operators, inner),
        st.builds("({})".format, inner),
        st.builds("-{}".format, inner),
        st.builds("sum by (a, b) ({})".format, inner),
        st.builds("avg({}) without (a)".format, inner),
        st.builds("topk(3, {})".format, inner),
        st.builds("quantile by (a) (0.9, {})".format, inner),
        st.builds("rate({}[5m]{})".format, st.sampled_from(LEAVES[:5]), st.sampled_from(SHIFTS)),
        st.builds(
            "max_over_time(({})[1h:{}]{})".format, inner, st.sampled_from(("", "1m")), st.sampled_from(SHIFTS)
        ),
        st.builds('label_join({}, "a", "", "b")'.format, inner),
        st.builds("clamp({}, 1, scalar({}))".format, inner, inner),
        st.builds("scalar({})".format, inner),
    )


queries = st.recursive(leaves, _larger, max_leaves=6)


def ours_or_none(text: str) -> Shape | None:
    """Return our tree, or None for what is no query."""
    try:
        return own(parse(text))
    except ParseError:
        return None


def theirs_or_none(text: str) -> Shape | None:
    """Return the other's tree, or None for what is no query."""
    try:
        return theirs(other.parse(text))
    except ValueError:
        return None


@given(queries)
def test_both_read_the_same(text: str) -> None:
    assert ours_or_none(text) == theirs_or_none(text)
