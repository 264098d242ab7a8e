"""The two ends that are a directory of data: reads a store series by series, and fills one day by day.

A part of the store should span a day at the most, and a file may have its samples in any order: so they are
first put aside by day, in files beside the data, and then written into the store a day at a time.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from gateway.query.source import without_those_of
from gateway.storage.store import Store
from gateway.transfer.bundle import Bundle
from gateway.transfer.errors import NotReadable
from remotewrite.decode.batch import Batch, SampleColumns
from remotewrite.decode.names import series_labels
from remotewrite.errors import SeriesRejected
from timeseries.columns import Ints
from timeseries.histogram import HistogramSample
from timeseries.labels import Labels
from timeseries.matcher import Matcher
from timeseries.metadata import Metadata

_DAY_MS: Final = 86_400_000

# Samples read at once: as text they take some 50 MB. Series: first few, then more; blocks of parts have 64.
_READ_SAMPLES: Final = 1 << 18
_FIRST_SERIES: Final = 8
_READ_SERIES: Final = 64

# Samples held until they are put aside: 32 MB; then each day's are one write.
_HELD_SAMPLES: Final = 1 << 20
# Samples of a commit, and of a part: what upkeep would make one of.
_COMMIT_SAMPLES: Final = 500_000
_PART_SAMPLES: Final = 4_000_000

ASIDE: Final = "import.tmp"
# Reference, time, bits, start time.
_ROW: Final = 4

Done = Callable[[int, int], None]
Table = np.ndarray[tuple[int, int], np.dtype[np.int64]]


_NONE: Final = np.empty((0, _ROW), np.int64)


class StoredSeries:
    """Reads a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def metadata(self) -> Mapping[str, Metadata]:
        """What families mean."""
        return self._store.metadata

    def newest_ms(self) -> int:
        """Return the time of the newest sample, 0 where there is none."""
        state = self._store.state
        times = [part.max_time for part in state.parts]
        times += [int(rows.times.max()) for rows in state.head.pieces() if len(rows)]
        return max(times, default=0)

    def bundles(self, selectors: Sequence[Sequence[Matcher]], start_ms: int, end_ms: int) -> Iterator[Bundle]:
        """Give all samples of the series that any selector takes: metric by metric, series by series."""
        store = self._store
        matching = [store.index.select(matchers) for matchers in selectors]
        refs = np.unique(np.concatenate([np.empty(0, np.int64), *matching]))
        ordered = refs[store.index.order(refs)]
        with_histograms = store.histograms.refs(start_ms, end_ms)
        first, size = 0, _FIRST_SERIES
        while first < len(ordered):
            bundle = self._bundle(ordered[first : first + size], start_ms, end_ms, with_histograms)
            yield bundle
            each = max(bundle.size, 1) / size
            first += size
            size = int(min(max(_READ_SAMPLES / each, 1), _READ_SERIES))

    def _bundle(self, refs: Ints, start_ms: int, end_ms: int, with_histograms: set[int]) -> Bundle:
        store = self._store
        selection = store.read(np.sort(refs), start_ms, end_ms)
        columns, starts = selection.columns, selection.starts
        found: dict[int, list[HistogramSample]] = {}
        if not with_histograms.isdisjoint(refs.tolist()):
            kept = store.histograms.select(selection.refs, start_ms, end_ms)
            found = {int(np.searchsorted(selection.refs, ref)): some for ref, some in kept.items()}
            keep = without_those_of(found, columns)
            columns, starts = columns.where(keep), starts[keep]
        places = np.searchsorted(selection.refs, refs)
        lengths = columns.lengths[places]
        index = np.concatenate(
            [
                np.empty(0, np.int64),
                *(np.arange(columns.offsets[row], columns.offsets[row + 1]) for row in places.tolist()),
            ]
        )
        return Bundle(
            series=store.index.labels_of(refs),
            refs=np.repeat(np.arange(len(refs)), lengths),
            times=columns.times[index],
            values=columns.values[index],
            starts=starts[index],
            histograms=[
                (place, sample) for place, row in enumerate(places.tolist()) for sample in found.get(row, ())
            ],
        )


class StoreFiller:
    """Writes into a store that nobody else uses."""

    def __init__(self, store: Store, directory: Path) -> None:
        self._store = store
        self._aside = directory / ASIDE
        shutil.rmtree(self._aside, ignore_errors=True)
        self._refs: dict[Labels, int] = {}
        self._held: list[Table] = []
        self._count = 0

    def take(self, bundle: Bundle) -> None:
        """Put a bundle aside; raises NotReadable for a series that no gateway takes."""
        try:
            refs = np.array([self._ref(labels) for labels in bundle.series], np.int64)
        except SeriesRejected as error:
            raise NotReadable(str(error)) from None
        if len(bundle.refs):
            rows = (refs[bundle.refs], bundle.times, bundle.values.view(np.int64), bundle.starts)
            self._held.append(np.stack(rows, axis=1))
            self._count += len(bundle.refs)
        if bundle.histograms or bundle.metadata:
            pairs = [(int(refs[place]), sample) for place, sample in bundle.histograms]
            self._store.commit(Batch(samples=_columns(_NONE), histograms=pairs, metadata=bundle.metadata))
        if self._count >= _HELD_SAMPLES:
            self._put_aside()

    def _ref(self, labels: Labels) -> int:
        ref = self._refs.get(labels)
        if ref is None:
            checked = series_labels([(name.encode(), value.encode()) for name, value in labels])
            ref = self._refs[labels] = self._store.register(checked)
        return ref

    def _put_aside(self) -> None:
        rows = np.concatenate(self._held) if self._held else _NONE
        self._held, self._count = [], 0
        self._aside.mkdir(exist_ok=True)
        days = rows[:, 1] // _DAY_MS
        order = np.argsort(days, kind="stable")
        names, first = np.unique(days[order], return_index=True)
        for day, some in zip(names.tolist(), np.split(rows[order], first[1:]), strict=False):
            with (self._aside / str(day)).open("ab") as file:
                file.write(some.tobytes())

    def finish(self, done: Done) -> None:
        """Write into the store what was put aside; `done` hears how many bytes of how many are."""
        self._put_aside()
        files = sorted(self._aside.iterdir(), key=lambda file: int(file.name))
        total = sum(file.stat().st_size for file in files)
        written = held = 0
        for file in files:
            with file.open("rb") as source:
                while raw := source.read(_COMMIT_SAMPLES * _ROW * 8):
                    rows = np.frombuffer(raw, np.int64).reshape(-1, _ROW)
                    self._store.commit(Batch(samples=_columns(rows)))
                    written, held = written + len(raw), held + len(rows)
                    done(written, total)
                    if held >= _PART_SAMPLES:
                        self._store.flush()
                        held = 0
            self._store.flush()
            held = 0
        shutil.rmtree(self._aside)


def _columns(rows: Table) -> SampleColumns:
    refs, times, marks, starts = (np.ascontiguousarray(column) for column in rows.T)
    return SampleColumns(refs=refs, times=times, values=marks.view(np.float64), starts=starts)
