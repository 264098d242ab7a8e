"""The snappy block format, with the declared size checked before a byte is decoded."""

from typing import Final

import snappy

from remotewrite.errors import MalformedRequest, RequestTooLarge
from remotewrite.limits import MAX_DECODED_BYTES

# The size is a varint of at most 32 bits.
_MAX_PREAMBLE: Final = 5


def compress(body: bytes) -> bytes:
    """Return the body as one snappy block."""
    return bytes(snappy.compress(body))


def decompress(block: bytes, limit: int = MAX_DECODED_BYTES) -> bytes:
    """Return the body in a snappy block; raises RequestTooLarge or MalformedRequest."""
    declared = _declared_size(block)
    if declared > limit:
        raise RequestTooLarge(f"the body is {declared} bytes decoded; at most {limit} are taken")
    try:
        return bytes(snappy.uncompress(block))
    except snappy.UncompressError:
        raise MalformedRequest("the body is not a valid snappy block") from None


def _declared_size(block: bytes) -> int:
    size = 0
    for position, byte in enumerate(block[:_MAX_PREAMBLE]):
        size |= (byte & 0x7F) << (7 * position)
        if byte < 0x80:
            return size
    raise MalformedRequest("the body is not a valid snappy block: it does not start with its size")
