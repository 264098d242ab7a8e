"""Tracks: many columns of int64 as planes of bytes that compress well. Knows nothing of times and values.

A track becomes its first number, the step it usually takes where that helps, and what each step has beyond
that: small numbers, mostly. Of those, all lowest bytes come first, then the second lowest of the tracks that
need them, and so on; tracks that need more bytes stand first, so that each plane belongs to the first so many
numbers. Arithmetic wraps around on both sides, so that every int64 survives.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from timeseries.columns import Ints, offsets_of

_Words = NDArray[np.uint64]

# What is said of each track: its length, its first number less the last of the track before, its average
# step, and the bytes that the rest of its steps needs.
_FIELDS: Final = 4
_WORD_BYTES: Final = 8

# A usual step takes up to eight bytes itself: it must save more bits than those.
_WORTH_BITS: Final = 64

# Steps that the usual one is the median of. A counter that starts again would move an average.
_PROBES: Final = 32

# The largest numbers of 0, 1, … 7 bytes.
_LARGEST: Final = np.array([256**size - 1 for size in range(_WORD_BYTES)], np.uint64)


class Tracks:
    """Tracks that were decoded, in the order that suited the planes; `places` says where each stands."""

    def __init__(self, numbers: Ints, bounds: Ints, places: Ints) -> None:
        self._numbers = numbers
        self._starts = bounds[:-1][places]
        self._ends = bounds[1:][places]
        self._places = places
        lengths = np.diff(bounds)
        self._length = int(lengths[0]) if len(lengths) and (lengths == lengths[0]).all() else 0

    def lengths(self, tracks: Ints) -> Ints:
        """Return how many numbers these tracks have."""
        return self._ends[tracks] - self._starts[tracks]

    def join(self, tracks: Ints) -> Ints:
        """Return these tracks end to end."""
        if self._length:
            joined: Ints = self._numbers.reshape(-1, self._length)[self._places[tracks]].reshape(-1)
            return joined
        bounds = zip(self._starts[tracks].tolist(), self._ends[tracks].tolist(), strict=True)
        return np.concatenate([self._numbers[:0], *(self._numbers[start:end] for start, end in bounds)])


def encode_tracks(tracks: Sequence[Ints], notes: Ints) -> bytes:
    """Return all tracks as bytes, and their owner's notes: how many there are of each must be remembered."""
    lengths = np.fromiter(map(len, tracks), np.int64, len(tracks))
    offsets = offsets_of(lengths)
    numbers = np.concatenate([np.empty(0, np.int64), *tracks])
    filled = np.flatnonzero(lengths)
    first, last = offsets[filled], offsets[filled + 1] - 1
    head = np.zeros((_FIELDS, len(tracks)), np.int64)
    head[0] = lengths
    words = numbers.view(np.uint64)
    if len(filled):
        head[2, filled], words = _residuals(numbers, first, last)
        head[3, filled] = np.searchsorted(_LARGEST, np.maximum.reduceat(words, first))
    order = _widest_first(head[3])
    used = order[lengths[order] > 0]
    head[1, used] = numbers[offsets[used]]
    head[1, used[1:]] -= numbers[offsets[used[:-1] + 1] - 1]
    bounds = offsets.tolist()
    words = np.concatenate([words[:0], *(words[bounds[at] : bounds[at + 1]] for at in order.tolist())])
    matrix = words.view(np.uint8).reshape(-1, _WORD_BYTES)
    sizes = _plane_sizes(head[3, order], offsets_of(lengths[order]))
    planes = (matrix[:size, plane].tobytes() for plane, size in enumerate(sizes))
    front = _zigzag(np.concatenate([head.reshape(-1), notes.reshape(-1)]))
    return b"".join([front.view(np.uint8).reshape(-1, _WORD_BYTES).T.tobytes(), *planes])


def decode_tracks(body: bytes, count: int, notes_shape: tuple[int, int]) -> tuple[Tracks, Ints]:
    """Return so many tracks, and the notes."""
    raw = np.frombuffer(body, np.uint8)
    front = _FIELDS * count + notes_shape[0] * notes_shape[1]
    at = _WORD_BYTES * front
    words = np.ascontiguousarray(raw[:at].reshape(_WORD_BYTES, front).T).view(np.uint64)
    said = _unzigzag(words.reshape(-1))
    head = said[: _FIELDS * count].reshape(_FIELDS, count)
    order = _widest_first(head[3])
    lengths, links, usual, widths = head[:, order]
    bounds = offsets_of(lengths)
    numbers = np.repeat(usual, lengths)
    sizes = _plane_sizes(widths, bounds)
    if sizes:
        matrix = np.zeros((sizes[0], _WORD_BYTES), np.uint8)
        for plane, size in enumerate(sizes):
            matrix[:size, plane] = raw[at : at + size]
            at += size
        numbers[: sizes[0]] += _unzigzag(matrix.view(np.uint64).reshape(-1))
    filled = lengths > 0
    numbers[bounds[:-1][filled]] = links[filled]
    np.cumsum(numbers, out=numbers)
    places = np.empty(count, np.int64)
    places[order] = np.arange(count)
    return Tracks(numbers, bounds, places), said[_FIELDS * count :].reshape(notes_shape)


def _residuals(numbers: Ints, first: Ints, last: Ints) -> tuple[Ints, _Words]:
    """Return the usual step of each track, or 0, and what each step has beyond it; first numbers have 0."""
    lengths = last - first + 1
    steps = np.diff(numbers, prepend=0)
    steps[first] = 0
    probes = first[:, None] + 1 + np.arange(_PROBES) * (lengths - 1)[:, None] // _PROBES
    usual = np.sort(steps[np.minimum(probes, last[:, None])], axis=1)[:, _PROBES // 2]
    beyond = steps - np.repeat(usual, lengths)
    beyond[first] = 0
    saved = np.add.reduceat(_bits(steps) - _bits(beyond), first)
    usual[saved < _WORTH_BITS] = 0
    steps -= np.repeat(usual, lengths)
    steps[first] = 0
    return usual, _zigzag(steps)


def _bits(numbers: Ints) -> NDArray[np.float64]:
    """Guess how many bits each number takes when compressed."""
    bits: NDArray[np.float64] = np.log2(np.abs(numbers.astype(np.float64)) + 1)
    return bits


def _widest_first(widths: Ints) -> Ints:
    return np.argsort(-widths, kind="stable")


def _plane_sizes(widths: Ints, bounds: Ints) -> list[int]:
    """Return how many numbers have more than 0, 1, 2, … bytes, where the widest tracks stand first."""
    planes = np.arange(widths[0] if len(widths) else 0)
    sizes: list[int] = bounds[np.searchsorted(-widths, -planes)].tolist()
    return sizes


def _zigzag(numbers: Ints) -> _Words:
    """0, -1, 1, -2, … become 0, 1, 2, 3, …"""
    return ((numbers << 1) ^ (numbers >> 63)).view(np.uint64)


def _unzigzag(words: _Words) -> Ints:
    numbers = words & np.uint64(1)
    np.negative(numbers, out=numbers)
    numbers ^= words >> np.uint64(1)
    return numbers.view(np.int64)
