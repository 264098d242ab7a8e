"""The tree of a query: immutable nodes that know where in the text they stand. Knows no values."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from timeseries.matcher import Matcher


class ValueType(StrEnum):
    """What an expression comes to."""

    SCALAR = "scalar"
    STRING = "string"
    VECTOR = "instant vector"
    MATRIX = "range vector"


class Span(NamedTuple):
    """A piece of the query's text: from `start` up to `end`, counted in characters."""

    start: int
    end: int


class AtEnd(StrEnum):
    """The ends of the query's range, as times for `@`."""

    START = "start"
    END = "end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Any expression."""

    span: Span


# Expressions of durations: numbers in seconds, in the places of ranges, steps and offsets.


@dataclass(frozen=True, slots=True, kw_only=True)
class DurationLiteral(Node):
    """`5m`, `1h30m`, `300`: milliseconds; `written` is the text."""

    ms: int
    written: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DurationFunction(Node):
    """`step()`, `range()`, `min(a, b)`, `max(a, b)`."""

    name: str
    args: tuple["Duration", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DurationOperation(Node):
    """`a + b` and so on, `-a`, `(a)`; `left` is None for a sign, and `op` is "(" for parentheses."""

    op: str
    left: "Duration | None"
    right: "Duration"


Duration = DurationLiteral | DurationFunction | DurationOperation


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """`offset` and `@` of a selector or subquery; `at` is a time in ms."""

    offset: Duration | None = None
    at: int | AtEnd | None = None


NO_SHIFT = Shift()


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberLiteral(Node):
    """A number; `duration` is whether it was written as one (`5m` is 300)."""

    value: float
    duration: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StringLiteral(Node):
    """A text."""

    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorSelector(Node):
    """`name{matchers} offset … @ …`; the name, when given before the braces, is among the matchers, too."""

    name: str
    matchers: tuple[Matcher, ...]
    shift: Shift = NO_SHIFT
    anchored: bool = False
    smoothed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixSelector(Node):
    """`selector[range]`; shift, anchored and smoothed are those of the selector."""

    selector: VectorSelector
    range: Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Subquery(Node):
    """`expr[range:step]`."""

    expr: "Expr"
    range: Duration
    step: Duration | None
    shift: Shift = NO_SHIFT


@dataclass(frozen=True, slots=True, kw_only=True)
class Paren(Node):
    """`(expr)`."""

    expr: "Expr"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unary(Node):
    """`-expr` or `+expr`."""

    op: str
    expr: "Expr"


class Cardinality(StrEnum):
    """How many series of each side match one of the other."""

    ONE_TO_ONE = "one-to-one"
    MANY_TO_ONE = "many-to-one"
    ONE_TO_MANY = "one-to-many"
    MANY_TO_MANY = "many-to-many"


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """How the series of two vectors find each other: `on` or `ignoring`, `group_left`, `fill`.

    With `group_right` the fill of the left stands in for the side of the many, and that is the right one: so
    Prometheus does it.
    """

    cardinality: Cardinality = Cardinality.ONE_TO_ONE
    on: bool = False
    labels: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    fill_left: float | None = None
    fill_right: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary(Node):
    """`left op right`; `matching` is None unless both sides are vectors. `op` in lower case."""

    op: str
    left: "Expr"
    right: "Expr"
    returns_bool: bool = False
    matching: Matching | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate(Node):
    """`op by (labels) (param, expr)`; `op` in lower case."""

    op: str
    expr: "Expr"
    param: "Expr | None" = None
    labels: tuple[str, ...] = ()
    without: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Node):
    """`function(args)`."""

    function: str
    args: tuple["Expr", ...]


Expr = (
    NumberLiteral
    | StringLiteral
    | VectorSelector
    | MatrixSelector
    | Subquery
    | Paren
    | Unary
    | Binary
    | Aggregate
    | Call
)
