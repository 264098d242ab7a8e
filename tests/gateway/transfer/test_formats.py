"""Every format reads back what it wrote, bit for bit but for what it has not; garbage is told as such."""

import contextlib
from collections.abc import Iterable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.transfer.bundle import FULL, Bundle
from gateway.transfer.commas import CommaWriter, read_commas
from gateway.transfer.errors import NotReadable
from gateway.transfer.files import FORMATS
from gateway.transfer.frames import BODY_SAMPLES, MAGIC, FrameWriter, read_frames
from gateway.transfer.openmetrics import NAN_BITS, OpenMetricsWriter, read_openmetrics
from tests.strategies import bits, from_bits, labels, start_times, times, values
from tests.strategies import histograms as any_histograms
from timeseries.histogram import HistogramSample
from timeseries.labels import Labels
from timeseries.metadata import Metadata, MetricType
from timeseries.stale import STALE, STALE_BITS

# Series, time, bits of the value, start time.
Row = tuple[Labels, int, int, int]
UP = Labels({"__name__": "up", "job": "a"})


def bundle(rows: Iterable[Row], histograms: Iterable[tuple[Labels, HistogramSample]] = ()) -> Bundle:
    table, more = list(rows), list(histograms)
    series = list(dict.fromkeys([*(row[0] for row in table), *(one[0] for one in more)]))
    return Bundle(
        series=series,
        refs=np.array([series.index(row[0]) for row in table], np.int64),
        times=np.array([row[1] for row in table], np.int64),
        values=np.array([from_bits(row[2]) for row in table], np.float64),
        starts=np.array([row[3] for row in table], np.int64),
        histograms=[(series.index(own), sample) for own, sample in more],
    ).sorted()


def rows_of(bundles: Iterable[Bundle]) -> list[Row]:
    return [
        (labels, time_ms, mark, start_ms)
        for one in bundles
        for labels, moments, numbers, starts in one.runs()
        for time_ms, mark, start_ms in zip(
            moments.tolist(), numbers.view(np.uint64).tolist(), starts.tolist(), strict=True
        )
    ]


def strict(number: int, why: str) -> None:
    raise NotReadable(f"line {number}: {why}")


def cut(raw: bytes, sizes: Sequence[int]) -> list[bytes]:
    """A file comes in pieces of any size."""
    pieces, at = [], 0
    for size in sizes:
        pieces.append(raw[at : at + size])
        at += size
    return [*pieces, raw[at:]]


histogram_samples = st.builds(HistogramSample, time_ms=times, histogram=any_histograms, start_ms=start_times)
samples = st.lists(st.tuples(labels(), times, values.map(bits), start_times), max_size=12)
sizes = st.lists(st.integers(0, 40), max_size=8)


@given(samples, sizes)
def test_csv_reads_back_all_samples(rows: list[Row], sizes: list[int]) -> None:
    given_ = bundle(rows)
    writer = CommaWriter({})
    raw = writer.write(given_) + writer.end()
    assert rows_of(read_commas(cut(raw, sizes), strict)) == rows_of([given_])


@given(samples, st.lists(st.tuples(labels(), histogram_samples), max_size=4), sizes)
def test_remote_write_reads_back_samples_and_histograms(
    rows: list[Row], histograms: list[tuple[Labels, HistogramSample]], sizes: list[int]
) -> None:
    known = dict(histograms)
    given_ = bundle(rows, known.items())
    writer = FrameWriter({})
    raw = writer.write(given_) + writer.end()
    found = list(read_frames(cut(raw, sizes), strict))
    assert rows_of(found) == rows_of([given_])
    back = {one.series[place]: sample for one in found for place, sample in one.histograms}
    assert repr(back) == repr({given_.series[place]: sample for place, sample in given_.histograms})


@given(samples, sizes)
def test_openmetrics_reads_back_what_it_has(rows: list[Row], sizes: list[int]) -> None:
    rows = [row for row in rows if abs(row[1]) < 1 << 61]
    given_ = bundle(rows)
    writer = OpenMetricsWriter({})
    raw = writer.write(given_) + writer.end()
    wanted = [
        (own, time_ms, NAN_BITS if np.isnan(from_bits(mark)) else mark, 0)
        for own, time_ms, mark, _ in rows_of([given_])
        if mark != STALE_BITS
    ]
    assert rows_of(read_openmetrics(cut(raw, sizes), strict)) == wanted
    assert writer.lost["stale markers"] == len(rows_of([given_])) - len(wanted)


@pytest.mark.parametrize("form", FORMATS)
@given(data=st.binary(max_size=200), start=st.booleans())
def test_garbage_is_told_and_nothing_else(form: str, data: bytes, start: bool) -> None:
    before = {"csv": b"series,time_ms,value\n", "remote-write": MAGIC}.get(form, b"# TYPE up gauge\n")
    told = []
    with contextlib.suppress(NotReadable):
        list(FORMATS[form][1]([before * start + data], lambda number, why: told.append((number, why))))
    assert all(number > 0 and why for number, why in told)


@pytest.mark.parametrize("form", ["openmetrics", "remote-write"])
def test_a_file_that_ends_early_is_told(form: str) -> None:
    writer = FORMATS[form][0]({})
    raw = writer.write(bundle([(UP, time_ms, 0, 0) for time_ms in range(100)])) + writer.end()
    for end in range(len(raw) - 2, len(raw) - 40, -3):
        with pytest.raises(NotReadable):
            list(FORMATS[form][1]([raw[:end]], strict))


def test_a_bundle_is_sorted_and_has_each_time_once() -> None:
    other = Labels({"__name__": "up", "job": "b"})
    rows = [(UP, 2, 1, 0), (other, 5, 2, 0), (UP, 1, 3, 0), (UP, 2, 4, 7), (other, 5, 5, 0)]
    assert rows_of([bundle(rows)]) == [(UP, 1, 3, 0), (UP, 2, 4, 7), (other, 5, 5, 0)]
    assert bundle([]).size == 0


def test_many_samples_are_several_bodies() -> None:
    given_ = bundle([(UP, time_ms, time_ms, 0) for time_ms in range(2 * BODY_SAMPLES + 1)])
    writer = FrameWriter({})
    found = list(read_frames([writer.write(given_), writer.end()], strict))
    assert [one.size for one in found] == [BODY_SAMPLES, BODY_SAMPLES, 1]
    assert rows_of(found) == rows_of([given_])


def test_a_long_text_is_several_bundles() -> None:
    text = "".join(f"up {number} {number}.000\n" for number in range(FULL + 1)) + "# EOF\n"
    assert [one.size for one in read_openmetrics([text.encode()], strict)] == [FULL, 1]


def test_families_are_told_once_and_read_back() -> None:
    families = [
        Metadata(family="hits", type=MetricType.COUNTER, help='All "hits"\\\n'),
        Metadata(family="size_bytes", type=MetricType.GAUGE, unit="bytes"),
    ]
    writer = OpenMetricsWriter({one.family: one for one in families})
    names = [Labels({"__name__": name}) for name in ("hits_total", "size_bytes")]
    first = writer.write(bundle([(names[0], 1000, bits(1.0), 0)]))
    second = writer.write(bundle([(names[0], 2000, bits(2.0), 0), (names[1], 1000, bits(5.0), 0)]))
    assert first + second + writer.end() == (
        b'# TYPE hits counter\n# HELP hits All \\"hits\\"\\\\\\n\nhits_total 1 1.000\nhits_total 2 2.000\n'
        b"# TYPE size_bytes gauge\n# UNIT size_bytes bytes\nsize_bytes 5 1.000\n# EOF\n"
    )
    [found] = read_openmetrics([first, second, writer.end()], strict)
    assert found.metadata == families


def test_what_a_format_has_not_is_counted() -> None:
    given_ = bundle([(UP, 1, bits(STALE), 0), (UP, 2, bits(1.0), 1), (UP, 3, bits(1.0), 0)])
    writer = OpenMetricsWriter({})
    assert writer.write(given_).count(b"\nup") == 2
    assert writer.lost == {"stale markers": 1, "start times": 1, "native histograms": 0}


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("up 1", "no time"),
        ("up one 1", '"one" is no number'),
        ("up 1 yesterday", '"yesterday" is no number'),
        ("up 1 1e300", '"1e300" is no time'),
        ("up 1 NaN", '"NaN" is no time'),
        ('up{job="a} 1 1', "is no sample"),
        ("up{job=a} 1 1", "are no labels"),
        ('up{job="a",job="b"} 1 1', "appears twice"),
        ('{job="a"} 1 1', "no metric name"),
        ("up{job} 1 1", "has no value"),
        ("up 1_0 1", "is no number"),
    ],
)
def test_a_bad_line_is_told_by_its_number(line: str, why: str) -> None:
    told = []
    text = f"# TYPE up gauge\nup 1 1\n{line}\nup 2 2\n# EOF\n".encode()
    found = rows_of(read_openmetrics([text], lambda number, why: told.append((number, why))))
    assert [number for number, _ in told] == [3]
    assert why in told[0][1]
    assert [row[1] for row in found] == [1000, 2000]


@pytest.mark.parametrize(
    ("text", "time_ms"),
    [
        ("1", 1000),
        ("1.5", 1500),
        ("-0.001", -1),
        ("1.7e9", 1_700_000_000_000),
        ("1700000000.1229999", 1_700_000_000_123),
    ],
)
def test_times_are_seconds_with_any_digits(text: str, time_ms: int) -> None:
    [row] = rows_of(read_openmetrics([f"up 1 {text}\n# EOF\n".encode()], strict))
    assert row[1] == time_ms


def test_exemplars_and_empty_lines_are_passed_over() -> None:
    text = b'up_bucket{le="1"} 1 1.5 # {trace_id="} 7"} 0.5 1.4\n\n  \n# EOF\n'
    [row] = rows_of(read_openmetrics([text], strict))
    assert row[:2] == (Labels({"__name__": "up_bucket", "le": "1"}), 1500)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("up,1,1", None),
        ('"up{a=""b""}",1,1,', None),
        ('"up{a=~""b""}",1,1,', "is no series"),
        ('"{a=""b""}",1,1,', "no metric name"),
        ("up,1.5,1,", "no time in milliseconds"),
        ("up,9223372036854775808,1,", "no time in milliseconds"),
        ("up,1,one,", "is no number"),
        ("up,1,NaN:7ff,", "is no number"),
        ("up,1", "it has 2 columns"),
        ('"up,1,1', "is no row"),
    ],
)
def test_rows_are_read_strictly(row: str, why: str | None) -> None:
    told = []
    raw = f"series,time_ms,value,start_ms\n{row}\n".encode()
    found = rows_of(read_commas([raw], lambda number, why: told.append((number, why))))
    if why is None:
        assert (len(found), told) == (1, [])
    else:
        assert (len(found), told[0][0], why in told[0][1]) == (0, 2, True)


def test_a_damaged_frame_is_told_by_its_number() -> None:
    writer = FrameWriter({})
    raw = bytearray(
        writer.write(bundle([(UP, time_ms, 0, 0) for time_ms in range(3 * BODY_SAMPLES)])) + writer.end()
    )
    raw[len(raw) // 2] ^= 1
    told = []
    found = list(read_frames([bytes(raw)], lambda number, why: told.append((number, why))))
    assert told == [(2, "the checksum of the frame is wrong")]
    assert [one.size for one in found] == [BODY_SAMPLES] * 2
