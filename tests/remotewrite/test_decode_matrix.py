"""The vector reads against reading one message after the other."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from remotewrite.decode.matrix import lay_out, read_samples, read_varints
from tests.remotewrite.schema import write_v2_pb2 as v2
from tests.strategies import bits, start_times, times, values


def varint(number: int) -> bytes:
    """Write one number, as protobuf does: a negative one as 64 bits."""
    out = bytearray()
    number %= 1 << 64
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


@given(st.lists(st.integers(0, (1 << 64) - 1) | st.integers(0, 1 << 16), min_size=1))
def test_varints_read_as_they_were_written_and_over_long_ones_are_marked(numbers: list[int]) -> None:
    written = [varint(number) for number in numbers]
    buffer = lay_out(written)
    found, lengths = read_varints(buffer.words, buffer.starts)
    for number, raw, got, length in zip(numbers, written, found.tolist(), lengths.tolist(), strict=True):
        if len(raw) <= 8:
            assert (got, length) == (number, len(raw))
        else:
            assert length > 1 << 32


@given(st.lists(st.tuples(values, times, start_times), min_size=1))
@example([(0.0, 0, 0), (-0.0, 0, 0)])
def test_samples_read_as_protobuf_reads_them_or_are_marked(fields: list[tuple[float, int, int]]) -> None:
    messages = [
        v2.Sample(value=value, timestamp=time, start_timestamp=start).SerializeToString()
        for value, time, start in fields
    ]
    buffer = lay_out(messages)
    rows = read_samples(buffer, buffer.starts, buffer.ends - buffer.starts)
    for index, (value, time, start) in enumerate(fields):
        if 0 <= time < 1 << 56 and 0 <= start < 1 << 56:
            assert rows.ok[index]
        if rows.ok[index]:
            assert bits(float(rows.values[index])) == bits(value)
            assert (rows.times[index], rows.starts[index]) == (time, start)


@pytest.mark.parametrize(
    "message",
    [
        b"\x09",
        b"\x09" + bytes(7),
        b"\x10",
        b"\x10\x80",
        b"\x10" + b"\x80" * 8,
        b"\x10" + b"\x80" * 8 + b"\x18\x05",
        b"\x10" + b"\x80" * 10 + b"\x01",
        b"\x10\x01\x18",
        b"\x10\x01\x10\x02",
        b"\x18\x01\x10\x02",
        b"\x20\x01",
        b"\x10\x01\x00",
    ],
)
def test_a_message_of_another_shape_is_marked(message: bytes) -> None:
    after = b"\x10\x01\x18\x01"
    buffer = lay_out([after, message, after])
    rows = read_samples(buffer, buffer.starts, buffer.ends - buffer.starts)
    assert rows.ok.tolist() == [True, False, True]
    assert np.array_equal(rows.times[[0, 2]], [1, 1])
