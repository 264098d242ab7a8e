"""Text to tokens, as PromQL's own rules for words, numbers and strings have it. Knows no grammar.

A text that can't be read on ends in a token of the kind `error`, whose text says why: the parser reports
what it finds before it. Places are characters of the text.
"""

import re
from typing import Final, NamedTuple

from timeseries.text import quote

# Kinds whose tokens differ in their text; all other kinds are the keyword or the mark itself.
IDENTIFIER: Final = "identifier"
METRIC_IDENTIFIER: Final = "metric identifier"
STRING: Final = "string"
NUMBER: Final = "number"
DURATION: Final = "duration"
END: Final = "end of input"
ERROR: Final = "error"

_AGGREGATORS: Final = """
    avg bottomk count count_values group limit_ratio limitk max min quantile stddev stdvar sum topk
"""
_OPERATORS: Final = "+ - * / % ^ == != <= < >= > </ >/ =~ !~ @ and or unless atan2"
_MODIFIERS: Final = """
    anchored bool by fill fill_left fill_right group_left group_right ignoring offset on smoothed without
"""
AGGREGATORS: Final = frozenset(_AGGREGATORS.split())
OPERATORS: Final = frozenset(_OPERATORS.split())
MODIFIERS: Final = frozenset(_MODIFIERS.split())
FILLS: Final = frozenset({"fill", "fill_left", "fill_right"})
PREPROCESSORS: Final = frozenset({"start", "end", "step", "range", "max_of", "min_of"})
# `min` and `max` are what the two were called at first.
DURATION_WORDS: Final = frozenset({"step", "range", "max_of", "min_of", "max", "min"})

_KEYWORDS: Final = {
    word: word for word in AGGREGATORS | MODIFIERS | PREPROCESSORS | {"and", "or", "unless", "atan2"}
} | {"inf": NUMBER, "nan": NUMBER}

_BLANK: Final = re.compile(r"(?:[ \t\r\n]+|#[^\r\n]*)*")
_SPACES: Final = re.compile(r"[ \t\r\n]*")
_TOKEN: Final = re.compile(
    r"""(?P<word>[a-zA-Z_:][a-zA-Z0-9_:]*)
    | (?P<digits>\.?[0-9])
    | (?P<quote>["'`])
    | (?P<mark>==|!=|<=|</|>=|>/|=(?!~)|[-+*/%^<>,(){}\[\]@])""",
    re.VERBOSE,
)
_IN_BRACES: Final = re.compile(
    r"""(?P<word>[a-zA-Z_][a-zA-Z0-9_]*) | (?P<quote>["'`]) | (?P<mark>=~|!~|!=|[=,}])""", re.VERBOSE
)
_WORD: Final = re.compile("[a-zA-Z_]+")
_DURATION_MARKS: Final = frozenset("+-*/%^,()")

# What nearly every number and duration looks like; the rest takes the slow way.
_NUMBER: Final = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![0-9A-Za-z_.])")
_DURATION: Final = re.compile(r"[0-9]+(?:ms|[smhdwy])(?:[0-9]+(?:ms|[smhdw]))*(?![0-9A-Za-z_])")
_REST_OF_DURATION: Final = re.compile(r"[smhdwy]s?(?:[0-9]+[smhdw]s?)*")
_UNFINISHED_DURATION: Final = re.compile(r"[smhdwy]s?(?:[0-9]+(?:[smhdw]s?)?)*")

_CLOSED: Final = {
    '"': re.compile(r'"[^"\\\n]*(?:\\[^\n][^"\\\n]*)*"'),
    "'": re.compile(r"'[^'\\\n]*(?:\\[^\n][^'\\\n]*)*'"),
    "`": re.compile(r"`[^`]*`"),
}
# The escapes of Go's strings; a quote is checked against the one that surrounds the text.
_ESCAPE: Final = re.compile(
    r"""\\(?:(?P<plain>[abfnrtv\\'"])|x(?P<byte>[0-9a-fA-F]{2})|(?P<octal>[0-7]{3})"""
    r"""|u(?P<short>[0-9a-fA-F]{4})|U(?P<long>[0-9a-fA-F]{8}))"""
)
_PLAIN: Final = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92, "'": 39, '"': 34}
_NUMERIC_ESCAPES: Final = {"x": (2, 16), "u": (4, 16), "U": (8, 16)}

# How much of a long token an error shows.
_SHOWN: Final = 10


class Token(NamedTuple):
    """A piece of the text: its kind, the text as written (of an error: what is wrong), where it starts."""

    kind: str
    text: str
    at: int

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.at + len(self.text)

    def describe(self) -> str:
        """Name it in a message."""
        if self.kind == END:
            return END
        if self.kind in (IDENTIFIER, METRIC_IDENTIFIER):
            return f"{self.kind} {quote(self.text)}"
        for kinds, form in ((MODIFIERS, "<{}>"), (OPERATORS, "<op:{}>"), (AGGREGATORS, "<aggr:{}>")):
            if self.kind in kinds:
                return form.format(self.text)
        short = quote(self.text[:_SHOWN]) + "..." if len(self.text) > _SHOWN else quote(self.text)
        return f"{self.kind} {short}" if self.kind in (STRING, NUMBER, DURATION) else short


def tokens(text: str) -> list[Token]:
    """Read the whole text; the last token is of the kind END or ERROR."""
    return _Lexer(text).run()


def unquote(written: str) -> str:
    """Return what a string token means. Bytes that are no UTF-8 come as lone surrogates (surrogateescape)."""
    mark, inner = written[0], written[1:-1]
    if mark == "`" or "\\" not in inner:
        return inner
    found = bytearray()
    at = 0
    while (slash := inner.find("\\", at)) >= 0:
        found += inner[at:slash].encode()
        escape = _ESCAPE.match(inner, slash)
        if escape is None:
            raise ValueError(f"no string: {quote(written)}")
        found += _bytes_of(escape)
        at = escape.end()
    found += inner[at:].encode()
    return found.decode(errors="surrogateescape")


def _bytes_of(escape: re.Match[str]) -> bytes:
    if escape["plain"]:
        return bytes([_PLAIN[escape["plain"]]])
    if escape["byte"]:
        return bytes([int(escape["byte"], 16)])
    if escape["octal"]:
        return bytes([int(escape["octal"], 8)])
    return chr(int(escape["short"] or escape["long"], 16)).encode()


class _Unreadable(Exception):
    """What is wrong, and the start of the token it is in."""

    def __init__(self, reason: str, at: int) -> None:
        super().__init__(reason)
        self.token = Token(ERROR, reason, at)


class _Lexer:
    """Reads one text from its beginning to its end."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._found: list[Token] = []
        self._parens = 0
        self._in_brackets = False
        self._colon = False

    def run(self) -> list[Token]:
        """Read all of it."""
        try:
            while self._statement():
                pass
        except _Unreadable as error:
            self._found.append(error.token)
        return self._found

    def _statement(self) -> bool:
        """Read one token outside of braces, and all of what opens there; False at the end."""
        self._at = _end_of(_BLANK, self._text, self._at)
        token = _TOKEN.match(self._text, self._at)
        if token is None:
            return self._other()
        if token.lastgroup == "digits":
            self._number()
        elif token.lastgroup == "quote":
            self._string()
        elif token.lastgroup == "mark":
            self._mark(token[0])
        elif self._in_brackets:
            self._word_in_brackets()
        else:
            self._emit(_kind_of(token[0], self._text, token.end()), token.end())
        return True

    def _other(self) -> bool:
        """Say what is wrong here, or emit the end."""
        at, text = self._at, self._text
        if at == len(text):
            if self._parens:
                raise _Unreadable("unclosed left parenthesis", at)
            if self._in_brackets:
                raise _Unreadable("unclosed left bracket", at)
            self._emit(END, at)
            return False
        if text[at] in "=!":
            after = text[at + 1] if at + 1 < len(text) else "\ufffd"
            raise _Unreadable(f"unexpected character after '{text[at]}': {_quoted(after)}", at)
        raise _Unreadable(f"unexpected character: {_quoted(text[at])}", at)

    def _mark(self, mark: str) -> None:
        if mark == "[" and self._in_brackets:
            raise _Unreadable("unexpected left bracket '['", self._at)
        if mark == "]" and not self._in_brackets:
            raise _Unreadable("unexpected right bracket ']'", self._at)
        if mark in "()":
            self._paren(mark)
        self._emit(mark, self._at + len(mark))
        if mark == "{":
            while self._in_braces():
                pass
        elif mark == "[":
            self._in_brackets = True
            self._colon = False
            while self._in_duration():
                pass
        elif mark == "]":
            self._in_brackets = False

    def _paren(self, mark: str) -> None:
        self._parens += 1 if mark == "(" else -1
        if self._parens < 0:
            raise _Unreadable("unexpected right parenthesis ')'", self._at + 1)

    def _in_braces(self) -> bool:
        """Read one token of a selector's matchers; False after the brace that closes them."""
        at = self._at = _end_of(_BLANK, self._text, self._at)
        token = _IN_BRACES.match(self._text, at)
        if token is None:
            raise _Unreadable(self._wrong_in_braces(), at)
        if token.lastgroup == "quote":
            self._string()
        else:
            self._emit(IDENTIFIER if token.lastgroup == "word" else token[0], token.end())
        return token[0] != "}"

    def _wrong_in_braces(self) -> str:
        here = self._text[self._at : self._at + 1]
        if not here:
            return "unexpected end of input inside braces"
        if here == "!":
            after = self._text[self._at + 1 : self._at + 2] or "\ufffd"
            return f"unexpected character after '!' inside braces: {_quoted(after)}"
        if here == "{":
            return "unexpected left brace '{'"
        return f"unexpected character inside braces: {_quoted(here)}"

    def _in_duration(self) -> bool:
        """Read one token after a left bracket; False from the first number on, when all is as elsewhere."""
        at = self._at = _end_of(_SPACES, self._text, self._at)
        here = self._text[at : at + 1]
        if not here:
            raise _Unreadable("unexpected end of input in duration expression", at)
        if here in _DURATION_MARKS:
            self._mark(here)
            return True
        if here == "]":
            self._mark(here)
            return False
        if here.isascii() and (here.isdigit() or (here == "." and _TOKEN.match(self._text, at))):
            self._number()
            return False
        if here == ":":
            if self._found[-1].kind == "[":
                raise _Unreadable("unexpected colon before duration in duration expression", at + 1)
            return self._colon_in_brackets()
        word = _WORD.match(self._text, at)
        if word is None or word[0].lower() not in DURATION_WORDS:
            raise _Unreadable(f"unexpected character in duration expression: {_quoted(here)}", at)
        self._emit(word[0].lower(), word.end())
        return True

    def _colon_in_brackets(self) -> bool:
        if self._colon:
            raise _Unreadable("unexpected colon ':'", self._at)
        self._colon = True
        self._emit(":", self._at + 1)
        return True

    def _word_in_brackets(self) -> None:
        here = self._text[self._at]
        if here == ":":
            self._colon_in_brackets()
            return
        word = _WORD.match(self._text, self._at)
        if word is None or word[0].lower() not in DURATION_WORDS:
            raise _Unreadable(f"unexpected character: {_quoted(here)}, expected ':'", self._at)
        self._emit(word[0].lower(), word.end())

    def _number(self) -> None:
        for kind, form in ((NUMBER, _NUMBER), (DURATION, _DURATION)):
            found = form.match(self._text, self._at)
            if found is not None:
                self._emit(kind, found.end())
                return
        end, good = _scan_number(self._text, self._at)
        if good:
            self._emit(NUMBER, end)
            return
        rest = _REST_OF_DURATION.match(self._text, end)
        if rest is not None and not _alphanumeric(self._text, rest.end()):
            self._emit(DURATION, rest.end())
            return
        unfinished = _UNFINISHED_DURATION.match(self._text, end)
        if unfinished is not None:
            end = unfinished.end() + (rest is not None and rest.end() == unfinished.end())
        shown = quote(self._text[self._at : end])
        raise _Unreadable(f"bad number or duration syntax: {shown}", self._at)

    def _string(self) -> None:
        mark = self._text[self._at]
        closed = _CLOSED[mark].match(self._text, self._at)
        if mark != "`":
            end = len(self._text) if closed is None else closed.end()
            if self._text.find("\\", self._at, end) >= 0:
                self._check_escapes(mark, end)
        if closed is None:
            kind = "raw" if mark == "`" else "quoted"
            raise _Unreadable(f"unterminated {kind} string", self._at)
        self._emit(STRING, closed.end())

    def _check_escapes(self, mark: str, end: int) -> None:
        """Raise for the first escape that is none; the string may be unterminated, too."""
        text, at = self._text, self._at + 1
        while at < end and text[at] not in (mark, "\n"):
            if text[at] != "\\":
                at += 1
                continue
            escape = _ESCAPE.match(text, at, end)
            wrong = _wrong_escape(text, at + 1) if escape is None else _wrong_value(escape, mark)
            if wrong:
                raise _Unreadable(wrong, self._at)
            at = at + 2 if escape is None else escape.end()

    def _emit(self, kind: str, end: int) -> None:
        self._found.append(Token(kind, self._text[self._at : end], self._at))
        self._at = end


def _end_of(form: re.Pattern[str], text: str, at: int) -> int:
    found = form.match(text, at)
    return at if found is None else found.end()


def _kind_of(word: str, text: str, end: int) -> str:
    """Return the kind of a word. The fills are only words of the language when a parenthesis follows."""
    kind = _KEYWORDS.get(word.lower())
    if kind is None:
        return METRIC_IDENTIFIER if ":" in word else IDENTIFIER
    if kind in FILLS and not text.startswith("(", _end_of(_SPACES, text, end)):
        return IDENTIFIER
    return kind


def _alphanumeric(text: str, at: int) -> bool:
    here = text[at : at + 1]
    return here.isascii() and (here.isalnum() or here == "_")


def _scan_number(text: str, at: int) -> tuple[int, bool]:
    """Read hexadecimal and underscores, too: where the number ends, and whether it is good."""
    digits = "0123456789"
    if text[at : at + 2].lower() == "0x":
        at += 2 + text.startswith("_", at + 2)
        digits += "abcdefABCDEF"
    point = exponent = False
    while (here := text[at : at + 1]) and here in digits + "._eE":
        after = text[at + 1 : at + 2]
        if here == ".":
            if point or len(digits) > 10:
                return at + 1, False
            point = True
            if after and after in "._":
                return at + 2, False
        elif here in "eE" and (len(digits) == 10 or not exponent):
            if exponent:
                return at + 1, False
            exponent = True
            at += bool(after) and after in "+-"
            after = text[at + 1 : at + 2]
            if not after or after in "._eE":
                return at + 1 + len(after), False
        elif here == "_" and (not after or after in "._eE"):
            return at + 1 + len(after), False
        at += 1
    return at, not _alphanumeric(text, at)


def _wrong_escape(text: str, at: int) -> str:
    """Say what is wrong with what stands after a backslash."""
    kind = text[at : at + 1]
    if not kind:
        return "escape sequence not terminated"
    if kind in _NUMERIC_ESCAPES:
        length, base = _NUMERIC_ESCAPES[kind]
        at += 1
    elif kind in "01234567":
        length, base = 3, 8
    else:
        return f"unknown escape sequence {_character(kind)}"
    valid = "0123456789abcdefABCDEF" if base == 16 else "01234567"
    for here in range(at, at + length):
        if here >= len(text):
            return "escape sequence not terminated"
        if text[here] not in valid:
            return f"illegal character {_character(text[here])} in escape sequence"
    return ""


def _wrong_value(escape: re.Match[str], mark: str) -> str:
    if escape["plain"] in ("'", '"') and escape["plain"] != mark:
        return f"unknown escape sequence {_character(escape['plain'])}"
    number = int(escape["octal"] or "0", 8) or int(escape["short"] or escape["long"] or "0", 16)
    largest = 0xFF if escape["octal"] else 0x10FFFF
    invalid = number > largest or 0xD800 <= number < 0xE000
    return "escape sequence is an invalid Unicode code point" if invalid else ""


def _character(char: str) -> str:
    """Name a character by its number, and by itself where it can be seen."""
    return f"U+{ord(char):04X}" + (f" '{char}'" if char.isprintable() else "")


def _quoted(char: str) -> str:
    inner = quote(char)[1:-1]
    return "'\"'" if char == '"' else "'\\''" if char == "'" else f"'{inner}'"
