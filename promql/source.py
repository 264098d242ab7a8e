"""What the evaluator needs of a place where series are kept."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from timeseries.columns import Columns, Ints
from timeseries.histogram import HistogramSample
from timeseries.labels import Labels
from timeseries.matcher import Matcher


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Selected:
    """Series and their samples: row i of the columns, and item i of the histograms, belong to labels i.

    Times ascend in each row; stale markers are among the values. `starts` go with the columns' samples, 0
    where unknown. A time of a series has a float or a histogram, not both. A series may have no sample.
    """

    labels: Sequence[Labels]
    columns: Columns
    starts: Ints
    # By index of the series; those without histograms are not there.
    histograms: dict[int, Sequence[HistogramSample]]


Reading = Callable[[int, int], None]
"""Told how many series, or how many of their samples, are about to be in memory; raises QueryError."""


def unlimited(_series: int, _samples: int) -> None:
    """Let anything be read."""


class Source(Protocol):
    """Series by matchers."""

    def select(
        self, matchers: Sequence[Matcher], start_ms: int, end_ms: int, reading: Reading = unlimited
    ) -> Selected:
        """Return what matches, with the samples from start to end, both included.

        A source that reads from elsewhere tells of it meanwhile, so that too much is never all in memory.
        What it does not tell of is counted afterwards.
        """
        ...
