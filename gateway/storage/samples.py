"""Finds wanted samples, and puts together what several sources hold of them. Knows neither log nor parts."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gateway.storage.rows import Rows, join, order_of, starts_of
from gateway.storage.tally import Tally
from timeseries.columns import Columns, Ints, offsets_of


class Wanted(NamedTuple):
    """Sorted references, and times from start to end, both included.

    What is found is told by places among the references: rows whose `refs` are those places.
    """

    refs: Ints
    start_ms: int
    end_ms: int

    def covers(self, min_time: int, max_time: int) -> bool:
        """Tell whether all of these times are wanted."""
        return self.start_ms <= min_time and max_time <= self.end_ms


def take(rows: Rows, places: Ints, first: Ints, last: Ints) -> Rows:
    """Return some runs of rows, each from first up to last; the places are theirs."""
    lengths = last - first
    index = ragged(first, lengths)
    return Rows(
        refs=np.repeat(places, lengths),
        times=rows.times[index],
        bits=rows.bits[index],
        starts=None if rows.starts is None else rows.starts[index],
    )


def narrow(times: Ints, first: Ints, last: Ints, wanted: Wanted) -> tuple[Ints, Ints]:
    """Return what of some runs, each sorted by time, is wanted."""
    first = _bisect(times, first, last, wanted.start_ms)
    return first, _bisect(times, first, last, wanted.end_ms + 1)


def within(rows: Rows, wanted: Wanted) -> Rows:
    """Return the rows of the wanted times."""
    inside = (rows.times >= wanted.start_ms) & (rows.times <= wanted.end_ms)
    return rows if inside.all() else rows.take(np.flatnonzero(inside))


def _bisect(times: Ints, low: Ints, high: Ints, bound: int) -> Ints:
    """Return for each run the first position whose time is not below the bound, its end if there is none."""
    if not len(low):
        return low
    last = len(times) - 1
    for _ in range(int((high - low).max()).bit_length()):
        middle = (low + high) >> 1
        below = (times[np.minimum(middle, last)] < bound) & (middle < high)
        low = np.where(below, middle + 1, low)
        high = np.where(below, high, middle)
    return low


def combine(found: Sequence[Rows], wanted: int, tally: Tally | None = None) -> tuple[Columns, Ints]:
    """Return a row for each of so many wanted series, and the start times.

    Of two samples for one time the one from the later source wins; a tally counts those with another value.
    """
    rows = join([one for one in found if len(one)])
    order = order_of(rows, tally)
    if order is not None:
        rows = rows.take(order)
    offsets = offsets_of(np.bincount(rows.refs, minlength=wanted))
    return Columns(times=rows.times, values=rows.bits.view(np.float64), offsets=offsets), starts_of(rows)


def ragged(first: Ints, lengths: Ints) -> Ints:
    """Return first[0], first[0] + 1, … for lengths[0] numbers, then the same from first[1] on, and so on."""
    offsets = offsets_of(lengths)
    index: Ints = np.arange(offsets[-1]) + np.repeat(first - offsets[:-1], lengths)
    return index
