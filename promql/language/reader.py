"""Takes the tokens of one text in their order and says what was expected where. Knows no expressions."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NoReturn

from promql.annotations import line_and_column
from promql.errors import ParseError
from promql.language.ast import Span
from promql.language.durations import parse_duration, parse_number
from promql.language.lexer import DURATION, END, ERROR, Token, tokens, unquote
from timeseries.text import is_utf8

MAX_LENGTH: Final = 1 << 18
"""Of a query in characters: four times the longest regular expression, read in half a second."""

MAX_DEPTH: Final = 150
"""How deep expressions nest. All that handles a tree calls itself, and Python allows about 1,000 calls."""

_TOO_DEEP: Final = f"the expression is nested more than {MAX_DEPTH} levels deep"


def error(text: str, span: Span, reason: str) -> ParseError:
    """Return the error for a place in a text."""
    return ParseError(reason, span, line_and_column(text, span.start) if text else "unknown position")


class Reader:
    """The tokens of a text, the next one, and what is being read around it."""

    def __init__(self, text: str) -> None:
        """Split the text; raises ParseError for one that is too long, or not valid UTF-8."""
        self.text = text
        if len(text) > MAX_LENGTH:
            self.fail(Span(0, 0), f"the query has {len(text)} characters; the limit is {MAX_LENGTH}")
        if not is_utf8(text):
            at = next(place for place, char in enumerate(text) if not is_utf8(char))
            self.fail(Span(at, at + 1), "invalid UTF-8 rune")
        self._tokens = tokens(text)
        self._next = 0
        self._around: list[tuple[str, str]] = []
        self._depth = 0
        self.token = self.last = self._tokens[0]

    def take(self) -> Token:
        """Return the next token and go on to the one after it."""
        self.last = taken = self.token
        self._next = min(self._next + 1, len(self._tokens) - 1)
        self.token = self._tokens[self._next]
        return taken

    def take_if(self, kind: str) -> Token | None:
        """Take the next token when it is of this kind."""
        return self.take() if self.token.kind == kind else None

    def take_only(self, kind: str) -> Token:
        """Take the next token, which must be of this kind."""
        return self.take() if self.token.kind == kind else self.unexpected()

    def kind_after(self) -> str:
        """Return the kind of the token after the next one."""
        return self._tokens[min(self._next + 1, len(self._tokens) - 1)].kind

    @property
    def at_end(self) -> bool:
        """Whether nothing is left that can be read."""
        return self.token.kind in (END, ERROR)

    def finish(self) -> None:
        """Raise ParseError unless all is read."""
        if self.token.kind != END:
            self.unexpected()

    @contextmanager
    def inside(self, context: str, expected: str = "") -> Iterator[None]:
        """Name what is being read; what is unexpected there, and has no closer name, is told with it."""
        self._around.append((context, expected))
        yield
        self._around.pop()

    def unexpected(self, context: str = "", expected: str = "") -> NoReturn:
        """Raise ParseError for the next token."""
        token = self.token
        if token.kind == ERROR:
            self.fail(Span(token.at, len(self.text)), token.text)
        if not context and self._around:
            context, expected = self._around[-1]
        reason = f"unexpected {token.describe()}"
        if context:
            reason += f" in {context}"
        if expected:
            reason += f", expected {expected}"
        self.fail(Span(token.at, token.end), reason)

    def fail(self, span: Span, reason: str) -> NoReturn:
        """Raise ParseError for a place."""
        raise error(self.text, span, reason)

    def enter(self) -> None:
        """Go one level down; raises ParseError when it is too deep."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self.check_height(self._depth)

    def leave(self) -> None:
        """Go one level up."""
        self._depth -= 1

    def check_height(self, height: int) -> None:
        """Raise ParseError for a tree that is too high."""
        if height > MAX_DEPTH:
            self.fail(Span(self.token.at, self.token.end), _TOO_DEEP)

    def number(self) -> tuple[Token, float]:
        """Take a number or a duration; its value is in seconds."""
        token = self.take()
        try:
            if token.kind == DURATION:
                return token, parse_duration(token.text) / 1000
            return token, parse_number(token.text)
        except ValueError as wrong:
            prefix = "" if token.kind == DURATION else "error parsing number: "
            self.fail(span_of(token), f"{prefix}{wrong}")

    def signed_number(self) -> float:
        """Take a number or a duration with a sign, or none, before it."""
        negative = self.token.kind == "-"
        if self.token.kind in ("+", "-"):
            self.take()
        if self.token.kind not in NUMBERS:
            self.unexpected()
        value = self.number()[1]
        return -value if negative else value


NUMBERS: Final = frozenset({"number", DURATION})


def span_of(token: Token) -> Span:
    """Return the place of a token."""
    return Span(token.at, token.end)


def text_of(token: Token) -> str:
    """Return what a string token means."""
    return unquote(token.text)
