"""Numbers of templates as values. Knows no tokens."""

import math
import re
from dataclasses import dataclass
from typing import Final

from alertrules.gostrings import InvalidLiteralError

MAX_INT: Final = (1 << 63) - 1
MAX_UINT: Final = (1 << 64) - 1

_INTEGER: Final = re.compile(
    r"([+-]?)(0[xX](?:_?[0-9a-fA-F])+|0[bB](?:_?[01])+|0[oO]?(?:_?[0-7])+|0|[1-9](?:_?[0-9])*)"
)
_FLOAT: Final = re.compile(
    r"[+-]?(?:[0-9](?:_?[0-9])*\.?(?:[0-9](?:_?[0-9])*)?|\.[0-9](?:_?[0-9])*)(?:[eE][+-]?[0-9]+)?"
)
_HEX_FLOAT: Final = re.compile(r"[+-]?0[xX][0-9a-fA-F_]*\.?[0-9a-fA-F_]*[pP][+-]?[0-9]+")
# int() of more digits than this would be slow, and no float has an exponent of so many.
_MANY_DIGITS: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberValue:
    """What a number can stand for: an int, a float, or both. `is_float`: it is written as a float."""

    integer: int | None
    floating: float | None
    is_float: bool


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
