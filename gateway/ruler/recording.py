"""Writes what rules come to, as the gateway's own series: samples, native histograms, stale markers.

Owns which series a group wrote last. Knows no rules.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

import numpy as np

from alertrules.errors import RuleFailed
from alertrules.rules.outcome import Recorded
from gateway.ingest.errors import Unavailable
from promql.histograms.model import FloatHistogram
from remotewrite.decode.batch import Batch, SampleColumns
from remotewrite.errors import SeriesRejected
from timeseries.histogram import HistogramSample
from timeseries.labels import Labels
from timeseries.metadata import Metadata, MetricType

METADATA: Final = tuple(
    Metadata(family=family, type=MetricType.GAUGE, help=text)
    for family, text in (
        ("ALERTS", "1 for each alert that is pending or firing, as alertstate says."),
        ("ALERTS_FOR_STATE", "Since when an alert is active, in seconds since 1970."),
    )
)


class Series(Protocol):
    """What is needed of the store."""

    def register(self, labels: Labels) -> int:
        """Return the reference of a series; raises SeriesRejected when there are too many."""

    def commit(self, batch: Batch) -> None:
        """Return when the batch is durable; raises gateway.ingest.errors.Unavailable."""


class Recorder:
    """Writes for one group. For one thread at a time."""

    def __init__(self, store: Series, metadata: Sequence[Metadata] = ()) -> None:
        """`metadata` is written along with the first samples."""
        self._store = store
        self._metadata = metadata
        # The references of what was written this time and the time before: what is older is forgotten.
        self._refs: dict[Labels, int] = {}
        self._before: Mapping[Labels, int] = {}

    def begin(self) -> None:
        """Begin another time of the group."""
        self._before, self._refs = self._refs, {}

    def write(self, samples: Sequence[Recorded]) -> None:
        """Return when they are durable, and queries see them; raises RuleFailed."""
        if not samples:
            return
        rejected: SeriesRejected | None = None
        floats: list[tuple[int, int, float]] = []
        histograms: list[tuple[int, HistogramSample]] = []
        for each in samples:
            try:
                ref = self._ref(each.labels)
            except SeriesRejected as error:
                rejected = error
                continue
            if isinstance(each.value, FloatHistogram):
                histograms.append((ref, HistogramSample(each.time_ms, each.value.sample)))
            else:
                floats.append((ref, each.time_ms, each.value))
        try:
            self._store.commit(_batch(floats, histograms, self._metadata))
        except Unavailable as error:
            raise RuleFailed(str(error)) from error
        self._metadata = ()
        if rejected is not None:
            raise RuleFailed(str(rejected))

    def _ref(self, labels: Labels) -> int:
        ref = self._refs.get(labels)
        if ref is None:
            ref = self._before.get(labels)
            ref = self._refs[labels] = self._store.register(labels) if ref is None else ref
        return ref


def _batch(
    floats: Sequence[tuple[int, int, float]],
    histograms: Sequence[tuple[int, HistogramSample]],
    metadata: Sequence[Metadata],
) -> Batch:
    columns = SampleColumns(
        refs=np.array([ref for ref, _, _ in floats], np.int64),
        times=np.array([time_ms for _, time_ms, _ in floats], np.int64),
        values=np.array([value for _, _, value in floats], np.float64),
        starts=np.zeros(len(floats), np.int64),
    )
    return Batch(samples=columns, histograms=histograms, metadata=metadata)
