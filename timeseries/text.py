"""How names and strings are written in Prometheus' text. Knows nothing of labels or queries."""

from typing import Final

# What a sender gets back of its own text in an error message; enough to find the place.
EXCERPT_LENGTH: Final = 100

# How Python's surrogateescape keeps the bytes from 0x80 on that are no UTF-8.
_FIRST_STRAY: Final = 0xDC80
_LAST_STRAY: Final = 0xDCFF

_ESCAPES = {
    "\\": r"\\",
    '"': r"\"",
    "\a": r"\a",
    "\b": r"\b",
    "\f": r"\f",
    "\n": r"\n",
    "\r": r"\r",
    "\t": r"\t",
    "\v": r"\v",
}


def is_legacy_metric_name(name: str) -> bool:
    """Tell whether a metric name can be written without quotes."""
    return is_legacy_label_name(name.replace(":", "_"))


def is_legacy_label_name(name: str) -> bool:
    """Tell whether a label name can be written without quotes."""
    return name.isascii() and name.isidentifier()


def is_utf8(text: str) -> bool:
    """Tell whether a string can be written as UTF-8: it holds no lone surrogate."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def quote(text: str) -> str:
    """Put a string in double quotes with the escapes of Go, which Prometheus reads back.

    A lone surrogate stands for a byte that is no UTF-8, as surrogateescape has it.
    """
    if text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return '"' + "".join(map(_escape, text)) + '"'


def excerpt(text: str) -> str:
    """Quote a string for an error message, cut when it is long."""
    return quote(text) if len(text) <= EXCERPT_LENGTH else quote(text[:EXCERPT_LENGTH]) + "..."


def _escape(char: str) -> str:
    known = _ESCAPES.get(char)
    if known is not None:
        return known
    if char.isprintable():
        return char
    code = ord(char)
    if code < 0x80:
        return f"\\x{code:02x}"
    if _FIRST_STRAY <= code <= _LAST_STRAY:
        return f"\\x{code - _FIRST_STRAY + 0x80:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
