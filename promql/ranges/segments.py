"""What functions of windows need: reductions over many windows at once, windows as rows of a matrix."""

from collections.abc import Iterator
from typing import Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from timeseries.columns import Bools, Ints

Number = TypeVar("Number", bound=np.generic)

# Values in one matrix of windows: it stays in the processor's cache, whatever the windows' number and length.
BLOCK_VALUES: Final = 1 << 16


def padded(array: NDArray[Number]) -> NDArray[Number]:
    """Return the array with one element more, so that the end of the last window is an index into it."""
    return np.concatenate([array, np.zeros(1, array.dtype)])


def reduced(ufunc: np.ufunc, array: NDArray[Number], first: Ints, last: Ints) -> NDArray[Number]:
    """Reduce each window of a padded array; none may be empty.

    What lies between windows is reduced, too, and thrown away: that is never more than the array.
    """
    borders = np.empty(2 * len(first), np.int64)
    borders[0::2] = first
    borders[1::2] = last
    found: NDArray[Number] = ufunc.reduceat(array, borders)[::2]
    return found


def marked(marks: Bools) -> Ints:
    """Return how many are marked before each index, the one after the last included."""
    counts = np.zeros(len(marks) + 1, np.int64)
    np.cumsum(marks, out=counts[1:])
    return counts


class Block(NamedTuple):
    """Some windows as the rows of a matrix: which ones, where each sample is, and whether there is one."""

    cells: Ints
    places: Ints
    inside: Bools


def blocks(first: Ints, last: Ints) -> Iterator[Block]:
    """Lay windows of like lengths side by side, as many at once as memory allows; none may be empty."""
    lengths = last - first
    order = np.argsort(lengths, kind="stable")
    ascending = lengths[order]
    start = 0
    while start < len(order):
        most = BLOCK_VALUES // int(ascending[start]) + 1
        widths = ascending[start : start + most]
        fitting = np.searchsorted(widths * np.arange(1, len(widths) + 1), BLOCK_VALUES, side="right")
        end = start + max(int(fitting), 1)
        cells, width = order[start:end], int(ascending[end - 1])
        places = np.arange(width)
        index = first[cells, None] + places
        inside = places < lengths[cells, None]
        np.minimum(index, last[cells, None] - 1, out=index)
        yield Block(cells, index, inside)
        start = end
