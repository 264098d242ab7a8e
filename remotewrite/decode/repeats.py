"""Requests that have the same series in the same places as one before: all but the samples is the same bytes.

A sender whose series stay the same sends such requests for hours. Then nothing is parsed: the samples are
blanked out, what is left is compared with what was left of the request before, and the samples are read where
they stood in it. Knows how a Sample is written; what else a request holds does not matter.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

import numpy as np

from remotewrite.decode.matrix import Buffer, Words, close_gaps
from timeseries.columns import Floats, Ints

# A Sample with a value and a time of today: a tag, eight bytes of value, a tag, six bytes of time. All but
# the first tag is blanked out, and the second tag is looked at instead.
# It begins so without and with a start time behind it.
_HEADS: Final = (b"\x12\x10\x09", b"\x12\x17\x09")
_FREE: Final = np.dtype("V15")
_BLANK: Final = np.zeros((), _FREE)

# The last eight bytes of a sample: one of value, the tag, six whose top bits say that the sixth is the last.
_TAIL_AT: Final = 7
_TAIL_MASK: Final = np.uint64(0x808080808080FF00)
_TAIL: Final = np.uint64(0x0080808080801000)
_TAIL_SHIFT: Final = np.uint64(16)

# Requests of some 400,000 series. What more there is is read the usual way.
CAPACITY: Final = 128 * 1024 * 1024

# What a layout costs beside its bytes: five objects, and its place among the others.
LAYOUT_BYTES: Final = 800

# Kinds of requests seen once; a request of a new kind is put aside only when it comes again.
_MAX_SEEN: Final = 65_536

Kind = tuple[int, int]


class Repeat(NamedTuple):
    """The samples of a request, in its order."""

    refs: Ints
    times: Ints
    values: Floats
    starts: Ints


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layout:
    """A request without its samples, where their values stand, and whose they are."""

    blank: bytes
    at: Ints
    refs: Ints
    starts: Ints

    @classmethod
    def of(cls, body: bytes, at: Ints, refs: Ints, starts: Ints) -> Self | None:
        """Return the layout of a request whose samples' values stand at these places.

        None if a sample has no value (it is 0), or a time of another size.
        """
        if int(at[-1]) + _FREE.itemsize > len(body):
            return None
        layout = cls(blank=bytes(_blanked(body, at)), at=at, refs=refs, starts=starts)
        return None if layout.read(body) is None else layout

    def read(self, body: bytes) -> Repeat | None:
        """Return the samples of a request of this layout, None if it has another."""
        if len(body) != len(self.blank) or _blanked(body, self.at) != self.blank:
            return None
        words: Words = np.ndarray((len(body) - 7,), "<u8", body, strides=(1,))
        tails = words[self.at + _TAIL_AT]
        if ((tails & _TAIL_MASK) != _TAIL).any():
            return None
        times = close_gaps(tails >> _TAIL_SHIFT)
        return Repeat(self.refs, times, words[self.at].view(np.float64), self.starts)

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        return LAYOUT_BYTES + len(self.blank) + 24 * len(self.at)


def _blanked(body: bytes, at: Ints) -> bytearray:
    blank = bytearray(body)
    places = np.ndarray((len(body) - _FREE.itemsize + 1,), _FREE, blank, strides=(1,))
    places[at] = _BLANK
    return blank


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plain:
    """A request all of whose series have one sample, and where in them the values stand.

    `is_head` tells whether bytes are whole fields of such a request, and nothing that is kept is in them.
    """

    body: bytes
    series: Buffer
    is_head: Callable[[bytes], bool]
    at: Ints
    refs: Ints
    starts: Ints


class Repeats:
    """The layouts that came last, by the size of the request and what stands before its first sample.

    Threads share it without a lock: each step stands for itself, and a layout lost is learnt again.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._size = 0
        self._layouts: OrderedDict[Kind, Layout] = OrderedDict()
        self._seen: set[Kind] = set()

    def read(self, body: bytes) -> Repeat | None:
        """Return the samples of a request that is like one before."""
        layout = self._layouts.get(_kind(body))
        return None if layout is None else layout.read(body)

    def forget(self) -> None:
        """Read all requests anew."""
        self._layouts = OrderedDict()
        self._size = 0

    def learn(self, plain: Plain) -> None:
        """Take note of a request; one that comes for the second time gets a layout."""
        kind = _kind(plain.body)
        if kind not in self._seen:
            if len(self._seen) >= _MAX_SEEN:
                self._seen = set()
            self._seen.add(kind)
            return
        self._seen.discard(kind)
        at = _places(plain)
        layout = None if at is None else Layout.of(plain.body, at, plain.refs, plain.starts)
        if layout is not None:
            self._layouts[kind] = layout
            self._size += layout.size
            if self._size > self._capacity:
                self._make_room()

    def _make_room(self) -> None:
        layouts = self._layouts.copy()
        self._size = sum(layout.size for layout in layouts.values())
        while self._size > self._capacity:
            self._size -= layouts.popitem(last=False)[1].size
        self._layouts = layouts


def _places(plain: Plain) -> Ints | None:
    """Return where the values stand in the body.

    None unless it ends with just these series, each after its tag and its size. The bytes of a series may
    stand in a field that nobody reads, too. So what comes before must be whole fields, none of them a series:
    then all series are in the rest, and they fill it.
    """
    series = plain.series
    lengths = series.ends - series.starts
    heads = 2 + (lengths >> 7 > 0) + (lengths >> 14 > 0) + (lengths >> 21 > 0)
    before = np.cumsum(heads)
    base = len(plain.body) - int(series.ends[-1] + before[-1])
    if base < 0 or not plain.is_head(plain.body[:base]):
        return None
    return plain.at + base + before


def _kind(body: bytes) -> Kind:
    until = len(body)
    for head in _HEADS:
        found = body.find(head, 0, until)
        until = until if found < 0 else found
    return len(body), hash(body[:until])
