"""The index of series, in memory: labels to references and back, matchers to references. Knows no samples.

A reference is a number from 0 upward, for good. One thread at a time may register or restore, under its
owner's lock. All else is for any number of threads without one: each call works on what was published when it
began, and a series is published whole. (A new label value may be listed a moment before its series.) What is
published never changes: finished segments, tables that only grow, and the tail's count, which is raised last.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from gateway.storage.cardinality import Cardinality, cardinality
from gateway.storage.chunks import Chunk, decode_chunk, encode_chunk
from gateway.storage.errors import DamagedData
from gateway.storage.hashes import HASH_BITS, RefsByHash
from gateway.storage.pairs import PairTable
from gateway.storage.postings import MAX_SEGMENT, Segment, Tail, merge
from gateway.storage.samples import ragged
from timeseries.columns import Bools, Ints, offsets_of
from timeseries.labels import METRIC_NAME, Labels
from timeseries.matcher import Matcher

# Whoever reads after a new series came sorts the tail anew: a millisecond or two for so many.
_TAIL_SERIES: Final = 4096

_DIGEST_MASK: Final = (1 << HASH_BITS) - 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Published:
    """All series: those of the segments, in order, and then those of the tail."""

    segments: tuple[Segment, ...]
    firsts: tuple[int, ...]
    tail: Tail


class SeriesIndex:
    """All series that there are.

    A full tail of `tail_series` becomes a segment, and small segments become one of `segment_series`: a
    multiple of the other, and at most MAX_SEGMENT.
    """

    def __init__(self, tail_series: int = _TAIL_SERIES, segment_series: int = MAX_SEGMENT) -> None:
        self._tail_series = tail_series
        self._segment_series = segment_series
        self._table = PairTable()
        self._by_hash = RefsByHash()
        self._published = _Published(segments=(), firsts=(), tail=Tail(0, 0, tail_series))

    def __len__(self) -> int:
        """Count the series."""
        tail = self._published.tail
        return tail.first + len(tail)

    # --- registering ---

    def ref(self, labels: Labels) -> int:
        """Return the reference of a series, a new one for a new series."""
        numbers = self._table.find(labels)
        if numbers is None:
            numbers = list(map(self._table.number, labels))
        key = _key_of(numbers)
        found = self._find(key)
        if found is not None:
            return found
        ref = len(self)
        # First the hash: what is published can be found.
        self._by_hash.add(_digest(key), ref)
        self._published.tail.append(key)
        self._seal_full_tail()
        return ref

    def find(self, labels: Labels) -> int | None:
        """Return the reference of a series, None when it is not there."""
        numbers = self._table.find(labels)
        return None if numbers is None else self._find(_key_of(numbers))

    def _find(self, key: bytes) -> int | None:
        return self._by_hash.find(_digest(key), lambda ref: ref < len(self) and self._key(ref) == key)

    def _key(self, ref: int) -> bytes:
        published = self._published
        run: Tail | Segment = published.tail
        if ref < run.first:
            run = published.segments[bisect_right(published.firsts, ref) - 1]
        return run.key(ref - run.first)

    def _seal_full_tail(self) -> None:
        published = self._published
        if len(published.tail) < self._tail_series:
            return
        segments = [*published.segments, published.tail.segment(self._table)]
        small = [segment for segment in segments if len(segment) < self._segment_series]
        if sum(map(len, small)) >= self._segment_series:
            segments[-len(small) :] = [merge(small, self._table.name_of)]
        last = segments[-1]
        self._published = _Published(
            segments=tuple(segments),
            firsts=tuple(segment.first for segment in segments),
            tail=Tail(last.first + len(last), last.pairs_until(len(last)), self._tail_series),
        )

    # --- reading ---

    def select(self, matchers: Sequence[Matcher]) -> Ints:
        """Return the references of the series that pass all matchers, ascending."""
        segments = self._segments()
        choices = self._table.choices(matchers)
        return np.concatenate([segment.select(choices) + segment.first for segment in segments])

    def labels(self, ref: int) -> Labels:
        """Return the labels of a series; raises IndexError when there is none."""
        if not 0 <= ref < len(self):
            raise IndexError(ref)
        pairs = self._table.pairs
        return Labels.trusted([pairs[number] for number in array("I", self._key(ref))])

    def labels_of(self, refs: Ints) -> list[Labels]:
        """Return the labels of many series, in the order of their references."""
        pair = self._table.pairs.__getitem__
        found = [Labels()] * len(refs)
        for segment, places, local in self._split(refs):
            starts = segment.starts[local].astype(np.int64)
            lengths = segment.starts[local + 1] - starts
            pairs = list(map(pair, segment.ids[ragged(starts, lengths)].tolist()))
            bounds = pairwise(offsets_of(lengths).tolist())
            for place, (start, end) in zip(places.tolist(), bounds, strict=True):
                found[place] = Labels.trusted(pairs[start:end])
        return found

    def label_names(self, refs: Ints | None = None) -> list[str]:
        """Return the label names of these series, of all by default, sorted."""
        names = self._table.names
        if refs is None:
            return sorted(names)
        found: set[int] = set()
        for segment, _, local in self._split(refs):
            found |= segment.names_in(_marks(segment, local), found)
        return sorted(names[number] for number in found)

    def label_values(self, name: str, refs: Ints | None = None) -> list[str]:
        """Return the values that a label has in these series, in all by default, sorted."""
        table = self._table
        number = table.name_number(name)
        if number is None:
            return []
        if refs is None:
            found = table.of_name(number)
        else:
            seen = np.zeros(len(table), np.bool_)
            for segment, _, local in self._split(refs):
                seen[segment.pairs_in(_marks(segment, local), number)] = True
            found = np.flatnonzero(seen)
        return sorted(table.pairs[at][1] for at in found.tolist())

    def order(self, refs: Ints) -> Ints:
        """Return the order in which parts hold series: by metric, and within one in order of arrival.

        A sender's series arrive together and in one order, so neighbours share host and times. Between two
        series this order never changes.
        """
        return np.argsort((self.metrics(refs) << 32) + refs, kind="stable")

    def metrics(self, refs: Ints) -> Ints:
        """Return a number for the metric name of each series, -1 where it has none."""
        metric = self._table.name_number(METRIC_NAME)
        metrics = np.full(len(refs), -1, np.int64)
        if metric is not None:
            for segment, places, local in self._split(refs):
                metrics[places] = segment.column(metric)[local]
        return metrics

    def metric_names(self, metrics: Ints) -> list[str]:
        """Return metric names by these numbers, empty for -1."""
        pairs = self._table.pairs
        return [pairs[number][1] if number >= 0 else "" for number in metrics.tolist()]

    def cardinality(self, limit: int) -> Cardinality:
        """Return what makes many series: the `limit` largest of each kind."""
        return cardinality(self._segments(), self._table, limit)

    def _segments(self) -> list[Segment]:
        published = self._published
        return [*published.segments, published.tail.segment(self._table)]

    def _split(self, refs: Ints) -> Iterator[tuple[Segment, Ints, Ints]]:
        """Give for each segment the places in `refs` that name its series, and their numbers within it."""
        segments = self._segments()
        firsts = np.array([segment.first for segment in segments])
        which = np.searchsorted(firsts, refs, side="right") - 1
        order = np.argsort(which, kind="stable")
        cuts = np.searchsorted(which[order], np.arange(1, len(segments)))
        for segment, places in zip(segments, np.split(order, cuts), strict=True):
            if len(places):
                yield segment, places, refs[places] - segment.first

    # --- keeping ---

    def rows(self, first: int, end: int) -> bytes:
        """Return the series from one reference to another, not included, and what is new with them."""
        segments = self._segments()
        table = self._table
        pairs_before, pairs_after = _pairs_until(segments, first), _pairs_until(segments, end)
        names_before, names_after = table.names_before(pairs_before), table.names_before(pairs_after)
        lengths, ids = [np.empty(0, np.int64)], [np.empty(0, np.uint32)]
        for segment in segments:
            low, high = max(first - segment.first, 0), min(end - segment.first, len(segment))
            if low < high:
                lengths.append(np.diff(segment.starts[low : high + 1]).astype(np.int64))
                ids.append(segment.ids[segment.starts[low] : segment.starts[high]])
        return encode_chunk(
            Chunk(
                first=first,
                pairs_before=pairs_before,
                names_before=names_before,
                lengths=np.concatenate(lengths),
                ids=np.concatenate(ids),
                names=table.names[names_before:names_after],
                name_of=table.name_of[pairs_before:pairs_after],
                values=[value for _, value in table.pairs[pairs_before:pairs_after]],
            )
        )

    def restore(self, raw: bytes) -> None:
        """Add what `rows` returned, all of it in the order of the references; raises DamagedData."""
        chunk = decode_chunk(raw)
        table = self._table
        if (chunk.first, chunk.pairs_before, chunk.names_before) != (len(self), len(table), len(table.names)):
            raise DamagedData(f"series {chunk.first} and following do not fit those before them")
        table.extend(chunk.names, chunk.name_of, chunk.values)
        offsets = offsets_of(chunk.lengths).tolist()
        data = chunk.ids.tobytes()
        digests = (_digest(data[4 * low : 4 * high]) for low, high in pairwise(offsets))
        self._by_hash.extend(np.fromiter(digests, np.int64, len(chunk.lengths)), chunk.first)
        start = 0
        while start < len(chunk.lengths):
            tail = self._published.tail
            end = min(start + self._tail_series - len(tail), len(chunk.lengths))
            tail.extend(chunk.lengths[start:end], chunk.ids[offsets[start] : offsets[end]])
            self._seal_full_tail()
            start = end


def _key_of(numbers: Iterable[int]) -> bytes:
    return array("I", numbers).tobytes()


def _digest(key: bytes) -> int:
    return hash(key) & _DIGEST_MASK


def _marks(segment: Segment, local: Ints) -> Bools:
    marks = np.zeros(len(segment), np.bool_)
    marks[local] = True
    return marks


def _pairs_until(segments: Sequence[Segment], ref: int) -> int:
    """Count the pairs that the series below a reference have."""
    segment = next(segment for segment in reversed(segments) if segment.first <= ref)
    return segment.pairs_until(ref - segment.first)
