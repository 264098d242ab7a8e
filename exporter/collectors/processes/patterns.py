"""Regular expressions as Go writes them, for Python's `re`. Knows nothing of what they are matched with.

What Go has and Python lacks is translated or refused; what only Python has is refused, so that a file
that passes here passes there.
"""

import re
from collections.abc import Iterator
from typing import Final

_TOKEN: Final = re.compile(
    r"""\\Q(?P<quoted>.*?)(?:\\E|\Z) | \\x\{(?P<code>[0-9A-Fa-f]+)\} | (?P<escape>\\.) |
        (?P<posix>\[:\^?[a-z]+:\]) | (?P<group>\(\?(?:P?<[=!]?|[^:)a-zA-Z]|[A-Za-z-]+[:)])) | (?P<other>.)""",
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


def compile_pattern(text: str) -> re.Pattern[str]:
    """Return the expression, or raise PatternError."""
    many_lines = any("m" in flags for flags in re.findall(r"\(\?([a-zA-Z]+)", text))
    try:
        return re.compile("".join(_translated(text, many_lines)), re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        raise PatternError(str(error)) from error


def _translated(text: str, many_lines: bool) -> Iterator[str]:
    in_class = False
    for token in _TOKEN.finditer(text):
        piece = token[0]
        match token.lastgroup:
            case "quoted":
                yield re.escape(token["quoted"])
            case "code":
                yield re.escape(_character(token["code"]))
            case "escape":
                yield _escape(piece)
            case "posix" if in_class:
                yield _posix(piece)
            case "group" if not in_class:
                yield _group(piece)
            case _:
                if not in_class and piece == "$" and not many_lines:
                    yield r"\Z"
                    continue
                # The `]` of `[]a]` and `[^]a]` is a member, for both languages.
                start = token.start()
                if piece == "]" and in_class and text[:start].endswith(("[", "[^")):
                    yield r"\]"
                    continue
                member = in_class and piece == "["
                in_class = piece == "[" or (in_class and piece != "]")
                yield r"\[" if member else piece


def _character(code: str) -> str:
    try:
        return chr(int(code, 16))
    except (ValueError, OverflowError) as error:
        raise PatternError(f"no character has the number {code}") from error


def _escape(piece: str) -> str:
    if piece == r"\z":
        return r"\Z"
    if piece[1] in "123456789ZpPCuUN" or piece[1:].isspace():
        raise PatternError(f"{piece} is not supported")
    return piece


def _posix(piece: str) -> str:
    name = piece[2:-2]
    if name not in _POSIX:
        raise PatternError(f"{piece} is not supported")
    return _POSIX[name]


def _group(piece: str) -> str:
    if piece in ("(?P<", "(?<"):
        return "(?P<"
    if piece[-1] in ":)" and set(piece[2:-1]) <= set("ims-"):
        return piece
    raise PatternError(f"{piece} is not supported")
