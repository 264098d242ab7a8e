"""A 2.0 request made 1.0 is what the encoder of 1.0 writes; damage raises the declared error and no other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remotewrite.encode.downgrade import v1_from_v2
from remotewrite.encode.v1 import encode_v1
from remotewrite.encode.v2 import encode_v2
from remotewrite.errors import MalformedRequest
from remotewrite.model import Sample, Series
from tests import strategies
from tests.strategies import truncations, with_changed_bytes
from timeseries.labels import Labels


@given(strategies.requests)
def test_it_is_what_the_encoder_of_1_0_writes(request: list[Series]) -> None:
    sendable = [one for one in request if one.samples or one.histograms]
    assert v1_from_v2(encode_v2(sendable)) == encode_v1(sendable)


UP = Series(labels=Labels({"__name__": "up", "job": "node"}), samples=[Sample(1000, 1.0, 500)])
BODY = encode_v2([UP])


def test_a_body_that_ends_anywhere_raises_nothing_else() -> None:
    for body in truncations(BODY):
        try:
            v1_from_v2(body)
        except MalformedRequest:
            continue


@given(st.one_of(with_changed_bytes(BODY), st.binary(max_size=40)))
def test_garbage_raises_nothing_else(body: bytes) -> None:
    try:
        v1_from_v2(body)
    except MalformedRequest:
        return


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (BODY[:-1], "within a field"),
        (BODY + b"\x80", "within a number"),
        (BODY + b"\x0b", "wire type 3"),
        (b"\x22\x01\xff", "UTF-8"),
        (b"\x22\x00\x2a\x04\x0a\x02\x00\x01", "references"),
        (b"\x22\x00\x2a\x03\x0a\x01\x00", "references"),
    ],
)
def test_damage_is_named(body: bytes, reason: str) -> None:
    with pytest.raises(MalformedRequest, match=reason):
        v1_from_v2(body)
