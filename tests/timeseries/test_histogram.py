"""Native histograms: each rule at its edge."""

import math
from dataclasses import FrozenInstanceError, replace

import pytest
from hypothesis import given

from tests.strategies import histograms
from timeseries.errors import InvalidHistogram
from timeseries.histogram import (
    CUSTOM_SCHEMA,
    MAX_SCHEMA,
    MIN_SCHEMA,
    NO_BUCKETS,
    Buckets,
    Histogram,
    HistogramSample,
    Span,
)
from timeseries.stale import STALE


def buckets(*spans: tuple[int, int], counts: tuple[float, ...]) -> Buckets:
    return Buckets(spans=tuple(Span(*span) for span in spans), counts=counts)


INTEGER = Histogram(
    integer=True,
    schema=3,
    count=10,
    sum=2.5,
    zero_threshold=2.0**-128,
    zero_count=1,
    positive=buckets((-2, 2), (3, 1), counts=(1, 2, 3)),
    negative=buckets((0, 1), counts=(3,)),
)
FLOAT = replace(
    INTEGER,
    integer=False,
    count=10.0,
    zero_count=1.0,
    positive=buckets((-2, 2), (3, 1), counts=(1.5, 2.0, 2.5)),
    negative=buckets((0, 1), counts=(3.0,)),
)
CUSTOM = Histogram(
    integer=True,
    schema=CUSTOM_SCHEMA,
    count=6,
    sum=2.5,
    positive=buckets((0, 1), (1, 2), counts=(1, 2, 3)),
    custom_values=(-1.0, 0.0, 2.5),
)
EMPTY = Histogram(integer=True, schema=0, count=0, sum=0.0)


def refused(histogram: Histogram, message: str) -> None:
    with pytest.raises(InvalidHistogram, match=message):
        histogram.check()


@given(histograms)
def test_what_the_strategy_draws_is_valid(histogram: Histogram) -> None:
    histogram.check()


@pytest.mark.parametrize("histogram", [INTEGER, FLOAT, CUSTOM, EMPTY, replace(EMPTY, sum=STALE)])
def test_a_sound_histogram_passes(histogram: Histogram) -> None:
    histogram.check()


# --- schema ---


@pytest.mark.parametrize("schema", [MIN_SCHEMA, 0, MAX_SCHEMA])
def test_every_exponential_schema_passes(schema: int) -> None:
    replace(INTEGER, schema=schema).check()


@pytest.mark.parametrize("schema", [MIN_SCHEMA - 1, MAX_SCHEMA + 1, CUSTOM_SCHEMA - 1, CUSTOM_SCHEMA + 1, 53])
def test_another_schema_is_refused_by_name(schema: int) -> None:
    refused(replace(INTEGER, schema=schema), f"schema {schema} is unknown; allowed: -4 to 8, and -53")


# --- spans and counts ---


@pytest.mark.parametrize("side", ["positive", "negative"])
@pytest.mark.parametrize("model", [INTEGER, FLOAT])
class TestSides:
    def with_side(self, model: Histogram, side: str, one: Buckets) -> Histogram:
        # A NaN sum leaves room between the count and the buckets.
        return replace(model, count=type(model.count)(100), sum=math.nan, **{side: one})  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        "spans",
        [
            ((-(2**31), 2),),
            ((2**31 - 1, 2),),
            ((0, 1), (0, 1)),
            ((5, 1), (7, 1)),
            ((0, 0), (4, 2)),
            ((0, 1), (2, 0), (0, 0), (3, 1)),
            ((-3, 2), (9, 0)),
        ],
    )
    def test_gaps_and_empty_spans_pass(
        self, model: Histogram, side: str, spans: tuple[tuple[int, int], ...]
    ) -> None:
        counts = tuple(type(model.count)(n) for n in (1, 2))
        self.with_side(model, side, buckets(*spans, counts=counts)).check()

    @pytest.mark.parametrize(
        "spans", [((0, 1), (-1, 1)), ((0, 2), (-1, 0)), ((3, -1), (0, 3)), ((3, -2),), ((0, 3), (1, -1))]
    )
    def test_spans_that_overlap_are_refused(
        self, model: Histogram, side: str, spans: tuple[tuple[int, int], ...]
    ) -> None:
        counts = tuple(type(model.count)(n) for n in (1, 2))
        refused(self.with_side(model, side, buckets(*spans, counts=counts)), f"a {side} span overlaps")

    @pytest.mark.parametrize("size", [0, 1, 3])
    def test_spans_and_counts_must_be_of_one_length(self, model: Histogram, side: str, size: int) -> None:
        counts = tuple(type(model.count)(1) for _ in range(size))
        one = buckets((0, 1), (2, 0), (0, 1), counts=counts)
        refused(self.with_side(model, side, one), f"the {side} spans name 2 buckets, the counts {size}")

    def test_a_span_of_four_thousand_million_buckets_is_refused_at_once(
        self, model: Histogram, side: str
    ) -> None:
        counts = (type(model.count)(1),)
        refused(
            self.with_side(model, side, buckets((0, 2**32 - 1), counts=counts)), "name 4294967295 buckets"
        )

    def test_an_empty_bucket_passes_and_one_below_is_refused(self, model: Histogram, side: str) -> None:
        kind = type(model.count)
        self.with_side(model, side, buckets((0, 2), counts=(kind(0), kind(1)))).check()
        below = buckets((0, 2), counts=(kind(1), kind(-1)))
        refused(self.with_side(model, side, below), f"a {side} bucket count is negative")


@pytest.mark.parametrize("change", [{"count": -1}, {"zero_count": -1}])
@pytest.mark.parametrize("model", [EMPTY, FLOAT])
def test_a_negative_count_is_refused(model: Histogram, change: dict[str, int]) -> None:
    refused(replace(model, **change), "a count is negative")  # type: ignore[arg-type]


@pytest.mark.parametrize("threshold", [0.0, -0.0, 5e-324, 1.0])
def test_a_zero_threshold_from_zero_on_passes(threshold: float) -> None:
    replace(INTEGER, zero_threshold=threshold).check()


@pytest.mark.parametrize("threshold", [-5e-324, -1.0, math.nan])
def test_a_zero_threshold_below_zero_is_refused(threshold: float) -> None:
    refused(replace(INTEGER, zero_threshold=threshold), "the zero threshold is")


# --- the count against the buckets ---


@pytest.mark.parametrize("off", [-1, 1])
@pytest.mark.parametrize("model", [INTEGER, CUSTOM, EMPTY])
def test_an_integer_count_must_be_the_sum_of_the_buckets(model: Histogram, off: int) -> None:
    wrong = replace(model, count=model.count + off, sum=1.0)
    refused(wrong, r"a count is negative|the count is -?\d+, but the buckets hold \d+")


@pytest.mark.parametrize("bits_of_sum", [math.nan, STALE])
def test_an_observed_nan_may_be_missing_from_the_buckets_but_not_the_other_way(bits_of_sum: float) -> None:
    replace(INTEGER, sum=bits_of_sum).check()
    replace(INTEGER, sum=bits_of_sum, count=11).check()
    refused(replace(INTEGER, sum=bits_of_sum, count=9), "the count is 9, but the buckets hold 10")


@pytest.mark.parametrize("infinite", [math.inf, -math.inf])
def test_an_infinite_sum_excuses_nothing(infinite: float) -> None:
    replace(INTEGER, sum=infinite).check()
    refused(replace(INTEGER, sum=infinite, count=11), "the count is 11")


def test_counts_are_exact_above_the_doubles() -> None:
    big = buckets((0, 2), counts=(2**53, 1))
    replace(EMPTY, count=2**53 + 1, positive=big).check()
    refused(replace(EMPTY, count=2**53, positive=big), "the buckets hold 9007199254740993")


@pytest.mark.parametrize("count", [0.0, 9.9, 10.1, math.inf, math.nan])
def test_a_float_count_need_not_be_the_sum(count: float) -> None:
    replace(FLOAT, count=count).check()


@pytest.mark.parametrize(
    "change",
    [
        {"count": 10.0},
        {"count": math.nan, "sum": math.nan},
        {"zero_count": 1.0},
        {"positive": buckets((0, 1), counts=(6.0,))},
        {"negative": buckets((0, 1), counts=(3.0,))},
    ],
)
def test_an_integer_histogram_holds_only_integers(change: dict[str, object]) -> None:
    refused(replace(INTEGER, **change), "is not an integer")  # type: ignore[arg-type]


# --- custom buckets ---


def test_exponential_buckets_have_no_custom_bounds() -> None:
    refused(replace(INTEGER, custom_values=(1.0,)), "custom bucket bounds need schema -53, not 3")


@pytest.mark.parametrize(
    "change",
    [
        {"zero_count": 1, "count": 7},
        {"zero_threshold": 5e-324},
        {"negative": buckets((0, 1), counts=(0,))},
        {"negative": buckets((0, 0), counts=())},
    ],
)
def test_custom_buckets_have_no_zero_and_no_negative_side(change: dict[str, object]) -> None:
    refused(replace(CUSTOM, **change), "no zero bucket and no negative buckets")  # type: ignore[arg-type]


@pytest.mark.parametrize("bound", [math.inf, math.nan])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_custom_bounds_are_neither_nan_nor_plus_inf(bound: float, place: int) -> None:
    values = list(CUSTOM.custom_values)
    values[place] = bound
    refused(replace(CUSTOM, custom_values=tuple(values)), "NaN or above all numbers")


@pytest.mark.parametrize("values", [(0.0, 0.0, 1.0), (0.0, -0.0, 1.0), (0.0, 2.0, 1.0), (1.0, 0.0, 2.0)])
def test_custom_bounds_ascend(values: tuple[float, ...]) -> None:
    refused(replace(CUSTOM, custom_values=values), "do not ascend")


def test_the_last_custom_bucket_is_the_one_above_all_bounds() -> None:
    CUSTOM.check()
    for spans in [((0, 1), (2, 2)), ((1, 1), (1, 2)), ((0, 1), (1, 2), (1, 0))]:
        beyond = replace(CUSTOM, positive=buckets(*spans, counts=(1, 2, 3)))
        refused(beyond, "3 custom bounds make 4 buckets, but the spans reach bucket 5")


def test_a_custom_histogram_may_have_no_bounds_but_then_one_bucket_at_most() -> None:
    replace(CUSTOM, count=0, positive=NO_BUCKETS, custom_values=()).check()
    one = buckets((0, 1), counts=(6,))
    replace(CUSTOM, positive=one, custom_values=()).check()
    refused(replace(CUSTOM, positive=buckets((1, 1), counts=(6,)), custom_values=()), "reach bucket 2")


def test_custom_buckets_start_at_the_first_bound() -> None:
    refused(replace(CUSTOM, positive=buckets((-1, 3), counts=(1, 2, 3))), "negative offset")
    refused(replace(CUSTOM, positive=buckets((0, 2), (-1, 1), counts=(1, 2, 3))), "overlaps")


# --- values ---


def test_a_histogram_cannot_change() -> None:
    with pytest.raises(FrozenInstanceError):
        EMPTY.count = 1  # type: ignore[misc]


def test_the_start_of_a_sample_is_unknown_unless_given() -> None:
    assert HistogramSample(5, EMPTY) == (5, EMPTY, 0)
