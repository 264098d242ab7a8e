"""Makes the windows of a range vector: which samples are inside at each step. Knows no selectors."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from promql.cells import has_object
from promql.histograms.model import FloatHistogram
from promql.selection.seeking import until
from promql.source import Selected
from promql.values import Objects, Windows
from timeseries.columns import Bools, Columns, Ints, offsets_of
from timeseries.histogram import HistogramSample
from timeseries.labels import Labels
from timeseries.stale import STALE_BITS


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HistogramRows:
    """The histograms of all series, end to end as columns are; None for a stale marker."""

    times: Ints
    starts: Ints
    objects: Objects
    offsets: Ints

    @classmethod
    def of(cls, selected: Selected) -> Self:
        """Lay out the histograms that were selected."""
        lengths = np.zeros(len(selected.labels), np.int64)
        for row, own in selected.histograms.items():
            lengths[row] = len(own)
        samples = [sample for row in sorted(selected.histograms) for sample in selected.histograms[row]]
        objects = np.empty(len(samples), np.object_)
        objects[:] = [
            None if _is_stale(sample) else FloatHistogram.of(sample.histogram) for sample in samples
        ]
        return cls(
            times=np.array([sample.time_ms for sample in samples], np.int64),
            starts=np.array([sample.start_ms for sample in samples], np.int64),
            objects=objects,
            offsets=offsets_of(lengths),
        )

    @classmethod
    def none(cls, rows: int) -> Self:
        """Return as many rows without any."""
        nothing = np.empty(0, np.int64)
        return cls(
            times=nothing,
            starts=nothing,
            objects=np.empty(0, np.object_),
            offsets=np.zeros(rows + 1, np.int64),
        )

    def without_stale(self) -> Self:
        """Return only the histograms."""
        keep = has_object(self.objects)
        if keep.all():
            return self
        return replace(
            self,
            times=self.times[keep],
            starts=self.starts[keep],
            objects=self.objects[keep],
            offsets=offsets_of(keep)[self.offsets],
        )


def _is_stale(sample: HistogramSample) -> bool:
    return bool(np.float64(sample.histogram.sum).view(np.int64) == STALE_BITS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Borders:
    """The range at each step, after start, up to end; and how much further samples count as inside."""

    starts: Ints
    ends: Ints
    before_ms: int = 0
    after_ms: int = 0


def windows_of(
    labels: Sequence[Labels],
    columns: Columns,
    sample_starts: Ints,
    histograms: HistogramRows,
    borders: Borders,
    *,
    drop_name: Bools | None = None,
) -> Windows:
    """Find the samples inside at each step; there must be no stale markers."""
    first_limits, last_limits = borders.starts - borders.before_ms, borders.ends + borders.after_ms
    return Windows(
        labels=labels,
        columns=columns,
        sample_starts=sample_starts,
        first=until(columns.times, columns.offsets, first_limits),
        last=until(columns.times, columns.offsets, last_limits),
        histogram_times=histograms.times,
        histogram_starts=histograms.starts,
        histograms=histograms.objects,
        histogram_first=until(histograms.times, histograms.offsets, first_limits),
        histogram_last=until(histograms.times, histograms.offsets, last_limits),
        starts=borders.starts,
        ends=borders.ends,
        drop_name=np.zeros(len(labels), np.bool_) if drop_name is None else drop_name,
    )
