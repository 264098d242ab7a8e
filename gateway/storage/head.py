"""The newest samples, in memory: what the log holds, in runs that can be searched. Knows no SQLite.

Rows are gathered as they come, and sorted into a run when there are enough of them; runs of about the same
size become one. All of it is replaced, never changed: a reader keeps what it began with.
"""

from dataclasses import dataclass, field
from typing import Final, Self

import numpy as np

from gateway.storage.rows import Rows, join, sort_rows
from gateway.storage.samples import Wanted, narrow, take
from gateway.storage.tally import Tally
from timeseries.columns import Ints

# The first query after a commit sorts the fresh rows for itself; so many cost it about a millisecond.
_MAX_FRESH: Final = 1 << 16

# Each commit counts the batches that are not sorted yet: many small senders must not make that slow.
_MAX_BATCHES: Final = 256

# A run joins the one before it unless that is so many times larger.
_RATIO: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Run:
    """Sorted rows, at least one: those of `refs[i]` are from `bounds[i]` up to `bounds[i + 1]`."""

    rows: Rows
    refs: Ints
    bounds: Ints
    min_time: int
    max_time: int

    @classmethod
    def of(cls, rows: Rows) -> Self:
        """Take sorted rows."""
        first = np.concatenate([np.zeros(1, np.int64), np.flatnonzero(np.diff(rows.refs)) + 1])
        return cls(
            rows=rows,
            refs=rows.refs[first],
            bounds=np.append(first, len(rows)),
            min_time=int(rows.times.min()),
            max_time=int(rows.times.max()),
        )

    def __len__(self) -> int:
        """Count the samples."""
        return len(self.rows)

    def search(self, wanted: Wanted) -> Rows:
        """Return what is wanted."""
        at = np.minimum(np.searchsorted(self.refs, wanted.refs), len(self.refs) - 1)
        places = np.flatnonzero(self.refs[at] == wanted.refs)
        first, last = self.bounds[at[places]], self.bounds[at[places] + 1]
        if not wanted.covers(self.min_time, self.max_time):
            first, last = narrow(self.rows.times, first, last, wanted)
        return take(self.rows, places, first, last)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Head:
    """Sorted runs, oldest first, and the rows that came after them, up to a row of the log."""

    log_seq: int
    runs: tuple[Run, ...] = ()
    fresh: tuple[Rows, ...] = ()
    tally: Tally = field(default_factory=Tally)
    # The fresh rows as a run, once someone has searched them.
    _sorted: list[Run] = field(default_factory=list, init=False)

    def adding(self, rows: Rows, log_seq: int) -> Self:
        """Return a head with more rows."""
        runs, fresh = self.runs, (*self.fresh, rows)
        if len(fresh) >= _MAX_BATCHES or sum(map(len, fresh)) >= _MAX_FRESH:
            runs, fresh = _tiered([*runs, Run.of(sort_rows(join(fresh), self.tally))], self.tally), ()
        return type(self)(log_seq=log_seq, runs=runs, fresh=fresh, tally=self.tally)

    def __len__(self) -> int:
        """Count the samples, those that replace another included."""
        return sum(map(len, self.runs)) + sum(map(len, self.fresh))

    def search(self, wanted: Wanted) -> list[Rows]:
        """Return what is wanted; later ones win."""
        return [run.search(wanted) for run in (*self.runs, *self._fresh_run())]

    def _fresh_run(self) -> list[Run]:
        if not self._sorted and any(map(len, self.fresh)):
            # What replaces what is counted when they are sorted for good.
            self._sorted.append(Run.of(sort_rows(join(self.fresh), Tally())))
        return self._sorted[:1]

    def all_rows(self) -> Rows:
        """Return everything, sorted, each time of a series once."""
        return sort_rows(join(self.pieces()), self.tally)

    def pieces(self) -> list[Rows]:
        """Return everything as it is held."""
        return [*(run.rows for run in self.runs), *self.fresh]


def _tiered(runs: list[Run], tally: Tally) -> tuple[Run, ...]:
    while len(runs) > 1 and len(runs[-2]) < _RATIO * len(runs[-1]):
        runs[-2:] = [Run.of(sort_rows(join([run.rows for run in runs[-2:]]), tally))]
    return tuple(runs)
