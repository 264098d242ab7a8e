"""What keeps the store small and quick: flushing the head, merging parts, and retention. Reads no clock.

Everything runs beside ingest and queries, which wait for one small transaction at the most.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Final

import numpy as np

from gateway.storage.part import Cut, Part, cut_blocks
from gateway.storage.rows import Rows
from gateway.storage.samples import Wanted, combine
from gateway.storage.store import Store
from gateway.storage.tombstones import clear_part
from timeseries.columns import Ints

HOUR_MS: Final = 3_600_000

# So many neighbours of about the same size become one; one that is already merged waits for its like.
_MERGE_PARTS: Final = 4
_MERGE_RATIO: Final = 3

# A merged part spans a day at the most: retention drops whole parts.
_MAX_SPAN_MS: Final = 24 * HOUR_MS

# Samples in memory at once while parts are merged: 32 MB.
_MERGE_SAMPLES: Final = 1 << 20

# So many deletions slow every read; then it is worth the writing of the parts that they touch.
_CLEAN_TOMBSTONES: Final = 100

# Free pages given back in one go.
_GIVE_BACK_PAGES: Final = 2048


# Surrounds a step, by its name and how many samples it is about.
Step = Callable[[str, int], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """When to do what."""

    # A flush costs some 5 million samples a second, and the log is read again after a crash.
    flush_samples: int = 4_000_000
    flush_age_ms: int = 2 * HOUR_MS
    retention_ms: int = 30 * 24 * HOUR_MS
    # 0 for no limit.
    max_bytes: int = 0


class Upkeep:
    """Does what is due, when told the time."""

    def __init__(self, store: Store, policy: Policy, *, step: Step = lambda *_: nullcontext()) -> None:
        self._store = store
        self.policy = policy
        self._step = step
        self._flushed_ms: int | None = None
        # Parts are chosen and rewritten by one thread at a time.
        self._lock = threading.RLock()

    def run(self, now_ms: int) -> None:
        """Do everything that is due; raises StorageUnavailable when the disk won't have it."""
        with self._lock:
            before = self._store.state.parts
            if self._flush_due(now_ms):
                self._flush()
                self._flushed_ms = now_ms
            while (neighbours := mergeable(self._store.state.parts)) is not None:
                self._merge(neighbours)
            self.retain(now_ms)
            if len(self._store.state.tombstones) >= _CLEAN_TOMBSTONES:
                self.clean()
            elif self._store.state.parts is not before:
                self._store.clear_records()
                self._store.forget_tombstones()

    def clean(self) -> None:
        """Take all that was deleted until now off the disk; ingest and queries go on meanwhile."""
        tombstones = self._store.state.tombstones
        if self._store.deleted_in_log():
            self._flush()
        while touched := [
            part for part in self._store.state.parts if any(one.touches(part) for one in tombstones)
        ]:
            for part in touched:
                with self._lock:
                    if part in self._store.state.parts:
                        self._merge([part])
        self._store.clear_records()
        self._store.forget_tombstones()

    def _flush(self) -> None:
        state = self._store.state
        with self._step("flush", len(state.head if state.sealed is None else state.sealed)):
            self._store.flush()

    def _merge(self, parts: Sequence[Part]) -> None:
        with self._step("merge", sum(part.samples for part in parts)):
            merge(self._store, parts)

    def _drop(self, part: Part, why: str) -> None:
        with self._step(why, part.samples):
            self._store.drop(part)

    def _flush_due(self, now_ms: int) -> bool:
        if self._flushed_ms is None:
            self._flushed_ms = now_ms
        state = self._store.state
        full = len(state.head) >= self.policy.flush_samples
        return full or state.sealed is not None or now_ms - self._flushed_ms >= self.policy.flush_age_ms

    def retain(self, now_ms: int) -> None:
        """Drop parts past the retention, then the oldest ones until the rest fits the disk budget."""
        edge = now_ms - self.policy.retention_ms
        old = [part for part in self._store.state.parts if part.max_time < edge]
        for part in old:
            self._drop(part, "expire")
        self._store.tidy_records(edge)
        self._store.join_series()
        budget = self.policy.max_bytes
        while budget and self._store.used_bytes() > budget and self._store.state.parts:
            self._drop(min(self._store.state.parts, key=lambda part: part.max_time), "make_room")
        self._store.give_back(_GIVE_BACK_PAGES)


def mergeable(parts: Sequence[Part]) -> Sequence[Part] | None:
    """Return neighbours that are worth merging, the newest first."""
    for start in range(len(parts) - _MERGE_PARTS, -1, -1):
        some = parts[start : start + _MERGE_PARTS]
        sizes = [part.samples for part in some]
        span = max(part.max_time for part in some) - min(part.min_time for part in some)
        if max(sizes) <= _MERGE_RATIO * min(sizes) and span <= _MAX_SPAN_MS:
            return some
    return None


def merge(store: Store, parts: Sequence[Part]) -> None:
    """Make neighbouring parts one."""
    refs = np.unique(np.concatenate([part.refs for part in parts]))
    ordered = refs[store.index.order(refs)]
    each = max(1, sum(part.samples for part in parts) // max(1, len(refs)))
    store.rewrite(parts, _merged(store, parts, ordered, max(1, _MERGE_SAMPLES // each)))


def _merged(store: Store, parts: Sequence[Part], ordered: Ints, step: int) -> Iterator[Cut]:
    tombstones = store.state.tombstones
    low = min(part.min_time for part in parts)
    high = max(part.max_time for part in parts)
    for start in range(0, len(ordered), step):
        wanted = Wanted(np.sort(ordered[start : start + step]), low, high)
        found = [clear_part(part.search(wanted, store.fetch), wanted, tombstones, part) for part in parts]
        columns, starts = combine(found, len(wanted.refs), store.tally)
        rows = Rows(
            refs=np.repeat(wanted.refs, columns.lengths),
            times=columns.times,
            bits=columns.values.view(np.int64),
            starts=starts if starts.any() else None,
        )
        yield from cut_blocks(rows, store.index.order)
