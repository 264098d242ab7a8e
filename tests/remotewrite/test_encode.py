"""Both encoders against protobuf's own classes: byte for byte, and what they refuse to write."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remotewrite.encode.fields import varint
from remotewrite.encode.v1 import encode_v1
from remotewrite.encode.v2 import encode_v2
from remotewrite.errors import Unencodable
from remotewrite.model import Sample, Series
from tests import strategies
from tests.remotewrite.schema import write_v1_pb2 as v1
from tests.remotewrite.schema import write_v2_pb2 as v2
from tests.strategies import (
    SPECIAL_VALUES,
    bits,
    reference_v1,
    reference_v2,
    rewritten_v1,
    rewritten_v2,
    series_of_v1,
)
from timeseries.exemplar import Exemplar
from timeseries.histogram import NO_BUCKETS, Buckets, Histogram, HistogramSample, Span
from timeseries.labels import Labels
from timeseries.metadata import Metadata, MetricType
from timeseries.stale import STALE, STALE_BITS

MAX_INT64 = (1 << 63) - 1
MIN_INT64 = -(1 << 63)
MAX_UINT64 = (1 << 64) - 1

UP = Series(labels=Labels({"__name__": "up", "job": "node"}), samples=[Sample(1000, 1.0)])
HISTOGRAM = Histogram(
    integer=True,
    schema=0,
    count=3,
    sum=4.0,
    zero_count=1,
    positive=Buckets(spans=(Span(0, 2),), counts=(2, 0)),
)


def with_histogram(histogram: Histogram, time_ms: int = 1000, start_ms: int = 0) -> Series:
    return replace(UP, samples=(), histograms=[HistogramSample(time_ms, histogram, start_ms)])


# --- what they write ---


@given(strategies.requests, st.lists(strategies.metadata, max_size=3))
def test_v1_bytes_equal_those_of_the_reference(request: list[Series], metadata: list[Metadata]) -> None:
    assert rewritten_v1(encode_v1(request, metadata)) == reference_v1(request, metadata).SerializeToString()


@given(strategies.requests)
def test_v2_bytes_equal_those_of_the_reference(request: list[Series]) -> None:
    assert rewritten_v2(encode_v2(request)) == reference_v2(request).SerializeToString()


@given(strategies.requests)
def test_a_v1_message_of_the_reference_is_written_again_as_it_was(request: list[Series]) -> None:
    message = reference_v1(request)
    assert rewritten_v1(encode_v1(*series_of_v1(message))) == message.SerializeToString()


@given(strategies.requests)
def test_v2_symbols_keep_the_rules(request: list[Series]) -> None:
    message = v2.Request.FromString(encode_v2(request))
    symbols = list(message.symbols)
    assert symbols[0] == ""
    assert len(set(symbols)) == len(symbols)
    for one in message.timeseries:
        names = [symbols[ref] for ref in one.labels_refs[::2]]
        assert len(one.labels_refs) % 2 == 0
        assert names == sorted(set(names))
        assert "__name__" in names
        for exemplar in one.exemplars:
            assert len(exemplar.labels_refs) % 2 == 0


@pytest.mark.parametrize("value", SPECIAL_VALUES, ids=lambda value: f"{bits(value):016x}")
def test_a_value_keeps_its_bits(value: float) -> None:
    series = [replace(UP, samples=[Sample(1, value)])]
    [[one]] = [message.samples for message in v1.WriteRequest.FromString(encode_v1(series)).timeseries]
    [[two]] = [message.samples for message in v2.Request.FromString(encode_v2(series)).timeseries]
    assert bits(one.value) == bits(two.value) == bits(value)


def test_the_stale_marker_is_on_the_wire_as_the_specification_writes_it() -> None:
    series = [replace(UP, samples=[Sample(1, STALE)])]
    assert STALE_BITS.to_bytes(8, "little") in encode_v1(series)
    assert STALE_BITS.to_bytes(8, "little") in encode_v2(series)


@pytest.mark.parametrize("encode", [encode_v1, encode_v2])
def test_a_value_of_zero_is_written_so_that_the_layout_does_not_change_with_it(
    encode: Callable[[list[Series]], bytes],
) -> None:
    zero, other = (encode([replace(UP, samples=[Sample(1, value)])]) for value in (0.0, 2.5))
    assert zero.endswith(b"\x12\x0b\x09" + bytes(8) + b"\x10\x01")
    assert len(zero) == len(other)


def test_v1_leaves_out_what_it_has_no_field_for() -> None:
    full = replace(UP, samples=[Sample(1000, 1.0, 500)], metadata=Metadata(family="up", help="Is it up?"))
    assert encode_v1([full]) == encode_v1([UP])


def test_an_empty_v1_request_is_empty_and_v2_has_its_first_symbol() -> None:
    assert encode_v1([]) == b""
    assert v2.Request.FromString(encode_v2([])) == v2.Request(symbols=[""])


def test_v2_series_share_their_symbols() -> None:
    body = encode_v2([UP, replace(UP, labels=Labels({"__name__": "up", "job": "up"}))])
    message = v2.Request.FromString(body)
    assert list(message.symbols) == ["", "__name__", "up", "job", "node"]
    assert [list(one.labels_refs) for one in message.timeseries] == [[1, 2, 3, 4], [1, 2, 3, 2]]


def test_v2_metadata_refers_to_symbols() -> None:
    about = Metadata(family="up", type=MetricType.GAUGE, help="Is it up?", unit="")
    message = v2.Request.FromString(encode_v2([replace(UP, metadata=about)]))
    [one] = message.timeseries
    assert one.metadata.type == v2.Metadata.GAUGE
    assert message.symbols[one.metadata.help_ref] == "Is it up?"
    assert one.metadata.unit_ref == 0


# --- limits of the wire: at n written, at n + 1 refused ---


@pytest.mark.parametrize("number", [0, 1, 127, 128, 16383, 16384, MAX_UINT64])
def test_a_varint_reads_back(number: int) -> None:
    message = v1.Histogram.FromString(b"\x08" + varint(number))
    assert message.count_int == number


@pytest.mark.parametrize("number", [-1, MAX_UINT64 + 1])
def test_a_number_beyond_64_bits_is_refused(number: int) -> None:
    with pytest.raises(Unencodable, match="64 bits"):
        varint(number)


@pytest.mark.parametrize("time_ms", [MIN_INT64, MAX_INT64])
def test_the_outermost_times_are_written(time_ms: int) -> None:
    series = [
        replace(
            UP,
            samples=[Sample(time_ms, 1.0, time_ms)],
            exemplars=[Exemplar(labels=Labels(), value=1.0, time_ms=time_ms)],
        ),
        with_histogram(HISTOGRAM, time_ms, time_ms),
    ]
    assert rewritten_v1(encode_v1(series)) == reference_v1(series).SerializeToString()
    assert rewritten_v2(encode_v2(series)) == reference_v2(series).SerializeToString()


@pytest.mark.parametrize("time_ms", [MIN_INT64 - 1, MAX_INT64 + 1])
def test_a_time_outside_int64_is_refused(time_ms: int) -> None:
    broken = [
        replace(UP, samples=[Sample(time_ms, 1.0)]),
        replace(UP, exemplars=[Exemplar(labels=Labels(), value=1.0, time_ms=time_ms)]),
        with_histogram(HISTOGRAM, time_ms),
    ]
    for series in broken:
        refused(series, "does not fit into 64 bits with a sign")
    for series in [replace(UP, samples=[Sample(0, 1.0, time_ms)]), with_histogram(HISTOGRAM, 0, time_ms)]:
        encode_v1([series])
        with pytest.raises(Unencodable, match="64 bits with a sign"):
            encode_v2([series])


def one_bucket(count: int, offset: int = 0) -> Series:
    buckets = Buckets(spans=(Span(offset, 1),), counts=(count,))
    return with_histogram(replace(HISTOGRAM, count=count, zero_count=0, positive=buckets))


def test_counts_and_offsets_are_written_up_to_their_width() -> None:
    only_zeros = replace(HISTOGRAM, count=MAX_UINT64, zero_count=MAX_UINT64, positive=NO_BUCKETS)
    series = [
        with_histogram(only_zeros),
        one_bucket(MAX_INT64),
        one_bucket(1, (1 << 31) - 1),
        one_bucket(1, -(1 << 31)),
    ]
    assert rewritten_v1(encode_v1(series)) == reference_v1(series).SerializeToString()


def test_counts_and_offsets_beyond_their_width_are_refused() -> None:
    refused(
        with_histogram(
            replace(HISTOGRAM, count=MAX_UINT64 + 1, zero_count=MAX_UINT64 + 1, positive=NO_BUCKETS)
        ),
        "64 bits",
    )
    refused(one_bucket(MAX_INT64 + 1), "64 bits with a sign")
    refused(one_bucket(1, 1 << 31), "32 bits with a sign")
    refused(one_bucket(1, -(1 << 31) - 1), "32 bits with a sign")


# --- what no receiver would take ---


def refused(series: Series, reason: str) -> None:
    for encode in (encode_v1, encode_v2):
        with pytest.raises(Unencodable, match=reason) as caught:
            encode([UP, series])
        assert str(caught.value).startswith(f"series {series.labels}: ")


@pytest.mark.parametrize(
    ("series", "reason"),
    [
        (replace(UP, labels=Labels({"job": "node"})), "no metric name"),
        (replace(UP, samples=()), "nothing to send"),
        (replace(with_histogram(HISTOGRAM), samples=UP.samples), "both samples and histograms"),
        (replace(UP, samples=[Sample(2, 1.0), Sample(1, 1.0)]), "do not ascend"),
        (replace(UP, samples=[Sample(2, 1.0), Sample(2, 1.0)]), "do not ascend"),
        (with_histogram(replace(HISTOGRAM, count=4)), "the count is 4, but the buckets hold 3"),
        (with_histogram(replace(HISTOGRAM, count=3.0)), "is not an integer"),
        (replace(UP, labels=Labels.trusted([("__name__", "up"), ("a", "\ud800")])), "not valid UTF-8"),
        (replace(UP, labels=Labels.trusted([("\ud800", "b"), ("__name__", "up")])), "not valid UTF-8"),
    ],
)
def test_a_series_that_no_receiver_takes_is_refused_by_name(series: Series, reason: str) -> None:
    refused(series, reason)


def test_v1_takes_a_series_of_exemplars_alone_and_v2_does_not() -> None:
    series = replace(UP, samples=(), exemplars=[Exemplar(labels=Labels(), value=1.0, time_ms=1)])
    assert rewritten_v1(encode_v1([series])) == reference_v1([series]).SerializeToString()
    with pytest.raises(Unencodable, match="wants a sample or a histogram"):
        encode_v2([series])


def test_histogram_times_must_ascend() -> None:
    samples = [HistogramSample(2, HISTOGRAM), HistogramSample(2, HISTOGRAM)]
    refused(replace(UP, samples=(), histograms=samples), "do not ascend")


@pytest.mark.parametrize(
    "about",
    [Metadata(family="up\ud800"), Metadata(family="up", help="\ud800"), Metadata(family="up", unit="\ud800")],
)
def test_metadata_that_is_not_utf8_is_refused_by_name(about: Metadata) -> None:
    with pytest.raises(Unencodable, match=r"^metadata of 'up.* not valid UTF-8"):
        encode_v1([], [about])


# --- what the agent pays ---

HEAVY = ("numpy", "google.protobuf", "falcon", "waitress", "sqlite3", "re2", "requests", "prometheus_client")


def test_sending_imports_nothing_heavy() -> None:
    script = (
        "import sys, remotewrite.encode.v1, remotewrite.encode.v2, remotewrite.compression\n"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
