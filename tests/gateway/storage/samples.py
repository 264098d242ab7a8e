"""What the store's tests share: batches of plain values, and a model of a store that is plainly right."""

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np

from gateway.storage.database import FILE_NAME
from gateway.storage.store import Selection, Store
from remotewrite.decode.batch import Batch, SampleColumns
from tests.strategies import NOW_MS, bits, from_bits
from timeseries.exemplar import Exemplar
from timeseries.histogram import Histogram, HistogramSample
from timeseries.labels import Labels
from timeseries.matcher import Matcher, MatchType
from timeseries.metadata import Metadata

# Series number, time, bits of the value, start time; and what is left of it under its series.
Row = tuple[int, int, int, int]
Point = tuple[int, int, int]

EVERYTHING: Sequence[Matcher] = (Matcher(name="__name__", type=MatchType.NOT_EQUAL, value=""),)
ALL_TIME = (-(1 << 62), 1 << 62)


def open_store(directory: Path, **options: object) -> Store:
    """Open a store; damage is an error unless the test takes it."""

    def damage(origin: str, number: int, reason: str) -> None:
        raise AssertionError(f"{origin} {number} is damaged: {reason}")

    return Store(directory, **{"damage": damage, **options})  # type: ignore[arg-type]


def series(number: int) -> Labels:
    """Return the labels of a series."""
    return Labels({"__name__": f"metric_{number % 3}", "instance": f"host-{number}"})


def naming(numbers: Iterable[int]) -> Sequence[Matcher]:
    """Return a selector of these series."""
    choice = "|".join(f"host-{number}" for number in numbers)
    return [Matcher(name="instance", type=MatchType.REGEX, value=choice)]


def batch(store: Store, rows: Iterable[Row], metadata: Sequence[Metadata] = ()) -> Batch:
    """Return a batch of samples, its series registered."""
    table = np.array(list(rows), object).reshape(-1, 4)
    refs = [store.register(series(number)) for number in table[:, 0]]
    columns = SampleColumns(
        refs=np.array(refs, np.int64),
        times=table[:, 1].astype(np.int64),
        values=np.array([from_bits(value) for value in table[:, 2]], np.float64),
        starts=table[:, 3].astype(np.int64),
    )
    return Batch(samples=columns, histograms=[], exemplars=[], metadata=metadata, rejected=[])


def contents(
    store: Store, start_ms: int = ALL_TIME[0], end_ms: int = ALL_TIME[1]
) -> dict[Labels, list[Point]]:
    """Return all that is in a store, without series that have nothing."""
    return told(store, store.select(EVERYTHING, start_ms, end_ms))


def told(store: Store, selection: Selection) -> dict[Labels, list[Point]]:
    """Return a selection as plain values."""
    found = {}
    for row, ref in enumerate(selection.refs.tolist()):
        times, values = selection.columns.row(row)
        part = slice(selection.columns.offsets[row], selection.columns.offsets[row + 1])
        starts = selection.starts[part].tolist()
        if len(times):
            marks = values.view(np.uint64).tolist()
            found[store.index.labels(ref)] = list(zip(times.tolist(), marks, starts, strict=True))
    return found


class Model:
    """What a store should hold."""

    def __init__(self) -> None:
        self.samples: dict[tuple[int, int], tuple[int, int]] = {}

    def commit(self, rows: Iterable[Row]) -> None:
        """Take samples; for a time that is there the later one wins."""
        for number, time, value, start in rows:
            self.samples[number, time] = (value, start)

    def delete(self, numbers: Collection[int], start_ms: int, end_ms: int) -> None:
        """Forget what series hold from start to end, both included."""
        for number, time in list(self.samples):
            if number in numbers and start_ms <= time <= end_ms:
                del self.samples[number, time]

    def contents(self, start_ms: int = ALL_TIME[0], end_ms: int = ALL_TIME[1]) -> dict[Labels, list[Point]]:
        """Return what `contents` of a store should be."""
        found: dict[Labels, list[Point]] = {}
        for (number, time), (value, start) in sorted(self.samples.items()):
            if start_ms <= time <= end_ms:
                found.setdefault(series(number), []).append((time, value, start))
        return found


def counting(first: int, count: int, every: int = 15_000, many: int = 10) -> list[Row]:
    """Return `count` scrapes of `many` series."""
    return [
        (number, first + every * at, bits(float(at * many + number)), 0)
        for at in range(count)
        for number in range(many)
    ]


def note(store: Store, number: int, time_ms: int, value: float = 1.0) -> None:
    """Commit a histogram and an exemplar."""
    ref = store.register(series(number))
    one = HistogramSample(time_ms, Histogram(integer=True, schema=0, count=0, sum=value))
    mark = Exemplar(labels=Labels({"trace": "a"}), value=value, time_ms=time_ms)
    store.commit(replace(batch(store, []), histograms=[(ref, one)], exemplars=[(ref, mark)]))


def noted(store: Store) -> list[tuple[int, int, float]]:
    """Return all histograms, which the exemplars must be like: series, time since NOW_MS, value."""
    refs = store.index.select(EVERYTHING)
    histograms = store.histograms.select(refs, *ALL_TIME)
    exemplars = store.exemplars.select(refs, *ALL_TIME)
    found = [
        (ref, one.time_ms - NOW_MS, one.histogram.sum)
        for ref in sorted(histograms)
        for one in histograms[ref]
    ]
    assert found == [
        (ref, one.time_ms - NOW_MS, one.value) for ref in sorted(exemplars) for one in exemplars[ref]
    ]
    return found


def rows_in(path: Path, table: str) -> int:
    """Count the rows of a table."""
    with closing(sqlite3.connect(path / FILE_NAME)) as database:
        (count,) = database.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(count)
