"""Zstd frames: what comes back, what is refused before and while decoding."""

from contextlib import suppress

import cramjam
import pytest
from hypothesis import given
from hypothesis import strategies as st

from remotewrite.compression import decoded_size_zstd, decompress_zstd
from remotewrite.errors import MalformedRequest, RemoteWriteError, RequestTooLarge
from remotewrite.limits import MAX_DECODED_BYTES
from tests.strategies import garbage, truncations, with_changed_bytes, with_trailing_bytes

BODY = b"the same again, " * 8 + bytes(range(256))


def frame_of(body: bytes) -> bytes:
    """Compress as a sender that has all of the body: the frame declares its size."""
    return bytes(cramjam.zstd.compress(body))


def stream_of(body: bytes) -> bytes:
    """Compress as a sender that has it in parts: the frame does not declare its size."""
    compressor = cramjam.zstd.Compressor()
    compressor.compress(body)
    return bytes(compressor.finish())


@given(st.binary(max_size=4096))
def test_a_body_comes_back(body: bytes) -> None:
    assert decompress_zstd(frame_of(body)) == body
    assert decompress_zstd(stream_of(body)) == body


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 65_535 + 256, 65_536 + 256, 1_000_000])
def test_the_declared_size_is_read_in_each_of_its_widths(size: int) -> None:
    assert decoded_size_zstd(frame_of(bytes(size))) == size


def test_the_size_is_read_behind_a_window_and_a_dictionary() -> None:
    eight_bytes, two_byte_dictionary, window = 3 << 6, 2, 1
    header = b"\x28\xb5\x2f\xfd" + bytes([eight_bytes | two_byte_dictionary, window, 7, 7])
    assert decoded_size_zstd(header + (1234).to_bytes(8, "little")) == 1234


@pytest.mark.parametrize("compressed", [frame_of(bytes(1001)), stream_of(bytes(1001))])
def test_the_limit_counts_decoded_bytes(compressed: bytes) -> None:
    assert decompress_zstd(compressed, limit=1001) == bytes(1001)
    with pytest.raises(RequestTooLarge, match="at most 1000 are taken"):
        decompress_zstd(compressed, limit=1000)


def test_a_declared_size_over_the_limit_is_refused_before_decoding() -> None:
    with pytest.raises(RequestTooLarge):
        decoded_size_zstd(frame_of(bytes(MAX_DECODED_BYTES + 1))[:16])


def test_a_frame_that_does_not_declare_its_size_may_reach_the_limit() -> None:
    assert decoded_size_zstd(stream_of(BODY), limit=1000) == 1000


def test_a_small_frame_that_grows_without_end_is_stopped_at_the_limit() -> None:
    bomb = stream_of(bytes(MAX_DECODED_BYTES + 1))
    assert len(bomb) < 10_000
    with pytest.raises(RequestTooLarge):
        decompress_zstd(bomb)


def test_a_second_frame_is_malformed() -> None:
    with pytest.raises(MalformedRequest):
        decompress_zstd(frame_of(BODY) + frame_of(BODY))


def test_a_truncated_frame_is_malformed() -> None:
    for compressed in (frame_of(BODY), stream_of(BODY)):
        for part in truncations(compressed):
            with pytest.raises(MalformedRequest):
                decompress_zstd(part, limit=10_000)


@given(with_trailing_bytes(frame_of(BODY)))
def test_bytes_after_the_frame_are_malformed(compressed: bytes) -> None:
    with pytest.raises(MalformedRequest):
        decompress_zstd(compressed)


@given(garbage | with_changed_bytes(frame_of(BODY)) | with_changed_bytes(stream_of(BODY)))
def test_only_declared_errors_escape(compressed: bytes) -> None:
    with suppress(RemoteWriteError):
        decompress_zstd(compressed, limit=10_000)
