"""Puts together what several sources hold of the same series. Knows neither log nor parts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gateway.storage.rows import Rows, join, order_of, starts_of
from gateway.storage.tally import Tally
from timeseries.columns import Columns, Ints, offsets_of


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """Samples of wanted series, in any order; `places` says which of the wanted each belongs to."""

    places: Ints
    rows: Rows


def combine(
    found: Sequence[Found], wanted: int, start_ms: int, end_ms: int, tally: Tally | None = None
) -> tuple[Columns, Ints]:
    """Return a row for each wanted series and the start times: from start to end, both included.

    Of two samples for one time the one from the later source wins; a tally counts those with another value.
    """
    kept = []
    for one in found:
        inside = (one.rows.times >= start_ms) & (one.rows.times <= end_ms)
        if inside.all():
            kept.append(one)
        elif inside.any():
            index = np.flatnonzero(inside)
            kept.append(Found(places=one.places[index], rows=one.rows.take(index)))
    places = np.concatenate([np.empty(0, np.int64), *(one.places for one in kept)])
    rows = join([one.rows for one in kept])
    order = order_of(places, rows, tally)
    places, rows = places[order], rows.take(order)
    offsets = offsets_of(np.bincount(places, minlength=wanted))
    return Columns(times=rows.times, values=rows.bits.view(np.float64), offsets=offsets), starts_of(rows)


def ragged(first: Ints, lengths: Ints) -> Ints:
    """Return first[0], first[0] + 1, … for lengths[0] numbers, then the same from first[1] on, and so on."""
    offsets = offsets_of(lengths)
    index: Ints = np.arange(offsets[-1]) + np.repeat(first - offsets[:-1], lengths)
    return index
