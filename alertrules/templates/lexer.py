"""Text to tokens: what is copied, what stands inside `{{ }}`, and which spaces are trimmed.

Knows the form of words, and no grammar. Never raises: what can't be read is a last token of kind ERROR.
"""

import re
from enum import IntEnum, auto
from typing import Final, NamedTuple

from timeseries.text import quote


class Kind(IntEnum):
    """The kinds of tokens."""

    ERROR = auto()
    EOF = auto()
    TEXT = auto()
    LEFT = auto()
    RIGHT = auto()
    SPACE = auto()
    ASSIGN = auto()
    DECLARE = auto()
    PIPE = auto()
    OPEN = auto()
    CLOSE = auto()
    CHAR = auto()
    CHARACTER = auto()
    NUMBER = auto()
    STRING = auto()
    RAW_STRING = auto()
    BOOL = auto()
    NIL = auto()
    DOT = auto()
    FIELD = auto()
    VARIABLE = auto()
    IDENTIFIER = auto()
    KEYWORD = auto()


class Token(NamedTuple):
    """A piece of the text: where it begins, in characters, and on which line."""

    kind: Kind
    text: str
    at: int
    line: int


KEYWORDS: Final = frozenset(
    ("block", "break", "continue", "define", "else", "end", "if", "range", "template", "with")
)

_SPACES: Final = " \t\r\n"
_TERMINATORS: Final = frozenset(" \t\r\n.,|:)(")
_SINGLE: Final = {"=": Kind.ASSIGN, "|": Kind.PIPE, "(": Kind.OPEN, ")": Kind.CLOSE}
_QUOTES: Final = {
    '"': (Kind.STRING, re.compile(r'"(?:[^"\\\n]|\\[^\n])*"'), "quoted string"),
    "'": (Kind.CHARACTER, re.compile(r"'(?:[^'\\\n]|\\[^\n])*'"), "character constant"),
    "`": (Kind.RAW_STRING, re.compile(r"`[^`]*`"), "raw quoted string"),
}
_NUMBER: Final = re.compile(
    r"[+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?"
    r"|0[oO][0-7_]*(?:\.[0-7_]*)?|0[bB][01_]*(?:\.[01_]*)?"
    r"|[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?)i?"
)
_SPACE_RUN: Final = re.compile(r"[ \t\r\n]+")


def tokens_of(text: str) -> list[Token]:
    """Return all tokens; the last one is EOF or ERROR."""
    return _Lexer(text).read()


class _UnreadableError(Exception):
    """What can't be read."""


class _Lexer:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 1
        self._counted = 0
        self._parens = 0
        self._found: list[Token] = []

    def read(self) -> list[Token]:
        try:
            while self._copied():
                self._parens = 0
                while self._inside():
                    pass
        except _UnreadableError as error:
            self._found.append(Token(Kind.ERROR, str(error), self._at, self._line_at(self._at)))
        else:
            self._found.append(Token(Kind.EOF, "EOF", len(self._text), self._line_at(len(self._text))))
        return self._found

    def _line_at(self, at: int) -> int:
        """Count the lines up to a place; places only grow."""
        if at > self._counted:
            self._line += self._text.count("\n", self._counted, at)
            self._counted = at
        return self._line

    def _emit(self, kind: Kind, end: int) -> None:
        line = self._line_at(self._at)
        self._found.append(Token(kind, self._text[self._at : end], self._at, line))
        self._at = end

    def _copied(self) -> bool:
        """Take the text up to the next action; comments are skipped. False: there is no other action."""
        text = self._text
        while True:
            start = text.find("{{", self._at)
            trims = start >= 0 and _starts_trimmed(text, start + 2)
            end = len(text) if start < 0 else start
            if trims:
                end = self._at + len(text[self._at : start].rstrip(_SPACES))
            if end > self._at:
                self._emit(Kind.TEXT, end)
            if start < 0:
                return False
            self._at = start
            inner = start + (4 if trims else 2)
            if text.startswith("/*", inner):
                self._at = inner
                self._skip_comment(inner)
                continue
            self._emit(Kind.LEFT, start + 2)
            self._at = inner
            return True

    def _skip_comment(self, at: int) -> None:
        end = self._text.find("*/", at + 2)
        if end < 0:
            raise _UnreadableError("unclosed comment")
        end += 2
        if _ends_trimmed(self._text, end):
            self._at = self._without_spaces(end + 4)
        elif self._text.startswith("}}", end):
            self._at = end + 2
        else:
            raise _UnreadableError("comment ends before closing delimiter")

    def _without_spaces(self, at: int) -> int:
        found = _SPACE_RUN.match(self._text, at)
        return at if found is None else found.end()

    def _inside(self) -> bool:
        """Take one token inside an action. False: it was the end of the action."""
        text, at = self._text, self._at
        trims = _ends_trimmed(text, at)
        if trims or text.startswith("}}", at):
            if self._parens:
                raise _UnreadableError("unclosed left paren")
            self._at += 2 * trims
            self._emit(Kind.RIGHT, self._at + 2)
            if trims:
                self._at = self._without_spaces(self._at)
            return False
        char = text[at : at + 1]
        if not char:
            raise _UnreadableError("unclosed action")
        if char in _SPACES:
            end = self._without_spaces(at)
            self._emit(Kind.SPACE, end - 1 if _ends_trimmed(text, end - 1) else end)
        elif char in _SINGLE:
            self._single(char)
        elif char in _QUOTES:
            self._quote(char)
        else:
            self._word(char)
        return True

    def _single(self, char: str) -> None:
        self._parens += (char == "(") - (char == ")")
        self._emit(_SINGLE[char], self._at + 1)
        if self._parens < 0:
            raise _UnreadableError("unexpected right paren")

    def _quote(self, char: str) -> None:
        kind, form, name = _QUOTES[char]
        found = form.match(self._text, self._at)
        if found is None:
            raise _UnreadableError(f"unterminated {name}")
        self._emit(kind, found.end())

    def _word(self, char: str) -> None:
        text, at = self._text, self._at
        if char == ":":
            if not text.startswith(":=", at):
                raise _UnreadableError("expected :=")
            self._emit(Kind.DECLARE, at + 2)
        elif char == "$":
            self._name(Kind.VARIABLE, Kind.VARIABLE)
        elif char == "." and text[at + 1 : at + 2] not in tuple("0123456789"):
            self._name(Kind.FIELD, Kind.DOT)
        elif char in "+-.0123456789":
            self._number()
        elif _is_alphanumeric(char):
            self._identifier()
        elif " " <= char <= "~":
            self._emit(Kind.CHAR, at + 1)
        else:
            raise _UnreadableError(f"unrecognized character in action: {_code_point(char)}")

    def _name(self, kind: Kind, alone: Kind) -> None:
        """Take a field or a variable; without a name it is the dot or the dollar."""
        end = self._end_of_word(self._at + 1)
        if end == self._at + 1 and self._is_terminated(end):
            self._emit(alone, end)
            return
        self._check_terminated(end)
        self._emit(kind, end)

    def _identifier(self) -> None:
        end = self._end_of_word(self._at)
        self._check_terminated(end)
        word = self._text[self._at : end]
        if word in KEYWORDS:
            self._emit(Kind.KEYWORD, end)
        elif word in ("true", "false"):
            self._emit(Kind.BOOL, end)
        else:
            self._emit(Kind.NIL if word == "nil" else Kind.IDENTIFIER, end)

    def _number(self) -> None:
        end = self._scanned(self._at)
        if self._text[end : end + 1] in ("+", "-"):
            end = self._scanned(end)
            if self._text[end - 1] != "i":
                raise _UnreadableError(f"bad number syntax: {quote(self._text[self._at : end])}")
        self._emit(Kind.NUMBER, end)

    def _scanned(self, at: int) -> int:
        found = _NUMBER.match(self._text, at)
        end = at if found is None else found.end()
        if end < len(self._text) and _is_alphanumeric(self._text[end]):
            raise _UnreadableError(f"bad number syntax: {quote(self._text[self._at : end + 1])}")
        return end

    def _end_of_word(self, at: int) -> int:
        while at < len(self._text) and _is_alphanumeric(self._text[at]):
            at += 1
        return at

    def _is_terminated(self, at: int) -> bool:
        here = self._text[at : at + 1]
        return not here or here in _TERMINATORS or self._text.startswith("}}", at)

    def _check_terminated(self, at: int) -> None:
        if not self._is_terminated(at):
            raise _UnreadableError(f"bad character {_code_point(self._text[at])}")


def _starts_trimmed(text: str, at: int) -> bool:
    return text.startswith("-", at) and text[at + 1 : at + 2] in tuple(_SPACES)


def _ends_trimmed(text: str, at: int) -> bool:
    return text.startswith("-}}", at + 1) and text[at] in _SPACES


def _is_alphanumeric(char: str) -> bool:
    return char == "_" or char.isalpha() or char.isdecimal()


def _code_point(char: str) -> str:
    shown = f" '{char}'" if char.isprintable() else ""
    return f"U+{ord(char):04X}{shown}"
