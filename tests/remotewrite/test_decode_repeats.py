"""Requests like one before: read without being parsed, and read the same."""

import tracemalloc
from collections.abc import Callable

import pytest
from google.protobuf.message import DecodeError, Message
from hypothesis import given
from hypothesis import strategies as st

from remotewrite.decode.batch import Batch
from remotewrite.decode.repeats import LAYOUT_BYTES, Repeats
from remotewrite.decode.table import SeriesTable
from remotewrite.decode.v1 import decode_v1
from remotewrite.decode.v2 import decode_v2
from remotewrite.errors import RemoteWriteError
from remotewrite.model import Sample, Series
from tests.remotewrite.reading import Receiver, checked, expected, general_v1, general_v2
from tests.strategies import NOW_MS, labels, metadata, reference_v1, reference_v2, values, with_changed_bytes
from timeseries.labels import Labels
from timeseries.metadata import Metadata, MetricType

Decode = Callable[[bytes, SeriesTable], Batch]
Reference = Callable[[list[Series]], Message]

Described = tuple[Labels, Metadata | None, int]

both = pytest.mark.parametrize(
    ("decode", "general", "reference"),
    [(decode_v1, general_v1, reference_v1), (decode_v2, general_v2, reference_v2)],
    ids=["1.0", "2.0"],
)

times = st.integers(NOW_MS - 1_000_000, NOW_MS)
described = st.tuples(labels(), st.none() | metadata, st.just(0) | times)
some = st.lists(described, min_size=1, max_size=6)


def request(series: list[Described], data: st.DataObject) -> list[Series]:
    """Draw a sample for each of the series."""
    return [
        Series(
            labels=one,
            metadata=meta,
            samples=[
                Sample(data.draw(times), data.draw(values.filter(lambda value: value != 0)), start_ms=start)
            ],
        )
        for one, meta, start in series
    ]


def repeats(receiver: Receiver, decode: Decode) -> Repeats:
    return receiver.table.v1.repeats if decode is decode_v1 else receiver.table.v2.repeats


@both
@given(series=some, data=st.data())
def test_a_request_with_the_same_series_is_read_from_its_layout_and_whole(
    decode: Decode,
    general: Decode,
    reference: Reference,
    series: list[Described],
    data: st.DataObject,
) -> None:
    receiver = Receiver()
    for _ in range(2):
        receiver.view(decode(reference(request(series, data)).SerializeToString(), receiver.table))
    again = request(series, data)
    body = reference(again).SerializeToString()
    rejected = bool(decode(body, Receiver().table).rejected)
    assert (repeats(receiver, decode).read(body) is None) == rejected
    view = receiver.view(decode(body, receiver.table))
    wanted = receiver.view(general(body, receiver.table))
    assert view._replace(metadata=[]) == wanted._replace(metadata=[])
    if not rejected:
        assert view == expected(again, (), starts=decode is decode_v2)


@both
@given(series=some, data=st.data())
def test_a_damaged_request_is_read_as_if_none_like_it_had_come_before(
    decode: Decode,
    general: Decode,
    reference: Reference,
    series: list[Described],
    data: st.DataObject,
) -> None:
    experienced, fresh = Receiver(), Receiver()
    body = reference(request(series, data)).SerializeToString()
    for _ in range(2):
        experienced.view(decode(body, experienced.table))
    damaged = data.draw(with_changed_bytes(body))
    try:
        view = experienced.view(decode(damaged, experienced.table))
    except RemoteWriteError:
        with pytest.raises((RemoteWriteError, DecodeError)):
            checked(damaged, decode, general, fresh)
        return
    wanted = fresh.view(general(damaged, fresh.table))
    assert view._replace(metadata=[], rejected=[]) == wanted._replace(metadata=[], rejected=[])
    assert [lost.code for lost in view.rejected] == [lost.code for lost in wanted.rejected]


def one(name: str, value: float = 1.5, text: str = "") -> bytes:
    """Write a 2.0 request of one series."""
    meta = Metadata(family=name, type=MetricType.GAUGE, help=text) if text else None
    series = Series(labels=Labels({"__name__": name}), samples=[Sample(NOW_MS, value)], metadata=meta)
    return reference_v2([series]).SerializeToString()


def learn(receiver: Receiver, body: bytes) -> None:
    for _ in range(2):
        decode_v2(body, receiver.table).learnt.keep()


def test_a_request_that_came_once_has_no_layout() -> None:
    receiver = Receiver()
    decode_v2(one("up"), receiver.table).learnt.keep()
    assert receiver.table.v2.repeats.read(one("up")) is None


def test_a_request_that_was_not_kept_has_no_layout() -> None:
    receiver = Receiver()
    for _ in range(3):
        decode_v2(one("up"), receiver.table)
    assert receiver.table.v2.repeats.read(one("up")) is None


def test_layouts_beyond_the_capacity_are_dropped_the_oldest_first() -> None:
    receiver = Receiver()
    known = receiver.table.v2.repeats = Repeats(capacity=2 * (LAYOUT_BYTES + 100))
    bodies = [one(f"metric_{number}") for number in range(9)]
    for body in bodies:
        learn(receiver, body)
    there = [known.read(body) is not None for body in bodies]
    assert there == sorted(there)
    assert 0 < sum(there) < len(bodies)
    decode_v2(bodies[0], receiver.table).learnt.keep()
    assert known.read(bodies[0]) is None, "it takes two to know it again"


@pytest.mark.parametrize("octet", [0x00, 0x01, 0x10, 0x7F, 0x80, 0xFF])
def test_a_sample_of_another_shape_is_read_as_what_it_is(octet: int) -> None:
    receiver = Receiver()
    body = one("up")
    learn(receiver, body)
    for place in range(len(body) - 16, len(body)):
        changed = body[:place] + bytes([octet]) + body[place + 1 :]
        assert outcome(changed, receiver) == outcome(changed, Receiver())


def outcome(body: bytes, receiver: Receiver) -> object:
    """Return the samples of a request, or its error."""
    try:
        batch = decode_v2(body, receiver.table)
    except RemoteWriteError as error:
        return str(error)
    columns = batch.samples
    return columns.refs.tolist(), columns.times.tolist(), columns.values.view("int64").tolist()


def test_metadata_that_changes_back_is_told_again() -> None:
    receiver = Receiver()
    learn(receiver, one("up", text="old"))
    assert receiver.table.v2.repeats.read(one("up", text="old")) is not None
    decode_v2(one("up", text="new"), receiver.table).learnt.keep()
    assert [meta.help for meta in decode_v2(one("up", text="old"), receiver.table).metadata] == ["old"]


def test_a_value_of_zero_has_no_layout_and_is_read() -> None:
    receiver = Receiver()
    learn(receiver, one("up"))
    assert receiver.view(decode_v2(one("up", value=0.0), receiver.table)).samples[0][2] == 0


def test_equal_requests_of_1_0_and_2_0_are_not_taken_for_each_other() -> None:
    receiver = Receiver()
    learn(receiver, one("up"))
    batch = decode_v1(one("up"), receiver.table)
    assert len(batch.samples) == 0


def plain_v1(value: float) -> bytes:
    """Write a 1.0 request of one series."""
    series = Series(labels=Labels({"__name__": "up"}), samples=[Sample(NOW_MS, value)])
    return reference_v1([series]).SerializeToString()


def unread(content: bytes) -> bytes:
    """Write a field that nobody reads."""
    return bytes([0x7A, len(content)]) + content


@pytest.mark.parametrize(
    ("decode", "write"),
    [(decode_v1, plain_v1), (decode_v2, lambda value: one("up", value))],
    ids=["1.0", "2.0"],
)
def test_a_copy_of_the_series_in_a_field_that_nobody_reads_is_not_read(
    decode: Decode, write: Callable[[float], bytes]
) -> None:
    receiver = Receiver()
    for copied in (1.5, 1.5, 99.0):
        batch = decode(write(1.5) + unread(write(copied)), receiver.table)
        batch.learnt.keep()
        assert batch.samples.values.tolist() == [1.5]


def test_metadata_before_the_series_of_a_1_0_request_is_told_each_time() -> None:
    receiver = Receiver()
    up = Metadata(family="up", type=MetricType.GAUGE, help="a", unit="")
    body = reference_v1([], [up]).SerializeToString() + plain_v1(1.5)
    for _ in range(3):
        assert receiver.view(decode_v1(body, receiver.table)).metadata == [up]


def test_a_layout_is_learnt_behind_fields_that_nobody_reads() -> None:
    receiver = Receiver()
    bodies = [unread(b"abc") + one("up", value) for value in (1.5, 2.5, 3.5)]
    for body in bodies[:2]:
        decode_v2(body, receiver.table).learnt.keep()
    repeat = receiver.table.v2.repeats.read(bodies[2])
    assert repeat is not None
    assert repeat.values.tolist() == [3.5]


def test_what_a_layout_counts_for_is_at_least_what_it_takes() -> None:
    receiver = Receiver()
    bodies = [one(f"metric_{number:03}") for number in range(200)]
    for body in bodies:
        decode_v2(body, receiver.table).learnt.keep()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for body in bodies:
        decode_v2(body, receiver.table).learnt.keep()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    counted = sum(layout.size for layout in receiver.table.v2.repeats._layouts.values())
    assert 0 < after - before <= counted
