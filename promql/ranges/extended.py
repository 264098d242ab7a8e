"""`anchored` and `smoothed` ranges: what a series was at the borders, from samples outside of them.

Anchored takes the last sample at or before a border; smoothed draws a line between the samples around it.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from promql.errors import EvaluationError
from promql.language.ast import Call, VectorSelector
from promql.ranges.frame import Frame, selector_of
from promql.ranges.resets import inside
from promql.ranges.segments import marked, reduced
from promql.selection.seeking import held, until
from promql.values import Windows
from timeseries.columns import Bools, Columns, Floats, Ints, offsets_of

ANCHORED: Final = ("changes", "delta", "increase", "rate", "resets")
SMOOTHED: Final = ("delta", "increase", "rate")


def check_modifiers(call: Call) -> None:
    """Raise EvaluationError when a function can't take the modifier of its range."""
    selector = selector_of(call)
    if selector is None:
        return
    for modifier, given, allowed in (
        ("anchored", selector.anchored, ANCHORED),
        ("smoothed", selector.smoothed, SMOOTHED),
    ):
        if given and call.function not in allowed:
            raise EvaluationError(
                f"{modifier} modifier can only be used with: {', '.join(allowed)} - not with {call.function}"
            )


def first_anchored(windows: Windows) -> tuple[Ints, Bools]:
    """Return the last float up to the start of each range, else the first; and where there is one in it."""
    times = windows.columns.times
    if not len(times):
        return windows.first, np.zeros(windows.first.shape, np.bool_)
    edges = _edges(windows, smoothed=False)
    return edges.first, edges.present


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Edges:
    """The samples that decide over the borders of each window, by index, and where there is a result."""

    first: Ints
    last: Ints
    present: Bools


def _edges(windows: Windows, *, smoothed: bool) -> _Edges:
    columns = windows.columns
    newest = windows.last - 1
    after_start = until(columns.times, columns.offsets, windows.starts)
    first = np.maximum(windows.first, np.minimum(after_start, newest) - 1)
    last = newest
    if smoothed:
        last = np.minimum(until(columns.times, columns.offsets, windows.ends - 1), newest)
    present = (newest >= windows.first) & (held(columns.times, last) > windows.starts)
    if smoothed:
        present &= held(columns.times, first) <= windows.ends
    return _Edges(first=first, last=last, present=present)


def _between(columns: Columns, before: Ints, after: Ints, at: Ints, *, counter: bool) -> Floats:
    """Return what the line from one sample to the next is at a time; after a reset it begins at 0."""
    low, high = held(columns.values, before), held(columns.values, after)
    begin, end = held(columns.times, before), held(columns.times, after)
    if counter:
        low = np.where(high < low, 0.0, low)
    found: Floats = low + (high - low) * (at - begin) / (end - begin)
    return found


def _borders(windows: Windows, edges: _Edges, *, smoothed: bool, counter: bool) -> tuple[Floats, Floats]:
    """Return the value at the start and the end of each range."""
    columns = windows.columns
    left, right = held(columns.values, edges.first), held(columns.values, edges.last)
    if smoothed:
        outside = held(columns.times, edges.first) < windows.starts
        drawn = _between(columns, edges.first, edges.first + 1, windows.starts, counter=counter)
        left = np.where(outside, drawn, left)
        beyond = held(columns.times, edges.last) > windows.ends
        drawn = _between(columns, edges.last - 1, edges.last, windows.ends, counter=counter)
        right = np.where(beyond, drawn, right)
    return left, right


def _strictly_inside(windows: Windows, edges: _Edges) -> tuple[Ints, Ints]:
    """Return the first and last index of the samples that are not at or outside of the borders."""
    times = windows.columns.times
    first = edges.first + (held(times, edges.first) <= windows.starts)
    last = edges.last - (held(times, edges.last) >= windows.ends)
    return first, last


def extended(frame: Frame, *, smoothed: bool, counter: bool, per_second: bool) -> tuple[Floats, Bools]:
    """Return rate, increase or delta between the borders of each window, and where there is one."""
    windows = frame.windows
    columns = windows.columns
    if not len(columns.times):
        return np.zeros(frame.floats.shape), np.zeros(frame.floats.shape, np.bool_)
    edges = _edges(windows, smoothed=smoothed)
    with np.errstate(all="ignore"):
        left, right = _borders(windows, edges, smoothed=smoothed, counter=counter)
        result = right - left
        if counter:
            result += _lost(windows, edges, left, right)
        if per_second:
            result /= (windows.ends - windows.starts) / 1000
    return result, edges.present


def _lost(windows: Windows, edges: _Edges, left: Floats, right: Floats) -> Floats:
    """Return what resets took, from the value at the start over the samples inside to that at the end."""
    columns = windows.columns
    values = columns.values
    first, last = _strictly_inside(windows, edges)
    some = (first <= last) & edges.present
    oldest, newest = held(values, first), held(values, last)
    lost = np.where(some & (oldest < left), left, 0.0)
    lost += np.where(right < np.where(some, newest, left), np.where(some, newest, left), 0.0)
    drops = np.zeros(len(values) + 1)
    drops[1:-1] = np.where(values[1:] < values[:-1], values[:-1], 0.0)
    begin, end = first[some], last[some] + 1
    dropping = inside(marked(drops[:-1] != 0), begin, end) > 0
    if dropping.any():
        more = np.zeros(len(begin))
        more[dropping] = reduced(np.add, drops, begin[dropping] + 1, end[dropping])
        lost[some] += more
    return lost


def explicit_borders(selector: VectorSelector, windows: Windows) -> Windows:
    """Return an answer's windows (of one step) with samples at the borders themselves instead of outside."""
    columns = windows.columns
    if len(windows.histograms):
        modifier = "smoothed" if selector.smoothed else "anchored"
        raise EvaluationError(f"{modifier} modifier is not supported with histograms")
    if not len(columns.times):
        return windows
    edges = _edges(windows, smoothed=selector.smoothed)
    left, right = _borders(windows, edges, smoothed=selector.smoothed, counter=False)
    first, last = _strictly_inside(windows, edges)
    rows = [
        (
            np.concatenate([windows.starts, columns.times[first[row, 0] : last[row, 0] + 1], windows.ends]),
            np.concatenate([left[row], columns.values[first[row, 0] : last[row, 0] + 1], right[row]]),
        )
        if edges.present[row, 0]
        else (np.empty(0, np.int64), np.empty(0))
        for row in range(len(windows.labels))
    ]
    made = Columns.from_rows(rows)
    offsets = offsets_of(made.lengths)
    return replace(
        windows,
        columns=made,
        sample_starts=np.zeros(len(made.times), np.int64),
        first=offsets[:-1, None],
        last=offsets[1:, None],
    )
