"""The pieces of JSON that answers are made of: sample values, times, and all else. Knows no query."""

import math
from decimal import Decimal
from typing import Final

import msgspec
import numpy as np

from timeseries.columns import Floats

# Between these, and for 0, the encoder writes digits without an exponent. Prometheus does so for longer.
_PLAIN_FROM: Final = 1e-5
_PLAIN_BELOW: Final = 1e16
_EXPONENT_BELOW: Final = 1e-6
_EXPONENT_FROM: Final = 1e21


def number(value: float) -> str:
    """Write a value: all digits that tell it from others, an exponent only when it is very large or small."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
    written = repr(value)
    size = abs(value)
    if size and not _EXPONENT_BELOW <= size < _EXPONENT_FROM:
        return written
    return (format(Decimal(written), "f") if "e" in written else written).removesuffix(".0")


def numbers(values: Floats) -> list[bytes]:
    """Write many values, those that are out of the ordinary one by one."""
    if not len(values):
        return []
    written = (encoded(values.tolist())[1:-1] + b",").replace(b".0,", b",").split(b",")[:-1]
    sizes = np.abs(values)
    ordinary = ((sizes >= _PLAIN_FROM) & (sizes < _PLAIN_BELOW)) | (sizes == 0)
    for at in np.flatnonzero(~ordinary).tolist():
        written[at] = number(float(values[at])).encode()
    return written


def encoded(value: object) -> bytes:
    """Write labels, texts and what is made of them."""
    return msgspec.json.encode(value)


def stamp(time_ms: int) -> str:
    """Write a time in seconds, with three digits after the point unless it is a whole second."""
    seconds, ms = divmod(abs(time_ms), 1000)
    return f"{'-' if time_ms < 0 else ''}{seconds}{f'.{ms:03}' if ms else ''}"
