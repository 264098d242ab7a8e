"""Blocks come back bit for bit, stay small, and a damaged one says so."""

import zlib
from collections.abc import Callable

import cramjam
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from gateway.storage.blocks import decode_block, encode_block
from gateway.storage.errors import DamagedBlock
from tests.strategies import SPECIAL_VALUES, bits
from timeseries.columns import Columns, Floats, Ints, offsets_of
from timeseries.stale import STALE

START_MS = 1_790_000_000_000
SERIES = 64
SAMPLES = 500

Block = tuple[Columns, Ints | None]

# --- what can be in a block ---

instants = st.one_of(
    st.integers(0, 50).map(lambda at: START_MS + 15_000 * at),
    st.integers(-(1 << 63), (1 << 63) - 1),
    st.sampled_from([-(1 << 63), (1 << 63) - 1, 0]),
)
decimals = st.builds(
    lambda number, exponent: number / 10**exponent, st.integers(-999, 9999), st.integers(0, 9)
)
sums = st.builds(
    lambda number, off: number / 10 * (1 + off * 2.0**-52), st.integers(1, 99), st.integers(-300, 300)
)
anything = st.one_of(
    st.integers(-(1 << 53) - 1, (1 << 53) + 1).map(float),
    decimals,
    sums,
    st.floats(width=64),
    st.sampled_from(SPECIAL_VALUES),
)
usual = st.one_of(decimals, sums, st.integers(0, 1000).map(float))


@st.composite
def rows(draw: st.DrawFn) -> tuple[Ints, Floats]:
    """A row: its times ascend; its values are one, alike but for a few, or anything at all."""
    times = np.array(sorted(draw(st.sets(instants, max_size=40))), np.int64)
    one_value = st.shared(usual)
    kind = draw(st.sampled_from([one_value, usual, st.one_of(usual, usual, usual, anything), anything]))
    values = draw(st.lists(kind, min_size=len(times), max_size=len(times)))
    return times, np.array(values, np.float64)


@st.composite
def blocks(draw: st.DrawFn) -> Block:
    """Rows of different shapes, or rows that were scraped together."""
    found = draw(st.lists(rows(), max_size=8))
    together = draw(st.booleans())
    if together and found:
        shortest = min(len(times) for times, _ in found)
        found = [(found[0][0][:shortest], values[:shortest]) for _, values in found]
    columns = Columns.from_rows(found)
    size = len(columns.times)
    starts = draw(
        st.one_of(
            st.none(),
            st.just(np.zeros(size, np.int64)),
            instants.map(lambda start: np.full(size, start)),
            st.lists(instants, min_size=size, max_size=size).map(lambda each: np.array(each, np.int64)),
        )
    )
    return columns, starts


def assert_same(found: Block, wanted: Block) -> None:
    assert found[0].offsets.tolist() == wanted[0].offsets.tolist()
    assert found[0].times.tolist() == wanted[0].times.tolist()
    assert found[0].values.view(np.int64).tolist() == wanted[0].values.view(np.int64).tolist()
    if wanted[1] is None or not wanted[1].any():
        assert found[1] is None
    else:
        assert found[1] is not None
        assert found[1].tolist() == wanted[1].tolist()


# --- there and back ---


@given(blocks())
def test_what_goes_in_comes_out_bit_for_bit(block: Block) -> None:
    assert_same(decode_block(encode_block(*block)), block)


@given(st.lists(st.lists(st.integers(-(1 << 63), (1 << 63) - 1), min_size=3, max_size=3), max_size=70))
def test_any_pattern_of_bits_survives(patterns: list[list[int]]) -> None:
    wanted = Columns.from_rows((np.arange(3), np.array(one, np.int64).view(np.float64)) for one in patterns)
    assert_same(decode_block(encode_block(wanted, None)), (wanted, None))


@pytest.mark.parametrize("value", SPECIAL_VALUES, ids=lambda value: f"{bits(value):x}")
@pytest.mark.parametrize("place", [0, 250, SAMPLES - 1])
def test_one_odd_value_survives_among_decimals(value: float, place: int) -> None:
    numbers = np.arange(SAMPLES) / 100
    numbers[place] = value
    block = one_row(numbers)
    assert_same(decode_block(encode_block(block, None)), (block, None))


def test_times_may_jump_from_one_end_to_the_other() -> None:
    ends = np.array([-(1 << 63), -1, 0, (1 << 63) - 1])
    block = Columns.from_rows([(ends, np.ones(4)), (ends[:1], np.ones(1)), (ends[3:], np.zeros(1))])
    assert_same(
        decode_block(encode_block(block, ends[[0, 1, 2, 3, 0, 3]])), (block, ends[[0, 1, 2, 3, 0, 3]])
    )


@pytest.mark.parametrize("lengths", [[], [0], [0, 0, 0], [1], [0, 1, 0], [3, 0], [300] * 300])
def test_any_number_of_rows_and_samples_will_do(lengths: list[int]) -> None:
    size = sum(lengths)
    block = Columns(
        times=np.arange(size), values=np.arange(size) / 7, offsets=offsets_of(np.array(lengths, int))
    )
    assert_same(decode_block(encode_block(block, None)), (block, None))


# --- damage ---


@pytest.fixture(scope="module")
def blob() -> bytes:
    values = np.random.default_rng(1).integers(0, 9, (4, 30)).cumsum(axis=1) / 10
    values[2, 29] = STALE
    block = Columns.from_rows((START_MS + 15_000 * np.arange(30), row) for row in values)
    return encode_block(block, np.repeat(START_MS - 5, 120))


def test_a_block_cut_short_anywhere_is_damaged(blob: bytes) -> None:
    for size in range(len(blob)):
        assert_damaged(blob[:size])


def test_a_block_with_bytes_after_it_is_damaged(blob: bytes) -> None:
    for more in (b"\0", b"\xff", blob):
        assert_damaged(blob + more)


def test_a_block_with_any_bit_flipped_is_damaged(blob: bytes) -> None:
    for bit in range(8 * len(blob)):
        flipped = bytearray(blob)
        flipped[bit // 8] ^= 1 << bit % 8
        assert_damaged(bytes(flipped))


@given(st.binary(max_size=200))
def test_bytes_that_are_no_block_are_damaged(junk: bytes) -> None:
    assert_damaged(junk)


# The lowest bytes of what is said of one track: its length, first number, usual step, and bytes of a step.
# Then the notes of one row: its track of times, its decimals, and two more tracks. Zigzag doubles all.
SAID = bytes([2, 0, 0, 2, 0, 0, 0, 0]) + bytes(56)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        SAID,
        bytes([1]) + SAID[1:] + b"\0",
        SAID[:3] + bytes([18]) + SAID[4:] + bytes(9),
        SAID[:4] + bytes([2]) + SAID[5:] + b"\0",
    ],
    ids=["nothing", "too few bytes", "negative length", "nine bytes a number", "no such track"],
)
def test_a_checksum_does_not_make_a_block(body: bytes) -> None:
    assert len(decode_block(sealed(bytes(cramjam.zstd.compress(SAID + b"\0"))))[0].times) == 1
    with pytest.raises(DamagedBlock, match="can't be read"):
        decode_block(sealed(bytes(cramjam.zstd.compress(body))))


def test_a_checksum_does_not_make_a_compressed_body() -> None:
    with pytest.raises(DamagedBlock, match="can't be read"):
        decode_block(sealed(b"not compressed"))


def sealed(compressed: bytes) -> bytes:
    """A block of one row and one track."""
    rest = b"\1\0\0\0\1\0\0\0\0" + compressed
    return b"\1" + zlib.crc32(rest).to_bytes(4, "little") + rest


def test_a_block_of_a_later_version_says_so(blob: bytes) -> None:
    with pytest.raises(DamagedBlock, match="version is 2"):
        decode_block(b"\2" + blob[1:])


def assert_damaged(blob: bytes) -> None:
    with pytest.raises(DamagedBlock):
        decode_block(blob)


# --- how small it is ---


def counters(rng: np.random.Generator) -> NDArray[np.float64]:
    """Steady ones that tremble."""
    rates = 1500 * np.arange(1, SERIES + 1)[:, None]
    return np.cumsum(rates + rng.integers(-3, 4, (SERIES, SAMPLES)), axis=1).astype(float)


def sums_of_hundredths(rng: np.random.Generator) -> NDArray[np.float64]:
    return np.cumsum(rng.integers(0, 9, (SERIES, SAMPLES)) / 100, axis=1)


def constants(rng: np.random.Generator) -> NDArray[np.float64]:
    return np.repeat(rng.random((SERIES, 1)), SAMPLES, axis=1)


def rare_events(rng: np.random.Generator) -> NDArray[np.float64]:
    return np.cumsum(rng.random((SERIES, SAMPLES)) < 0.02, axis=1).astype(float)


def late_decimals(rng: np.random.Generator) -> NDArray[np.float64]:
    """Whole numbers, until the last tenth shows hundredths."""
    values = np.cumsum(rng.integers(-9, 9, (SERIES, SAMPLES)), axis=1).astype(float)
    values[:, -50:] += 0.25
    return values


def noise(rng: np.random.Generator) -> NDArray[np.float64]:
    return rng.random((SERIES, SAMPLES))


@pytest.mark.parametrize(
    ("make", "bytes_a_sample"),
    [
        (constants, 0.03),
        (rare_events, 0.06),
        (counters, 0.5),
        (sums_of_hundredths, 0.8),
        (late_decimals, 1.2),
        (noise, 7.2),
    ],
)
def test_a_block_takes_few_bytes_a_sample(
    make: Callable[[np.random.Generator], NDArray[np.float64]], bytes_a_sample: float
) -> None:
    block = scraped_together(make(np.random.default_rng(2)))
    assert len(encode_block(block, None)) / (SERIES * SAMPLES) < bytes_a_sample


def test_start_times_cost_next_to_nothing() -> None:
    block = scraped_together(counters(np.random.default_rng(3)))
    alone = len(encode_block(block, None))
    assert len(encode_block(block, np.zeros(SERIES * SAMPLES, np.int64))) == alone
    started = np.repeat(START_MS - 1000 * np.arange(SERIES), SAMPLES)
    assert len(encode_block(block, started)) < alone + 5 * SERIES


def test_a_stale_marker_costs_no_more_than_its_own_bits() -> None:
    values = counters(np.random.default_rng(4))
    alone = len(encode_block(scraped_together(values), None))
    values[:, -1] = STALE
    assert len(encode_block(scraped_together(values), None)) < alone + 8 * SERIES


def test_rows_scraped_together_share_their_times() -> None:
    jitter = np.random.default_rng(5).integers(-40, 40, SAMPLES)
    row = START_MS + 15_000 * np.arange(SAMPLES) + jitter, np.ones(SAMPLES)
    alone = len(encode_block(Columns.from_rows([row]), None))
    assert len(encode_block(Columns.from_rows([row] * SERIES), None)) < alone + SERIES // 2


def scraped_together(values: NDArray[np.float64]) -> Columns:
    return Columns.from_rows((START_MS + 15_000 * np.arange(values.shape[1]), row) for row in values)


def one_row(values: Floats) -> Columns:
    return scraped_together(values[None])
