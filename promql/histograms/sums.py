"""Sums and averages of many native histograms, compensated (Kahan, Neumaier), as the aggregations need them.

All are brought to one layout first; then each is a row of numbers, and rows are added.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce

import numpy as np

from promql.histograms.bounds import common_bounds
from promql.histograms.model import FloatHistogram, MixedSchemas, Sum, conflicting, merged_hint
from promql.histograms.sides import Side
from timeseries.columns import Floats, Ints

# Before the buckets a row has: count, sum, zero count.
_HEAD = 3


def total(histograms: Sequence[FloatHistogram]) -> Sum:
    """Add all, at least one. Raises MixedSchemas. The result is compacted."""
    first, rows, found = _rows(histograms)
    with np.errstate(all="ignore"):
        sums, lost = rows[0], np.zeros(len(rows[0]))
        for row in rows[1:]:
            sums, lost = _increased(sums, lost, row)
        return found._replace(histogram=_histogram(first, sums + lost))


def mean(histograms: Sequence[FloatHistogram]) -> Sum:
    """Return the average of all, at least one. Raises MixedSchemas. The result is compacted.

    The sum is divided at the end; once it would overflow, the mean is moved by each further row instead.
    """
    first, rows, found = _rows(histograms)
    with np.errstate(all="ignore"):
        sums, lost = rows[0], np.zeros(len(rows[0]))
        summing = True
        for number, row in enumerate(rows[1:], 2):
            if summing:
                more = _increased(sums, lost, row)
                if not np.isinf(more[0]).any():
                    sums, lost = more
                    continue
                summing = False
                sums, lost = sums / (number - 1), lost / (number - 1)
            share = (number - 1) / number
            sums, lost = _increased(sums * share, lost * share, row / number)
        if summing:
            sums, lost = sums / len(rows), lost / len(rows)
        return found._replace(histogram=_histogram(first, sums + lost))


def _increased(sums: Floats, lost: Floats, row: Floats) -> tuple[Floats, Floats]:
    """Add a row; `lost` gathers what the addition rounds away."""
    more = sums + row
    rounded = np.where(np.abs(sums) >= np.abs(row), (sums - more) + row, (row - more) + sums)
    return more, np.where(np.isinf(more), 0.0, lost + rounded)


def _rows(histograms: Sequence[FloatHistogram]) -> tuple[FloatHistogram, list[Floats], Sum]:
    """Return an empty histogram of the common layout, a row for each, and what is to be annotated."""
    if any(histogram.custom != histograms[0].custom for histogram in histograms):
        raise MixedSchemas
    bounds = reduce(common_bounds, (histogram.custom_values for histogram in histograms))
    reconciled = any(histogram.custom_values != bounds for histogram in histograms)
    if histograms[0].custom:
        alike = [histogram.with_bounds(bounds) for histogram in histograms]
    else:
        alike = _at_one_resolution(histograms)
    positive = _all_indices([histogram.positive for histogram in alike])
    negative = _all_indices([histogram.negative for histogram in alike])
    rows = [
        np.concatenate(
            (
                (histogram.count, histogram.sum, histogram.zero_count),
                histogram.positive.counts_at(positive),
                histogram.negative.counts_at(negative),
            )
        )
        for histogram in alike
    ]
    first = replace(
        alike[0],
        positive=Side(indices=positive, counts=np.zeros(len(positive))),
        negative=Side(indices=negative, counts=np.zeros(len(negative))),
        hint=reduce(merged_hint, (histogram.hint for histogram in histograms)),
    )
    return first, rows, Sum(first, conflicting({own.hint for own in histograms}), reconciled)


def _at_one_resolution(histograms: Sequence[FloatHistogram]) -> list[FloatHistogram]:
    schema = min(histogram.schema for histogram in histograms)
    alike = list(histograms)
    while len({histogram.zero_threshold for histogram in alike}) > 1:
        threshold = max(histogram.zero_threshold for histogram in alike)
        alike = [histogram.widened(threshold) for histogram in alike]
    return [histogram.reduced_to(schema) for histogram in alike]


def _all_indices(sides: list[Side]) -> Ints:
    if all(np.array_equal(side.indices, sides[0].indices) for side in sides[1:]):
        return sides[0].indices
    return np.unique(np.concatenate([side.indices for side in sides]))


def _histogram(layout: FloatHistogram, row: Floats) -> FloatHistogram:
    count, total_sum, zero_count = row[:_HEAD].tolist()
    positive, negative = np.split(row[_HEAD:], [len(layout.positive)])
    return replace(
        layout,
        count=count,
        sum=total_sum,
        zero_count=zero_count,
        positive=layout.positive.with_counts(positive),
        negative=layout.negative.with_counts(negative),
    ).compacted()
