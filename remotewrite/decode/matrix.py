"""Reads many small protobuf messages at once, as rows of a matrix. Knows the wire, not what it means.

A row that does not have the expected shape is marked, never misread: each read ends exactly where its message
ends, or the row is not `ok` and the caller parses it by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from timeseries.columns import Bools, Floats, Ints

Octets = NDArray[np.uint8]
Words = NDArray[np.uint64]

# Reads may look past the end of the last message: a length byte (up to 127), then some fields.
_PADDING: Final = bytes(256)
# Further than any message reaches, so that a number without an end never ends where its message does.
_NEVER: Final = 1 << 40

_STOP_BITS: Final = np.uint64(0x8080808080808080)
_ONE: Final = np.uint64(1)
_GROUPS: Final = tuple(
    (np.uint64(low), np.uint64(high), np.uint64(shift))
    for low, high, shift in (
        (0x007F007F007F007F, 0x7F007F007F007F00, 1),
        (0x00003FFF00003FFF, 0x3FFF00003FFF0000, 2),
        (0x000000000FFFFFFF, 0x0FFFFFFF00000000, 4),
    )
)

TAG_VALUE: Final = 0x09
TAG_TIME: Final = 0x10
TAG_START: Final = 0x18


class Buffer(NamedTuple):
    """Messages laid end to end: their bytes, the eight bytes from each byte on, where each begins, ends."""

    raw: bytes
    octets: Octets
    words: Words
    starts: Ints
    ends: Ints


def lay_out(messages: Sequence[bytes]) -> Buffer:
    """Join messages for vector reads."""
    raw = b"".join([*messages, _PADDING])
    octets = np.frombuffer(raw, np.uint8)
    words = np.ndarray((len(octets) - 7,), "<u8", octets, strides=(1,))
    ends = np.cumsum(np.fromiter(map(len, messages), np.int64, len(messages)))
    starts = np.concatenate([np.zeros(1, np.int64), ends[:-1]])[: len(messages)]
    return Buffer(raw, octets, words, starts, ends)


def read_varints(words: Words, at: Ints) -> tuple[Ints, Ints]:
    """Return the number at each position and its length; over eight bytes the length is an impossible one."""
    raw = words[at]
    stops = ~raw & _STOP_BITS
    last = stops & (~stops + _ONE)
    number = raw & ((last << _ONE) - _ONE)
    lengths = ((np.bitwise_count(last - _ONE) + np.uint8(1)) >> 3).astype(np.int64)
    lengths[stops == 0] = _NEVER
    return close_gaps(number), lengths


def close_gaps(number: Words) -> Ints:
    """Close the gaps that the stop bits leave: between bytes, then between pairs, then between fours."""
    for low, high, shift in _GROUPS:
        number = (number & low) | (number & high) >> shift
    return number.view(np.int64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SampleRows:
    """The fields of many Sample messages; only rows marked `ok` mean anything."""

    values: Floats
    times: Ints
    starts: Ints
    ok: Bools

    def take(self, rows: Ints) -> "SampleRows":
        """Return some of the rows."""
        return SampleRows(
            values=self.values[rows], times=self.times[rows], starts=self.starts[rows], ok=self.ok[rows]
        )


def read_samples(buffer: Buffer, at: Ints, sizes: Ints) -> SampleRows:
    """Read the Sample messages of these sizes at these positions: value, time, start time, in this order."""
    octets, words = buffer.octets, buffer.words
    ends = at + sizes
    has_value = (sizes > 0) & (octets[at] == TAG_VALUE)
    values = np.where(has_value, words[at + 1], np.uint64(0)).view(np.float64)
    cursor = at + has_value * 9
    times, cursor = read_field(buffer, TAG_TIME, cursor, ends)
    starts, cursor = read_field(buffer, TAG_START, cursor, ends)
    return SampleRows(values=values, times=times, starts=starts, ok=cursor == ends)


def read_field(buffer: Buffer, tag: int, cursor: Ints, ends: Ints) -> tuple[Ints, Ints]:
    """Return the number where its tag stands at the cursor (0 elsewhere), and the cursor after it."""
    present = cursor < ends
    present &= buffer.octets[np.where(present, cursor, 0)] == tag
    if not present.any():
        return np.zeros(len(cursor), np.int64), cursor
    numbers, lengths = read_varints(buffer.words, np.where(present, cursor + 1, 0))
    return np.where(present, numbers, 0), np.where(present, cursor + 1 + lengths, cursor)
