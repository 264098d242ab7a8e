"""Native histograms in windows: sums, averages, rates. They are objects, so here are loops over windows."""

from collections.abc import Callable

import numpy as np

from promql.histograms import notes as texts
from promql.histograms import rates
from promql.histograms.model import FloatHistogram, MixedSchemas, Sum
from promql.ranges.frame import Frame
from promql.ranges.notes import overlapping_starts
from promql.ranges.rates import change
from promql.ranges.resets import overlaps
from promql.values import Vector
from timeseries.columns import Bools, Floats

# How many windows are worked on before the time is looked at.
_CHECK_EVERY = 256

# From a series and a step to the histogram of that window.
PerWindow = Callable[[int, int], FloatHistogram | None]


def beside(frame: Frame, values: Floats, present: Bools, per_window: PerWindow) -> Vector:
    """Add to a result of floats that of the windows that have only histograms; those with both have none."""
    if frame.histograms is None:
        return frame.vector(values, present)
    mixed = frame.mixed
    if mixed is not None:
        frame.warn(mixed, texts.mixed_floats)
        present = present & ~mixed
    return _filled(frame, values, present, (frame.histograms > 0) & (frame.floats == 0), per_window)


def _filled(frame: Frame, values: Floats, present: Bools, wanted: Bools, per_window: PerWindow) -> Vector:
    objects, present = frame.no_histograms(), present.copy()
    for number, (row, step) in enumerate(np.argwhere(wanted).tolist()):
        if number % _CHECK_EVERY == 0:
            frame.context.check()
        found = per_window(row, step)
        objects[row, step] = found
        present[row, step] = found is not None
    return frame.vector(values, present, objects)


def added_up(frame: Frame, combine: Callable[[list[FloatHistogram]], Sum]) -> PerWindow:
    """Return what sums or averages the histograms of a window."""
    told = frame.context.annotations

    def per_window(row: int, step: int) -> FloatHistogram | None:
        try:
            found = combine(frame.history(row, step))
        except MixedSchemas:
            told.warn(texts.mixed_schemas(frame.name(row)), frame.span)
            return None
        if found.conflict:
            told.warn(texts.conflict(texts.AGGREGATION), frame.span)
        if found.reconciled:
            told.info(texts.reconciled(texts.AGGREGATION), frame.span)
        return found.histogram

    return per_window


def tell(frame: Frame, notes: rates.Notes) -> None:
    """Annotate what a function of histograms noted."""
    for warning in notes.warnings:
        frame.context.annotations.warn(warning, frame.span)
    for info in notes.infos:
        frame.context.annotations.info(info, frame.span)


def extrapolated(frame: Frame, *, counter: bool, per_second: bool) -> PerWindow:
    """Return what finds the rate, increase or delta of a window's histograms."""
    windows = frame.windows

    def per_window(row: int, step: int) -> FloatHistogram | None:
        own = slice(windows.histogram_first[row, step], windows.histogram_last[row, step])
        times, starts = windows.histogram_times[own], windows.histogram_starts[own]
        notes = rates.Notes()
        found = rates.extrapolated(
            times.tolist(),
            frame.history(row, step),
            starts.tolist(),
            (int(windows.starts[step]), int(windows.ends[step])),
            counter=counter,
            per_second=per_second,
            metric=frame.name(row),
            notes=notes,
        )
        # Where histograms don't fit together, that alone is told.
        if found is not None and counter and overlaps(starts[:-1], times[:-1], starts[1:]).any():
            notes.warnings.append(overlapping_starts(frame.name(row)))
        tell(frame, notes)
        return found

    return per_window


def of_last_two(frame: Frame, values: Floats, present: Bools, *, rate: bool) -> Vector:
    """Add to irate (rate) or idelta of floats the windows with histograms, whose last two samples decide."""
    if frame.histograms is None:
        return frame.vector(values, present)
    windows = frame.windows
    columns, count = windows.columns, frame.histograms
    some = count > 0
    values, present = values.copy(), present & ~some
    enough = some & (frame.floats + count >= 2)

    def per_window(row: int, step: int) -> FloatHistogram | None:
        last, histogram_last = int(windows.last[row, step]), int(windows.histogram_last[row, step])
        floats = range(max(last - 2, int(windows.first[row, step])), last)
        own = range(max(histogram_last - 2, int(windows.histogram_first[row, step])), histogram_last)
        newest = sorted(
            [(int(columns.times[at]), False, at) for at in floats]
            + [(int(windows.histogram_times[at]), True, at) for at in own]
        )[-2:]
        kinds = {is_histogram for _, is_histogram, _ in newest}
        if len(kinds) > 1:
            frame.context.annotations.warn(texts.mixed_floats(frame.name(row)), frame.span)
            return None
        pair = [at for _, _, at in newest]
        if kinds == {False}:
            before, after = np.array(pair[:1]), np.array(pair[1:])
            values[row, step] = change(windows, before, after, rate=rate)[0]
            alone[row, step] = True
            return None
        notes = rates.Notes()
        found = rates.instant(
            windows.histogram_times[pair].tolist(),
            windows.histograms[pair].tolist(),
            windows.histogram_starts[pair].tolist(),
            rate=rate,
            metric=frame.name(row),
            notes=notes,
        )
        tell(frame, notes)
        return found

    alone = np.zeros_like(present)
    vector = _filled(frame, values, present, enough, per_window)
    return frame.vector(values, vector.present | alone, vector.histograms)
