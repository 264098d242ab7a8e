"""Series in memory: what is taken, what is left out, what is found again."""

from math import inf, nan

import pytest

from alertrules.seriesinmemory import SeriesInMemory
from promql.histograms.model import FloatHistogram
from tests.promql.histograms.drawn import exponential
from timeseries.labels import Labels
from timeseries.matcher import Matcher, MatchType
from timeseries.stale import STALE

ONE = Labels({"__name__": "a"})
HISTOGRAM = exponential(1, 2.0, 3.0)
ANY = Matcher(name="__name__", type=MatchType.REGEX, value=".+")


@pytest.mark.parametrize("value", [1.0, 0.0, nan, inf, STALE, HISTOGRAM])
@pytest.mark.parametrize("other", [1.0, 0.0, nan, inf, HISTOGRAM, exponential(1, 2.0, 4.0)])
def test_what_was_there_first_stays(value: float | FloatHistogram, other: float | FloatHistogram) -> None:
    series = SeriesInMemory()
    assert series.append(ONE, 1000, value)
    assert series.append(ONE, 1000, value)
    assert series.append(ONE, 1000, other) is (other is value)
    assert not series.append(ONE, 999, value)
    assert series.samples == 1


def test_a_histogram_after_a_number_is_the_last() -> None:
    series = SeriesInMemory()
    assert series.append(ONE, 1000, 1.0)
    assert series.append(ONE, 2000, HISTOGRAM)
    assert not series.append(ONE, 2000, 1.0)
    assert series.append(ONE, 3000, 1.0)
    assert not series.append(ONE, 3000, HISTOGRAM)
    [found] = [series.select([ANY], 1000, 3000)]
    assert [*found.columns.times] == [1000, 3000]
    assert [one.time_ms for one in found.histograms[0]] == [2000]


@pytest.mark.parametrize(
    ("start", "end", "times"), [(1000, 2000, [1000, 2000]), (1001, 1999, []), (2000, 9000, [2000, 3000])]
)
def test_both_ends_are_included(start: int, end: int, times: list[int]) -> None:
    series = SeriesInMemory()
    for at in (1000, 2000, 3000):
        series.append(ONE, at, 1.0)
    assert [*series.select([ANY], start, end).columns.times] == times
