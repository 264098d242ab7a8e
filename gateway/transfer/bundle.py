"""What formats and both ends hand each other: samples of some series, as columns. Knows neither."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np

from timeseries.columns import Floats, Ints
from timeseries.histogram import HistogramSample
from timeseries.labels import Labels
from timeseries.metadata import Metadata

# Samples of a bundle that a reader makes: some MB.
FULL: Final = 1 << 16

NO_INTS: Final = np.empty(0, np.int64)
NO_FLOATS: Final = np.empty(0, np.float64)


class Run(NamedTuple):
    """Samples of one series that stand side by side in a bundle."""

    labels: Labels
    times: Ints
    values: Floats
    starts: Ints


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bundle:
    """Samples and histograms; `refs` are places in `series`. A start time of 0 is unknown.

    Of two samples of a series for one time the later one counts.
    """

    series: Sequence[Labels] = ()
    refs: Ints = field(default_factory=lambda: NO_INTS)
    times: Ints = field(default_factory=lambda: NO_INTS)
    values: Floats = field(default_factory=lambda: NO_FLOATS)
    starts: Ints = field(default_factory=lambda: NO_INTS)
    histograms: Sequence[tuple[int, HistogramSample]] = ()
    metadata: Sequence[Metadata] = ()

    @property
    def size(self) -> int:
        """How many samples and histograms there are."""
        return len(self.refs) + len(self.histograms)

    def runs(self) -> Iterator[Run]:
        """Give the samples, a run for each stretch of one series."""
        if not len(self.refs):
            return
        cuts = np.flatnonzero(np.diff(self.refs)) + 1
        firsts = [0, *cuts.tolist()]
        for first, end in zip(firsts, [*firsts[1:], len(self.refs)], strict=True):
            part = slice(first, end)
            labels = self.series[int(self.refs[first])]
            yield Run(labels, self.times[part], self.values[part], self.starts[part])

    def sorted(self) -> "Bundle":
        """Return it by series and time, of two samples for one time only the later one."""
        order = np.lexsort((self.times, self.refs))
        refs, times = self.refs[order], self.times[order]
        last = np.append((np.diff(refs) != 0) | (np.diff(times) != 0), np.ones(min(len(refs), 1), np.bool_))
        order = order[last]
        return Bundle(
            series=self.series,
            refs=self.refs[order],
            times=self.times[order],
            values=self.values[order],
            starts=self.starts[order],
            histograms=sorted(self.histograms, key=lambda pair: (pair[0], pair[1].time_ms)),
            metadata=self.metadata,
        )


class Gathering:
    """Makes bundles of samples that come one by one."""

    def __init__(self) -> None:
        self._places: dict[Labels, int] = {}
        self._samples: list[tuple[int, int, int, int]] = []
        self.metadata: list[Metadata] = []

    def add(self, labels: Labels, time_ms: int, bits: int, start_ms: int = 0) -> None:
        """Take a sample, its value as signed bits."""
        place = self._places.setdefault(labels, len(self._places))
        self._samples.append((place, time_ms, bits, start_ms))

    @property
    def full(self) -> bool:
        """Whether there is enough for a bundle."""
        return len(self._samples) >= FULL

    def take(self) -> Bundle:
        """Return what there is, and begin anew."""
        columns = np.array(self._samples, np.int64).reshape(-1, 4).T
        refs, times, marks, starts = (np.ascontiguousarray(column) for column in columns)
        taken = Bundle(
            series=list(self._places),
            refs=refs,
            times=times,
            values=marks.view(np.float64),
            starts=starts,
            metadata=self.metadata,
        )
        self._places, self._samples, self.metadata = {}, [], []
        return taken
