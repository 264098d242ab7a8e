"""The encoders write the golden files byte for byte, and so they do the bodies of real senders."""

import pytest

from remotewrite.compression import decompress
from remotewrite.encode.v1 import encode_v1
from remotewrite.encode.v2 import encode_v2
from tests.remotewrite.golden import CAPTURED, CASES, FOLDER, read
from tests.remotewrite.schema import write_v1_pb2 as v1
from tests.strategies import reference_v1, reference_v2, rewritten_v1, rewritten_v2, series_of_v1


@pytest.mark.parametrize("name", CASES)
def test_the_encoders_write_the_golden_bytes(name: str) -> None:
    series, metadata = CASES[name]
    assert rewritten_v1(encode_v1(series, metadata)) == read(f"{name}.v1")
    assert rewritten_v2(encode_v2(series)) == read(f"{name}.v2")


@pytest.mark.parametrize("name", CASES)
def test_the_golden_bytes_are_those_of_the_reference(name: str) -> None:
    series, metadata = CASES[name]
    assert reference_v1(series, metadata).SerializeToString() == read(f"{name}.v1")
    assert reference_v2(series).SerializeToString() == read(f"{name}.v2")


@pytest.mark.parametrize("name", CAPTURED)
def test_what_a_real_sender_said_is_written_as_the_sender_wrote_it(name: str) -> None:
    body = decompress(read(f"{name}.snappy"))
    assert rewritten_v1(encode_v1(*series_of_v1(v1.WriteRequest.FromString(body)))) == body


def test_every_golden_file_is_in_a_test() -> None:
    files = {path.name for path in FOLDER.iterdir() if path.is_file() and path.suffix != ".py"}
    made = {f"{name}.{version}" for name in CASES for version in ("v1", "v2")}
    assert files == made | {f"{name}.snappy" for name in CAPTURED}
