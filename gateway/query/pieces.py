"""Reads many series a few at a time, so that a limit on samples is met before memory is. Knows no query."""

from collections.abc import Iterator
from typing import Final

from gateway.storage.store import Selection, Store
from timeseries.columns import Ints

# A block of a part has as many: smaller pieces would decode some blocks twice.
FIRST_SERIES: Final = 64
# The next series may have more samples than those before: so much more is read at once at the most.
_GROWTH: Final = 4


class TooManySamples(Exception):
    """There is more to read than may be."""


def pieces(store: Store, refs: Ints, start_ms: int, end_ms: int, most: int) -> Iterator[Selection]:
    """Give the samples of series by their sorted references; raises TooManySamples beyond `most`."""
    done = samples = 0
    size = FIRST_SERIES
    while done < len(refs):
        piece = store.read(refs[done : done + size], start_ms, end_ms)
        done += len(piece.refs)
        samples += len(piece.columns.times)
        if samples > most:
            raise TooManySamples
        yield piece
        fitting = (most - samples) * done // max(samples, 1)
        size = max(FIRST_SERIES, min(_GROWTH * size, fitting))
