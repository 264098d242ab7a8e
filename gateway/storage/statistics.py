"""What the store can say of itself to people: how much there is, from when, and what of it is largest."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gateway.storage.cardinality import Cardinality, largest
from gateway.storage.part import Part
from gateway.storage.store import State, Store
from timeseries.columns import Floats, Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """One moment of a store. Samples that were replaced or deleted count until they are off the disk."""

    cardinality: Cardinality
    # Of all samples, None where there are none.
    min_time: int | None
    max_time: int | None
    samples: int
    # Of the whole database.
    used_bytes: int
    head_samples: int
    log_bytes: int
    parts: int
    part_samples: int
    part_bytes: int
    blocks: int
    tombstones: int
    bytes_by_metric: Sequence[tuple[str, int]]

    @property
    def bytes_per_sample(self) -> float:
        """All that the database needs, for each sample; 0 without any."""
        return self.used_bytes / self.samples if self.samples else 0.0


class _Share(NamedTuple):
    """Metrics, by their numbers in the index, and the bytes that each has of a part."""

    metrics: Ints
    bytes: Floats


class Statistics:
    """Asks a store. What a part says it says once: parts never change."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._shares: dict[int, _Share] = {}

    def take(self, limit: int) -> Overview:
        """Return what there is, with the `limit` largest of each kind."""
        store = self._store
        state = store.state
        low, high = _times(state)
        head = len(state.head) + len(state.sealed or ())
        in_parts = sum(part.samples for part in state.parts)
        return Overview(
            cardinality=store.index.cardinality(limit),
            min_time=low,
            max_time=high,
            samples=head + in_parts,
            used_bytes=store.used_bytes(),
            head_samples=head,
            log_bytes=store.tally.log_bytes,
            parts=len(state.parts),
            part_samples=in_parts,
            part_bytes=sum(part.bytes for part in state.parts),
            blocks=sum(len(part.block_rows) - 1 for part in state.parts),
            tombstones=len(state.tombstones),
            bytes_by_metric=self._bytes_by_metric(limit),
        )

    def _bytes_by_metric(self, limit: int) -> list[tuple[str, int]]:
        known = self._shares
        shares = {
            part.id: known[part.id] if sizes is None else self._share(part, sizes)
            for part, sizes in self._store.block_bytes(known)
        }
        self._shares = shares
        if not shares:
            return []
        metrics = np.concatenate([share.metrics for share in shares.values()])
        numbers, places = np.unique(metrics, return_inverse=True)
        totals = np.bincount(places, np.concatenate([share.bytes for share in shares.values()]))
        names = self._store.index.metric_names(numbers)
        return [(names[at], size) for at, size in largest(np.rint(totals).astype(np.int64), limit)]

    def _share(self, part: Part, sizes: Ints) -> _Share:
        """Divide each block among its series: most have one metric, and series of a block are alike."""
        rows = np.diff(part.block_rows)
        numbers, places = np.unique(self._store.index.metrics(part.refs), return_inverse=True)
        return _Share(numbers, np.bincount(places, np.repeat(sizes / rows, rows)).astype(np.float64))


def _times(state: State) -> tuple[int | None, int | None]:
    """Return the first and the last time of all samples."""
    heads = [state.head] if state.sealed is None else [state.sealed, state.head]
    rows = [rows.times for head in heads for rows in head.pieces() if len(rows)]
    low = [part.min_time for part in state.parts] + [int(times.min()) for times in rows]
    high = [part.max_time for part in state.parts] + [int(times.max()) for times in rows]
    return min(low, default=None), max(high, default=None)
