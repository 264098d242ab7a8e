"""Change of native histograms over a window: rate, increase, delta, irate, idelta. Knows no series."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from promql.histograms import notes as texts
from promql.histograms.model import FloatHistogram, MixedSchemas
from timeseries.histogram import ResetHint

# A sample this much further from the border than the samples are from each other is not the last one missing:
# the series begins or ends within the window.
_CLOSE_ENOUGH: Final = 1.1


@dataclass(slots=True, kw_only=True)
class Notes:
    """Collects what a function over histograms has to annotate, without place: warnings and infos."""

    warnings: list[str] = field(default_factory=list)
    infos: list[str] = field(default_factory=list)


def extrapolated(
    times: Sequence[int],
    histograms: Sequence[FloatHistogram],
    starts: Sequence[int],
    window: tuple[int, int],
    *,
    counter: bool,
    per_second: bool,
    metric: str,
    notes: Notes,
) -> FloatHistogram | None:
    """Return rate (counter, per second), increase (counter) or delta of one window; None: no value.

    The window has no floats; `window` is its start and end in ms. `starts` tells when the counting of each
    sample began, 0 when unknown; `metric` is the name for annotations. When the first began inside the
    window, it was zero then: what it counted is added, nothing is guessed before it, and it may be alone.
    """
    known = counter and starts[0] != 0 and window[0] < starts[0] < times[0]
    if len(histograms) < 2 and not known:
        return None
    resets = _resets(times, histograms, starts) if counter else []
    try:
        if len(histograms) < 2:
            change = histograms[0]
        else:
            change = _change(histograms, resets, counter=counter, metric=metric, notes=notes)
            if known:
                change = _plus(change, histograms[0], notes)
    except MixedSchemas:
        notes.warnings.append(texts.mixed_schemas(metric))
        return None
    if known:
        factor = _factor_since(starts[0], times, window)
    else:
        factor = _factor(times, window, histograms[0].count, change.count if counter else 0.0)
    return change.times(factor / ((window[1] - window[0]) / 1000) if per_second else factor)


def instant(
    times: Sequence[int],
    histograms: Sequence[FloatHistogram],
    starts: Sequence[int],
    *,
    rate: bool,
    metric: str,
    notes: Notes,
) -> FloatHistogram | None:
    """Return irate (rate) or idelta of two samples, the last of a window; None: no value."""
    before, now = histograms
    hints = {before.hint, now.hint}
    seconds = (times[1] - times[0]) / 1000
    if not seconds:
        return None
    if rate and ResetHint.GAUGE in hints:
        notes.warnings.append(texts.not_counter(metric))
    if not rate and hints != {ResetHint.GAUGE}:
        notes.warnings.append(texts.not_gauge(metric))
    change = now
    if not rate or not any(_resets(times, histograms, starts)):
        try:
            difference = now.minus(before)
        except MixedSchemas:
            notes.warnings.append(texts.mixed_schemas(metric))
            return None
        change = difference.histogram
        if difference.reconciled:
            notes.infos.append(texts.reconciled(texts.SUBTRACTION))
    change = change.with_hint(ResetHint.GAUGE).compacted()
    return change.over(seconds) if rate else change


def start_resets(times: Sequence[int], starts: Sequence[int], at: int) -> bool:
    """Whether the counting of sample `at` began after the sample before it.

    Where it began exactly then, that is a reset for senders of deltas, who know the start before, too.
    Senders who don't know the start give the time of their first sample, which is none.
    """
    start, before = starts[at], times[at - 1]
    if start == 0 or start >= times[at] or start < before:
        return False
    return start > before or (starts[at - 1] != 0 and starts[at - 1] < before)


def _resets(times: Sequence[int], histograms: Sequence[FloatHistogram], starts: Sequence[int]) -> list[bool]:
    """Tell of each sample but the first whether its counter began anew since the sample before."""
    return [
        start_resets(times, starts, at) or histograms[at].reset_since(histograms[at - 1])
        for at in range(1, len(histograms))
    ]


def _change(
    histograms: Sequence[FloatHistogram],
    resets: Sequence[bool],
    *,
    counter: bool,
    metric: str,
    notes: Notes,
) -> FloatHistogram:
    """Return last minus first, plus what was counted before each reset. Raises MixedSchemas."""
    first, last = histograms[0], histograms[-1]
    if counter:
        relevant = _relevant(histograms, resets, metric, notes)
    else:
        relevant = [first, last]
        if first.custom != last.custom:
            raise MixedSchemas
        if first.hint is not ResetHint.GAUGE or last.hint is not ResetHint.GAUGE:
            notes.warnings.append(texts.not_gauge(metric))
    difference = last.reduced_to(min(own.schema for own in relevant)).minus(relevant[0])
    if difference.reconciled:
        notes.infos.append(texts.reconciled(texts.SUBTRACTION))
    change = difference.histogram
    for before, reset in zip(relevant[1:], resets[1:], strict=False):
        if reset:
            change = _plus(change, before, notes)
    return change.with_hint(ResetHint.GAUGE).compacted()


def _relevant(
    histograms: Sequence[FloatHistogram], resets: Sequence[bool], metric: str, notes: Notes
) -> list[FloatHistogram]:
    """Return a counter's histograms, an empty one for a first that counts for nothing. Raises MixedSchemas.

    Where one in between is of the other kind, that alone is told.
    """
    first, last, second = histograms[0], histograms[-1], histograms[1]
    if ResetHint.GAUGE in (first.hint, last.hint):
        notes.warnings.append(texts.not_counter(metric))
    if resets[0]:
        # Its buckets may be other ones.
        first = FloatHistogram(schema=second.schema, custom_values=second.custom_values)
    if first.custom != last.custom:
        raise MixedSchemas
    between = histograms[1:-1]
    if any(own.custom != first.custom for own in between):
        notes.warnings.clear()
        raise MixedSchemas
    if any(own.hint is ResetHint.GAUGE for own in between):
        notes.warnings.append(texts.not_counter(metric))
    return [first, *histograms[1:]]


def _plus(one: FloatHistogram, other: FloatHistogram, notes: Notes) -> FloatHistogram:
    found = one.plus(other)
    if found.reconciled:
        notes.infos.append(texts.reconciled(texts.ADDITION))
    return found.histogram


def _factor(times: Sequence[int], window: tuple[int, int], first: float, change: float) -> float:
    """Return by how much the change between the samples is to be enlarged to stand for the window.

    `change` is that of a counter's count, 0 for a gauge: a counter is not taken to have been below zero.
    """
    sampled = (times[-1] - times[0]) / 1000
    to_start, to_end = (times[0] - window[0]) / 1000, (window[1] - times[-1]) / 1000
    apart = sampled / (len(times) - 1)
    if to_start >= apart * _CLOSE_ENOUGH:
        to_start = apart / 2
    if change > 0 and first >= 0:
        to_start = min(to_start, sampled * (first / change))
    if to_end >= apart * _CLOSE_ENOUGH:
        to_end = apart / 2
    return (sampled + to_start + to_end) / sampled


def _factor_since(start: int, times: Sequence[int], window: tuple[int, int]) -> float:
    """Return the same for a counter known to have begun at a time: only the end is enlarged."""
    sampled, to_end = (times[-1] - start) / 1000, (window[1] - times[-1]) / 1000
    apart = (times[-1] - times[0]) / 1000 / max(len(times) - 1, 1)
    if to_end >= apart * _CLOSE_ENOUGH:
        to_end = apart / 2
    return (sampled + to_end) / sampled
