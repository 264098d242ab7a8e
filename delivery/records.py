"""How batches lie in a segment file: a checksum, a mark, the facts, the body. Knows no order and no limits.

A record is written once. Only its mark changes, a single byte outside the checksum, so that no crash can
leave it half changed.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

WAITING: Final = 0
DONE: Final = 1

# Of a body; a batch has some 20 KB. What claims to be larger is damage.
MAX_BODY_BYTES: Final = 16 * 1024 * 1024

_HEAD: Final = struct.Struct("<IB")
_FACTS: Final = struct.Struct("<IIq")
HEADER_BYTES: Final = _HEAD.size + _FACTS.size
MARK_AT: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A request to be: its body, how many samples are in it and the time of the oldest.

    What is in a body is between who appends it and the conversation that sends it.
    """

    body: bytes
    samples: int
    oldest_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A good record of a file: where it starts, whether it is done, and what is in it."""

    offset: int
    done: bool
    batch: Batch

    @property
    def end(self) -> int:
        """Where the record ends."""
        return self.offset + HEADER_BYTES + len(self.batch.body)


def record_bytes(batch: Batch) -> bytes:
    """Write a record that waits."""
    facts = _FACTS.pack(len(batch.body), batch.samples, batch.oldest_ms)
    return _HEAD.pack(zlib.crc32(batch.body, zlib.crc32(facts)), WAITING) + facts + batch.body


def read_record(file: BinaryIO, offset: int) -> Found | None:
    """Read the record at a place; None when there is no whole and undamaged one."""
    file.seek(offset)
    header = file.read(HEADER_BYTES)
    if len(header) < HEADER_BYTES:
        return None
    checksum, mark = _HEAD.unpack_from(header)
    length, samples, oldest_ms = _FACTS.unpack_from(header, _HEAD.size)
    if length > MAX_BODY_BYTES:
        return None
    body = file.read(length)
    if len(body) < length or zlib.crc32(body, zlib.crc32(header[_HEAD.size :])) != checksum:
        return None
    batch = Batch(body=body, samples=samples, oldest_ms=oldest_ms)
    return Found(offset=offset, done=mark == DONE, batch=batch)


def read_records(file: BinaryIO) -> Iterator[Found]:
    """Yield the records up to the first that is damaged: nothing tells where the next one is."""
    offset = 0
    while (found := read_record(file, offset)) is not None:
        yield found
        offset = found.end
