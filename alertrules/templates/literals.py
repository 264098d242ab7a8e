"""Literals of templates as values: strings with Go's escapes, characters, numbers. Knows no tokens."""

import math
import re
from dataclasses import dataclass
from typing import Final

MAX_INT: Final = (1 << 63) - 1
MAX_UINT: Final = (1 << 64) - 1

_SIMPLE: Final = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
}
_ESCAPE: Final = re.compile(
    r"\\(?:([abfnrtv\\'\"])|x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|)"
)
_INTEGER: Final = re.compile(
    r"([+-]?)(0[xX](?:_?[0-9a-fA-F])+|0[bB](?:_?[01])+|0[oO]?(?:_?[0-7])+|0|[1-9](?:_?[0-9])*)"
)
_FLOAT: Final = re.compile(
    r"[+-]?(?:[0-9](?:_?[0-9])*\.?(?:[0-9](?:_?[0-9])*)?|\.[0-9](?:_?[0-9])*)(?:[eE][+-]?[0-9]+)?"
)
_HEX_FLOAT: Final = re.compile(r"[+-]?0[xX][0-9a-fA-F_]*\.?[0-9a-fA-F_]*[pP][+-]?[0-9]+")
# int() of more digits than this would be slow, and no float has an exponent of so many.
_MANY_DIGITS: Final = 1_000


class InvalidLiteralError(Exception):
    """What is wrong with a literal, in Go's words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberValue:
    """What a number can stand for: an int, a float, or both. `is_float`: it is written as a float."""

    integer: int | None
    floating: float | None
    is_float: bool


def unquote(written: str) -> str:
    """Return what a string in quotes stands for. A byte that is no UTF-8 is a lone surrogate."""
    if written[0] == "`":
        return written[1:-1].replace("\r", "")
    body = written[1:-1]
    if "\\" not in body:
        return body
    return _joined(_ESCAPE.sub(lambda found: _escaped(found, '"'), body))


def character(written: str) -> int:
    """Return the code of a character in single quotes."""
    body = written[1:-1]
    if body.startswith("\\"):
        found = _ESCAPE.match(body)
        if found is None:
            raise InvalidLiteralError("invalid syntax")
        text = _escaped(found, "'")
        if found.end() != len(body):
            raise InvalidLiteralError(f"malformed character constant: {written}")
        code = ord(text)
        return code - 0xDC00 if 0xDC80 <= code <= 0xDCFF else code
    if not body or body == "'":
        raise InvalidLiteralError("invalid syntax")
    if len(body) != 1:
        raise InvalidLiteralError(f"malformed character constant: {written}")
    return ord(body)


def number(written: str) -> NumberValue:
    """Return what a number stands for."""
    integer = _integer(written) if len(written) <= _MANY_DIGITS else None
    if integer is not None and -MAX_INT - 1 <= integer <= MAX_UINT:
        return NumberValue(integer=integer, floating=float(integer), is_float=False)
    value = floating(written)
    if value is None or math.isinf(value):
        raise InvalidLiteralError(f"illegal number syntax: {_quoted(written)}")
    if not any(char in ".eEpP" for char in written):
        raise InvalidLiteralError(f"integer overflow: {_quoted(written)}")
    exact = int(value) if abs(value) < MAX_INT and value.is_integer() else None
    return NumberValue(integer=exact, floating=value, is_float=True)


def _escaped(found: re.Match[str], mark: str) -> str:
    simple, byte, octal, short, long = found.groups()
    if simple is not None:
        if simple in "'\"" and simple != mark:
            raise InvalidLiteralError("invalid syntax")
        return _SIMPLE.get(simple, simple)
    if byte is not None or octal is not None:
        code = int(byte, 16) if byte is not None else int(octal, 8)
        if code > 0xFF:
            raise InvalidLiteralError("invalid syntax")
        return chr(code) if code < 0x80 else chr(0xDC00 + code)
    if short is None and long is None:
        raise InvalidLiteralError("invalid syntax")
    code = int(short or long, 16)
    if code > 0x10FFFF or 0xD800 <= code < 0xE000:
        raise InvalidLiteralError("invalid syntax")
    return chr(code)


def _joined(text: str) -> str:
    """Make one character of bytes that are valid UTF-8 together."""
    if text.isascii():
        return text
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")


def _integer(written: str) -> int | None:
    found = _INTEGER.fullmatch(written)
    if found is None:
        return None
    sign, digits = found.groups()
    octal = len(digits) > 1 and digits[0] == "0" and digits[1] in "01234567_"
    value = int(digits.replace("_", ""), 8) if octal else int(digits, 0)
    return -value if sign == "-" else value


def floating(written: str) -> float | None:
    """Return what a number is as a float, infinite when it is too large; None for what is no number."""
    if _FLOAT.fullmatch(written):
        return float(written)
    if _HEX_FLOAT.fullmatch(written):
        try:
            return float.fromhex(written.replace("_", ""))
        except OverflowError:
            return math.inf
        except ValueError:
            return None
    return None


def _quoted(written: str) -> str:
    return f'"{written}"'
