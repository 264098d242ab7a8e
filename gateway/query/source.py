"""The store as the query language wants it: labels, samples and histograms of series. Knows no query."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

import numpy as np

from gateway.query.hints import with_hints
from gateway.query.pieces import read_told
from gateway.storage.store import Store
from promql.source import Reading, Selected, unlimited
from promql.values import LabelSets
from timeseries.columns import Bools, Columns, Ints
from timeseries.histogram import HistogramSample
from timeseries.labels import Labels
from timeseries.matcher import Matcher

# Selections whose labels are kept: the panels of some dashboards. What has more series is made anew each
# time.
_MADE: Final = 64
_MOST_SERIES: Final = 20_000


class StoredSeries:
    """A promql Source that reads a store.

    The store keeps samples and histograms apart and does not know which of them came later. Where a series
    has both at one time, the histogram is the sample: the richer one.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        # The labels of the selections made last, by their references.
        self._made: OrderedDict[bytes, LabelSets] = OrderedDict()

    def select(
        self, matchers: Sequence[Matcher], start_ms: int, end_ms: int, reading: Reading = unlimited
    ) -> Selected:
        """Return what matches, with the samples from start to end, both included; tells what it reads."""
        refs = self._store.index.select(matchers)
        reading(len(refs), 0)
        selection = read_told(self._store, refs, start_ms, end_ms, lambda samples: reading(0, samples))
        columns, starts = selection.columns, selection.starts
        found = self._store.histograms.select(selection.refs, start_ms, end_ms)
        histograms = dict(
            zip(np.searchsorted(selection.refs, list(found)).tolist(), found.values(), strict=True)
        )
        if histograms:
            keep = without_those_of(histograms, columns)
            columns, starts = columns.where(keep), starts[keep]
        return Selected(
            labels=self._labels(selection.refs),
            columns=columns,
            starts=starts,
            histograms={row: with_hints(some, columns.row(row)[0]) for row, some in histograms.items()},
        )

    def _labels(self, refs: Ints) -> Sequence[Labels]:
        """Return labels, for the same series the same object as before.

        Threads share what was made without a lock: one that makes some beside another only does it twice.
        """
        key = refs.tobytes()
        made = self._made.get(key)
        if made is None:
            made = LabelSets(self._store.index.labels_of(refs))
            if len(made) <= _MOST_SERIES:
                self._made[key] = made
                while len(self._made) > _MADE:
                    self._made.popitem(last=False)
        return made


def without_those_of(histograms: dict[int, list[HistogramSample]], columns: Columns) -> Bools:
    """Mark the samples at whose time their series, by number of its row, has no histogram."""
    keep = np.ones(len(columns.times), np.bool_)
    offsets: list[int] = columns.offsets.tolist()
    for row, samples in histograms.items():
        part = slice(offsets[row], offsets[row + 1])
        keep[part] = ~np.isin(columns.times[part], [sample.time_ms for sample in samples])
    return keep
