"""rate, increase, delta, irate and idelta of floats: whole matrices at once."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np

from promql.ranges import notes
from promql.ranges.frame import Frame, rows_with
from promql.ranges.resets import inside, lost_to_resets, overlap_marks, starts_anew
from promql.ranges.segments import marked, reduced
from promql.selection.seeking import held
from promql.values import Windows
from timeseries.columns import Bools, Floats, Ints
from timeseries.labels import METRIC_NAME, Labels

# Cells of a matrix that are worked on together: all that is in between stays in the processor's cache.
CACHED_CELLS: Final = 1 << 15
COUNTER_ENDINGS: Final = ("_total", "_sum", "_count", "_bucket")
TYPE_LABEL: Final = "__type__"
COUNTER_TYPES: Final = frozenset({"counter", "histogram"})


def extrapolated(frame: Frame, *, counter: bool, per_second: bool) -> tuple[Floats, Bools]:
    """Return rate, increase or delta of each window, and where there is one."""
    windows = frame.windows
    values, present = np.zeros(frame.floats.shape), np.zeros(frame.floats.shape, np.bool_)
    if not len(windows.columns.times):
        return values, present
    lost = lost_to_resets(windows) if counter else None
    if counter and windows.sample_starts.any():
        found = inside(marked(overlap_marks(windows)), windows.first, windows.last) > 0
        frame.warn(found, notes.overlapping_starts)
    with np.errstate(all="ignore"):
        for rows in row_blocks(frame.floats):
            values[rows], present[rows] = _extrapolated(windows, rows, lost, counter, per_second)
    return values, present


def row_blocks(matrix: Ints) -> Iterator[slice]:
    """Cut a matrix into runs of rows."""
    rows, columns = matrix.shape
    size = max(CACHED_CELLS // max(columns, 1), 1)
    for start in range(0, rows, size):
        yield slice(start, min(start + size, rows))


def _extrapolated(
    windows: Windows, rows: slice, lost: tuple[Ints, Floats] | None, counter: bool, per_second: bool
) -> tuple[Floats, Bools]:
    columns = windows.columns
    first, last = windows.first[rows], windows.last[rows]
    count = last - first
    first_times, last_times = held(columns.times, first), held(columns.times, last - 1)
    first_values = held(columns.values, first)
    result = held(columns.values, last - 1) - first_values
    if lost is not None:
        _add_lost(result, lost, first, last)
    to_start = (first_times - windows.starts) / 1000
    to_end = (windows.ends - last_times) / 1000
    sampled = (last_times - first_times) / 1000
    average = sampled / np.maximum(count - 1, 1)
    threshold = average * 1.1
    to_start = np.where(to_start >= threshold, average / 2, to_start)
    present = count >= 2
    if counter:
        # A counter is not below 0: it is not traced back to before it was.
        to_zero = sampled * (first_values / result)
        shorter = (result > 0) & (first_values >= 0) & (to_zero < to_start)
        np.copyto(to_start, to_zero, where=shorter)
        if windows.sample_starts.any():
            began = held(windows.sample_starts, first)
            known = (count > 0) & (began != 0) & (began > windows.starts) & (began < first_times)
            present |= known
            # Where the counting began inside the window, there was a 0: nothing is to be guessed.
            result += np.where(known, first_values, 0.0)
            to_start[known] = 0.0
            sampled = np.where(known, (last_times - began) / 1000, sampled)
    to_end = np.where(to_end >= threshold, average / 2, to_end)
    factor = np.where(sampled != 0, (sampled + to_start + to_end) / sampled, 1.0)
    if per_second:
        factor /= (windows.ends - windows.starts) / 1000
    return result * factor, present


def _add_lost(result: Floats, lost: tuple[Ints, Floats], first: Ints, last: Ints) -> None:
    counts, losses = lost
    some = inside(counts, first, last) > 0
    if some.any():
        result[some] += reduced(np.add, losses, first[some] + 1, last[some])


def of_last_two(frame: Frame, *, rate: bool) -> tuple[Floats, Bools]:
    """Return irate (rate) or idelta of the last two floats of each window, and where there is one."""
    windows = frame.windows
    columns = windows.columns
    if not len(columns.times):
        return np.zeros(frame.floats.shape), np.zeros(frame.floats.shape, np.bool_)
    last = windows.last - 1
    found = change(windows, last - 1, last, rate=rate)
    return found, frame.floats >= 2


def change(windows: Windows, before: Ints, after: Ints, *, rate: bool) -> Floats:
    """Return the difference of two samples each, for a rate per second and minding resets."""
    times, values = windows.columns.times, windows.columns.values
    older, newer = held(values, before), held(values, after)
    older_times, newer_times = held(times, before), held(times, after)
    with np.errstate(all="ignore"):
        found: Floats = newer - older
        if rate:
            starts = windows.sample_starts
            reset = newer < older
            if starts.any():
                reset |= starts_anew(held(starts, before), older_times, held(starts, after), newer_times)
            found = np.where(reset, newer, found) / ((newer_times - older_times) / 1000)
    return found


def tell_non_counters(frame: Frame) -> None:
    """Inform about metrics that are no counters by their type, or by their name where the type is unknown."""
    told = frame.context.annotations
    labels = frame.windows.labels
    for metric, kind in _metadata([labels[row] for row in rows_with(frame.floats > 0)]):
        if metric and kind and kind not in COUNTER_TYPES:
            told.info(notes.not_of_type_counter(metric, kind), frame.span)
        elif metric and not kind and not metric.endswith(COUNTER_ENDINGS):
            told.info(notes.not_a_counter(metric), frame.span)


def _metadata(labels: Sequence[Labels]) -> Iterable[tuple[str, str]]:
    """Return the distinct names and types of metrics."""
    first = dict.fromkeys(own[0] for own in labels if own)
    second = {own[1][0] for own in labels if len(own) > 1}
    # Nearly always names come first and nobody has a type; asking each of many series would take long.
    if TYPE_LABEL not in second and all(name == METRIC_NAME for name, _ in first):
        return [(metric, "") for _, metric in first]
    return dict.fromkeys((own.metric_name, own.get(TYPE_LABEL)) for own in labels)
