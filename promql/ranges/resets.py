"""Between which samples a counter was reset, told by its values and by when their counting began."""

import numpy as np

from promql.ranges.segments import marked
from promql.values import Windows
from timeseries.columns import Bools, Floats, Ints


def starts_anew(before_start: Ints, before: Ints, start: Ints, time: Ints) -> Bools:
    """Tell of each sample whether its counting began after the sample before it was taken.

    One that began just when that sample was taken did so only if that one's beginning is known.
    """
    known = (start != 0) & (start < time)
    exact = (start == before) & (before_start != 0) & (before_start < before)
    anew: Bools = known & ((start > before) | exact)
    return anew


def overlaps(before_start: Ints, before: Ints, start: Ints) -> Bools:
    """Tell of each sample whether its counting began before the last sample, yet not with it."""
    found: Bools = (start != 0) & (start < before) & (start != before_start)
    return found


def reset_marks(windows: Windows) -> Bools:
    """Mark the samples before which their counter was reset; a series' first sample may be marked or not."""
    columns, starts = windows.columns, windows.sample_starts
    marks = np.zeros(len(columns.values), np.bool_)
    np.less(columns.values[1:], columns.values[:-1], out=marks[1:])
    if starts.any():
        times = columns.times
        marks[1:] |= starts_anew(starts[:-1], times[:-1], starts[1:], times[1:])
    return marks


def overlap_marks(windows: Windows) -> Bools:
    """Mark the samples whose counting overlaps that of the one before; a first one likewise."""
    columns, starts = windows.columns, windows.sample_starts
    marks = np.zeros(len(columns.values), np.bool_)
    marks[1:] = overlaps(starts[:-1], columns.times[:-1], starts[1:])
    return marks


def inside(counts: Ints, first: Ints, last: Ints) -> Ints:
    """Return how many samples of a window, all but its first, are marked: `counts` is from `marked`."""
    found: Ints = counts[last] - counts[np.minimum(first + 1, last)]
    return found


def lost_to_resets(windows: Windows) -> tuple[Ints, Floats] | None:
    """Return how many resets come before each index, and what each one lost; None when there are none."""
    marks = reset_marks(windows)
    if not marks.any():
        return None
    values = windows.columns.values
    lost = np.zeros(len(values) + 1)
    lost[1:-1] = np.where(marks[1:], values[:-1], 0.0)
    return marked(marks), lost
