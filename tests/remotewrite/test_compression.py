"""Snappy blocks: what comes back, what is refused before and while decoding."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remotewrite.compression import compress, decompress
from remotewrite.encode.fields import varint
from remotewrite.errors import MalformedRequest, RemoteWriteError, RequestTooLarge
from remotewrite.limits import MAX_DECODED_BYTES
from tests.strategies import garbage, truncations, with_changed_bytes, with_trailing_bytes

BODY = b"the same again, " * 8 + bytes(range(256))


@given(st.binary(max_size=4096))
def test_a_body_comes_back(body: bytes) -> None:
    assert decompress(compress(body)) == body


def test_the_limit_counts_decoded_bytes() -> None:
    assert decompress(compress(bytes(1000)), limit=1000) == bytes(1000)
    with pytest.raises(RequestTooLarge, match="1001 bytes decoded; at most 1000"):
        decompress(compress(bytes(1001)), limit=1000)


def test_the_usual_limit_is_that_of_a_request() -> None:
    assert len(decompress(compress(bytes(MAX_DECODED_BYTES)))) == MAX_DECODED_BYTES
    with pytest.raises(RequestTooLarge):
        decompress(compress(bytes(MAX_DECODED_BYTES + 1)))


@pytest.mark.parametrize("declared", [len(BODY) - 1, len(BODY) + 1, 0, 1])
def test_a_size_that_is_not_true_is_malformed(declared: int) -> None:
    block = compress(BODY)
    told = varint(len(BODY))
    assert block.startswith(told)
    with pytest.raises(MalformedRequest):
        decompress(varint(declared) + block.removeprefix(told))


def test_a_large_declared_size_is_refused_before_decoding() -> None:
    with pytest.raises(RequestTooLarge):
        decompress(varint(MAX_DECODED_BYTES + 1))


@pytest.mark.parametrize("block", [b"", b"\x80", b"\xff\xff\xff\xff\xff\x01"])
def test_a_block_without_a_size_is_malformed(block: bytes) -> None:
    with pytest.raises(MalformedRequest, match="does not start with its size"):
        decompress(block)


def test_a_truncated_block_is_malformed() -> None:
    for block in truncations(compress(BODY)):
        with pytest.raises(MalformedRequest):
            decompress(block)


@given(with_trailing_bytes(compress(BODY)))
def test_bytes_after_the_block_are_malformed(block: bytes) -> None:
    with pytest.raises(MalformedRequest):
        decompress(block)


@given(garbage | with_changed_bytes(compress(BODY)))
def test_only_declared_errors_escape(block: bytes) -> None:
    with suppress(RemoteWriteError):
        decompress(block)
