"""Where a script's samples are kept while it runs: in memory, or in the gateway's real store."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import numpy as np

from gateway.query.hints import with_hints
from gateway.query.source import StoredSeries
from gateway.storage.store import Store
from promql.source import Reading, Selected, Source, unlimited
from remotewrite.decode.batch import Batch, SampleColumns
from tests.promqltest.samples import Sample
from tests.promqltest.shape import Shape
from timeseries.columns import Columns, offsets_of
from timeseries.histogram import HistogramSample
from timeseries.labels import Labels
from timeseries.matcher import Matcher


class Shelf(Protocol):
    """A place for samples."""

    @property
    def source(self) -> Source:
        """What the engine reads."""
        ...

    def add(self, series: Mapping[Labels, Sequence[Sample]]) -> None:
        """Take samples."""
        ...

    def clear(self) -> None:
        """Forget all."""
        ...

    def close(self) -> None:
        """Give back what it holds."""
        ...


class Memory:
    """Keeps samples in dicts, and selects them in the plainest way."""

    def __init__(self) -> None:
        self._series: dict[Labels, dict[int, Sample]] = {}

    @property
    def source(self) -> Source:
        """Itself."""
        return self

    def add(self, series: Mapping[Labels, Sequence[Sample]]) -> None:
        """Take samples; of two for one time the later one wins."""
        for labels, samples in series.items():
            self._series.setdefault(labels, {}).update((sample.time_ms, sample) for sample in samples)

    def clear(self) -> None:
        """Forget all."""
        self._series.clear()

    def close(self) -> None:
        """Do nothing: there is nothing to give back."""

    def select(
        self, matchers: Sequence[Matcher], start_ms: int, end_ms: int, _reading: Reading = unlimited
    ) -> Selected:
        """Return what matches, with the samples from start to end, both included."""
        found = [labels for labels in self._series if all(one.accepts(labels) for one in matchers)]
        floats: list[Sample] = []
        lengths: list[int] = []
        histograms: dict[int, Sequence[HistogramSample]] = {}
        for row, labels in enumerate(found):
            own, other = split(self._series[labels].values())
            part = slice(
                bisect_left(own, start_ms, key=lambda one: one.time_ms),
                bisect_right(own, end_ms, key=lambda one: one.time_ms),
            )
            floats += own[part]
            lengths.append(len(own[part]))
            inside = [one for one in other if start_ms <= one.time_ms <= end_ms]
            if inside:
                histograms[row] = inside
        return Selected(
            labels=found,
            columns=Columns(
                times=np.array([one.time_ms for one in floats], np.int64),
                values=np.array([one.value for one in floats], np.float64),
                offsets=offsets_of(np.array(lengths, np.int64)),
            ),
            starts=np.array([one.start_ms for one in floats], np.int64),
            histograms=histograms,
        )


def split(samples: Iterable[Sample]) -> tuple[list[Sample], list[HistogramSample]]:
    """Return the floats and the histograms of a series by time, the latter with what is known of resets."""
    ordered = sorted(samples, key=lambda sample: sample.time_ms)
    floats = [one for one in ordered if not isinstance(one.value, Shape)]
    histograms = [
        HistogramSample(one.time_ms, one.value.sample(), one.start_ms)
        for one in ordered
        if isinstance(one.value, Shape)
    ]
    return floats, with_hints(histograms, np.array([one.time_ms for one in floats], np.int64))


class Stored:
    """Keeps samples in a store of the gateway, in a directory of its own."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._open()

    def _open(self) -> None:
        directory = self._stack.enter_context(TemporaryDirectory(prefix="promqltest-"))
        self._store = self._stack.enter_context(Store(Path(directory), damage=_damage, sync="off"))
        self.source: Source = StoredSeries(self._store)
        self._known: dict[Labels, list[Sample]] = {}

    def add(self, series: Mapping[Labels, Sequence[Sample]]) -> None:
        """Commit samples; the half of them ends up in a part, the others stay in the log."""
        rows: list[tuple[int, Sample]] = []
        histograms: list[tuple[int, HistogramSample]] = []
        for labels, samples in series.items():
            ref = self._store.register(labels)
            known = self._known.setdefault(labels, [])
            new = {sample.time_ms for sample in samples}
            known += samples
            floats, objects = split(known)
            rows += [(ref, one) for one in floats if one.time_ms in new]
            histograms += [(ref, one) for one in objects if one.time_ms in new]
        half = len(rows) // 2
        self._store.commit(_batch(rows[:half], histograms))
        self._store.flush()
        self._store.commit(_batch(rows[half:], ()))

    def clear(self) -> None:
        """Begin a new store."""
        self.close()
        self._open()

    def close(self) -> None:
        """Remove the store."""
        self._stack.close()
        self._stack = ExitStack()


def _batch(rows: Sequence[tuple[int, Sample]], histograms: Sequence[tuple[int, HistogramSample]]) -> Batch:
    return Batch(
        samples=SampleColumns(
            refs=np.array([ref for ref, _ in rows], np.int64),
            times=np.array([one.time_ms for _, one in rows], np.int64),
            values=np.array([one.value for _, one in rows], np.float64),
            starts=np.array([one.start_ms for _, one in rows], np.int64),
        ),
        histograms=histograms,
    )


def _damage(origin: str, number: int, reason: str) -> None:
    raise AssertionError(f"{origin} {number} is damaged: {reason}")
