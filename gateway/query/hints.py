"""Counter resets between the histograms of a series, told from their counts. Knows no query and no store.

What a sender says of a reset may be wrong once samples are lost. As in Prometheus, only the hints "reset" and
"gauge" are believed; "not reset" is found by comparing neighbours.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate, chain, pairwise
from typing import Final

import numpy as np

from timeseries.columns import Ints
from timeseries.histogram import Buckets, Histogram, HistogramSample, ResetHint

_BELIEVED: Final = (ResetHint.RESET, ResetHint.GAUGE)


def with_hints(samples: Sequence[HistogramSample], float_times: Ints) -> list[HistogramSample]:
    """Return the histograms of one series with what is known of each by the one before it.

    The first one keeps its hint. So does one that comes after a float of the series, or after a gauge.
    """
    if not samples:
        return []
    times = np.fromiter((sample.time_ms for sample in samples), np.int64, len(samples))
    floats_before = np.searchsorted(float_times, times).tolist()
    told = [samples[0]]
    for at, (before, sample) in enumerate(pairwise(samples), 1):
        alone = floats_before[at] != floats_before[at - 1]
        hint = _hint(None if alone else before.histogram, sample.histogram)
        told.append(
            sample
            if hint is sample.histogram.reset_hint
            else sample._replace(histogram=replace(sample.histogram, reset_hint=hint))
        )
    return told


def _hint(before: Histogram | None, now: Histogram) -> ResetHint:
    if now.reset_hint in _BELIEVED:
        return now.reset_hint
    if before is None or before.reset_hint is ResetHint.GAUGE:
        return ResetHint.UNKNOWN
    if now.count < before.count:
        return ResetHint.RESET
    if _bounds(now) != _bounds(before):
        return ResetHint.UNKNOWN
    fell = (
        now.zero_count < before.zero_count
        or _fell(before.positive, now.positive)
        or _fell(before.negative, now.negative)
    )
    return ResetHint.RESET if fell else ResetHint.NOT_RESET


def _bounds(histogram: Histogram) -> tuple[object, ...]:
    return histogram.schema, histogram.zero_threshold, histogram.custom_values


def _fell(before: Buckets, now: Buckets) -> bool:
    """Tell whether a bucket has less than before; one that is not there has nothing."""
    if before.spans == now.spans:
        return any(new < old for old, new in zip(before.counts, now.counts, strict=True))
    counts = dict(zip(_indices(now), now.counts, strict=True))
    return any(counts.get(index, 0) < old for index, old in zip(_indices(before), before.counts, strict=True))


def _indices(buckets: Buckets) -> list[int]:
    """Return the number of each bucket."""
    ends = accumulate(span.offset + span.length for span in buckets.spans)
    runs = (range(end - span.length, end) for span, end in zip(buckets.spans, ends, strict=True))
    return list(chain.from_iterable(runs))
