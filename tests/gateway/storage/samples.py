"""What the store's tests share: batches of plain values, and a model of a store that is plainly right."""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import numpy as np

from gateway.storage.store import Selection, Store
from remotewrite.decode.batch import Batch, SampleColumns
from tests.strategies import bits, from_bits
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
