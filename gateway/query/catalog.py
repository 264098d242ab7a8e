"""Which series, label names, label values and exemplars there are in a span of time. Reads no sample.

A series counts as there when a part of the store that touches the span has it: up to a day too much, for
which no block has to be read. In the head the times are those of the samples.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from gateway.query.confined import Matchers, confine
from gateway.storage.rows import Rows
from gateway.storage.store import State, Store
from timeseries.columns import Bools, Ints
from timeseries.exemplar import Exemplar
from timeseries.labels import METRIC_NAME, Labels
from timeseries.matcher import Matcher
from timeseries.metadata import Metadata

Selectors = Sequence[Sequence[Matcher]]

_ALWAYS: Final = (-(1 << 63), (1 << 63) - 1)
# What is added to the name of a family for the names of its series.
_ENDINGS: Final = ("", "_total", "_bucket", "_count", "_sum", "_gcount", "_gsum", "_created", "_info")


class Catalog:
    """What there is in a store, or what of it matches."""

    def __init__(self, store: Store, matchers: Matchers = ()) -> None:
        self._store = store
        self._matchers = matchers

    def confined(self, matchers: Matchers) -> "Catalog":
        """Return the catalog of what matches."""
        return Catalog(self._store, matchers) if matchers else self

    def series(self, selectors: Selectors, start_ms: int, end_ms: int) -> list[Labels]:
        """Return the series that any of the selectors takes, sorted."""
        return sorted(self._store.index.labels_of(self._select(selectors, start_ms, end_ms)))

    def names(self, selectors: Selectors, start_ms: int, end_ms: int) -> list[str]:
        """Return the label names of the series that any selector takes, of all without one; sorted."""
        return self._store.index.label_names(self._chosen(selectors, start_ms, end_ms))

    def values(self, name: str, selectors: Selectors, start_ms: int, end_ms: int) -> list[str]:
        """Return the values that a label has in them, sorted."""
        return self._store.index.label_values(name, self._chosen(selectors, start_ms, end_ms))

    def metadata(self) -> dict[str, Metadata]:
        """Return what is known of each metric family."""
        known = self._store.metadata
        if not self._matchers:
            return known
        names = frozenset(self.values(METRIC_NAME, (), *_ALWAYS))
        return {
            family: about
            for family, about in known.items()
            if not names.isdisjoint([family + ending for ending in _ENDINGS])
        }

    def exemplars(
        self, selectors: Selectors, start_ms: int, end_ms: int
    ) -> list[tuple[Labels, list[Exemplar]]]:
        """Return the exemplars of the series that any of the selectors takes, by series and by time."""
        index = self._store.index
        refs = self._matching(selectors)
        found = self._store.exemplars.select(refs, start_ms, end_ms)
        return sorted(((index.labels(ref), some) for ref, some in found.items()), key=lambda pair: pair[0])

    def _chosen(self, selectors: Selectors, start_ms: int, end_ms: int) -> Ints | None:
        """Return the series that are meant; None for all there are."""
        if selectors or self._matchers:
            return self._select(selectors or [()], start_ms, end_ms)
        there = self._there(start_ms, end_ms)
        return None if there is None else np.flatnonzero(there)

    def _select(self, selectors: Selectors, start_ms: int, end_ms: int) -> Ints:
        refs = self._matching(selectors)
        there = self._there(start_ms, end_ms)
        if there is None:
            return refs
        known = refs[refs < len(there)]
        return known[there[known]]

    def _matching(self, selectors: Selectors) -> Ints:
        select = self._store.index.select
        return _union([select(matchers) for matchers in confine(selectors, self._matchers)])

    def _there(self, start_ms: int, end_ms: int) -> Bools | None:
        """Mark the series that are there; None when the span leaves out nothing."""
        state = self._store.state
        if _holds_all(state, start_ms, end_ms):
            return None
        there = np.zeros(len(self._store.index), np.bool_)
        for part in state.parts:
            if part.max_time >= start_ms and part.min_time <= end_ms:
                there[part.refs] = True
        for rows in _newest(state):
            there[rows.refs[(rows.times >= start_ms) & (rows.times <= end_ms)]] = True
        there[list(self._store.histograms.refs(start_ms, end_ms))] = True
        return there


def _union(some: Sequence[Ints]) -> Ints:
    return np.unique(np.concatenate([np.empty(0, np.int64), *some]))


def _newest(state: State) -> Iterator[Rows]:
    """Give the samples that are in memory."""
    for head in (state.sealed, state.head):
        if head is not None:
            yield from head.pieces()


def _holds_all(state: State, start_ms: int, end_ms: int) -> bool:
    times = [(part.min_time, part.max_time) for part in state.parts]
    times += [(int(rows.times.min()), int(rows.times.max())) for rows in _newest(state) if len(rows)]
    return bool(times) and all(start_ms <= first and last <= end_ms for first, last in times)
