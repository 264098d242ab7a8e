"""What strings and characters in quotes stand for in Go: in templates, in matchers. Knows no tokens."""

import re
from typing import Final

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


class InvalidLiteralError(Exception):
    """What is wrong with a literal, in Go's words."""


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
