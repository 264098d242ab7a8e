"""Reads many series a few at a time, so that a limit on samples is met before memory is. Knows no query."""

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from gateway.storage.store import Selection, Store
from timeseries.columns import Columns, Ints, offsets_of

# A block of a part has as many: smaller pieces would decode some blocks twice.
FIRST_SERIES: Final = 64
# Samples that a query reads at once, by what is known before: about 100 MB until they are put together.
SAMPLES_AT_ONCE: Final = 1 << 21
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


def read_told(store: Store, refs: Ints, start_ms: int, end_ms: int, told: Callable[[int], None]) -> Selection:
    """Return the samples of series by their sorted references; `told` hears of each piece, and may raise."""
    size = max(FIRST_SERIES, int(SAMPLES_AT_ONCE / max(_usual(store, start_ms, end_ms), 1)))
    found = []
    for first in range(0, max(len(refs), 1), size):
        piece = store.read(refs[first : first + size], start_ms, end_ms)
        told(len(piece.columns.times))
        found.append(piece)
    return found[0] if len(found) == 1 else _joined(refs, found)


def _joined(refs: Ints, found: list[Selection]) -> Selection:
    columns = Columns(
        times=np.concatenate([one.columns.times for one in found]),
        values=np.concatenate([one.columns.values for one in found]),
        offsets=offsets_of(np.concatenate([one.columns.lengths for one in found])),
    )
    return Selection(refs=refs, columns=columns, starts=np.concatenate([one.starts for one in found]))


def _usual(store: Store, start_ms: int, end_ms: int) -> float:
    """Return how many samples a series of the store usually has from start to end."""
    state = store.state
    held = [(part.min_time, part.max_time, part.samples / max(len(part.refs), 1)) for part in state.parts]
    for head in (state.sealed, state.head):
        runs = () if head is None else head.runs
        held += [(run.min_time, run.max_time, len(run) / len(run.refs)) for run in runs]
    return sum(
        samples * (min(end_ms, last) - max(start_ms, first) + 1) / (last - first + 1)
        for first, last, samples in held
        if first <= end_ms and last >= start_ms
    )
