"""Whether the types in a tree fit together, as far as its text tells. Changes nothing."""

from collections.abc import Iterator
from itertools import chain
from typing import Final, NoReturn

from promql.language.ast import (
    Aggregate,
    Binary,
    Call,
    Cardinality,
    Expr,
    MatrixSelector,
    NumberLiteral,
    Paren,
    Span,
    StringLiteral,
    Subquery,
    Unary,
    ValueType,
    VectorSelector,
)
from promql.language.reader import error
from promql.language.signatures import FUNCTIONS, PARAMETERS
from timeseries.labels import METRIC_NAME
from timeseries.text import quote

SET_OPERATORS: Final = frozenset({"and", "or", "unless"})
COMPARISONS: Final = frozenset({"==", "!=", "<=", "<", ">=", ">"})

SCALAR, STRING, VECTOR, MATRIX = ValueType


def check(expr: Expr, text: str) -> None:
    """Raise ParseError for what the types forbid; the text is the one that the tree was read from."""
    _Checker(text).check(expr)


def check_selector(expr: VectorSelector, text: str) -> None:
    """Raise ParseError for a selector that names its metric twice, or selects everything."""
    checker = _Checker(text)
    checker.name(expr)
    checker.not_empty(expr)


def type_of(expr: Expr) -> ValueType:
    """Return what an expression of fitting types comes to."""
    match expr:
        case NumberLiteral():
            found = SCALAR
        case StringLiteral():
            found = STRING
        case MatrixSelector() | Subquery():
            found = MATRIX
        case Paren(expr=inner) | Unary(expr=inner):
            found = type_of(inner)
        case Binary(matching=None, left=left, right=right):
            found = _of_operands(type_of(left), type_of(right))
        case Call(function=name):
            found = FUNCTIONS[name].returns
        case _:
            found = VECTOR
    return found


def _of_operands(left: ValueType, right: ValueType) -> ValueType:
    return SCALAR if left is right is SCALAR else VECTOR


def _mismatched(expr: Binary, left: ValueType, right: ValueType) -> Iterator[tuple[Span, str]]:
    """Find what is wrong with how the operands shall match."""
    matching, sets = expr.matching, expr.op in SET_OPERATORS
    filled = matching is not None and (matching.fill_left, matching.fill_right) != (None, None)
    vectors = left is right is VECTOR
    if matching is not None and matching.labels and not vectors:
        yield expr.span, "vector matching only allowed between instant vectors"
    if filled and not vectors:
        yield expr.span, "filling in missing series only allowed between instant vectors"
    if sets and matching is not None and matching.cardinality is not Cardinality.MANY_TO_MANY:
        yield expr.span, f"no grouping allowed for {quote(expr.op)} operation"
    if sets and filled:
        yield expr.span, "filling in missing series not allowed for set operators"
    if sets and not vectors:
        yield expr.span, f"set operator {quote(expr.op)} not allowed in binary scalar expression"


class _Checker:
    """Goes through one tree; each method returns the type of its node."""

    def __init__(self, text: str) -> None:
        self._text = text

    def check(self, expr: Expr) -> ValueType:
        """Check a node and all below it."""
        match expr:
            case VectorSelector():
                self.name(expr)
                self.not_empty(expr)
            case MatrixSelector():
                self.check(expr.selector)
            case Subquery():
                self._subquery(expr)
            case Paren():
                return self.check(expr.expr)
            case Unary():
                return self._unary(expr)
            case Binary():
                return self._binary(expr)
            case Aggregate():
                self._aggregate(expr)
            case Call():
                self._call(expr)
        return type_of(expr)

    def name(self, expr: VectorSelector) -> None:
        """Check that the metric is named once."""
        if not expr.name:
            return
        for matcher in expr.matchers[:-1]:
            if matcher.name == METRIC_NAME:
                names = f"{quote(expr.name)} or {quote(matcher.value)}"
                self._fail(expr.span, f"metric name must not be set twice: {names}")

    def not_empty(self, expr: VectorSelector) -> None:
        """Check that not everything is selected, as by a slip."""
        if not expr.name and all(matcher.matches_empty for matcher in expr.matchers):
            self._fail(expr.span, "vector selector must contain at least one non-empty matcher")

    def _subquery(self, expr: Subquery) -> None:
        found = self.check(expr.expr)
        if found is not VECTOR:
            name = "matrix" if found is MATRIX else found
            self._fail(expr.span, f"subquery is only allowed on instant vector, got {name} instead")

    def _unary(self, expr: Unary) -> ValueType:
        found = self.check(expr.expr)
        if found not in (SCALAR, VECTOR):
            what = "unary expression only allowed on expressions of type scalar or instant vector"
            self._fail(expr.span, f"{what}, got {quote(found)}")
        return found

    def _aggregate(self, expr: Aggregate) -> None:
        self._expect(expr.expr, VECTOR, "aggregation expression")
        if expr.param is not None:
            self._expect(expr.param, PARAMETERS[expr.op], "aggregation parameter")

    def _expect(self, expr: Expr, wanted: ValueType, context: str) -> None:
        found = self.check(expr)
        if found is not wanted:
            self._fail(expr.span, f"expected type {wanted} in {context}, got {found}")

    def _binary(self, expr: Binary) -> ValueType:
        left = self.check(expr.left)
        right = self.check(expr.right)
        for span, reason in chain(self._misused(expr, left, right), _mismatched(expr, left, right)):
            self._fail(span, reason)
        return _of_operands(left, right)

    def _misused(self, expr: Binary, left: ValueType, right: ValueType) -> Iterator[tuple[Span, str]]:
        """Find what is wrong with the operator itself, the first thing first."""
        compares = expr.op in COMPARISONS
        if expr.returns_bool and not compares:
            yield self._operator(expr), "bool modifier can only be used on comparison operators"
        if compares and not expr.returns_bool and left is right is SCALAR:
            yield self._operator(expr), "comparisons between scalars must use BOOL modifier"
        matching = expr.matching
        if matching is not None and matching.on:
            for name in matching.labels:
                if name in matching.include:
                    reason = f"label {quote(name)} must not occur in ON and GROUP clause at once"
                    yield self._operator(expr), reason
        for side, found in ((expr.left, left), (expr.right, right)):
            if found not in (SCALAR, VECTOR):
                yield side.span, "binary expression must contain only scalar and instant vector types"

    def _operator(self, expr: Binary) -> Span:
        """Find the operator between the operands."""
        start, end = expr.left.span.end, expr.right.span.start
        while start < end and self._text[start] in " \t\r\n":
            start += 1
        return Span(start, end)

    def _call(self, expr: Call) -> None:
        signature = FUNCTIONS[expr.function]
        given, name = len(expr.args), quote(expr.function)
        if signature.variadic == 0 and given != signature.fewest:
            self._fail(expr.span, f"expected {signature.fewest} argument(s) in call to {name}, got {given}")
        if given < signature.fewest:
            least = f"at least {signature.fewest} argument(s)"
            self._fail(expr.span, f"expected {least} in call to {name}, got {given}")
        if signature.most is not None and given > signature.most:
            most = f"at most {signature.most} argument(s)"
            self._fail(expr.span, f"expected {most} in call to {name}, got {given}")
        args = expr.args
        if expr.function == "info" and given > 1:
            self._info(expr)
            # Its matchers may all accept a missing label.
            args = args[:1]
        for position, arg in enumerate(args):
            self._expect(arg, signature.type_of(position), f"call to function {name}")

    def _info(self, expr: Call) -> None:
        labels = expr.args[1]
        found = type_of(labels)
        if found is not VECTOR:
            where = f'call to function "{expr.function}"'
            self._fail(expr.span, f"expected type {VECTOR} in {where}, got {found}")
        if not isinstance(labels, VectorSelector):
            self._fail(labels.span, "expected label selectors only")
        if labels.name:
            self._fail(labels.span, "expected label selectors only, got vector selector instead")

    def _fail(self, span: Span, reason: str) -> NoReturn:
        raise error(self._text, span, reason)
