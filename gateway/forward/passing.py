"""Series for a gateway that keeps no samples: references that last as long as someone sends the series.

Owns no samples: what is committed is nowhere but in the queues.
"""

import threading
from collections.abc import Callable
from itertools import count
from typing import Final

from gateway.ingest.port import SeriesStore
from gateway.ingest.taken import Taken
from remotewrite.decode.batch import Batch
from timeseries.labels import Labels

OWN_REFERENCES: Final = 1 << 40
"""Where those of the gateway's own series begin: they are not forgotten with those of others."""


class Also:
    """A store for the series of the gateway itself: what it commits is passed on, too."""

    def __init__(self, store: SeriesStore, pass_on: Callable[[Taken], None]) -> None:
        self.register = store.register
        self.labels = store.labels
        self.oldest_ms = store.oldest_ms
        self._store = store
        self._pass_on = pass_on

    def commit(self, batch: Batch) -> None:
        """Return when all of the batch is durable, also for others; raises Unavailable."""
        self._store.commit(batch)
        self._pass_on(Taken(batch=batch, version=1))


class Passing:
    """The store as ingest sees it (gateway.ingest.port), without one.

    When there are too many series, all are forgotten but those of the time before: what is still sent is
    registered again, once `forget` has made whoever remembers references forget them.
    """

    def __init__(self, *, max_series: int, first: int = 0) -> None:
        """`first` is the lowest reference."""
        self.allow_series(max_series)
        self._lock = threading.Lock()
        self._numbers = count(first)
        self._refs: dict[Labels, int] = {}
        self._labels: dict[int, Labels] = {}
        self._before: dict[int, Labels] = {}
        self.forget: Callable[[], None] = lambda: None

    def allow_series(self, count: int) -> None:
        """Remember so many from now on."""
        self._max_series = max(count, 1)

    def register(self, labels: Labels) -> int:
        """Return the reference of a series."""
        with self._lock:
            ref = self._refs.get(labels)
            if ref is None:
                if len(self._refs) >= self._max_series:
                    self._before, self._labels, self._refs = self._labels, {}, {}
                    self.forget()
                ref = self._refs[labels] = next(self._numbers)
                self._labels[ref] = labels
            return ref

    def labels(self, ref: int) -> Labels:
        """Return the labels of a registered series."""
        labels = self._labels.get(ref)
        return self._before[ref] if labels is None else labels

    def commit(self, batch: Batch) -> None:
        """Keep nothing: whoever passes the batch on does."""

    def oldest_ms(self) -> int:
        """Return a time before all others: the destinations say what is too old for them."""
        return 0
