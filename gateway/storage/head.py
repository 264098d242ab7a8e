"""The newest samples, in memory: what the log holds, in runs that can be searched. Knows no SQLite.

Rows are gathered as they come, and sorted into a run when there are enough of them; runs of about the same
size become one. All of it is replaced, never changed: a reader keeps what it began with.
"""

from dataclasses import dataclass, field, replace
from typing import Final, Self

import numpy as np

from gateway.storage.rows import NO_ROWS, Rows, join, sort_rows
from gateway.storage.samples import Wanted, narrow, take
from gateway.storage.tally import Tally

# Unsorted rows are searched one by one; so many cost a query about a millisecond.
_MAX_FRESH: Final = 1 << 16

# Each commit counts the batches that are not sorted yet: many small senders must not make that slow.
_MAX_BATCHES: Final = 256

# A run joins the one before it unless that is so many times larger.
_RATIO: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Head:
    """Sorted runs, oldest first, and the rows that came after them, up to a row of the log."""

    log_seq: int
    runs: tuple[Rows, ...] = ()
    fresh: tuple[Rows, ...] = ()
    tally: Tally = field(default_factory=Tally)

    def adding(self, rows: Rows, log_seq: int) -> Self:
        """Return a head with more rows."""
        runs, fresh = self.runs, (*self.fresh, rows)
        if len(fresh) >= _MAX_BATCHES or sum(map(len, fresh)) >= _MAX_FRESH:
            runs, fresh = _tiered([*runs, sort_rows(join(fresh), self.tally)], self.tally), ()
        return type(self)(log_seq=log_seq, runs=runs, fresh=fresh, tally=self.tally)

    def __len__(self) -> int:
        """Count the samples, those that replace another included."""
        return sum(map(len, self.runs)) + sum(map(len, self.fresh))

    def search(self, wanted: Wanted) -> list[Rows]:
        """Return what is wanted; later ones win."""
        found = [_search_run(run, wanted) for run in self.runs]
        if self.fresh:
            found.append(_search_rows(join(self.fresh), wanted))
        return found

    def all_rows(self) -> Rows:
        """Return everything, sorted, each time of a series once."""
        return sort_rows(join((*self.runs, *self.fresh)), self.tally)


def _tiered(runs: list[Rows], tally: Tally) -> tuple[Rows, ...]:
    while len(runs) > 1 and len(runs[-2]) < _RATIO * len(runs[-1]):
        runs[-2:] = [sort_rows(join(runs[-2:]), tally)]
    return tuple(runs)


def _search_run(run: Rows, wanted: Wanted) -> Rows:
    first = np.searchsorted(run.refs, wanted.refs)
    last = np.searchsorted(run.refs, wanted.refs, side="right")
    first, last = narrow(run.times, first, last, wanted)
    return take(run, np.arange(len(first)), first, last)


def _search_rows(rows: Rows, wanted: Wanted) -> Rows:
    if not len(wanted.refs):
        return NO_ROWS
    places = np.minimum(np.searchsorted(wanted.refs, rows.refs), len(wanted.refs) - 1)
    hits = wanted.refs[places] == rows.refs
    hits &= (rows.times >= wanted.start_ms) & (rows.times <= wanted.end_ms)
    index = np.flatnonzero(hits)
    return replace(rows.take(index), refs=places[index])
