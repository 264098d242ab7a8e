"""Selectors without ranges: `up{job="node"}`, `{"http.requests", le!~"1|2"}`. Knows no other expressions."""

from typing import Final

from promql.language.ast import Span, VectorSelector
from promql.language.lexer import (
    AGGREGATORS,
    FILLS,
    IDENTIFIER,
    METRIC_IDENTIFIER,
    PREPROCESSORS,
    STRING,
    Token,
)
from promql.language.reader import Reader, span_of, text_of
from timeseries.errors import InvalidMatcher
from timeseries.labels import METRIC_NAME
from timeseries.matcher import Matcher, MatchType

# Words of the language that may name a metric as they are.
NAMES: Final = (
    AGGREGATORS
    | FILLS
    | PREPROCESSORS
    | {
        IDENTIFIER,
        METRIC_IDENTIFIER,
        "and",
        "or",
        "unless",
        "by",
        "without",
        "offset",
        "anchored",
        "smoothed",
    }
)

_OPERATORS: Final = {str(kind): kind for kind in MatchType}
_CONTEXT: Final = "label matching"


def selector(reader: Reader) -> VectorSelector:
    """Read a selector's name and matchers."""
    if reader.token.kind == "{":
        span, matchers = _braces(reader)
        return VectorSelector(span=span, name="", matchers=tuple(matchers))
    if reader.token.kind not in NAMES:
        reader.unexpected()
    name = reader.take()
    span = span_of(name)
    matchers = []
    if reader.token.kind == "{":
        braces, matchers = _braces(reader)
        span = Span(name.at, braces.end)
    matchers.append(_matcher(reader, span, METRIC_NAME, MatchType.EQUAL, name.text))
    return VectorSelector(span=span, name=name.text, matchers=tuple(matchers))


def _braces(reader: Reader) -> tuple[Span, list[Matcher]]:
    opening = reader.take_only("{")
    found: list[Matcher] = []
    while reader.token.kind != "}":
        found.append(_one(reader))
        if reader.take_if(",") is None and reader.token.kind != "}":
            reader.unexpected(_CONTEXT, '"," or "}"')
    return Span(opening.at, reader.take().end), found


def _one(reader: Reader) -> Matcher:
    """Read `label="value"`, or a metric name in quotes."""
    if reader.token.kind not in (IDENTIFIER, STRING):
        reader.unexpected(_CONTEXT, 'identifier or "}"')
    left = reader.take()
    name = text_of(left) if left.kind == STRING else left.text
    kind = _OPERATORS.get(reader.token.kind)
    if kind is None:
        if left.kind == IDENTIFIER:
            reader.unexpected(_CONTEXT, "label matching operator")
        return _matcher(reader, span_of(left), METRIC_NAME, MatchType.EQUAL, name)
    reader.take()
    value: Token | None = reader.take_if(STRING)
    if value is None:
        reader.unexpected(_CONTEXT, "string")
    return _matcher(reader, Span(left.at, value.end), name, kind, text_of(value))


def _matcher(reader: Reader, span: Span, name: str, kind: MatchType, value: str) -> Matcher:
    try:
        return Matcher(name=name, type=kind, value=value)
    except InvalidMatcher as wrong:
        reader.fail(span, str(wrong))
