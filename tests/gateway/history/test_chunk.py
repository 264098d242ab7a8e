"""Snapshots come back from their bytes as they were; other bytes are refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.history.chunk import decode, encode
from gateway.history.errors import UnreadableChunk
from gateway.history.snapshot import Snapshot
from tests.gateway.history.snapshots import START_MS, process, snapshot, snapshots
from tests.strategies import garbage, truncations, with_changed_bytes, with_trailing_bytes

several = st.lists(
    snapshots(st.integers(START_MS, START_MS + 100)),
    min_size=1,
    max_size=8,
    unique_by=lambda one: one.time_ms,
).map(lambda found: sorted(found, key=lambda one: one.time_ms))


@given(several)
def test_snapshots_come_back_as_they_were(found: list[Snapshot]) -> None:
    chunk = decode(encode(found))
    assert chunk.snapshots() == found
    assert [chunk.snapshot(number) for number in range(len(found))] == found
    assert chunk.times.tolist() == [one.time_ms for one in found]


EXAMPLE = encode([snapshot(START_MS, process(1, 5, 4096)), snapshot(START_MS + 15_000, process(1, 7, 8192))])


def test_what_is_cut_is_refused() -> None:
    for cut in truncations(EXAMPLE):
        with pytest.raises(UnreadableChunk):
            decode(cut)


@given(garbage | with_trailing_bytes(EXAMPLE))
def test_other_bytes_are_refused(payload: bytes) -> None:
    with pytest.raises(UnreadableChunk):
        decode(payload)


@settings(max_examples=300)
@given(with_changed_bytes(EXAMPLE))
def test_changed_bytes_are_read_or_refused(payload: bytes) -> None:
    try:
        chunk = decode(payload)
    except UnreadableChunk:
        return
    assert len(chunk.snapshots()) == len(chunk.times)
