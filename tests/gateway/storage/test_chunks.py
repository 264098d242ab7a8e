"""Chunks of series: what is written is read back, and damage is found."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.storage.chunks import Chunk, decode_chunk, encode_chunk
from gateway.storage.errors import DamagedData
from tests.strategies import label_names, label_values

numbers = st.integers(0, (1 << 32) - 1)


@st.composite
def chunks(draw: st.DrawFn) -> Chunk:
    lengths = draw(st.lists(st.integers(0, 5), max_size=12))
    ids = draw(st.lists(numbers, min_size=sum(lengths), max_size=sum(lengths)))
    values = draw(st.lists(label_values, max_size=5))
    return Chunk(
        first=draw(numbers),
        pairs_before=draw(numbers),
        names_before=draw(numbers),
        lengths=np.array(lengths, np.int64),
        ids=np.array(ids, np.uint32),
        names=draw(st.lists(label_names, max_size=5)),
        name_of=np.array(draw(st.lists(numbers, min_size=len(values), max_size=len(values))), np.uint32),
        values=values,
    )


def fields(chunk: Chunk) -> tuple[object, ...]:
    return (
        (chunk.first, chunk.pairs_before, chunk.names_before),
        chunk.lengths.tolist(),
        chunk.ids.tolist(),
        list(chunk.names),
        chunk.name_of.tolist(),
        list(chunk.values),
    )


@given(chunk=chunks())
def test_a_chunk_survives(chunk: Chunk) -> None:
    assert fields(decode_chunk(encode_chunk(chunk))) == fields(chunk)


EXAMPLE = Chunk(
    first=7,
    pairs_before=3,
    names_before=1,
    lengths=np.array([2, 1, 2]),
    ids=np.array([0, 3, 1, 2, 4], np.uint32),
    names=["é"],
    name_of=np.array([0, 1], np.uint32),
    values=["one", "two"],
)


def test_any_changed_byte_is_found() -> None:
    raw = encode_chunk(EXAMPLE)
    for at in range(len(raw)):
        damaged = bytearray(raw)
        damaged[at] ^= 0x10
        with pytest.raises(DamagedData, match="series"):
            decode_chunk(bytes(damaged))


def test_a_chunk_that_is_cut_short_or_goes_on_is_found() -> None:
    raw = encode_chunk(EXAMPLE)
    for damaged in (*(raw[:size] for size in range(len(raw))), raw + b"\0"):
        with pytest.raises(DamagedData, match="series"):
            decode_chunk(damaged)


def test_another_version_is_named() -> None:
    raw = encode_chunk(EXAMPLE)
    with pytest.raises(DamagedData, match="version 9"):
        decode_chunk(struct.pack("<B", 9) + raw[1:])


def test_series_alike_take_a_few_bytes_each() -> None:
    count = 20_000
    ids = np.stack([np.zeros(count), np.arange(count) % 40 + 1, np.arange(count) // 40 + 41], axis=1)
    chunk = Chunk(
        first=0,
        pairs_before=0,
        names_before=0,
        lengths=np.full(count, 3),
        ids=ids.ravel().astype(np.uint32),
        names=["a", "b", "c"],
        name_of=np.repeat([0, 1, 2], [1, 40, 500]).astype(np.uint32),
        values=[f"value-{number}" for number in range(541)],
    )
    assert len(encode_chunk(chunk)) < count
