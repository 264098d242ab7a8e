"""Series in memory that queries can be asked of: those of a unit test, or of rules that were tried out.

Owns how samples are held. Knows no rule, and no store.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from promql.histograms.model import FloatHistogram
from promql.source import Reading, Selected, unlimited
from timeseries.columns import Columns, Floats, Ints, offsets_of
from timeseries.histogram import HistogramSample
from timeseries.labels import METRIC_NAME, Labels
from timeseries.matcher import Matcher, MatchType


@dataclass(slots=True)
class _Row:
    """The samples of one series, by time."""

    last_ms: int = -(1 << 63)
    times: "array[int]" = field(default_factory=lambda: array("q"))
    values: "array[float]" = field(default_factory=lambda: array("d"))
    histograms: list[HistogramSample] = field(default_factory=list)

    def ends_with(self, value: float | FloatHistogram) -> bool:
        """Tell whether this is the value of the last sample."""
        if isinstance(value, FloatHistogram):
            last = self.histograms[-1] if self.histograms else None
            return last is not None and (last.time_ms, last.histogram) == (self.last_ms, value.sample)
        if not self.times or self.times[-1] != self.last_ms:
            return False
        return self.values[-1:].tobytes() == array("d", (value,)).tobytes()


class SeriesInMemory:
    """A promql Source that takes samples as time goes on.

    A sample that is not newer than the last of its series is left out: what was there first stays.
    """

    def __init__(self) -> None:
        self._by_name: dict[str, dict[Labels, _Row]] = {}
        self.samples = 0

    def append(self, labels: Labels, time_ms: int, value: float | FloatHistogram) -> bool:
        """Take a sample; the stale marker ends a series until the next one.

        False: the series has another sample at this time, or a later one.
        """
        row = self._row(labels)
        if time_ms <= row.last_ms:
            return time_ms == row.last_ms and row.ends_with(value)
        row.last_ms = time_ms
        self.samples += 1
        if isinstance(value, FloatHistogram):
            row.histograms.append(HistogramSample(time_ms, value.sample))
        else:
            row.times.append(time_ms)
            row.values.append(value)
        return True

    def extend(self, labels: Labels, times: Ints, values: Floats) -> None:
        """Take floats of a series whose times ascend."""
        row = self._row(labels)
        newer = int(np.searchsorted(times, row.last_ms, side="right"))
        if newer == len(times):
            return
        row.times.frombytes(times[newer:].tobytes())
        row.values.frombytes(values[newer:].tobytes())
        row.last_ms = int(times[-1])
        self.samples += len(times) - newer

    def select(
        self, matchers: Sequence[Matcher], start_ms: int, end_ms: int, _reading: Reading = unlimited
    ) -> Selected:
        """Return what matches, with the samples from start to end, both included."""
        found = [
            (labels, row)
            for rows in self._named(matchers)
            for labels, row in rows.items()
            if all(matcher.accepts(labels) for matcher in matchers)
        ]
        times: list[Ints] = []
        values: list[Floats] = []
        histograms: dict[int, Sequence[HistogramSample]] = {}
        for place, (_, row) in enumerate(found):
            # Copies: an array that numpy looks at can't grow.
            own = np.array(row.times, np.int64)
            part = slice(np.searchsorted(own, start_ms), np.searchsorted(own, end_ms, side="right"))
            times.append(own[part])
            values.append(np.array(row.values[part], np.float64))
            inside = [sample for sample in row.histograms if start_ms <= sample.time_ms <= end_ms]
            if inside:
                histograms[place] = inside
        columns = Columns(
            times=np.concatenate([np.empty(0, np.int64), *times]),
            values=np.concatenate([np.empty(0), *values]),
            offsets=offsets_of(np.array([len(some) for some in times], np.int64)),
        )
        return Selected(
            labels=[labels for labels, _ in found],
            columns=columns,
            starts=np.zeros(len(columns.times), np.int64),
            histograms=histograms,
        )

    def _row(self, labels: Labels) -> _Row:
        return self._by_name.setdefault(labels.metric_name, {}).setdefault(labels, _Row())

    def _named(self, matchers: Sequence[Matcher]) -> list[dict[Labels, _Row]]:
        """Return the series whose names can be meant."""
        for matcher in matchers:
            if matcher.name == METRIC_NAME and matcher.type is MatchType.EQUAL:
                return [self._by_name.get(matcher.value, {})]
        return [*self._by_name.values()]
