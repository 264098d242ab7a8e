"""Selectors, `up{job="node"}` or `{"http.requests", le!~"1|2"}`: text to matchers. Knows no other PromQL."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from timeseries.errors import InvalidMatcher, InvalidSelector
from timeseries.labels import METRIC_NAME
from timeseries.matcher import Matcher, MatchType
from timeseries.text import excerpt, is_utf8

_TOKEN: Final = re.compile(
    r"""
    (?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)
    | (?P<operator>=~|!~|!=|=)
    | (?P<text>"(?:[^"\\\n]|\\[^\n])*" | '(?:[^'\\\n]|\\[^\n])*' | `[^`]*`)
    | (?P<mark>[{},])
    """,
    re.VERBOSE,
)
_BLANK: Final = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")

# What stands after a backslash, but for the quote that surrounds the text (the string literals of Go).
_ESCAPE: Final = re.compile(
    r"""\\(?:(?P<plain>[abfnrtv\\'"])|x(?P<byte>[0-9a-fA-F]{2})|(?P<octal>[0-7]{3})"""
    r"""|u(?P<short>[0-9a-fA-F]{4})|U(?P<long>[0-9a-fA-F]{8}))"""
)
_PLAIN: Final = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92, "'": 39, '"': 34}

_END: Final = "end"


class _Token(NamedTuple):
    """A piece of the text: its kind, its text as written, where it starts."""

    kind: str
    text: str
    at: int

    def __str__(self) -> str:
        """Name it in a message."""
        return "the end" if self.kind == _END else excerpt(self.text)


def parse_selector(text: str) -> list[Matcher]:
    """Read a selector; raises InvalidSelector, which says where.

    At least one matcher must refuse a missing label, or every series would be meant.
    """
    if not is_utf8(text):
        raise InvalidSelector("it is not valid UTF-8", 0)
    matchers = _Reader(_tokens(text)).selector()
    if all(matcher.matches_empty for matcher in matchers):
        raise InvalidSelector("at least one matcher must refuse the empty text: this selects everything", 0)
    return matchers


def unquote(text: str) -> str:
    """Read a text in double, single or back quotes with the escapes of Go; raises InvalidSelector.

    The quotes must be there, at both ends.
    """
    quote, inner = text[0], text[1:-1]
    if quote == "`":
        return inner.replace("\r", "")
    found = bytearray()
    at = 0
    while (slash := inner.find("\\", at)) >= 0:
        found += inner[at:slash].encode()
        escape = _ESCAPE.match(inner, slash)
        if escape is None or (escape["plain"] in ("'", '"') and escape["plain"] != quote):
            raise InvalidSelector(f"unknown escape {excerpt(inner[slash : slash + 2])}", slash + 1)
        found += _bytes_of(escape, slash + 1)
        at = escape.end()
    found += inner[at:].encode()
    try:
        return found.decode()
    except UnicodeDecodeError:
        raise InvalidSelector("the escapes in this text do not make valid UTF-8", 0) from None


def _bytes_of(escape: re.Match[str], at: int) -> bytes:
    if escape["plain"]:
        return bytes([_PLAIN[escape["plain"]]])
    if escape["byte"]:
        return bytes([int(escape["byte"], 16)])
    if escape["octal"]:
        number = int(escape["octal"], 8)
        if number > 0xFF:
            raise InvalidSelector(f"escape {excerpt(escape[0])} is larger than a byte", at)
        return bytes([number])
    number = int(escape["short"] or escape["long"], 16)
    if number > 0x10FFFF or 0xD800 <= number < 0xE000:
        raise InvalidSelector(f"escape {excerpt(escape[0])} is no character", at)
    return chr(number).encode()


def _tokens(text: str) -> list[_Token]:
    found = []
    at = _skip(text, 0)
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            open_text = text[at] in "\"'`"
            raise InvalidSelector("this text never ends" if open_text else _unexpected(text[at]), at)
        found.append(_Token(str(token.lastgroup), token[0], at))
        at = _skip(text, token.end())
    return [*found, _Token(_END, "", len(text))]


def _skip(text: str, at: int) -> int:
    blank = _BLANK.match(text, at)
    return at if blank is None else blank.end()


def _unexpected(text: str) -> str:
    return f"unexpected {excerpt(text)}"


class _Reader:
    """Takes the pieces of one selector in their order."""

    def __init__(self, tokens: Sequence[_Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self._metric: str | None = None
        self._matchers: list[Matcher] = []

    def selector(self) -> list[Matcher]:
        """Read all of it."""
        first = self._peek()
        if first.kind == "name":
            self._take()
            self._name_metric(first, first.text)
        elif first.text != "{":
            raise self._error("a metric name or {", first)
        if self._peek().text == "{":
            self._take()
            self._matchers_until_brace()
        if self._peek().kind != _END:
            raise self._error("the end", self._peek())
        return self._matchers

    def _matchers_until_brace(self) -> None:
        while self._peek().text != "}":
            self._one_matcher()
            if self._peek().text == ",":
                self._take()
            elif self._peek().text != "}":
                raise self._error(", or }", self._peek())
        self._take()

    def _one_matcher(self) -> None:
        """Read `label="value"`, or a quoted metric name."""
        left = self._take()
        if left.kind not in ("name", "text") or (left.kind == "name" and ":" in left.text):
            raise self._error("a label name", left)
        name = _text_of(left) if left.kind == "text" else left.text
        operator = self._peek()
        if left.kind == "text" and operator.kind != "operator":
            self._name_metric(left, name)
            return
        self._take()
        if operator.kind != "operator":
            raise self._error("=, !=, =~ or !~", operator)
        value = self._take()
        if value.kind != "text":
            raise self._error("a text in quotes", value)
        if name == METRIC_NAME and self._metric is not None:
            raise InvalidSelector(f"the metric name is already {excerpt(self._metric)}", left.at)
        self._add(left, name, MatchType(operator.text), _text_of(value))

    def _name_metric(self, token: _Token, name: str) -> None:
        if any(matcher.name == METRIC_NAME for matcher in self._matchers):
            raise InvalidSelector("the metric name is given twice", token.at)
        self._metric = name
        self._add(token, METRIC_NAME, MatchType.EQUAL, name)

    def _add(self, token: _Token, name: str, kind: MatchType, value: str) -> None:
        try:
            self._matchers.append(Matcher(name=name, type=kind, value=value))
        except InvalidMatcher as error:
            raise InvalidSelector(str(error), token.at) from None

    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        token = self._peek()
        self._next = min(self._next + 1, len(self._tokens) - 1)
        return token

    @staticmethod
    def _error(wanted: str, found: _Token) -> InvalidSelector:
        return InvalidSelector(f"expected {wanted}, got {found}", found.at)


def _text_of(token: _Token) -> str:
    try:
        return unquote(token.text)
    except InvalidSelector as error:
        raise InvalidSelector(error.reason, token.at + error.at) from None
