"""Where limit_ratio sees a series between 0 and 1: by XXH64 of its labels, to pick what Prometheus picks."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from timeseries.columns import Floats
from timeseries.labels import Labels

_PRIMES: Final = tuple(
    np.uint64(prime)
    for prime in (
        0x9E3779B185EBCA87,
        0xC2B2AE3D27D4EB4F,
        0x165667B19E3779F9,
        0x85EBCA77C2B2AE63,
        0x27D4EB2F165667C5,
    )
)
_STRIPE: Final = 32
# A length below this is one byte; a longer one is this byte and three more.
_LONG: Final = 255

Words = NDArray[np.uint64]


def offsets(labels: Sequence[Labels]) -> Floats:
    """Return a number for each series that depends on its labels alone and is spread evenly."""
    texts = [packed(own) for own in labels]
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    digests = np.empty(len(texts), np.uint64)
    for length in np.unique(lengths).tolist():
        rows = np.flatnonzero(lengths == length)
        data = np.frombuffer(b"".join(texts[row] for row in rows.tolist()), np.uint8)
        digests[rows] = xxh64(data.reshape(len(rows), length))
    return digests / float(2**64 - 1)


def packed(labels: Labels) -> bytes:
    """Write names and values one after the other, each with its length, as Prometheus keeps labels."""
    parts = []
    for pair in labels:
        for text in pair:
            data = text.encode()
            size = len(data)
            parts.append(bytes([size]) if size < _LONG else bytes([_LONG]) + size.to_bytes(3, "little"))
            parts.append(data)
    return b"".join(parts)


def xxh64(rows: NDArray[np.uint8]) -> Words:
    """Return the 64-bit xxHash of each row of bytes, with seed 0."""
    first, second, third, fourth, fifth = _PRIMES
    count, length = rows.shape
    whole = length // _STRIPE * _STRIPE
    if whole:
        lanes = np.empty((count, 4), np.uint64)
        lanes[:] = np.array([first, 0, 0, 0], np.uint64) + np.array([second, second, 0, 0], np.uint64)
        lanes[:, 3] -= first
        for start in range(0, whole, _STRIPE):
            lanes = _mixed(lanes, _words(rows[:, start : start + _STRIPE], 8))
        digests = _rotated(lanes, np.array([1, 7, 12, 18], np.uint64)).sum(axis=1, dtype=np.uint64)
        for lane in lanes.T:
            digests = (digests ^ _mixed(np.zeros_like(lane), lane)) * first + fourth
    else:
        digests = np.full(count, fifth)
    digests += np.uint64(length)
    for at in range(whole, length - 7, 8):
        word = _words(rows[:, at : at + 8], 8)[:, 0]
        digests = _rotated(digests ^ _mixed(np.zeros_like(word), word), _bits(27)) * first + fourth
    at = whole + (length - whole) // 8 * 8
    if length - at >= 4:
        word = _words(rows[:, at : at + 4], 4)[:, 0]
        digests = _rotated(digests ^ word * first, _bits(23)) * second + third
        at += 4
    for byte in rows[:, at:].T:
        digests = _rotated(digests ^ byte.astype(np.uint64) * fifth, _bits(11)) * first
    digests = (digests ^ digests >> _bits(33)) * second
    digests = (digests ^ digests >> _bits(29)) * third
    return np.asarray(digests ^ digests >> _bits(32))


def _words(rows: NDArray[np.uint8], size: int) -> Words:
    return np.ascontiguousarray(rows).view(f"<u{size}").astype(np.uint64)


def _mixed(lanes: Words, words: Words) -> Words:
    return _rotated(lanes + words * _PRIMES[1], _bits(31)) * _PRIMES[0]


def _rotated(numbers: Words, by: np.uint64 | Words) -> Words:
    return np.asarray(numbers << by | numbers >> (_bits(64) - by))


def _bits(count: int) -> np.uint64:
    return np.uint64(count)
