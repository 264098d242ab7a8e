"""Strategies for queries: trees whose types fit, and that read back as they are written."""

from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any, Final

from hypothesis import strategies as st

from promql.gofloat import plain
from promql.language.ast import (
    NO_SHIFT,
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
    Span,
    StringLiteral,
    Subquery,
    Unary,
    ValueType,
    VectorSelector,
)
from promql.language.checker import COMPARISONS, SET_OPERATORS, type_of
from promql.language.durations import format_duration
from promql.language.lexer import AGGREGATORS
from promql.language.signatures import FUNCTIONS, PARAMETERS
from tests.strategies import label_names, label_values, legacy_names
from timeseries.labels import METRIC_NAME
from timeseries.matcher import Matcher, MatchType

NOWHERE: Final = Span(0, 0)

PRECEDENCE: Final = {
    "or": 1, "and": 2, "unless": 2, "==": 3, "!=": 3, "<=": 3, "<": 3, ">=": 3, ">": 3, "</": 3, ">/": 3,
    "+": 4, "-": 4, "*": 5, "/": 5, "%": 5, "atan2": 5, "^": 6,
}  # fmt: skip

# These are no names where a name stands by itself.
_WORDS: Final = {"bool", "on", "ignoring", "group_left", "group_right", "atan2", "inf", "nan"}
_KEYWORD_NAMES: Final = ("sum", "by", "offset", "start", "step", "fill", "and", "anchored", "max_of", "min")

metric_names = (legacy_names | st.sampled_from((*_KEYWORD_NAMES, "job:up:sum", ":a"))).filter(
    lambda name: name.lower() not in _WORDS
)
grouping_labels = (label_names | st.sampled_from(("bool", "on", "sum"))).filter(
    lambda name: name.lower() not in ("inf", "nan")
)
# Bytes that are no UTF-8 come as lone surrogates.
strings = st.builds(
    StringLiteral, span=st.just(NOWHERE), value=label_values | st.sampled_from(("", "\udcff", "a\udcc5z"))
)
floats = st.floats(min_value=0, allow_nan=False, allow_infinity=False) | st.sampled_from(
    (0.0, 1.0, float("inf"), float("nan"))
)


def spanless(node: Any) -> Any:
    """Return the tree as if all of it stood nowhere, to compare trees from different texts."""
    if isinstance(node, Span):
        return NOWHERE
    if isinstance(node, tuple) and not hasattr(node, "_fields"):
        return tuple(map(spanless, node))
    if isinstance(node, Matcher) or not is_dataclass(node) or isinstance(node, type):
        return node
    return replace(node, **{one.name: spanless(getattr(node, one.name)) for one in fields(node)})


# --- durations ---

_whole_ms = st.integers(1, 10**12) | st.sampled_from(
    (1, 1000, 60_000, 86_400_000, 604_800_000, 31_536_000_000)
)


def literal(ms: int) -> DurationLiteral:
    """Return a duration that is written with units."""
    return DurationLiteral(span=NOWHERE, ms=ms, written=format_duration(ms))


def _number(ms: int) -> DurationLiteral:
    return DurationLiteral(span=NOWHERE, ms=ms, written=plain(ms / 1000))


def _wrapped(inner: Duration) -> Duration:
    return DurationOperation(span=NOWHERE, op="(", left=None, right=inner)


def _operation(op: str, left: Duration | None, right: Duration) -> Duration:
    def operand(part: Duration) -> Duration:
        bare = not isinstance(part, DurationOperation) or part.op == "("
        return part if bare else _wrapped(part)

    return DurationOperation(span=NOWHERE, op=op, left=left and operand(left), right=operand(right))


def _function(name: str, args: tuple[Duration, ...]) -> Duration:
    return DurationFunction(span=NOWHERE, name=name, args=args)


def _larger(parts: st.SearchStrategy[Duration]) -> st.SearchStrategy[Duration]:
    # A sign before a literal belongs to the literal.
    return (
        st.builds(_operation, st.sampled_from("+-*/%^"), parts, parts)
        | st.builds(_operation, st.just("-"), st.none(), parts.filter(_is_no_literal))
        | st.builds(_function, st.sampled_from(("min_of", "max_of", "min", "max")), st.tuples(parts, parts))
        | parts.map(_wrapped)
    )


def _is_no_literal(duration: Duration) -> bool:
    return not isinstance(duration, DurationLiteral)


_parts = st.recursive(
    _whole_ms.map(literal)
    | st.integers(1, 10**9).map(_number)
    | st.sampled_from(("step", "range")).map(lambda name: _function(name, ())),
    _larger,
    max_leaves=4,
)
durations = _whole_ms.map(literal) | _parts.filter(_is_no_literal)
# Arithmetic in an offset needs parentheses.
offsets = (
    _whole_ms.map(literal)
    | _whole_ms.map(lambda ms: literal(-ms))
    | _parts.filter(_is_no_literal).map(
        lambda part: part if isinstance(part, DurationFunction) or part.op == "(" else _wrapped(part)  # type: ignore[union-attr]
    )
)
_times = st.integers(-(10**15), 10**15) | st.sampled_from(AtEnd)
shifts = st.just(NO_SHIFT) | st.builds(Shift, offset=st.none() | offsets, at=st.none() | _times)

# --- selectors ---

matchers = st.builds(
    Matcher,
    name=label_names.filter(lambda name: name != METRIC_NAME),
    type=st.sampled_from((MatchType.EQUAL, MatchType.NOT_EQUAL)),
    value=st.just("") | label_values,
) | st.builds(
    Matcher,
    name=legacy_names,
    type=st.sampled_from((MatchType.REGEX, MatchType.NOT_REGEX)),
    value=st.sampled_from(("", "a|b", ".*", ".+x", "[0-9]{2}")),
)
_sorted_matchers = st.lists(matchers, max_size=3).map(lambda found: tuple(sorted(found, key=str)))


@st.composite
def selectors(draw: st.DrawFn, shift: st.SearchStrategy[Shift] = shifts) -> VectorSelector:
    """Draw an instant selector, by the metric's name or without."""
    found = draw(_sorted_matchers)
    name = draw(st.just("") | metric_names)
    if name:
        found += (Matcher(name=METRIC_NAME, type=MatchType.EQUAL, value=name),)
    elif all(matcher.matches_empty for matcher in found):
        required = Matcher(name="job", type=MatchType.EQUAL, value="node")
        found = tuple(sorted((*found, required), key=str))
    extended = draw(st.sampled_from(("", "", "anchored", "smoothed")))
    return VectorSelector(
        span=NOWHERE,
        name=name,
        matchers=found,
        shift=draw(shift),
        anchored=extended == "anchored",
        smoothed=extended == "smoothed",
    )


# --- expressions ---


def wrapped(expr: Expr) -> Expr:
    """Put parentheses around it."""
    return Paren(span=NOWHERE, expr=expr)


def _operand(expr: Expr, precedence: int) -> Expr:
    """Put parentheses around what would not stay together beside an operator."""
    loose = isinstance(expr, Unary) or (isinstance(expr, NumberLiteral) and str(expr.value).startswith("-"))
    own = 5 if loose else PRECEDENCE[expr.op] if isinstance(expr, Binary) else 9
    return expr if own >= precedence else wrapped(expr)


def binary(op: str, left: Expr, right: Expr, returns_bool: bool, matching: Matching) -> Expr:
    """Return an operation with the matching that its types allow."""
    types = (type_of(left), type_of(right))
    if op in SET_OPERATORS:
        matching = replace(
            matching, cardinality=Cardinality.MANY_TO_MANY, include=(), fill_left=None, fill_right=None
        )
    scalars = types == (ValueType.SCALAR, ValueType.SCALAR)
    own = PRECEDENCE[op]
    return Binary(
        span=NOWHERE,
        op=op,
        left=_operand(left, own + (op == "^")),
        right=_operand(right, own + (op != "^")),
        returns_bool=op in COMPARISONS and (returns_bool or scalars),
        matching=matching if types == (ValueType.VECTOR, ValueType.VECTOR) else None,
    )


@st.composite
def matchings(draw: st.DrawFn) -> Matching:
    """Draw how two vectors match."""
    on = draw(st.booleans())
    labels = tuple(draw(st.lists(grouping_labels, max_size=2)))
    kinds = (Cardinality.ONE_TO_ONE, Cardinality.MANY_TO_ONE, Cardinality.ONE_TO_MANY)
    cardinality = draw(st.sampled_from(kinds))
    grouped = cardinality is not Cardinality.ONE_TO_ONE
    include = tuple(name for name in draw(st.lists(grouping_labels, max_size=2)) if name not in labels)
    return Matching(
        cardinality=cardinality,
        on=on,
        labels=labels,
        include=include if grouped else (),
        fill_left=draw(st.none() | floats),
        fill_right=draw(st.none() | floats.map(lambda value: -value)),
    )


def _arithmetic(of: st.SearchStrategy[Expr], other: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    operators = st.sampled_from([op for op in PRECEDENCE if op not in SET_OPERATORS])
    return st.builds(binary, operators, of, other, st.booleans(), matchings())


def _negated(expr: Expr) -> Expr:
    if isinstance(expr, NumberLiteral):
        return replace(expr, value=-expr.value)
    return Unary(span=NOWHERE, op="-", expr=_operand(expr, 6))


_numbers = st.builds(lambda value: NumberLiteral(span=NOWHERE, value=value), floats) | st.builds(
    lambda ms: NumberLiteral(span=NOWHERE, value=ms / 1000, duration=True), st.integers(1, 10**9)
)


@cache
def scalars(depth: int = 2) -> st.SearchStrategy[Expr]:
    """Strategy for scalars, so many levels deep."""
    leaves: st.SearchStrategy[Expr] = _numbers | st.builds(
        Call, span=st.just(NOWHERE), function=st.sampled_from(("time", "pi", "step")), args=st.just(())
    )
    if depth == 0:
        return leaves
    inner = scalars(depth - 1)
    return (
        leaves
        | inner.map(wrapped)
        | inner.map(_negated)
        | _arithmetic(inner, inner)
        | _calls(ValueType.SCALAR, depth)
    )


@cache
def vectors(depth: int = 2) -> st.SearchStrategy[Expr]:
    """Strategy for instant vectors."""
    if depth == 0:
        return selectors()
    inner, numbers = vectors(depth - 1), scalars(depth - 1)
    sets = st.builds(
        binary, st.sampled_from(sorted(SET_OPERATORS)), inner, inner, st.just(False), matchings()
    )
    return (
        selectors()
        | inner.map(wrapped)
        | inner.map(_negated)
        | _arithmetic(inner, inner | numbers)
        | _arithmetic(numbers, inner)
        | sets
        | _aggregations(depth)
        | _calls(ValueType.VECTOR, depth)
    )


@cache
def ranges(depth: int = 2) -> st.SearchStrategy[Expr]:
    """Strategy for range vectors."""
    # After a range, its shift is the selector's.
    of_selector = st.builds(MatrixSelector, span=st.just(NOWHERE), selector=selectors(), range=durations)
    if depth == 0:
        return of_selector
    return of_selector | st.builds(
        lambda expr, range_, step, shift: Subquery(
            span=NOWHERE, expr=_operand(expr, 9), range=range_, step=step, shift=shift
        ),
        vectors(depth - 1),
        durations,
        st.none() | durations,
        shifts,
    )


def expressions(depth: int = 2) -> st.SearchStrategy[Expr]:
    """Strategy for whole queries of any type."""
    return vectors(depth) | scalars(depth) | ranges(depth) | strings


def _of_type(wanted: ValueType, depth: int) -> st.SearchStrategy[Expr]:
    match wanted:
        case ValueType.SCALAR:
            return scalars(depth)
        case ValueType.STRING:
            return strings
        case ValueType.VECTOR:
            return vectors(depth)
        case ValueType.MATRIX:
            return ranges(depth)


@st.composite
def _aggregations(draw: st.DrawFn, depth: int) -> Expr:
    op = draw(st.sampled_from(sorted(AGGREGATORS)))
    wanted = PARAMETERS.get(op)
    without = draw(st.booleans())
    return Aggregate(
        span=NOWHERE,
        op=op,
        expr=draw(vectors(depth - 1)),
        param=None if wanted is None else draw(_of_type(wanted, 0)),
        labels=tuple(draw(st.lists(grouping_labels, max_size=2))),
        without=without,
    )


@st.composite
def _calls(draw: st.DrawFn, returns: ValueType, depth: int) -> Expr:
    names = [name for name, signature in FUNCTIONS.items() if signature.returns is returns]
    name = draw(st.sampled_from(names))
    signature = FUNCTIONS[name]
    most = signature.fewest + 2 if signature.most is None else signature.most
    given = draw(st.integers(signature.fewest, most))
    args = [draw(_of_type(signature.type_of(position), depth - 1)) for position in range(given)]
    if name == "info" and given > 1:
        found = draw(_sorted_matchers)
        args[1] = VectorSelector(span=NOWHERE, name="", matchers=found)
    return Call(span=NOWHERE, function=name, args=tuple(args))
