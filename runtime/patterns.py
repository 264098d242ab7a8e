"""Regular expressions as Go writes them, for Python's `re`. Knows nothing of what they are matched with.

What Go has and Python lacks is translated or refused; what only Python has is refused, so that a file
that passes here passes there.
"""

import re
from dataclasses import dataclass, field
from typing import Final

_TOKEN: Final = re.compile(
    r"""\\Q(?P<quoted>.*?)(?:\\E|\Z) | \\x\{(?P<code>[0-9A-Fa-f]+)\} | (?P<escape>\\.) |
        (?P<greedy>(?:[*+?]|\{\d+(?:,\d*)?\})\+) | (?P<brace>\{(?=,)) |
        (?P<posix>\[:\^?[a-z]+:\]) | (?P<group>\(\?(?:P?<[=!]?|[A-Za-z-]+[:)]|[^:)a-zA-Z])) | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)

_POSIX: Final = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7f",
    "blank": r"\t ",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r ",
    "upper": "A-Z",
    "word": r"0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}


class PatternError(ValueError):
    """The expression is none, or none that can be translated."""


def compile_pattern(text: str, *, dot_all: bool = False) -> re.Pattern[str]:
    """Return the expression, or raise PatternError. `dot_all`: the dot matches a newline, too."""
    try:
        return re.compile(_Translation(text).result, re.ASCII | (re.DOTALL if dot_all else 0))
    except (re.error, OverflowError, RecursionError) as error:
        raise PatternError(str(error)) from error


@dataclass(slots=True, kw_only=True)
class _Level:
    """A group, or the whole: whether `$` is the end of a line, and the flags that were set on the way.

    Flags set in the middle hold up to the end of the group. Python has them only as groups of their own,
    which a `|` has to close and open again.
    """

    many_lines: bool = False
    flags: list[str] = field(default_factory=list)

    @property
    def closing(self) -> str:
        return ")" * len(self.flags)


class _Translation:
    def __init__(self, text: str) -> None:
        self._text = text
        self._in_class = False
        self._class_at = 0
        self._levels = [_Level()]
        pieces = [self._piece(token) for token in _TOKEN.finditer(text)]
        self.result = "".join((*pieces, self._levels[-1].closing))

    def _piece(self, token: re.Match[str]) -> str:
        piece = token[0]
        result = piece
        match token.lastgroup:
            case "quoted" if self._in_class:
                raise PatternError(r"\Q is not supported between brackets")
            case "quoted":
                result = re.escape(token["quoted"])
            case "code":
                result = re.escape(_character(token["code"]))
            case "escape":
                result = _escape(piece, self._in_class)
            case "brace":
                result = r"\{"
            case "posix" if self._in_class and self._text[token.start() - 1] == "-":
                raise PatternError(f"-{piece} is not supported")
            case "posix" if self._in_class:
                result = _posix(piece)
            case _ if self._in_class:
                result = self._member(piece, token.start())
            case "greedy":
                raise PatternError(f"{piece} is not supported")
            case "group":
                result = self._group(piece)
            case _:
                result = self._operator(piece, token.start())
        return result

    def _member(self, piece: str, start: int) -> str:
        """Translate what stands in brackets."""
        # The `]` of `[]a]` and `[^]a]` is a member, for both languages.
        opened = re.compile(r"\[\^?").match(self._text, self._class_at)
        first = start if opened is None else opened.end()
        if piece == "]" and start != first:
            self._in_class = False
            return piece
        # What Python warns of, because it may come to mean something.
        doubtful = piece in ("[", "]", "&", "|", "~") or (
            piece == "-" and start - 1 > first and self._text[start - 1] == "-"
        )
        return f"\\{piece}" if doubtful else piece

    def _operator(self, piece: str, start: int = 0) -> str:
        level = self._levels[-1]
        match piece:
            case "[":
                self._in_class, self._class_at = True, start
            case "(":
                self._levels.append(_Level(many_lines=level.many_lines))
            case ")":
                if len(self._levels) == 1:
                    raise PatternError("it closes a group that is not open")
                self._levels.pop()
                return f"{level.closing})"
            case "|":
                return f"{level.closing}|{''.join(level.flags)}"
            case "$" if not level.many_lines:
                return r"\Z"
        return piece

    def _group(self, piece: str) -> str:
        if piece in ("(?P<", "(?<"):
            self._operator("(")
            return "(?P<"
        flags = piece[2:-1]
        if piece[-1] not in ":)" or not set(flags) <= set("ims-"):
            raise PatternError(f"{piece} is not supported")
        level = self._levels[-1]
        on, _, off = flags.partition("-")
        many_lines = (level.many_lines or "m" in on) and "m" not in off
        if piece[-1] == ":":
            self._levels.append(_Level(many_lines=many_lines))
            return piece
        level.many_lines = many_lines
        level.flags.append(f"(?{flags}:")
        return level.flags[-1]


def _character(code: str) -> str:
    try:
        return chr(int(code, 16))
    except (ValueError, OverflowError) as error:
        raise PatternError(f"no character has the number {code}") from error


def _escape(piece: str, in_class: bool) -> str:
    if piece == r"\z" and not in_class:
        return r"\Z"
    if in_class and piece[1] in "bBAz":
        raise PatternError(f"{piece} is not supported between brackets")
    if piece[1] in "123456789ZpPCuUN" or piece[1:].isspace():
        raise PatternError(f"{piece} is not supported")
    return piece


def _posix(piece: str) -> str:
    name = piece[2:-2]
    if name not in _POSIX:
        raise PatternError(f"{piece} is not supported")
    return _POSIX[name]
