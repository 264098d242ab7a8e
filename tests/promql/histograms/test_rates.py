"""Change of histograms over a window, worked out by hand, and against the rule for single numbers."""

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promql.histograms.model import FloatHistogram
from promql.histograms.rates import Notes, extrapolated, instant, start_resets
from tests.promql.histograms.drawn import custom, exponential, exponentials
from timeseries.histogram import ResetHint

MINUTE = 60_000
MIXED = (
    "vector contains a mix of histograms with exponential and custom buckets schemas for metric name "
    '"requests"'
)
NOT_COUNTER = 'this native histogram metric is not a counter: "requests"'
NOT_GAUGE = 'this native histogram metric is not a gauge: "requests"'


def change(
    *histograms: FloatHistogram,
    counter: bool = True,
    per_second: bool = False,
    starts: tuple[int, ...] = (),
    window: tuple[int, int] = (0, 0),
) -> tuple[FloatHistogram | None, Notes]:
    """Ask for the change of samples a minute apart; by default the window begins and ends with them."""
    notes = Notes()
    times = [MINUTE * (at + 1) for at in range(len(histograms))]
    found = extrapolated(
        times,
        histograms,
        starts or (0,) * len(times),
        window if window[1] else (MINUTE, times[-1]),
        counter=counter,
        per_second=per_second,
        metric="requests",
        notes=notes,
    )
    return found, notes


@given(st.lists(exponentials, min_size=2, max_size=5))
def test_an_increase_is_what_was_added(parts: list[FloatHistogram]) -> None:
    parts = [part.with_hint(ResetHint.UNKNOWN) for part in parts]
    running = list(accumulate(parts, lambda one, other: one.plus(other).histogram))
    found, notes = change(*running)
    assert found is not None
    assert found.count == pytest.approx(sum(part.count for part in parts[1:]))
    assert found.sum == pytest.approx(sum(part.sum for part in parts[1:]))
    assert float(found.layout().counts.sum()) == pytest.approx(found.count)
    assert found.hint is ResetHint.GAUGE
    assert notes == Notes()


def test_a_reset_anywhere_in_the_buckets_counts_for_all_of_them() -> None:
    found, _ = change(exponential(0, 5, 5), exponential(0, 4, 9), exponential(0, 6, 10))
    # The first counts for nothing: the second was counted anew.
    assert str(found) == "{count:16, sum:0, (1,2]:6, (2,4]:10}"
    later, _ = change(exponential(0, 1), exponential(0, 5), exponential(0, 2))
    assert str(later) == "{count:6, sum:0, (1,2]:6}"


def test_a_gauge_may_go_down() -> None:
    before, after = (exponential(0, count, hint=ResetHint.GAUGE) for count in (5, 3))
    found, notes = change(before, after, counter=False)
    assert str(found) == "{count:-2, sum:0, (1,2]:-2}"
    assert not notes.warnings


def test_it_is_extrapolated_to_the_borders_of_the_window() -> None:
    samples = exponential(0, 10), exponential(0, 12), exponential(0, 14)
    # Half a minute is missing on both sides.
    found, _ = change(*samples, window=(MINUTE // 2, 3 * MINUTE + MINUTE // 2))
    assert found is not None
    assert found.count == pytest.approx(4 * 1.5)
    rate, _ = change(*samples, per_second=True, window=(MINUTE // 2, 3 * MINUTE + MINUTE // 2))
    assert rate is not None
    assert rate.count == pytest.approx(4 * 1.5 / 180)
    # Two minutes are missing at the end: only half the distance of the samples is added there.
    short, _ = change(*samples, window=(MINUTE, 5 * MINUTE))
    assert short is not None
    assert short.count == pytest.approx(4 * 2.5 / 2)


def test_a_counter_is_not_taken_below_zero() -> None:
    samples = exponential(0, 1), exponential(0, 5)
    counter, _ = change(*samples, window=(MINUTE // 2, 2 * MINUTE))
    assert counter is not None
    # It was at zero a quarter of the distance before.
    assert counter.count == pytest.approx(5)
    gauge, _ = change(*samples, counter=False, window=(MINUTE // 2, 2 * MINUTE))
    assert gauge is not None
    assert gauge.count == pytest.approx(4 * 1.5)


def test_the_coarsest_resolution_wins_also_from_the_middle() -> None:
    found, _ = change(exponential(1, 1), exponential(0, 2), exponential(0, 3))
    assert found is not None
    assert found.schema == 0
    gauge, _ = change(exponential(1, 1), exponential(0, 2), exponential(1, 3), counter=False)
    assert gauge is not None
    assert gauge.schema == 1


@pytest.mark.parametrize(
    ("counter", "hints", "warnings"),
    [
        (True, (ResetHint.UNKNOWN, ResetHint.UNKNOWN, ResetHint.UNKNOWN), []),
        (True, (ResetHint.GAUGE, ResetHint.UNKNOWN, ResetHint.UNKNOWN), [NOT_COUNTER]),
        (True, (ResetHint.UNKNOWN, ResetHint.GAUGE, ResetHint.UNKNOWN), [NOT_COUNTER]),
        (False, (ResetHint.GAUGE, ResetHint.UNKNOWN, ResetHint.GAUGE), []),
        (False, (ResetHint.GAUGE, ResetHint.GAUGE, ResetHint.UNKNOWN), [NOT_GAUGE]),
        (False, (ResetHint.UNKNOWN, ResetHint.GAUGE, ResetHint.GAUGE), [NOT_GAUGE]),
    ],
)
def test_counters_and_gauges_are_told_apart(
    counter: bool, hints: tuple[ResetHint, ...], warnings: list[str]
) -> None:
    found, notes = change(
        *(exponential(0, 1 + at, hint=hint) for at, hint in enumerate(hints)), counter=counter
    )
    assert found is not None
    assert notes.warnings == warnings


def test_exponential_and_custom_buckets_do_not_mix() -> None:
    for samples in (
        (exponential(0, 1), exponential(0, 2), custom((1,), 3)),
        (exponential(0, 1), custom((1,), 2), exponential(0, 3)),
    ):
        found, notes = change(*samples)
        assert found is None
        assert notes.warnings == [MIXED]
    # A first sample of the other kind was before a reset.
    found, notes = change(exponential(0, 1), custom((1,), 2), custom((1,), 3))
    assert str(found) == "{count:3, sum:0, [-Inf,1]:3}"
    assert not notes.warnings


def test_custom_bounds_are_reconciled() -> None:
    found, notes = change(custom((1, 2), 1, 1), custom((2, 3), 4, 4))
    assert str(found) == "{count:6, sum:0, [-Inf,2]:2, (2,+Inf]:4}"
    assert notes.infos == ["mismatched custom buckets were reconciled during subtraction"]
    _, both = change(custom((1, 2), 1), custom((1, 2), 3), custom((1,), 2))
    assert both.infos == [
        "mismatched custom buckets were reconciled during subtraction",
        "mismatched custom buckets were reconciled during addition",
    ]


def test_one_sample_has_no_change() -> None:
    assert change(exponential(0, 1)) == (None, Notes())


def test_a_known_beginning_inside_the_window_was_zero() -> None:
    window = (MINUTE // 4, 2 * MINUTE)
    found, _ = change(exponential(0, 4), starts=(MINUTE // 2,), window=(MINUTE // 4, MINUTE))
    assert str(found) == "{count:4, sum:0, (1,2]:4}"
    found, _ = change(exponential(0, 4), exponential(0, 6), starts=(MINUTE // 2, MINUTE // 2), window=window)
    assert str(found) == "{count:6, sum:0, (1,2]:6}"
    # Outside of the window it says nothing.
    outside, _ = change(exponential(0, 4), exponential(0, 6), starts=(MINUTE // 4,) * 2, window=window)
    assert outside is not None
    assert outside.count == pytest.approx(2 * 1.75)


@pytest.mark.parametrize(
    ("starts", "reset"),
    [
        ((0, 0), False),
        ((0, MINUTE + 1), True),
        ((5, 5), False),
        ((0, MINUTE), False),
        ((5, MINUTE), True),
        ((0, 2 * MINUTE + 1), False),
        ((0, 2 * MINUTE), False),
        ((MINUTE, MINUTE), False),
        ((MINUTE + 1, MINUTE), False),
    ],
)
def test_the_start_of_counting_tells_of_a_reset(starts: tuple[int, int], reset: bool) -> None:
    assert start_resets((MINUTE, 2 * MINUTE), starts, 1) is reset
    found, _ = change(exponential(0, 2), exponential(0, 3), starts=starts)
    assert found is not None
    assert found.count == (3 if reset else 1)
    assert last_two(exponential(0, 2), exponential(0, 3), starts=starts)[0] == (
        "{count:0.05, sum:0, (1,2]:0.05}"
        if reset
        else "{count:0.016666666666666666, sum:0, (1,2]:0.016666666666666666}"
    )


def last_two(
    before: FloatHistogram, now: FloatHistogram, *, rate: bool = True, starts: tuple[int, int] = (0, 0)
) -> tuple[str, Notes]:
    """Ask for the change of two samples a minute apart, as a text."""
    notes = Notes()
    found = instant((MINUTE, 2 * MINUTE), (before, now), starts, rate=rate, metric="requests", notes=notes)
    return str(found), notes


def test_the_last_two_samples_alone() -> None:
    assert last_two(exponential(0, 60), exponential(0, 180)) == ("{count:2, sum:0, (1,2]:2}", Notes())
    assert last_two(exponential(0, 180), exponential(0, 60)) == ("{count:1, sum:0, (1,2]:1}", Notes())
    gauges = [exponential(0, count, hint=ResetHint.GAUGE) for count in (180, 60)]
    assert last_two(*gauges, rate=False) == ("{count:-120, sum:0, (1,2]:-120}", Notes())
    assert last_two(*gauges)[1].warnings == [NOT_COUNTER]
    assert last_two(gauges[0], exponential(0, 1), rate=False)[1].warnings == [NOT_GAUGE]


def test_the_last_two_samples_may_not_go_together() -> None:
    text, notes = last_two(exponential(0, 1), custom((1,), 2), rate=False)
    assert text == "None"
    assert notes.warnings == [NOT_GAUGE, MIXED]
    text, notes = last_two(custom((1, 2), 0, 60), custom((2, 3), 120))
    assert text == "{count:1, sum:0, [-Inf,2]:1}"
    assert notes.infos == ["mismatched custom buckets were reconciled during subtraction"]
    simultaneous = instant(
        (1, 1), (exponential(0), exponential(0)), (0, 0), rate=True, metric="requests", notes=notes
    )
    assert simultaneous is None


def test_a_delta_of_both_kinds_says_only_that() -> None:
    found, notes = change(exponential(0, 5), custom((1.0,), 3), counter=False)
    assert found is None
    assert notes.warnings == [MIXED]


def test_one_of_the_other_kind_in_between_is_all_that_is_told() -> None:
    gauge = exponential(0, 5, hint=ResetHint.GAUGE)
    found, notes = change(gauge, exponential(0, 7), custom((1.0,), 8), exponential(0, 9))
    assert found is None
    assert notes.warnings == [MIXED]


def test_gauges_at_the_ends_are_told_beside_a_last_one_of_the_other_kind() -> None:
    gauge = exponential(0, 5, hint=ResetHint.GAUGE)
    between = exponential(0, 7, hint=ResetHint.GAUGE)
    assert change(gauge, exponential(0, 7), custom((1.0,), 9))[1].warnings == [NOT_COUNTER, MIXED]
    assert change(exponential(0, 5), between, custom((1.0,), 9))[1].warnings == [MIXED]
