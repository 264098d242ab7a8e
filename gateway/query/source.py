"""The store as the query language wants it: labels, samples and histograms of series. Knows no query."""

from collections.abc import Sequence

import numpy as np

from gateway.query.hints import with_hints
from gateway.storage.store import Store
from promql.source import Selected
from timeseries.columns import Bools, Columns
from timeseries.histogram import HistogramSample
from timeseries.matcher import Matcher


class StoredSeries:
    """A promql Source that reads a store.

    The store keeps samples and histograms apart and does not know which of them came later. Where a series
    has both at one time, the histogram is the sample: the richer one.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> Selected:
        """Return what matches, with the samples from start to end, both included."""
        selection = self._store.select(matchers, start_ms, end_ms)
        columns, starts = selection.columns, selection.starts
        found = self._store.histograms.select(selection.refs, start_ms, end_ms)
        histograms = dict(
            zip(np.searchsorted(selection.refs, list(found)).tolist(), found.values(), strict=True)
        )
        if histograms:
            keep = without_those_of(histograms, columns)
            columns, starts = columns.where(keep), starts[keep]
        return Selected(
            labels=self._store.index.labels_of(selection.refs),
            columns=columns,
            starts=starts,
            histograms={row: with_hints(some, columns.row(row)[0]) for row, some in histograms.items()},
        )


def without_those_of(histograms: dict[int, list[HistogramSample]], columns: Columns) -> Bools:
    """Mark the samples at whose time their series, by number of its row, has no histogram."""
    keep = np.ones(len(columns.times), np.bool_)
    offsets: list[int] = columns.offsets.tolist()
    for row, samples in histograms.items():
        part = slice(offsets[row], offsets[row + 1])
        keep[part] = ~np.isin(columns.times[part], [sample.time_ms for sample in samples])
    return keep
