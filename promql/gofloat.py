"""Floats as text in the two ways Prometheus writes them."""

import math
from decimal import Decimal


def plain(value: float) -> str:
    """Write all digits that are needed and no exponent, as values are: `1000000`, `0.1`, `+Inf`."""
    if not math.isfinite(value):
        return _special(value)
    text = repr(value)
    if "e" in text:
        text = format(Decimal(text), "f")
    return text.removesuffix(".0")


def general(value: float) -> str:
    """Write large and small numbers with an exponent, as sentences have them: `0.5`, `1e+06`, `NaN`."""
    if not math.isfinite(value):
        return _special(value)
    if value == 0:
        return plain(value)
    digits = Decimal(repr(value)).normalize()
    exponent = digits.adjusted()
    if -4 <= exponent < 6:
        return plain(value)
    mantissa = format(digits.scaleb(-exponent), "f")
    return f"{mantissa}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def _special(value: float) -> str:
    return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
