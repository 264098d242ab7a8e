"""Resets between histograms: what a server would know of them."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.query.hints import with_hints
from timeseries.histogram import CUSTOM_SCHEMA, Buckets, Histogram, HistogramSample, ResetHint, Span

UNKNOWN, RESET, NOT_RESET, GAUGE = ResetHint

BASE = Histogram(
    integer=False,
    schema=1,
    count=12.0,
    sum=3.0,
    zero_threshold=0.1,
    zero_count=2.0,
    positive=Buckets(spans=(Span(0, 2), Span(3, 1)), counts=(1.0, 0.0, 4.0)),
    negative=Buckets(spans=(Span(-2, 1),), counts=(5.0,)),
)
CUSTOM = Histogram(
    integer=False,
    schema=CUSTOM_SCHEMA,
    count=3.0,
    sum=3.0,
    positive=Buckets(spans=(Span(1, 1),), counts=(3.0,)),
    custom_values=(1.0, 2.0),
)


def hints(histograms: Sequence[Histogram], floats: Sequence[int] = ()) -> list[ResetHint]:
    """Ask for the hints of histograms at 0, 10, 20 …"""
    samples = [HistogramSample(10 * at, one) for at, one in enumerate(histograms)]
    told = with_hints(samples, np.array(floats, np.int64))
    assert [replace(one.histogram, reset_hint=UNKNOWN) for one in told] == [
        replace(one, reset_hint=UNKNOWN) for one in histograms
    ]
    assert [one.time_ms for one in told] == [one.time_ms for one in samples]
    return [one.histogram.reset_hint for one in told]


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        ({}, NOT_RESET),
        ({"count": 13.0, "sum": -1.0}, NOT_RESET),
        ({"count": 11.0}, RESET),
        ({"zero_count": 1.0}, RESET),
        ({"negative": Buckets(spans=(Span(-2, 1),), counts=(4.0,))}, RESET),
        ({"negative": Buckets(spans=(Span(-1, 1),), counts=(5.0,))}, RESET),
        # The bucket in the middle was empty: it may disappear.
        ({"positive": Buckets(spans=(Span(0, 1), Span(4, 1)), counts=(1.0, 4.0))}, NOT_RESET),
        ({"positive": Buckets(spans=(Span(-1, 7),), counts=(9.0, 1.0, 0.0, 0.0, 0.0, 0.0, 4.0))}, NOT_RESET),
        ({"positive": Buckets(spans=(Span(0, 2),), counts=(1.0, 4.0))}, RESET),
        ({"schema": 0}, UNKNOWN),
        ({"schema": 0, "count": 1.0}, RESET),
        ({"zero_threshold": 0.2}, UNKNOWN),
        ({"reset_hint": RESET}, RESET),
        ({"reset_hint": GAUGE, "count": 1.0}, GAUGE),
        # A sender may have missed what came between.
        ({"reset_hint": NOT_RESET, "count": 1.0}, RESET),
    ],
)
def test_a_histogram_after_another(change: dict[str, object], hint: ResetHint) -> None:
    assert hints([BASE, replace(BASE, **change)])[1] is hint  # type: ignore[arg-type]


def test_after_a_change_of_bounds_nothing_is_known() -> None:
    assert hints([CUSTOM, CUSTOM, replace(CUSTOM, custom_values=(1.0, 3.0))]) == [UNKNOWN, NOT_RESET, UNKNOWN]


@pytest.mark.parametrize("hint", [UNKNOWN, RESET, NOT_RESET, GAUGE])
def test_the_first_keeps_its_hint(hint: ResetHint) -> None:
    assert hints([replace(BASE, reset_hint=hint)]) == [hint]


def test_after_a_gauge_or_a_float_nothing_is_known() -> None:
    gauge = replace(BASE, reset_hint=GAUGE)
    assert hints([gauge, BASE, BASE]) == [GAUGE, UNKNOWN, NOT_RESET]
    assert hints([BASE] * 4, [-5, 15, 17, 40]) == [UNKNOWN, NOT_RESET, UNKNOWN, NOT_RESET]


def test_no_histogram_at_all() -> None:
    assert with_hints([], np.array([1], np.int64)) == []


counts = st.lists(st.integers(0, 3).map(float), min_size=1, max_size=5)


@given(before=counts, now=counts, first=st.integers(-2, 2))
def test_buckets_against_a_plain_comparison(before: list[float], now: list[float], first: int) -> None:
    def histogram(numbers: list[float], offset: int) -> Histogram:
        buckets = Buckets(spans=(Span(offset, len(numbers)),), counts=tuple(numbers))
        return Histogram(integer=False, schema=0, count=99.0, sum=0.0, positive=buckets)

    old, new = dict(enumerate(before)), dict(enumerate(now, first))
    fell = any(new.get(at, 0.0) < count for at, count in old.items())
    found = hints([histogram(before, 0), histogram(now, first)])[1]
    assert found is (RESET if fell else NOT_RESET)
