"""Runs of series with their pair numbers, and which series of a run have a pair. Knows no label's text.

A Tail takes new series; a Segment is finished, and never changes.
"""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.storage.pairs import Choice, Numbers, PairTable
from gateway.storage.samples import ragged
from timeseries.columns import Bools, Ints, offsets_of

# Within a segment series have numbers of 16 bits.
MAX_SEGMENT: Final = 1 << 16

_LOCAL_BITS: Final = np.uint64(16)
_LOCAL_MASK: Final = np.uint64(MAX_SEGMENT - 1)

Locals = NDArray[np.uint16]
_NOBODY: Final[Locals] = np.empty(0, np.uint16)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Segment:
    """Series `first` and the following: `ids[starts[i]:starts[i + 1]]` are the pairs of the i-th of them.

    `postings[bounds[k]:bounds[k + 1]]` are the series that have `pairs[k]`. The pairs of one name stand
    together; `groups` says where. `pairs_before` counts the pairs that only earlier series have.
    """

    first: int
    pairs_before: int
    starts: Numbers
    ids: Numbers
    pairs: Numbers
    bounds: Numbers
    postings: Locals
    groups: dict[int, tuple[int, int]]

    def __len__(self) -> int:
        """Count the series."""
        return len(self.starts) - 1

    def key(self, local: int) -> bytes:
        """Return the pair numbers of one series, as bytes."""
        return self.ids[self.starts[local] : self.starts[local + 1]].tobytes()

    def pairs_until(self, local: int) -> int:
        """Count the pairs that the series before a number within the segment have, and all earlier series."""
        ids = self.ids[: self.starts[local]]
        return max(self.pairs_before, int(ids.max()) + 1 if len(ids) else 0)

    def select(self, choices: Sequence[Choice]) -> Ints:
        """Return the series that pass all choices, as numbers within the segment."""
        inside = np.ones(len(self), np.bool_)
        for choice in choices:
            having = self._having(choice)
            if choice.excluded:
                inside[having] = False
            elif not len(having):
                return np.empty(0, np.int64)
            else:
                chosen = np.zeros(len(self), np.bool_)
                chosen[having] = True
                inside &= chosen
        return np.flatnonzero(inside)

    def _having(self, choice: Choice) -> Locals:
        if choice.name not in self.groups:
            return _NOBODY
        first, last = self.groups[choice.name]
        if choice.chosen is not None:
            rows = np.flatnonzero(choice.chosen[self.pairs[first:last]]) + first
            if not len(rows):
                return _NOBODY
            first, last = int(rows[0]), int(rows[-1]) + 1
            if last - first > len(rows):
                bounds = self.bounds.astype(np.int64)
                return self.postings[ragged(bounds[rows], bounds[rows + 1] - bounds[rows])]
        return self.postings[self.bounds[first] : self.bounds[last]]

    def names_in(self, inside: Bools, known: Container[int]) -> set[int]:
        """Return the names, but for those already known, that any of the series marked has."""
        return {
            name
            for name, (first, last) in self.groups.items()
            if name not in known and inside[self.postings[self.bounds[first] : self.bounds[last]]].any()
        }

    def pairs_in(self, inside: Bools, name: int) -> Numbers:
        """Return the pairs of a name that any of the series marked has."""
        if name not in self.groups:
            return self.pairs[:0]
        first, last = self.groups[name]
        bounds = self.bounds[first : last + 1].astype(np.int64)
        hits = inside[self.postings[bounds[0] : bounds[-1]]]
        return self.pairs[first:last][np.logical_or.reduceat(hits, bounds[:-1] - bounds[0])]

    def column(self, name: int) -> Ints:
        """Return each series' pair of a name, -1 where it has none."""
        column = np.full(len(self), -1, np.int64)
        if name in self.groups:
            first, last = self.groups[name]
            owners = self.postings[self.bounds[first] : self.bounds[last]]
            column[owners] = np.repeat(self.pairs[first:last], np.diff(self.bounds[first : last + 1]))
        return column


def build(first: int, pairs_before: int, starts: Numbers, ids: Numbers, name_of: Numbers) -> Segment:
    """Make a segment of series given by their pairs; `name_of` has the name of each pair there is."""
    owners = np.repeat(np.arange(len(starts) - 1, dtype=np.uint64), np.diff(starts))
    entries = np.sort(ids.astype(np.uint64) << _LOCAL_BITS | owners)
    sorted_ids = (entries >> _LOCAL_BITS).astype(np.uint32)
    heads = np.flatnonzero(np.diff(sorted_ids, prepend=np.int64(-1)))
    lengths = np.diff(heads, append=len(entries))
    pairs = sorted_ids[heads]
    names = name_of[pairs]
    order = np.argsort(names, kind="stable")
    names = names[order]
    cuts = np.flatnonzero(np.diff(names, prepend=np.int64(-1)))
    limits = [*cuts.tolist(), len(names)]
    return Segment(
        first=first,
        pairs_before=pairs_before,
        starts=starts,
        ids=ids,
        pairs=pairs[order],
        bounds=offsets_of(lengths[order]).astype(np.uint32),
        postings=(entries & _LOCAL_MASK).astype(np.uint16)[ragged(heads[order], lengths[order])],
        groups=dict(zip(names[cuts].tolist(), pairwise(limits), strict=True)),
    )


def merge(segments: Sequence[Segment], name_of: Numbers) -> Segment:
    """Make one segment of adjacent ones."""
    lengths = np.concatenate([np.diff(segment.starts) for segment in segments])
    return build(
        segments[0].first,
        segments[0].pairs_before,
        offsets_of(lengths).astype(np.uint32),
        np.concatenate([segment.ids for segment in segments]),
        name_of,
    )


class Tail:
    """The last series, up to `capacity` of them.

    Only what lies below `count` is there for readers. It is raised last, and nothing below it changes.
    """

    def __init__(self, first: int, pairs_before: int, capacity: int) -> None:
        self.first = first
        self.capacity = capacity
        self.count = 0
        self._pairs_before = pairs_before
        self._starts: Numbers = np.zeros(capacity + 1, np.uint32)
        self._ids: Numbers = np.zeros(capacity, np.uint32)
        self._segment: Segment | None = None

    def __len__(self) -> int:
        """Count the series."""
        return self.count

    def append(self, key: bytes) -> None:
        """Add a series, given by its pair numbers as bytes."""
        ids = np.frombuffer(key, np.uint32)
        start = int(self._starts[self.count])
        self._reserve(start + len(ids))
        self._ids[start : start + len(ids)] = ids
        self._starts[self.count + 1] = start + len(ids)
        self.count += 1

    def extend(self, lengths: Ints, ids: Numbers) -> None:
        """Add series, given by how many pairs each has, and the pairs."""
        start = int(self._starts[self.count])
        self._reserve(start + len(ids))
        self._ids[start : start + len(ids)] = ids
        end = self.count + len(lengths)
        self._starts[self.count + 1 : end + 1] = start + np.cumsum(lengths)
        self.count = end

    def _reserve(self, size: int) -> None:
        if size > len(self._ids):
            grown = np.zeros(max(size, 2 * len(self._ids)), np.uint32)
            grown[: len(self._ids)] = self._ids
            self._ids = grown

    def key(self, local: int) -> bytes:
        """Return the pair numbers of one series, as bytes."""
        return self._ids[self._starts[local] : self._starts[local + 1]].tobytes()

    def segment(self, table: PairTable) -> Segment:
        """Return what is there now as a segment; the same one until there is more."""
        count = self.count
        segment = self._segment
        if segment is None or len(segment) != count:
            starts = self._starts[: count + 1]
            ids = self._ids[: starts[-1]]
            segment = build(self.first, self._pairs_before, starts, ids, table.name_of)
            self._segment = segment
        return segment
