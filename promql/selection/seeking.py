"""Finds times in ragged rows, for all rows and steps at once, without a search: steps are evenly spaced."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from timeseries.columns import Ints, offsets_of

Item = TypeVar("Item", bound=np.generic)


def until(times: Ints, offsets: Ints, limits: Ints) -> Ints:
    """Return, for each row and limit, the index into `times` just after the row's samples up to the limit.

    Limits are evenly spaced and ascend, or are all the same. Instead of searching for each limit, each sample
    is told the first limit that sees it, and those are counted.
    """
    first, count = int(limits[0]), len(limits)
    if not len(times):
        return np.zeros((len(offsets) - 1, count), np.int64)
    if limits[-1] == first:
        seen = offsets_of(times <= first)
        position: Ints = offsets[:-1] + seen[offsets[1:]] - seen[offsets[:-1]]
        return np.repeat(position[:, None], count, axis=1)
    rows = len(offsets) - 1
    step = int(limits[1]) - first
    seen_at = np.clip(-((first - times) // step), 0, count)
    seen_at += np.repeat(np.arange(rows) * (count + 1), np.diff(offsets))
    grid = np.bincount(seen_at, minlength=rows * (count + 1)).reshape(rows, count + 1)[:, :count]
    positions: Ints = np.cumsum(grid, axis=1)
    positions += offsets[:-1, None]
    return positions


def held(array: NDArray[Item], index: Ints) -> NDArray[Item]:
    """Return the elements at these indices, and anything where one is outside; the array has elements."""
    return np.take(array, index, mode="clip")
