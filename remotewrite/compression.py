"""Bodies as snappy blocks or zstd frames. What they may grow to is checked before a byte is decoded."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import cramjam

from remotewrite.errors import MalformedRequest, RequestTooLarge
from remotewrite.limits import MAX_DECODED_BYTES

_ZSTD_LEVEL: Final = 1

# The size is a varint of at most 32 bits.
_MAX_PREAMBLE: Final = 5

# RFC 8878, section 3.1.1: the magic number, a byte of flags, a window (unless the frame is a single segment),
# a dictionary's id, and the size of the content, each in the width that the flags say.
_ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
_SINGLE_SEGMENT: Final = 0x20
_DICTIONARY_BYTES: Final = (0, 1, 2, 4)
_SIZE_BYTES: Final = (0, 2, 4, 8)
_TWO_BYTES_START_AT: Final = 256


def compress(body: bytes) -> bytes:
    """Return the body as one snappy block."""
    return bytes(cramjam.snappy.compress_raw(body))


def decompress(block: bytes, limit: int = MAX_DECODED_BYTES) -> bytes:
    """Return the body in a snappy block; raises RequestTooLarge or MalformedRequest."""
    decoded_size(block, limit)
    try:
        return bytes(cramjam.snappy.decompress_raw(block))
    except cramjam.DecompressionError:
        raise MalformedRequest("the body is not a valid snappy block") from None


def compress_zstd(body: bytes) -> bytes:
    """Return the body as one zstd frame, at a level that costs little."""
    return bytes(cramjam.zstd.compress(body, _ZSTD_LEVEL))


def decoded_size(block: bytes, limit: int = MAX_DECODED_BYTES) -> int:
    """Return the size that a snappy block declares; raises RequestTooLarge or MalformedRequest."""
    size = 0
    for position, byte in enumerate(block[:_MAX_PREAMBLE]):
        size |= (byte & 0x7F) << (7 * position)
        if byte < 0x80:
            return _checked(size, limit)
    raise MalformedRequest("the body is not a valid snappy block: it does not start with its size")


def decompress_zstd(frame: bytes, limit: int = MAX_DECODED_BYTES) -> bytes:
    """Return the body in a zstd frame; raises RequestTooLarge or MalformedRequest."""
    room = bytearray(decoded_size_zstd(frame, limit))
    try:
        size = cramjam.zstd.decompress_into(frame, room)
    except cramjam.DecompressionError as error:
        # A frame without a size may outgrow the room; the library has no other sign for it than this text.
        if _declared_by(frame) is None and "whole buffer" in str(error):
            raise RequestTooLarge(
                f"the body is over {limit} bytes decoded; at most {limit} are taken"
            ) from None
        raise MalformedRequest("the body is not a valid zstd frame") from None
    return bytes(memoryview(room)[:size])


def decoded_size_zstd(frame: bytes, limit: int = MAX_DECODED_BYTES) -> int:
    """Return the size that a zstd frame declares, the limit if it declares none; raises as `decoded_size`."""
    declared = _declared_by(frame)
    return limit if declared is None else _checked(declared, limit)


def _declared_by(frame: bytes) -> int | None:
    if len(frame) <= len(_ZSTD_MAGIC) or not frame.startswith(_ZSTD_MAGIC):
        raise MalformedRequest("the body is not a valid zstd frame: it does not start as one")
    flags = frame[len(_ZSTD_MAGIC)]
    single = bool(flags & _SINGLE_SEGMENT)
    width = _SIZE_BYTES[flags >> 6] or int(single)
    if not width:
        return None
    start = len(_ZSTD_MAGIC) + 1 + (not single) + _DICTIONARY_BYTES[flags & 3]
    size = int.from_bytes(frame[start : start + width], "little")
    return size + _TWO_BYTES_START_AT if width == 2 else size


def _checked(size: int, limit: int) -> int:
    if size > limit:
        raise RequestTooLarge(f"the body is {size} bytes decoded; at most {limit} are taken")
    return size


@dataclass(frozen=True, slots=True, kw_only=True)
class Codec:
    """One way to compress: `size` says, without decoding, how large a body can get; `decompress` reads it."""

    size: Callable[[bytes], int]
    decompress: Callable[[bytes], bytes]


CODECS: Final[Mapping[str, Codec]] = {
    "snappy": Codec(size=decoded_size, decompress=decompress),
    "zstd": Codec(size=decoded_size_zstd, decompress=decompress_zstd),
}
"""By their names in HTTP's Content-Encoding."""
