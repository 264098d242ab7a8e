"""Text to tree: the grammar of expressions, by precedence. Whether types fit is for the checker."""

from dataclasses import replace
from math import copysign, floor, isfinite
from typing import Final, NamedTuple

from promql.language.ast import (
    Aggregate,
    AtEnd,
    Binary,
    Call,
    Cardinality,
    Duration,
    DurationLiteral,
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
from promql.language.checker import SET_OPERATORS, check, check_selector
from promql.language.duration_parser import offset_duration, range_duration
from promql.language.lexer import AGGREGATORS, DURATION, IDENTIFIER, PREPROCESSORS, STRING, Token
from promql.language.reader import NUMBERS, Reader, span_of, text_of
from promql.language.selector_parser import NAMES, selector
from promql.language.signatures import FUNCTIONS, PARAMETERS
from timeseries.matcher import Matcher
from timeseries.text import is_utf8, quote

_PRECEDENCE: Final = {
    "or": 1,
    **dict.fromkeys(("and", "unless"), 2),
    **dict.fromkeys(("==", "!=", "<=", "<", ">=", ">", "</", ">/"), 3),
    **dict.fromkeys("+-", 4),
    **dict.fromkeys(("*", "/", "%", "atan2"), 5),
    "^": 6,
}
# A sign binds as a product does: only ^ is tighter.
_SIGN: Final = 5
_LABELS: Final = NAMES | {"bool", "group_left", "group_right", "ignoring", "on", "atan2"}
_CALLABLE: Final = PREPROCESSORS | {IDENTIFIER}
_SHIFTABLE: Final = "must be preceded by an instant vector selector or range vector selector or a subquery"
_MAX_INT: Final = (1 << 63) - 1

SCALAR, STRING_TYPE, VECTOR, MATRIX = ValueType


class _Built(NamedTuple):
    """An expression, its type, and how high its tree is."""

    expr: Expr
    type: ValueType
    height: int = 1


def parse(text: str) -> Expr:
    """Read a query and check its types; raises ParseError, which says what is wrong and where."""
    reader = Reader(text)
    if not text.strip(" \t\r\n") or (reader.at_end and reader.kind_after() == "end of input"):
        reader.fail(Span(0, 0), "no expression found in input")
    expr = _Parser(reader).expression().expr
    reader.finish()
    check(expr, text)
    return expr


def parse_selector(text: str) -> tuple[Matcher, ...]:
    """Read a selector, such as `up{job="node"}`; raises ParseError.

    At least one matcher must refuse a missing label, or every series would be meant.
    """
    reader = Reader(text)
    found = selector(reader)
    reader.finish()
    check_selector(found, text)
    return found.matchers


class _Parser:
    """Reads the expressions of one text."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def expression(self, least: int = 1) -> _Built:
        """Read operands and the operators between them that bind at least so tightly."""
        reader = self._reader
        reader.enter()
        left = self._operand()
        while (precedence := _PRECEDENCE.get(reader.token.kind, 0)) >= least:
            operator = reader.take()
            returns_bool = reader.take_if("bool") is not None
            matching = self._matching()
            # Only ^ groups to the right.
            right = self.expression(precedence + (operator.kind != "^"))
            left = self._binary(left, operator, returns_bool, matching, right)
        reader.leave()
        return left

    def _binary(
        self, left: _Built, operator: Token, returns_bool: bool, matching: Matching, right: _Built
    ) -> _Built:
        height = max(left.height, right.height) + 1
        self._reader.check_height(height)
        vectors = left.type is VECTOR and right.type is VECTOR
        if operator.kind in SET_OPERATORS and matching.cardinality is Cardinality.ONE_TO_ONE:
            matching = replace(matching, cardinality=Cardinality.MANY_TO_MANY)
        # What has no place between scalars is kept: the checker complains.
        filled = (matching.fill_left, matching.fill_right) != (None, None)
        expr = Binary(
            span=Span(left.expr.span.start, right.expr.span.end),
            op=operator.kind,
            left=left.expr,
            right=right.expr,
            returns_bool=returns_bool,
            matching=matching if vectors or matching.labels or filled else None,
        )
        scalars = left.type is SCALAR and right.type is SCALAR
        return _Built(expr, SCALAR if scalars else VECTOR, height)

    def _matching(self) -> Matching:
        """Read `on (…) group_left (…) fill (…)`, each of which may be missing."""
        reader = self._reader
        if reader.token.kind not in ("on", "ignoring", "fill", "fill_left", "fill_right"):
            return _ONE_TO_ONE
        on = False
        labels: tuple[str, ...] = ()
        include: tuple[str, ...] = ()
        cardinality = Cardinality.ONE_TO_ONE
        if reader.token.kind in ("on", "ignoring"):
            on = reader.take().kind == "on"
            labels = self._labels()
            if reader.token.kind in ("group_left", "group_right"):
                to_one = reader.take().kind == "group_left"
                cardinality = Cardinality.MANY_TO_ONE if to_one else Cardinality.ONE_TO_MANY
                include = self._labels() if reader.token.kind == "(" else ()
        fill_left, fill_right = self._fills()
        return Matching(
            cardinality=cardinality,
            on=on,
            labels=labels,
            include=include,
            fill_left=fill_left,
            fill_right=fill_right,
        )

    def _fills(self) -> tuple[float | None, float | None]:
        reader = self._reader
        if reader.take_if("fill"):
            value = self._fill()
            return value, value
        found: dict[str, float] = {}
        while reader.token.kind in ("fill_left", "fill_right") and reader.token.kind not in found:
            side = reader.take().kind
            found[side] = self._fill()
        return found.get("fill_left"), found.get("fill_right")

    def _fill(self) -> float:
        self._reader.take_only("(")
        value = self._reader.signed_number()
        self._reader.take_only(")")
        return value

    def _labels(self) -> tuple[str, ...]:
        """Read label names in parentheses."""
        reader, context = self._reader, "grouping opts"
        if reader.take_if("(") is None:
            reader.unexpected(context, '"("')
        found: list[str] = []
        while reader.token.kind != ")":
            if reader.token.kind not in _LABELS and reader.token.kind != STRING:
                reader.unexpected(context, "label")
            token = reader.take()
            name = text_of(token) if token.kind == STRING else token.text
            if not name or not is_utf8(name):
                reader.fail(span_of(token), f"invalid label name for grouping: {quote(name)}")
            found.append(name)
            if reader.take_if(",") is None and reader.token.kind != ")":
                reader.unexpected(context, '"," or ")"')
        reader.take()
        return tuple(found)

    def _operand(self) -> _Built:
        """Read what stands between operators, with its sign, its range and its modifiers."""
        reader = self._reader
        kind = reader.token.kind
        if kind in ("+", "-"):
            return self._signed(reader.take())
        if kind in NUMBERS:
            token, value = reader.number()
            number = NumberLiteral(span=span_of(token), value=value, duration=token.kind == DURATION)
            built = _Built(number, SCALAR)
        elif kind == STRING:
            built = _Built(
                StringLiteral(span=span_of(reader.token), value=text_of(reader.token)), STRING_TYPE
            )
            reader.take()
        elif kind == "(":
            built = self._parenthesised()
        elif kind in AGGREGATORS and reader.kind_after() in ("(", "by", "without"):
            built = self._aggregate()
        elif kind in _CALLABLE and reader.kind_after() == "(":
            built = self._call()
        else:
            built = _Built(selector(reader), VECTOR)
        return self._modified(built) if reader.token.kind in _MODIFIERS else built

    def _signed(self, sign: Token) -> _Built:
        inner = self.expression(_SIGN + 1)
        span = Span(sign.at, inner.expr.span.end)
        if isinstance(inner.expr, NumberLiteral):
            value = -inner.expr.value if sign.kind == "-" else inner.expr.value
            return inner._replace(expr=replace(inner.expr, span=span, value=value))
        self._reader.check_height(inner.height + 1)
        return _Built(Unary(span=span, op=sign.kind, expr=inner.expr), inner.type, inner.height + 1)

    def _parenthesised(self) -> _Built:
        opening = self._reader.take()
        inner = self.expression()
        closing = self._reader.take_only(")")
        self._reader.check_height(inner.height + 1)
        paren = Paren(span=Span(opening.at, closing.end), expr=inner.expr)
        return _Built(paren, inner.type, inner.height + 1)

    def _aggregate(self) -> _Built:
        reader = self._reader
        op = reader.take()
        without = False
        labels: tuple[str, ...] = ()
        with reader.inside("aggregation"):
            before = reader.token.kind in ("by", "without")
            if before:
                without, labels = reader.take().kind == "without", self._labels()
            args, end = self._arguments()
            if not before and reader.token.kind in ("by", "without"):
                without = reader.take().kind == "without"
                labels, end = self._labels(), reader.last.end
        span = Span(op.at, end)
        if not args:
            reader.fail(span, "no arguments for aggregate expression provided")
        wanted = 1 + (op.kind in PARAMETERS)
        if len(args) != wanted:
            what = "wrong number of arguments for aggregate expression provided"
            reader.fail(span, f"{what}, expected {wanted}, got {len(args)}")
        expr = Aggregate(
            span=span,
            op=op.kind,
            expr=args[-1].expr,
            param=args[0].expr if wanted > 1 else None,
            labels=labels,
            without=without,
        )
        return _Built(expr, VECTOR, self._height_over(args))

    def _call(self) -> _Built:
        name = self._reader.take()
        args, end = self._arguments()
        signature = FUNCTIONS.get(name.text)
        if signature is None:
            self._reader.fail(span_of(name), f"unknown function with name {quote(name.text)}")
        span = Span(name.at, end)
        call = Call(span=span, function=name.text, args=tuple(arg.expr for arg in args))
        return _Built(call, signature.returns, self._height_over(args))

    def _height_over(self, args: list[_Built]) -> int:
        height = 1 + max((arg.height for arg in args), default=0)
        self._reader.check_height(height)
        return height

    def _arguments(self) -> tuple[list[_Built], int]:
        """Read expressions in parentheses, and say where they end."""
        reader = self._reader
        reader.take_only("(")
        found: list[_Built] = []
        while reader.token.kind != ")" or found:
            found.append(self.expression())
            comma = reader.take_if(",")
            if comma is None:
                break
            if reader.token.kind == ")" or reader.at_end:
                reader.fail(span_of(comma), "trailing commas not allowed in function call args")
        return found, reader.take_only(")").end

    def _modified(self, built: _Built) -> _Built:
        """Read ranges, `offset`, `@`, `anchored` and `smoothed` after an operand."""
        reader = self._reader
        while (kind := reader.token.kind) in _MODIFIERS:
            modifier = reader.take()
            if kind == "[":
                built = self._ranged(built, modifier)
            elif kind == "offset":
                offset = offset_duration(reader)
                shift = self._shift(built.expr, f"offset modifier {_SHIFTABLE}")
                if _is_set(shift.offset):
                    reader.fail(built.expr.span, "offset may not be set multiple times")
                built = built._replace(expr=self._shifted(built.expr, replace(shift, offset=offset)))
            elif kind == "@":
                built = built._replace(expr=self._at(built.expr))
            else:
                built = built._replace(expr=self._extended(built.expr, kind))
        return built

    def _ranged(self, built: _Built, opening: Token) -> _Built:
        reader, expr = self._reader, built.expr
        range_ = range_duration(reader, "subquery or range selector", "number, duration, step(), or range()")
        if reader.take_if(":"):
            return self._subquery(built, range_)
        if reader.token.kind != "]":
            reader.unexpected("subquery or range", '":" or "]"')
        span = Span(opening.at, reader.take().end)
        if not isinstance(expr, VectorSelector):
            reader.fail(span, "ranges only allowed for vector selectors")
        offset = expr.shift.offset
        if isinstance(offset, DurationLiteral) and offset.ms:
            reader.fail(span, "no offset modifiers allowed before range")
        if isinstance(expr.shift.at, int):
            reader.fail(span, "no @ modifiers allowed before range")
        return _Built(
            MatrixSelector(span=Span(expr.span.start, span.end), selector=expr, range=range_), MATRIX, 2
        )

    def _subquery(self, built: _Built, range_: Duration) -> _Built:
        reader, step = self._reader, None
        if reader.token.kind != "]":
            expected = 'number, duration, step(), range(), or "]"'
            step = range_duration(reader, "subquery selector", expected)
        if reader.token.kind != "]":
            reader.unexpected("subquery selector", '"]"')
        height = built.height + 1
        reader.check_height(height)
        span = Span(built.expr.span.start, reader.take().end)
        return _Built(Subquery(span=span, expr=built.expr, range=range_, step=step), MATRIX, height)

    def _shift(self, expr: Expr, otherwise: str) -> Shift:
        """Return the shift of what can have one."""
        if isinstance(expr, MatrixSelector):
            return expr.selector.shift
        if not isinstance(expr, VectorSelector | Subquery):
            self._reader.fail(expr.span, otherwise)
        return expr.shift

    def _shifted(self, expr: Expr, shift: Shift) -> Expr:
        """Put a shift that was just read into an expression."""
        span = Span(expr.span.start, self._reader.last.end)
        if isinstance(expr, MatrixSelector):
            return replace(expr, span=span, selector=replace(expr.selector, shift=shift))
        if isinstance(expr, VectorSelector | Subquery):
            return replace(expr, span=span, shift=shift)
        return expr

    def _at(self, expr: Expr) -> Expr:
        reader = self._reader
        at: int | AtEnd
        with reader.inside("@", "timestamp"):
            if reader.token.kind in ("start", "end"):
                at = AtEnd(reader.take().kind)
                reader.take_only("(")
                reader.take_only(")")
            else:
                seconds = reader.signed_number()
                at = _milliseconds(seconds)
                if at == _MAX_INT:
                    reader.fail(expr.span, f"timestamp out of bounds for @ modifier: {_fixed(seconds)}")
        shift = self._shift(expr, f"@ modifier {_SHIFTABLE}")
        if shift.at is not None:
            reader.fail(expr.span, "@ <timestamp> may not be set multiple times")
        return self._shifted(expr, replace(shift, at=at))

    def _extended(self, expr: Expr, name: str) -> Expr:
        """Set anchored or smoothed."""
        if isinstance(expr, Subquery):
            self._reader.fail(expr.span, f"{name} modifier is not supported for subqueries")
        if not isinstance(expr, VectorSelector | MatrixSelector):
            self._reader.fail(expr.span, f"{name} modifier not implemented")
        own = expr.selector if isinstance(expr, MatrixSelector) else expr
        anchored, smoothed = own.anchored or name == "anchored", own.smoothed or name == "smoothed"
        if anchored and smoothed:
            self._reader.fail(expr.span, "anchored and smoothed modifiers cannot be used together")
        own = replace(own, anchored=anchored, smoothed=smoothed)
        return replace(expr, selector=own) if isinstance(expr, MatrixSelector) else own


_ONE_TO_ONE: Final = Matching()
_MODIFIERS: Final = frozenset({"[", "offset", "@", "anchored", "smoothed"})


def _is_set(offset: Duration | None) -> bool:
    """Tell whether an offset may not be replaced: one of 0 may."""
    return offset is not None and not (isinstance(offset, DurationLiteral) and offset.ms == 0)


def _milliseconds(seconds: float) -> int:
    """Round to milliseconds; the largest there is stands for all that are out of bounds."""
    if not isfinite(seconds) or abs(seconds) * 1000 >= _MAX_INT:
        return _MAX_INT
    return int(copysign(floor(abs(seconds) * 1000 + 0.5), seconds))


def _fixed(number: float) -> str:
    """Write a number as Go's %f does."""
    return f"{number:f}" if isfinite(number) else {"inf": "+Inf", "-inf": "-Inf"}.get(str(number), "NaN")
