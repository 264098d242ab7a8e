"""The stale marker: the one NaN that says a series has ended. Ordinary NaNs are values."""

import struct
from typing import Final

STALE_BITS: Final = 0x7FF0000000000002

_STALE_BYTES: Final = struct.pack("<Q", STALE_BITS)

STALE: Final[float] = struct.unpack("<d", _STALE_BYTES)[0]


def is_stale(value: float) -> bool:
    """Tell whether a value is the stale marker, bit for bit."""
    return value != value and struct.pack("<d", value) == _STALE_BYTES  # noqa: PLR0124 - the cheap NaN test
