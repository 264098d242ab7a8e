"""The protobuf wire, as far as a sender needs it: keys, numbers, doubles, text. Knows no message."""

import struct
from functools import lru_cache
from typing import Final

from remotewrite.errors import Unencodable

VARINT: Final = 0
FIXED64: Final = 1
LENGTH: Final = 2

double: Final = struct.Struct("<d").pack


# Lengths, times and references repeat within a request and from one to the next.
@lru_cache(maxsize=4096)
def varint(number: int) -> bytes:
    """Write a number of 0 to 64 bits; raises Unencodable."""
    if not 0 <= number < 1 << 64:
        raise Unencodable(f"{number} does not fit into 64 bits")
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def signed(number: int) -> bytes:
    """Write an int64; raises Unencodable."""
    _check_range(number, 64)
    return varint(number & 0xFFFF_FFFF_FFFF_FFFF)


def zigzag(number: int, bits: int = 64) -> bytes:
    """Write an sint64 or sint32, short when near zero; raises Unencodable."""
    _check_range(number, bits)
    return varint(number << 1 if number >= 0 else ~number << 1 | 1)


def _check_range(number: int, bits: int) -> None:
    if not -1 << (bits - 1) <= number < 1 << (bits - 1):
        raise Unencodable(f"{number} does not fit into {bits} bits with a sign")


def key(field: int, wire_type: int) -> bytes:
    """Return what stands before a field's value."""
    return varint(field << 3 | wire_type)


def number(before: bytes, encoded: bytes) -> bytes:
    """Write a number after its key, or nothing when it is zero."""
    return before + encoded if any(encoded) else b""


def delimited(before: bytes, payload: bytes) -> bytes:
    """Write text, a nested message or a packed list after its key."""
    return before + varint(len(payload)) + payload


def optional(before: bytes, payload: bytes) -> bytes:
    """Write text or a packed list after its key, or nothing when it is empty."""
    return delimited(before, payload) if payload else b""


def text(value: str) -> bytes:
    """Write a string as UTF-8; raises Unencodable."""
    try:
        return value.encode()
    except UnicodeEncodeError:
        raise Unencodable(f"{value!a} is not valid UTF-8") from None
