"""resets and changes: how often a sample differs from the one before it, in each window."""

from collections.abc import Callable, Sequence

import numpy as np

from promql.context import Context
from promql.histograms.model import FloatHistogram
from promql.language.ast import Call
from promql.ranges.extended import first_anchored
from promql.ranges.frame import Frame, frame_of, rows_with, selector_of
from promql.ranges.resets import inside, reset_marks, starts_anew
from promql.ranges.segments import marked
from promql.values import Value, Vector, Windows
from timeseries.columns import Bools, Ints

# From the histogram before and this one to whether they differ.
Differ = Callable[[FloatHistogram, FloatHistogram], bool]


def resets(call: Call, args: Sequence[Value], context: Context) -> Vector:
    """Count the resets of a counter; a float after a histogram, or the other way round, counts, too."""
    frame = frame_of(call, args, context)
    return _counted(frame, reset_marks(frame.windows), _reset, starts_matter=True)


def changes(call: Call, args: Sequence[Value], context: Context) -> Vector:
    """Count how often the value changes; a float after a histogram, or the other way round, counts, too."""
    frame = frame_of(call, args, context)
    return _counted(frame, _change_marks(frame.windows), _changed, starts_matter=False)


def _reset(before: FloatHistogram, now: FloatHistogram) -> bool:
    return now.reset_since(before)


def _changed(before: FloatHistogram, now: FloatHistogram) -> bool:
    return not now.equals(before)


def _change_marks(windows: Windows) -> Bools:
    """Mark the samples with another value than the one before, firsts in any way; NaN stays NaN."""
    values = windows.columns.values
    marks = np.zeros(len(values), np.bool_)
    before, now = values[:-1], values[1:]
    marks[1:] = (now != before) & ~(np.isnan(now) & np.isnan(before))
    return marks


def _counted(frame: Frame, marks: Bools, differ: Differ, *, starts_matter: bool) -> Vector:
    windows = frame.windows
    first, present = windows.first, frame.floats > 0
    selector = selector_of(frame.call)
    anchored = selector is not None and selector.anchored
    if anchored:
        first, present = first_anchored(windows)
    counts = inside(marked(marks), first, windows.last).astype(np.float64)
    if frame.histograms is not None:
        for row in rows_with(frame.histograms > 0):
            frame.context.check()
            line = _Line(windows, row, marks, differ, starts_matter=starts_matter)
            counts[row], present[row] = line.counts(anchored=anchored)
    return frame.vector(counts, present)


class _Line:
    """The floats and histograms of one series, in the order of time."""

    def __init__(
        self, windows: Windows, row: int, marks: Bools, differ: Differ, *, starts_matter: bool
    ) -> None:
        self._windows, self._row = windows, row
        self._floats = int(windows.first[row].min())
        self._histograms = int(windows.histogram_first[row].min())
        floats = slice(self._floats, int(windows.last[row].max()))
        own = slice(self._histograms, int(windows.histogram_last[row].max()))
        count = max(floats.stop - floats.start, 0)
        times = np.concatenate([windows.columns.times[floats], windows.histogram_times[own]])
        order = np.argsort(times, kind="stable").tolist()
        self._times = times[order]
        starts = np.concatenate([windows.sample_starts[floats], windows.histogram_starts[own]])
        objects: list[FloatHistogram | None] = [None] * count + windows.histograms[own].tolist()
        anew = np.zeros(len(order), np.bool_)
        if starts_matter and starts.any():
            sorted_times, sorted_starts = times[order], starts[order]
            anew[1:] = starts_anew(sorted_starts[:-1], sorted_times[:-1], sorted_starts[1:], sorted_times[1:])
        found = np.zeros(len(order), np.bool_)
        for place in range(1, len(order)):
            at, before = objects[order[place]], objects[order[place - 1]]
            if at is None and before is None:
                found[place] = marks[self._floats + order[place]]
            elif at is None or before is None:
                found[place] = True
            else:
                found[place] = anew[place] or differ(before, at)
        self._marks = marked(found)

    def counts(self, *, anchored: bool) -> tuple[Ints, Bools]:
        """Return how many differ from the one before, in each window, and which windows hold any sample.

        When they are anchored, the last sample up to the start of the range is the first that counts.
        """
        windows, row = self._windows, self._row
        skipped = self._floats + self._histograms
        begin = windows.first[row] + windows.histogram_first[row] - skipped
        end = windows.last[row] + windows.histogram_last[row] - skipped
        within = begin
        if anchored:
            within = np.maximum(begin, np.searchsorted(self._times, windows.starts, side="right"))
            begin = np.maximum(begin, within - 1)
        return inside(self._marks, begin, np.maximum(begin, end)), end > within
