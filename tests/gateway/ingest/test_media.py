"""Headers that senders may think of: each is understood or refused, and nothing else escapes."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ingest.errors import UnsupportedMedia
from gateway.ingest.media import V1, V2, codec_of, version_of


@pytest.mark.parametrize(
    ("header", "version"),
    [
        ("", V1),
        ("application/x-protobuf", V1),
        ("application/x-protobuf;", V1),
        ("application/x-protobuf;proto=", V1),
        ("application/x-protobuf; charset=utf-8", V1),
        (" application/x-protobuf ;proto = prometheus.WriteRequest ", V1),
        ("application/x-protobuf;charset=x;proto=io.prometheus.write.v2.Request", V2),
        ('APPLICATION/X-PROTOBUF;PROTO="IO.PROMETHEUS.WRITE.V2.REQUEST"', V2),
    ],
)
def test_the_content_type_decides_the_version(header: str, version: object) -> None:
    assert version_of(header) is version


@pytest.mark.parametrize(
    "header", ["application/x-protobuf;proto=nope", "application/json", ";proto=x", "x/y"]
)
def test_other_content_types_are_refused(header: str) -> None:
    with pytest.raises(UnsupportedMedia, match="Send application/x-protobuf, for remote write"):
        version_of(header)


@pytest.mark.parametrize("header", ["gzip", "br", "snappy,snappy"])
def test_other_encodings_are_refused(header: str) -> None:
    with pytest.raises(UnsupportedMedia, match=f'Content-Encoding is "{header}". Send snappy or zstd'):
        codec_of(header)


def test_a_long_header_is_not_repeated_in_full() -> None:
    with pytest.raises(UnsupportedMedia) as refused:
        version_of("x" * 10_000)
    assert len(str(refused.value)) < 300


@given(st.text())
def test_only_declared_errors_escape(header: str) -> None:
    with suppress(UnsupportedMedia):
        version_of(header)
    with suppress(UnsupportedMedia):
        codec_of(header)
