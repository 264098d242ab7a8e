"""Sums and averages of floats over windows, as exact as Prometheus' compensated ones, yet without a loop.

The processor's widest floats add up all windows. Where that may not be enough, because large numbers cancel
each other out, the few windows concerned are added up again, compensated, in the order of their samples.
"""

from typing import Final

import numpy as np

from promql.ranges.segments import blocks, padded, reduced
from timeseries.columns import Bools, Floats, Ints

# How far the wide sum may be off, at most, relative to the result.
TOLERANCE: Final = 1e-12
WIDE_EPSILON: Final = float(np.finfo(np.longdouble).eps)
LARGEST: Final = float(np.finfo(np.float64).max)
# Up to here the widest floats hold all whole numbers.
EXACT: Final = 1 / WIDE_EPSILON


def sums(values: Floats, first: Ints, last: Ints) -> Floats:
    """Return the sum of each window; none may be empty."""
    wide, magnitude = _wide(values, first, last)
    found: Floats = wide.astype(np.float64)
    doubtful = _doubtful(values, wide, magnitude, last - first)
    if doubtful.any():
        found[doubtful] = compensated_sums(values, first[doubtful], last[doubtful])
    return found


def averages(values: Floats, first: Ints, last: Ints) -> Floats:
    """Return the average of each window; none may be empty."""
    wide, magnitude = _wide(values, first, last)
    found: Floats = (wide / (last - first)).astype(np.float64)
    doubtful = _doubtful(values, wide, magnitude, last - first)
    if doubtful.any():
        found[doubtful] = compensated_averages(values, first[doubtful], last[doubtful])
    return found


def _wide(values: Floats, first: Ints, last: Ints) -> tuple[np.ndarray, np.ndarray]:
    wide = padded(values.astype(np.longdouble))
    found = reduced(np.add, wide, first, last)
    if not (values < 0).any():
        return found, found
    return found, reduced(np.add, np.abs(wide), first, last)


def _doubtful(values: Floats, wide: np.ndarray, magnitude: np.ndarray, counts: Ints) -> Bools:
    """Mark the finite sums that may be off, or that a narrow float can't hold."""
    off = counts * WIDE_EPSILON * magnitude > TOLERANCE * np.abs(wide)
    if off.any() and bool(np.all((np.trunc(values) == values) | ~np.isfinite(values))):
        off &= magnitude > EXACT
    doubtful: Bools = np.isfinite(magnitude) & (off | (magnitude > LARGEST))
    return doubtful


def added(value: Floats, total: Floats, lost: Floats) -> tuple[Floats, Floats]:
    """Add to a compensated sum (Neumaier); return it and what rounding has lost so far."""
    bigger = total + value
    loss = np.where(np.abs(total) >= np.abs(value), (total - bigger) + value, (value - bigger) + total)
    return bigger, np.where(np.isinf(bigger), 0.0, lost + loss)


def compensated_sums(values: Floats, first: Ints, last: Ints) -> Floats:
    """Return each window's sum, sample after sample: the loop is over places, with all windows at once."""
    found = np.zeros(len(first))
    for cells, index, inside in blocks(first, last):
        total, lost = np.zeros(len(cells)), np.zeros(len(cells))
        for place in range(index.shape[1]):
            more, less = added(values[index[:, place]], total, lost)
            total, lost = np.where(inside[:, place], (more, less), (total, lost))
        found[cells] = np.where(np.isinf(total), total, total + lost)
    return found


def compensated_averages(values: Floats, first: Ints, last: Ints) -> Floats:
    """Return each window's average likewise; a sum that grows too large becomes a running average."""
    found = np.zeros(len(first))
    for cells, index, inside in blocks(first, last):
        total, lost = values[index[:, 0]], np.zeros(len(cells))
        running = np.zeros(len(cells), np.bool_)
        for place in range(1, index.shape[1]):
            value, count, live = values[index[:, place]], place + 1.0, inside[:, place]
            more, less = added(value, total, lost)
            overflows = live & ~running & np.isinf(more)
            total = np.where(overflows, total / place, total)
            lost = np.where(overflows, lost / place, lost)
            running |= overflows
            share = place / count
            mean, rest = added(value / count, share * total, share * lost)
            total = np.where(live, np.where(running, mean, more), total)
            lost = np.where(live, np.where(running, rest, less), lost)
        counts = np.count_nonzero(inside, axis=1)
        found[cells] = np.where(running, total + lost, total / counts + lost / counts)
    return found
