"""The decoders against protobuf's own classes, their fast way against their general way, and damage."""

import contextlib
from collections.abc import Callable

import pytest
from google.protobuf.message import DecodeError, Message
from hypothesis import given
from hypothesis import strategies as st

from remotewrite.decode.batch import Batch
from remotewrite.decode.names import family_name
from remotewrite.decode.table import SeriesTable
from remotewrite.decode.v1 import decode_v1
from remotewrite.decode.v2 import decode_v2
from remotewrite.errors import MalformedRequest, RemoteWriteError
from remotewrite.model import Sample, Series
from tests.remotewrite.reading import Receiver, checked, expected, general_v1, general_v2
from tests.strategies import (
    NOW_MS,
    garbage,
    labels,
    metadata,
    reference_v1,
    reference_v2,
    requests,
    truncations,
    values,
    with_changed_bytes,
    with_trailing_bytes,
)
from timeseries.metadata import Metadata

Decode = Callable[[bytes, SeriesTable], Batch]
Reference = Callable[[list[Series]], Message]

# What agents send nearly always: one sample of today; the other series of `requests` are mixed in.
plain_series = st.builds(
    Series,
    labels=labels(),
    samples=st.builds(
        Sample,
        time_ms=st.integers(NOW_MS - 1_000_000, NOW_MS),
        value=st.just(0.0) | values,
        start_ms=st.just(0) | st.integers(NOW_MS - 2_000_000, NOW_MS),
    ).map(lambda sample: [sample]),
    metadata=st.none() | metadata,
)
mixed = st.builds(lambda plain, other: plain + other, st.lists(plain_series, max_size=6), requests).flatmap(
    st.permutations
)


def reported_metadata(series: list[Series]) -> list[Metadata]:
    """Return what a 2.0 request tells of metric families."""
    found = []
    for one in series:
        meta = one.metadata
        if meta is not None and (meta.type or meta.help or meta.unit):
            family = family_name(one.labels.metric_name, meta.type)
            found.append(Metadata(family=family, type=meta.type, help=meta.help, unit=meta.unit))
    return list(dict.fromkeys(found))


@given(mixed, st.lists(metadata, max_size=3))
def test_a_1_0_request_reads_back_whole_at_first_sight_and_when_known(
    series: list[Series], families: list[Metadata]
) -> None:
    body = reference_v1(series, families).SerializeToString()
    receiver = Receiver()
    for _ in range(2):
        batch = receiver.view(decode_v1(body, receiver.table))
        assert batch == expected(series, families, starts=False)


@given(mixed)
def test_a_2_0_request_reads_back_whole_at_first_sight_and_when_known(series: list[Series]) -> None:
    body = reference_v2(series).SerializeToString()
    receiver = Receiver()
    first = receiver.view(decode_v2(body, receiver.table))
    again = receiver.view(decode_v2(body, receiver.table))
    wanted = expected(series, (), starts=True)
    assert first._replace(metadata=[]) == again._replace(metadata=[]) == wanted
    assert set(first.metadata) == set(reported_metadata(series))


@given(mixed, mixed)
def test_2_0_series_are_known_again_under_another_symbol_table(one: list[Series], two: list[Series]) -> None:
    receiver = Receiver()
    decode_v2(reference_v2(one).SerializeToString(), receiver.table).learnt.keep()
    batch = decode_v2(reference_v2(two + one).SerializeToString(), receiver.table)
    assert receiver.view(batch)._replace(metadata=[]) == expected(two + one, (), starts=True)


@pytest.mark.parametrize(
    ("decode", "general", "reference"),
    [(decode_v1, general_v1, reference_v1), (decode_v2, general_v2, reference_v2)],
    ids=["1.0", "2.0"],
)
@given(series=mixed, data=st.data())
def test_the_fast_and_the_general_way_agree_on_damaged_bodies(
    decode: Decode,
    general: Decode,
    reference: Reference,
    series: list[Series],
    data: st.DataObject,
) -> None:
    body = reference(series).SerializeToString()
    damaged = data.draw(with_trailing_bytes(body) | (with_changed_bytes(body) if body else garbage))
    fast, slow = Receiver(), Receiver()
    # The fast way has met the undamaged series before: it must not take a damaged one for them.
    decode(body, fast.table).learnt.keep()
    try:
        batch = fast.view(decode(damaged, fast.table))
    except RemoteWriteError:
        with pytest.raises((RemoteWriteError, DecodeError)):
            checked(damaged, decode, general, slow)
        return
    wanted = slow.view(general(damaged, slow.table))
    assert batch._replace(metadata=[], rejected=[]) == wanted._replace(metadata=[], rejected=[])
    assert [lost.code for lost in batch.rejected] == [lost.code for lost in wanted.rejected]


@pytest.mark.parametrize("decode", [decode_v1, decode_v2], ids=["1.0", "2.0"])
@given(body=garbage)
def test_garbage_raises_only_declared_errors(decode: Decode, body: bytes) -> None:
    with contextlib.suppress(RemoteWriteError):
        decode(body, Receiver().table)


@pytest.mark.parametrize(
    ("decode", "reference"), [(decode_v1, reference_v1), (decode_v2, reference_v2)], ids=["1.0", "2.0"]
)
@given(series=st.lists(plain_series, min_size=1, max_size=2))
def test_a_body_cut_short_anywhere_raises_only_declared_errors_and_invents_nothing(
    decode: Decode, reference: Reference, series: list[Series]
) -> None:
    body = reference(series).SerializeToString()
    whole = Receiver()
    samples = whole.view(decode(body, whole.table)).samples
    for part in truncations(body):
        receiver = Receiver()
        try:
            batch = receiver.view(decode(part, receiver.table))
        except MalformedRequest:
            continue
        assert batch.samples == samples[: len(batch.samples)]
