"""A source of series in lists, as plain as can be; and Hypothesis strategies for its floats."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

from promql.source import Reading, Selected, unlimited
from timeseries.columns import Columns
from timeseries.histogram import HistogramSample
from timeseries.labels import Labels
from timeseries.matcher import Matcher
from timeseries.stale import STALE


class Point(NamedTuple):
    """A float sample, and when its counting began."""

    time_ms: int
    value: float
    start_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Series by labels: floats, and histograms of some."""

    floats: Mapping[Labels, Sequence[Point]]
    histograms: Mapping[Labels, Sequence[HistogramSample]] = field(default_factory=dict)

    def select(
        self, matchers: Sequence[Matcher], start_ms: int, end_ms: int, _reading: Reading = unlimited
    ) -> Selected:
        """Return what matches, from start to end."""
        labels = sorted({*self.floats, *self.histograms})
        labels = [own for own in labels if all(matcher.accepts(own) for matcher in matchers)]
        rows = [[p for p in self.floats.get(own, ()) if start_ms <= p.time_ms <= end_ms] for own in labels]
        histograms = {
            row: [sample for sample in self.histograms.get(own, ()) if start_ms <= sample.time_ms <= end_ms]
            for row, own in enumerate(labels)
        }
        return Selected(
            labels=labels,
            columns=Columns.from_rows(
                (
                    np.array([point.time_ms for point in row], np.int64),
                    np.array([point.value for point in row], np.float64),
                )
                for row in rows
            ),
            starts=np.array([point.start_ms for row in rows for point in row], np.int64),
            histograms={row: found for row, found in histograms.items() if found},
        )


def series(number: int) -> Labels:
    """Return the labels of one of some series of a counter."""
    return Labels({"__name__": "x_total", "number": str(number)})


# Few distinct values, so that equal ones, resets and ties are common.
ordinary = st.integers(-8, 40).map(lambda number: number / 4)
special = st.sampled_from((float("nan"), float("inf"), float("-inf"), STALE, 0.0, -0.0))
moments = st.lists(st.integers(0, 240), unique=True, max_size=12).map(sorted)


@st.composite
def points(draw: st.DrawFn, values: st.SearchStrategy[float], *, starts: bool = False) -> list[Point]:
    """Draw some samples within four minutes, in steps of a second or not."""
    shift = draw(st.sampled_from((0, 500)) | st.integers(0, 999))
    times = [moment * 1000 + shift for moment in draw(moments)]
    began = st.just(0) | st.integers(0, 240_000) | st.sampled_from(times or [0]) if starts else st.just(0)
    return [Point(time, draw(values), draw(began)) for time in times]


@st.composite
def memories(draw: st.DrawFn, values: st.SearchStrategy[float], *, starts: bool = False) -> Memory:
    """Draw up to three series."""
    rows = draw(st.lists(points(values, starts=starts), max_size=3))
    return Memory(floats={series(number): row for number, row in enumerate(rows)})
