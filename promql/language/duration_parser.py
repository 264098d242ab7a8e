"""Durations in the places of ranges, steps and offsets: literals, and arithmetic with them."""

import math
from typing import Final

from promql.language.ast import Duration, DurationFunction, DurationLiteral, DurationOperation, Span
from promql.language.durations import MAX_SECONDS
from promql.language.lexer import DURATION_WORDS, Token
from promql.language.reader import NUMBERS, Reader, span_of

OFFSET: Final = ("offset", "number, duration, step(), or range()")

_PRECEDENCE: Final = {"+": 1, "-": 1, "*": 2, "/": 2, "%": 2, "^": 3}
# A sign binds as a product does.
_SIGN: Final = 2
_STARTS: Final = NUMBERS | DURATION_WORDS | {"+", "-", "("}


def range_duration(reader: Reader, context: str, expected: str) -> Duration:
    """Read a range or a step, which must be more than 0 when it is a literal."""
    if reader.token.kind not in _STARTS:
        reader.unexpected(context, expected)
    with reader.inside(context, expected):
        found = _arithmetic(reader)
    if isinstance(found, DurationLiteral) and (
        found.ms < 0 or found.written.startswith("-") or _is_zero(found)
    ):
        reader.fail(found.span, "duration must be greater than 0")
    return found


def offset_duration(reader: Reader) -> Duration:
    """Read an offset. Arithmetic in it needs parentheses: `foo offset 5m + 1` adds to foo."""
    with reader.inside(*OFFSET):
        sign = reader.take() if reader.token.kind in ("+", "-") else None
        inner = _operand(reader)
    return inner if sign is None else _signed(sign, inner)


def _is_zero(literal: DurationLiteral) -> bool:
    return literal.ms == 0 and not any(digit in "123456789abcdef" for digit in literal.written)


def _arithmetic(reader: Reader, least: int = 1) -> Duration:
    reader.enter()
    left = _unary(reader)
    height = 0
    while (precedence := _PRECEDENCE.get(reader.token.kind, 0)) >= least:
        operator = reader.take()
        height += 1
        reader.check_height(height)
        right = _arithmetic(reader, precedence + (operator.kind != "^"))
        if operator.kind in "/%" and isinstance(right, DurationLiteral) and _is_zero(right):
            name = "division" if operator.kind == "/" else "modulo"
            reader.fail(span_of(operator), f"{name} by zero")
        span = Span(left.span.start, right.span.end)
        left = DurationOperation(span=span, op=operator.kind, left=left, right=right)
    reader.leave()
    return left


def _unary(reader: Reader) -> Duration:
    if reader.token.kind not in ("+", "-"):
        return _operand(reader)
    sign = reader.take()
    return _signed(sign, _arithmetic(reader, _SIGN + 1))


def _signed(sign: Token, inner: Duration) -> Duration:
    """Put a sign before a duration: a literal takes it in, and a plus changes nothing."""
    span = Span(sign.at, inner.span.end)
    if sign.kind == "+":
        return inner
    if isinstance(inner, DurationLiteral):
        written = inner.written[1:] if inner.written.startswith("-") else f"-{inner.written}"
        return DurationLiteral(span=span, ms=-inner.ms, written=written)
    return DurationOperation(span=span, op="-", left=None, right=inner)


def _operand(reader: Reader) -> Duration:
    token = reader.token
    if token.kind in NUMBERS:
        return _literal(reader)
    if token.kind == "(":
        reader.take()
        inner = _arithmetic(reader)
        closing = reader.take_only(")")
        return DurationOperation(span=Span(token.at, closing.end), op="(", left=None, right=inner)
    if token.kind not in DURATION_WORDS:
        reader.unexpected()
    reader.take()
    reader.take_only("(")
    args: tuple[Duration, ...] = ()
    if token.kind not in ("step", "range"):
        first = _arithmetic(reader)
        reader.take_only(",")
        args = (first, _arithmetic(reader))
    closing = reader.take_only(")")
    return DurationFunction(span=Span(token.at, closing.end), name=token.kind, args=args)


def _literal(reader: Reader) -> DurationLiteral:
    token, seconds = reader.number()
    if not abs(seconds) <= MAX_SECONDS:
        reader.fail(span_of(token), "duration out of range")
    # As nanoseconds first: 0.3 is 300 ms.
    ms = math.floor(seconds * 1e9 + 0.5) // 1_000_000
    return DurationLiteral(span=span_of(token), ms=ms, written=token.text)
