"""What the decoders refuse, what they forgive, and how far that reaches. One test a rule."""

import tracemalloc
from collections.abc import Callable, Mapping, Sequence

import pytest

from remotewrite import limits
from remotewrite.decode.batch import Batch
from remotewrite.decode.table import SeriesTable
from remotewrite.decode.v1 import decode_v1
from remotewrite.decode.v2 import decode_v2
from remotewrite.errors import MalformedRequest, RequestTooLarge, SeriesRejected
from remotewrite.model import Sample, Series
from tests.remotewrite.reading import Receiver
from tests.remotewrite.schema import write_v1_pb2 as v1
from tests.remotewrite.schema import write_v2_pb2 as v2
from tests.strategies import NOW_MS, reference_v1, reference_v2
from timeseries.labels import Labels
from timeseries.metadata import Metadata, MetricType

Pairs = Sequence[tuple[str, str]]
Make = Callable[[Sequence[Pairs]], bytes]
Decode = Callable[[bytes, SeriesTable], Batch]

GOOD: Pairs = [("__name__", "up"), ("job", "node")]


def make_v1(series: Sequence[Pairs]) -> bytes:
    """Return a 1.0 request of one sample a series, labels as they are given."""
    request = v1.WriteRequest()
    for pairs in series:
        one = request.timeseries.add()
        for name, value in pairs:
            one.labels.add(name=name, value=value)
        one.samples.add(value=1.5, timestamp=NOW_MS)
    return request.SerializeToString()


def make_v2(series: Sequence[Pairs]) -> bytes:
    """Return a 2.0 request of one sample a series, labels as they are given."""
    symbols = {"": 0}
    request = v2.Request()
    for pairs in series:
        one = request.timeseries.add()
        one.labels_refs.extend(symbols.setdefault(text, len(symbols)) for pair in pairs for text in pair)
        one.samples.add(value=1.5, timestamp=NOW_MS)
    request.symbols.extend(symbols)
    return request.SerializeToString()


both = pytest.mark.parametrize(
    ("decode", "make"), [(decode_v1, make_v1), (decode_v2, make_v2)], ids=["1.0", "2.0"]
)


def only_rejection(batch: Batch) -> tuple[str, str]:
    """Return the one thing that was refused."""
    (lost,) = batch.rejected
    return lost.code, lost.reason


@both
@pytest.mark.parametrize(
    ("pairs", "code", "says"),
    [
        ([("job", "node")], "no_metric_name", 'series {job="node"}: it has no metric name'),
        ([("__name__", ""), ("job", "node")], "no_metric_name", "no metric name"),
        ([], "no_metric_name", "series {}: it has no metric name"),
        ([*GOOD, ("a", "1"), ("a", "2")], "duplicate_label", 'label "a" appears twice'),
        ([*GOOD, ("a", "1"), ("a", "1")], "duplicate_label", 'label "a" appears twice'),
        ([*GOOD, ("", "x")], "empty_label_name", "a label name is empty"),
        (
            [*GOOD, *((f"l{n}", "v") for n in range(limits.MAX_LABELS))],
            "too_many_labels",
            "it has more than 128 labels",
        ),
        (
            [*GOOD, ("n" * (limits.MAX_LABEL_NAME_BYTES + 1), "v")],
            "label_name_too_long",
            "1025 bytes; at most 1024",
        ),
        ([*GOOD, ("v", "é" * 8193)], "label_value_too_long", "16386 bytes; at most 16384"),
    ],
)
def test_a_bad_series_is_named_and_costs_only_itself(
    decode: Decode, make: Make, pairs: Pairs, code: str, says: str
) -> None:
    receiver = Receiver()
    for _ in range(2):
        batch = decode(make([GOOD, pairs, [*GOOD, ("cpu", "1")]]), receiver.table)
        assert len(batch.samples) == 2
        assert only_rejection(batch)[0] == code
        assert says in only_rejection(batch)[1]
        assert batch.rejected[0].samples == 1
    assert receiver.series == [Labels(GOOD), Labels([*GOOD, ("cpu", "1")])]


@both
def test_a_series_of_very_many_labels_costs_little(decode: Decode, make: Make) -> None:
    body = make([[*GOOD, *[("", "")] * 300_000]])
    tracemalloc.start()
    batch = decode(body, Receiver().table)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert only_rejection(batch)[0] == "too_many_labels"
    assert peak < 10 * len(body)


@both
@pytest.mark.parametrize(
    "pairs",
    [
        [*GOOD, *((f"l{n:03}", "v") for n in range(limits.MAX_LABELS - 2))],
        [*GOOD, ("n" * limits.MAX_LABEL_NAME_BYTES, "v")],
        [*GOOD, ("v", "é" * (limits.MAX_LABEL_VALUE_BYTES // 2))],
    ],
    ids=["labels", "name", "value"],
)
def test_a_series_at_a_limit_is_taken(decode: Decode, make: Make, pairs: Pairs) -> None:
    receiver = Receiver()
    assert not decode(make([pairs]), receiver.table).rejected
    assert receiver.series == [Labels(pairs)]


@both
def test_labels_in_any_order_are_the_same_series(decode: Decode, make: Make) -> None:
    receiver = Receiver()
    batch = decode(make([GOOD, GOOD[::-1], [*GOOD[::-1], ("empty", "")]]), receiver.table)
    assert batch.samples.refs.tolist() == [0, 0, 0]
    assert receiver.series == [Labels(GOOD)]


@both
def test_a_request_without_series_is_an_empty_batch(decode: Decode, make: Make) -> None:
    for body in (b"", make([])):
        batch = decode(body, Receiver().table)
        assert not len(batch.samples)
        assert not batch.rejected


@both
def test_more_series_than_the_limit_are_refused_whole(decode: Decode, make: Make) -> None:
    symbols = b"" if decode is decode_v1 else b"\x22\x00"
    one = b"\x0a\x00" if decode is decode_v1 else b"\x2a\x00"
    batch = decode(symbols + one * limits.MAX_SERIES, Receiver().table)
    assert batch.rejected[0].times == limits.MAX_SERIES
    with pytest.raises(RequestTooLarge, match="more than 100000 series"):
        decode(symbols + one * (limits.MAX_SERIES + 1), Receiver().table)


@both
def test_what_the_receiver_refuses_is_asked_again_and_told(decode: Decode, make: Make) -> None:
    asked = []

    def register(labels: Labels) -> int:
        asked.append(labels)
        raise SeriesRejected("series_limit", "the gateway holds 10 series, its limit")

    table = SeriesTable(register)
    for _ in range(2):
        batch = decode(make([GOOD]), table)
        assert only_rejection(batch) == ("series_limit", "the gateway holds 10 series, its limit")
        assert not len(batch.samples)
    assert asked == [Labels(GOOD)] * 2


@both
def test_a_table_learns_only_from_requests_that_are_kept(decode: Decode, make: Make) -> None:
    receiver = Receiver()
    batch = decode(make([GOOD, GOOD]), receiver.table)
    assert batch.samples.refs.tolist() == [0, 0]
    assert len(receiver.table) == 0
    with pytest.raises(MalformedRequest):
        decode(make([GOOD]) + b"\x0a\x02\x12\x7f\x2a\x02\x12\x7f", receiver.table)
    assert len(receiver.table) == 0
    batch.learnt.keep()
    assert len(receiver.table) == 1
    assert decode(make([GOOD]), receiver.table).samples.refs.tolist() == [0]


@both
def test_a_table_over_capacity_makes_room_at_the_next_request(decode: Decode, make: Make) -> None:
    requests = [make([[("__name__", name)]]) for name in "abc"]
    whole = Receiver()
    sizes = []
    for body in requests:
        decode(body, whole.table).learnt.keep()
        sizes.append(whole.table.size)
    for capacity, kept in ((sizes[1], 3), (sizes[1] - 1, 1)):
        receiver = Receiver(capacity)
        for body in requests:
            decode(body, receiver.table).learnt.keep()
        assert len(receiver.table) == kept


@both
def test_a_table_stays_small_when_a_sender_makes_its_keys_long(decode: Decode, make: Make) -> None:
    receiver = Receiver(capacity=100_000)
    for number in range(20):
        empty = [(f"{number}-{label}".ljust(limits.MAX_LABEL_NAME_BYTES, "n"), "") for label in range(20)]
        decode(make([[*GOOD, *empty]]), receiver.table).learnt.keep()
    assert receiver.series == [Labels(GOOD)]
    held = (receiver.table.v1.refs, receiver.table.v2.refs, receiver.table.v2.symbols)
    assert sum(len(key) for keys in held for key in keys) < 150_000


def test_a_table_stays_small_when_a_sender_invents_symbols_that_no_series_uses() -> None:
    receiver = Receiver(capacity=100_000)
    for number in range(20):
        request = v2.Request(symbols=["", str(number) * 30_000])
        decode_v2(request.SerializeToString(), receiver.table)
    assert sum(map(len, receiver.table.v2.symbols)) < 200_000


def test_symbols_are_numbered_without_gaps_however_often_they_come() -> None:
    table = Receiver().table
    for name in "abc":
        decode_v2(make_v2([GOOD, [("__name__", name)]]), table)
    numbers = table.v2.symbols.values()
    assert sorted(numbers) == list(range(len(numbers)))


def test_a_label_that_ends_like_a_sample_is_not_taken_for_one() -> None:
    sample = v1.TimeSeries(samples=[v1.Sample(value=1.5, timestamp=NOW_MS)]).SerializeToString()
    text = sample.decode("latin-1")
    for value in (text, sample[-9:].decode("latin-1"), "\x12\x07\x10" + text[-6:]):
        request = v1.WriteRequest()
        one = request.timeseries.add()
        one.labels.add(name="__name__", value="up")
        body = bytearray(request.SerializeToString())
        raw = value.encode("latin-1")
        label = b"\x0a\x01v\x12" + bytes([len(raw)]) + raw
        series = bytes(body[2:]) + b"\x0a" + bytes([len(label)]) + label
        receiver = Receiver()
        batch = decode_v1(b"\x0a" + bytes([len(series)]) + series, receiver.table)
        assert not len(batch.samples)


def test_of_two_values_for_one_time_the_later_comes_last() -> None:
    odd = Series(labels=Labels(GOOD), samples=[Sample(NOW_MS, 1.0), Sample(NOW_MS + 1, 2.0)])
    plain = Series(labels=Labels(GOOD), samples=[Sample(NOW_MS, 3.0)])
    for series, wanted in (
        ([odd, plain], [1, 2, 3]),
        ([plain, odd], [3, 1, 2]),
        ([plain, odd, plain], [3, 1, 2, 3]),
    ):
        one = decode_v1(reference_v1(series).SerializeToString(), Receiver().table)
        two = decode_v2(reference_v2(series).SerializeToString(), Receiver().table)
        assert one.samples.values.tolist() == two.samples.values.tolist() == wanted


def test_samples_over_the_limit_are_refused_whole() -> None:
    label = b"\x0a\x0e" + v1.Label(name="__name__", value="up").SerializeToString()

    def body(samples: int) -> bytes:
        series = label + b"\x12\x00" * samples
        size = len(series)
        return (
            b"\x0a"
            + bytes([size & 127 | 128, size >> 7 & 127 | 128, size >> 14 & 127 | 128, size >> 21])
            + series
        )

    assert len(decode_v1(body(limits.MAX_SAMPLES), Receiver().table).samples) == limits.MAX_SAMPLES
    with pytest.raises(RequestTooLarge, match="more than 1000000 samples"):
        decode_v1(body(limits.MAX_SAMPLES + 1), Receiver().table)


@pytest.mark.parametrize("field", ["histograms", "exemplars"])
def test_histograms_and_exemplars_over_their_limit_are_refused_whole(field: str) -> None:
    limit = {"histograms": limits.MAX_HISTOGRAMS, "exemplars": limits.MAX_EXEMPLARS}[field]

    def decode(sizes: Sequence[int]) -> Batch:
        request = v1.WriteRequest()
        for size in sizes:
            one = request.timeseries.add()
            one.labels.add(name="__name__", value="up")
            for _ in range(size):
                getattr(one, field).add()
        return decode_v1(request.SerializeToString(), Receiver().table)

    assert len(getattr(decode([limit - 1, 1]), field)) == limit
    with pytest.raises(RequestTooLarge, match=f"more than 100000 {field}"):
        decode([limit, 1])


@pytest.mark.parametrize("change", [{"count_int": 2}, {"positive_deltas": [1, -2]}, {"schema": 9}])
def test_a_bad_histogram_costs_only_itself(change: Mapping[str, object]) -> None:
    request = v1.WriteRequest()
    one = request.timeseries.add()
    one.labels.add(name="__name__", value="latency")
    fields: dict[str, object] = {
        "count_int": 3,
        "positive_spans": [v1.BucketSpan(offset=0, length=2)],
        "positive_deltas": [1, 1],
    }
    one.histograms.add(timestamp=1, **fields)
    one.histograms.add(timestamp=2, **{**fields, **change})
    one.histograms.add(timestamp=3, **fields)
    batch = decode_v1(request.SerializeToString(), Receiver().table)
    assert [sample.time_ms for _, sample in batch.histograms] == [1, 3]
    assert only_rejection(batch)[0] == "invalid_histogram"
    assert 'series {__name__="latency"}' in only_rejection(batch)[1]
    assert batch.rejected[0].histograms == 1


@pytest.mark.parametrize(("buckets", "taken"), [(limits.MAX_BUCKETS, 1), (limits.MAX_BUCKETS + 1, 0)])
def test_a_histogram_has_a_limit_of_buckets(buckets: int, taken: int) -> None:
    request = v1.WriteRequest()
    one = request.timeseries.add()
    one.labels.add(name="__name__", value="latency")
    one.histograms.add(
        count_int=buckets,
        positive_spans=[v1.BucketSpan(offset=0, length=buckets)],
        positive_deltas=[1, *[0] * (buckets - 1)],
    )
    batch = decode_v1(request.SerializeToString(), Receiver().table)
    assert (len(batch.histograms), len(batch.rejected)) == (taken, 1 - taken)


@pytest.mark.parametrize(("bounds", "taken"), [(limits.MAX_BUCKETS, 1), (limits.MAX_BUCKETS + 1, 0)])
def test_a_histogram_has_a_limit_of_custom_bounds(bounds: int, taken: int) -> None:
    request = v1.WriteRequest()
    one = request.timeseries.add()
    one.labels.add(name="__name__", value="latency")
    one.histograms.add(schema=-53, custom_values=range(bounds))
    batch = decode_v1(request.SerializeToString(), Receiver().table)
    assert (len(batch.histograms), len(batch.rejected)) == (taken, 1 - taken)


def test_exemplars_go_with_their_series_and_bad_ones_alone() -> None:
    request = v1.WriteRequest()
    for name in ("up", ""):
        one = request.timeseries.add()
        one.labels.add(name="__name__", value=name)
        one.samples.add(value=1, timestamp=NOW_MS)
        good = one.exemplars.add(value=1, timestamp=NOW_MS)
        good.labels.add(name="trace", value="a")
        bad = one.exemplars.add(value=2, timestamp=NOW_MS)
        bad.labels.add(name="trace", value="a")
        bad.labels.add(name="trace", value="b")
    batch = decode_v1(request.SerializeToString(), Receiver().table)
    assert [exemplar.value for _, exemplar in batch.exemplars] == [1]
    lost = {rejection.code: rejection for rejection in batch.rejected}
    assert (lost["no_metric_name"].samples, lost["no_metric_name"].exemplars) == (1, 2)
    assert (lost["duplicate_label"].samples, lost["duplicate_label"].exemplars) == (0, 1)


@pytest.mark.parametrize(
    ("size", "taken"), [(limits.MAX_EXEMPLAR_BYTES, 1), (limits.MAX_EXEMPLAR_BYTES + 1, 0)]
)
def test_an_exemplar_has_a_limit_of_bytes(size: int, taken: int) -> None:
    request = v1.WriteRequest()
    one = request.timeseries.add()
    one.labels.add(name="__name__", value="up")
    label = one.exemplars.add().labels.add(name="trace")
    label.value = "v" * (size - 13)
    assert one.exemplars[0].ByteSize() == size
    batch = decode_v1(request.SerializeToString(), Receiver().table)
    assert (len(batch.exemplars), len(batch.rejected)) == (taken, 1 - taken)


def test_text_that_is_not_utf8_costs_only_its_series() -> None:
    body = make_v1([GOOD, [("__name__", "XX"), ("job", "node")]]).replace(b"XX", b"\xff\xfe")
    batch = decode_v1(body, Receiver().table)
    assert len(batch.samples) == 1
    assert only_rejection(batch)[0] == "invalid_utf8"


def test_metadata_that_is_too_long_costs_only_itself() -> None:
    request = v1.WriteRequest()
    request.metadata.add(metric_family_name="a", help="h" * limits.MAX_HELP_BYTES)
    request.metadata.add(metric_family_name="b", help="h" * (limits.MAX_HELP_BYTES + 1))
    request.metadata.add(metric_family_name="n" * (limits.MAX_LABEL_NAME_BYTES + 1))
    request.metadata.add(metric_family_name="c", type=99)
    batch = decode_v1(request.SerializeToString(), Receiver().table)
    assert [(one.family, one.type) for one in batch.metadata] == [
        ("a", MetricType.UNKNOWN),
        ("c", MetricType.UNKNOWN),
    ]
    assert [(lost.code, lost.times) for lost in batch.rejected] == [("metadata_too_long", 2)]


@pytest.mark.parametrize("symbols", [[], ["up"], ["up", ""]])
def test_a_2_0_request_must_begin_with_the_empty_symbol(symbols: list[str]) -> None:
    request = v2.Request(symbols=symbols, timeseries=[v2.TimeSeries(labels_refs=[0, 1])])
    with pytest.raises(MalformedRequest, match="first symbol"):
        decode_v2(request.SerializeToString(), Receiver().table)


@pytest.mark.parametrize(
    "refs", [[1], [1, 2, 3], [1, 5], [1, 127], [1, 128], [1, 1 << 14], [1, 1 << 21], [1, (1 << 32) - 1]]
)
def test_a_2_0_series_with_a_bad_reference_costs_only_itself(refs: list[int]) -> None:
    request = v2.Request(symbols=["", "__name__", "up", "a", "b"])
    for one in ([1, 2], refs, [1, 3]):
        request.timeseries.add(labels_refs=one).samples.add(value=1, timestamp=NOW_MS)
    receiver = Receiver()
    batch = decode_v2(request.SerializeToString(), receiver.table)
    assert only_rejection(batch)[0] == "bad_reference"
    assert [labels.metric_name for labels in receiver.series] == ["up", "a"]
    assert batch.samples.refs.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("refs", "said"),
    [
        ([1, 2, 3], 'series {__name__="up"}: it has an odd number of label references'),
        ([1, 2, 3, 9], 'series {__name__="up", a="#9"}: it refers to symbol 9; the request has 5'),
        ([9, 2], 'series {"#9"="up"}: it refers to symbol 9; the request has 5'),
    ],
)
def test_a_bad_reference_names_its_series_as_far_as_it_goes(refs: list[int], said: str) -> None:
    request = v2.Request(symbols=["", "__name__", "up", "a", "b"])
    request.timeseries.add(labels_refs=refs).samples.add(value=1, timestamp=NOW_MS)
    assert only_rejection(decode_v2(request.SerializeToString(), Receiver().table))[1] == said


def test_symbols_over_the_limit_are_refused_whole() -> None:
    decode_v2(b"\x22\x00" * limits.MAX_SYMBOLS, Receiver().table)
    with pytest.raises(RequestTooLarge, match="more than 1000000 symbols"):
        decode_v2(b"\x22\x00" * (limits.MAX_SYMBOLS + 1), Receiver().table)


def test_the_created_time_of_older_2_0_senders_stands_in_for_a_missing_start() -> None:
    request = v2.Request(symbols=["", "__name__", "up"])
    one = request.timeseries.add(labels_refs=[1, 2], created_timestamp=NOW_MS - 9)
    one.samples.add(value=1, timestamp=NOW_MS)
    one.samples.add(value=1, timestamp=NOW_MS + 1, start_timestamp=NOW_MS - 5)
    one.histograms.add(timestamp=NOW_MS, count_int=0)
    batch = decode_v2(request.SerializeToString(), Receiver().table)
    assert batch.samples.starts.tolist() == [NOW_MS - 9, NOW_MS - 5]
    assert [sample.start_ms for _, sample in batch.histograms] == [NOW_MS - 9]


def test_2_0_metadata_is_told_at_first_and_when_it_changes() -> None:
    receiver = Receiver()

    def told(text: str) -> list[str]:
        meta = Metadata(family="up", type=MetricType.GAUGE, help=text)
        series = Series(labels=Labels(GOOD), samples=[Sample(NOW_MS, 1.0)], metadata=meta if text else None)
        batch = decode_v2(reference_v2([series]).SerializeToString(), receiver.table)
        batch.learnt.keep()
        return [one.help for one in batch.metadata]

    assert [told(text) for text in ("A", "A", "B", "", "B", "A")] == [["A"], [], ["B"], [], [], ["A"]]


@pytest.mark.parametrize(
    ("metric", "kind", "family"),
    [
        ("latency_bucket", MetricType.HISTOGRAM, "latency"),
        ("latency", MetricType.HISTOGRAM, "latency"),
        ("latency_sum", MetricType.SUMMARY, "latency"),
        ("size_gcount", MetricType.GAUGEHISTOGRAM, "size"),
        ("latency_sum", MetricType.GAUGE, "latency_sum"),
        ("requests_total", MetricType.COUNTER, "requests_total"),
        ("_sum", MetricType.SUMMARY, "_sum"),
    ],
)
def test_2_0_metadata_names_the_family_of_a_series(metric: str, kind: MetricType, family: str) -> None:
    meta = Metadata(family="", type=kind, help="what it is")
    series = Series(labels=Labels({"__name__": metric}), samples=[Sample(NOW_MS, 1.0)], metadata=meta)
    batch = decode_v2(reference_v2([series]).SerializeToString(), Receiver().table)
    assert [one.family for one in batch.metadata] == [family]


def test_a_2_0_series_of_nothing_but_metadata_is_taken() -> None:
    meta = Metadata(family="up", type=MetricType.GAUGE, help="h")
    body = reference_v2([Series(labels=Labels(GOOD), metadata=meta)]).SerializeToString()
    batch = decode_v2(body, Receiver().table)
    assert (batch.metadata, batch.rejected, len(batch.samples)) == ([meta], [], 0)


def test_2_0_metadata_fields_in_another_order_are_read_all_the_same() -> None:
    meta = v2.Metadata(type=v2.Metadata.GAUGE, help_ref=1, unit_ref=2)
    assert meta.SerializeToString() == b"\x08\x02\x18\x01\x20\x02"
    request = v2.Request(symbols=["", "__name__", "up"])
    request.timeseries.add(labels_refs=[1, 2], metadata=meta).samples.add(value=1, timestamp=NOW_MS)
    body = request.SerializeToString().replace(b"\x08\x02\x18\x01\x20\x02", b"\x20\x02\x18\x01\x08\x02")
    batch = decode_v2(body, Receiver().table)
    assert batch.metadata == [Metadata(family="up", type=MetricType.GAUGE, help="__name__", unit="up")]


def test_a_reference_that_is_cut_off_does_not_run_into_the_next_series() -> None:
    # The cut-off byte and the next series' first reference would make 130, the metric name.
    request = v2.Request(symbols=["", "job", "up", *map(str, range(3, 130)), "__name__"])
    for refs in ([1, 2], [1, 2]):
        request.timeseries.add(labels_refs=refs).samples.add(value=1, timestamp=NOW_MS)
    body = request.SerializeToString().replace(b"\x0a\x02\x01\x02", b"\x0a\x02\x01\x82", 1)
    receiver = Receiver()
    with pytest.raises(MalformedRequest):
        decode_v2(body, receiver.table)
    assert receiver.series == []


@pytest.mark.parametrize("meta", [{"help_ref": 3}, {"unit_ref": 3}, {"help_ref": 1, "unit_ref": 1 << 30}])
def test_2_0_metadata_with_a_reference_beyond_the_symbols_costs_its_series(meta: dict[str, int]) -> None:
    request = v2.Request(symbols=["", "__name__", "up"])
    for fields in (meta, {}):
        one = request.timeseries.add(labels_refs=[1, 2])
        one.metadata.help_ref = fields.get("help_ref", 0)
        one.metadata.unit_ref = fields.get("unit_ref", 0)
        one.samples.add(value=1, timestamp=NOW_MS)
    batch = decode_v2(request.SerializeToString(), Receiver().table)
    assert len(batch.samples) == 1
    code, reason = only_rejection(batch)
    assert code == "bad_reference"
    assert reason.startswith('metadata of series {__name__="up"}: it refers to symbol ')


@pytest.mark.parametrize("number", [8, 15, 16, 1000])
def test_a_2_0_metric_type_from_the_future_is_unknown(number: int) -> None:
    request = v2.Request(symbols=["", "__name__", "up"])
    one = request.timeseries.add(labels_refs=[1, 2])
    one.metadata.MergeFromString(bytes([0x08, number & 0x7F | 0x80, number >> 7, 0x18, 2]))
    one.samples.add(value=1, timestamp=NOW_MS)
    batch = decode_v2(request.SerializeToString(), Receiver().table)
    assert batch.metadata == [Metadata(family="up", help="up")]
