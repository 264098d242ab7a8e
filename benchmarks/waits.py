"""How long a commit waits while heads are flushed and parts are merged beside it, under full load.

The store alone, without HTTP: requests are not what flushing and merging compete with.
"""

import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.bodies import INTERVAL_MS, START_MS, labels_of
from benchmarks.harness import Benchmark, Row
from gateway.storage.store import Store
from gateway.storage.upkeep import Policy, Upkeep
from remotewrite.decode.batch import Batch, SampleColumns
from timeseries.columns import Floats, Ints

# Samples of a series: enough for six flushes with the usual policy, and a merge of four of them.
ROUNDS: Final = 1200
SERIES: Final = 20_000
BATCH: Final = 2000
WRITERS: Final = 2


def benchmarks() -> Iterator[Benchmark]:
    """One load, long enough for flushes and a merge."""
    yield Waits(name="waits for a commit", rounds=ROUNDS, policy=Policy(retention_ms=1 << 50))


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """Writers that commit as fast as they can, each its own series, and the upkeep beside them."""

    name: str
    rounds: int
    policy: Policy

    def measure(self) -> Row:
        """Note each commit's time."""
        with (
            tempfile.TemporaryDirectory() as folder,
            Store(Path(folder), damage=_damage, sync="full") as store,
        ):
            refs = np.array([store.register(labels_of(index)) for index in range(SERIES)])
            upkeep = Upkeep(store, self.policy)
            waits: list[float] = []
            shares = np.array_split(refs, WRITERS)
            threads = [threading.Thread(target=self._write, args=(store, one, waits)) for one in shares]
            for thread in threads:
                thread.start()
            while any(thread.is_alive() for thread in threads):
                upkeep.run(START_MS)
                time.sleep(0.1)
        ordered = sorted(waits)
        note = (
            f"longest wait {ordered[-1] * 1e3:.0f} ms, one in a thousand over "
            f"{ordered[-len(ordered) // 1000 - 1] * 1e3:.0f} ms, {len(store.state.parts)} parts in the end"
        )
        return Row(name=self.name, micros=[statistics.median(waits) * 1e6], samples=BATCH, note=note)

    def _write(self, store: Store, refs: Ints, waits: list[float]) -> None:
        values = np.random.default_rng(len(refs)).random(len(refs))
        for round_ in range(self.rounds):
            for at in range(0, len(refs), BATCH):
                some = refs[at : at + BATCH]
                batch = _batch(some, START_MS + INTERVAL_MS * round_, values[at : at + BATCH] + round_)
                started = time.perf_counter()
                store.commit(batch)
                waits.append(time.perf_counter() - started)


def _batch(refs: Ints, time_ms: int, values: Floats) -> Batch:
    nothing = np.zeros(len(refs), np.int64)
    return Batch(samples=SampleColumns(refs=refs, times=nothing + time_ms, values=values, starts=nothing))


def _damage(origin: str, number: int, reason: str) -> None:
    raise RuntimeError(f"{origin} {number}: {reason}")
