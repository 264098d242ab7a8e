"""References by the hash of what they stand for: a hash table in one flat array, 12 to 24 bytes an entry.

Knows nothing of what is hashed; the caller confirms each candidate. One thread adds at a time; any number may
look up meanwhile.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from timeseries.columns import Ints

Entries = NDArray[np.uint64]

# An entry is a hash of 32 bits and, below it, the reference plus one; 0 is an empty place.
HASH_BITS: Final = 32
_LOW: Final = (1 << HASH_BITS) - 1

_FIRST_BITS: Final = 10

# Fuller than two thirds, a hash that is not there takes five and more looks to miss.
_FULL: Final = (2, 3)

# Placing everything anew costs less than adding one by one when at least one in eight is new.
_FEW: Final = 8


class RefsByHash:
    """A table with open addressing: an entry stands at the place that its hash begins with, or soon after."""

    def __init__(self) -> None:
        self._count = 0
        self._places = _table(np.empty(0, np.uint64), _FIRST_BITS)

    def find(self, digest: int, same: Callable[[int], bool]) -> int | None:
        """Return the reference with this hash that the caller confirms."""
        places = self._places
        last = len(places) - 1
        at = digest >> (HASH_BITS - last.bit_length())
        while entry := places[at]:
            if entry >> HASH_BITS == digest and same((entry & _LOW) - 1):
                return (entry & _LOW) - 1
            at = (at + 1) & last
        return None

    def add(self, digest: int, ref: int) -> None:
        """Add a reference that is not there."""
        self._make_room(1)
        _put(self._places, digest << HASH_BITS | ref + 1)
        self._count += 1

    def extend(self, digests: Ints, first: int) -> None:
        """Add references from `first` upward, none of which is there."""
        count = len(digests)
        refs = np.arange(first + 1, first + 1 + count)
        entries = (digests << HASH_BITS).view(np.uint64) | refs.view(np.uint64)
        if count * _FEW < self._count:
            self._make_room(count)
            for entry in entries.tolist():
                _put(self._places, entry)
        else:
            self._places = _table(np.concatenate([self._entries(), entries]), self._bits_for(count))
        self._count += count

    def _make_room(self, count: int) -> None:
        bits = self._bits_for(count)
        if 1 << bits > len(self._places):
            self._places = _table(self._entries(), bits)

    def _bits_for(self, count: int) -> int:
        most, of = _FULL
        wanted = (self._count + count) * of // most
        return max((len(self._places) - 1).bit_length(), wanted.bit_length())

    def _entries(self) -> Entries:
        table = np.asarray(self._places)
        entries: Entries = table[table != 0]
        return entries


def _table(entries: Entries, bits: int) -> memoryview:
    """Lay entries out in a new table: in the order of their hashes each gets the first place it can have.

    Looking at single entries, a memoryview is three times as fast as an array.
    """
    entries = np.sort(entries)
    rank = np.arange(len(entries))
    home = (entries >> np.uint64(2 * HASH_BITS - bits)).view(np.int64)
    place = np.maximum.accumulate(home - rank) + rank
    table = np.zeros(1 << bits, np.uint64)
    inside = int(np.searchsorted(place, len(table)))
    table[place[:inside]] = entries[:inside]
    places = table.data
    for entry in entries[inside:].tolist():
        _put(places, entry)
    return places


def _put(places: memoryview, entry: int) -> None:
    last = len(places) - 1
    at = entry >> (2 * HASH_BITS - last.bit_length())
    while places[at]:
        at = (at + 1) & last
    places[at] = entry
