"""Selecting a fleet: 20,000 series with 60 samples each, from the store's parts and from its head.

In time on the clock. A selection is where a query begins. For scale, the last lines tell what the peers take
for the nearest thing that they can be asked: a query over the same samples with one number as its answer.
"""

import json
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from benchmarks.bodies import INTERVAL_MS, START_MS, labels_of, request_at
from benchmarks.contenders import GATEWAY, VICTORIA_METRICS, Contender, ask, contenders, running, send
from benchmarks.harness import RUNS, Benchmark, Row
from gateway.storage.store import Store
from remotewrite.compression import compress, decompress
from remotewrite.decode.table import SeriesTable
from remotewrite.decode.v1 import decode_v1
from remotewrite.encode.v1 import encode_v1
from tests.gateway.storage.samples import open_store
from timeseries.matcher import Matcher, MatchType

SERIES: Final = 20_000
ROUNDS: Final = 60
BATCH: Final = 2_000

_END_MS: Final = START_MS + (ROUNDS - 1) * INTERVAL_MS
_MATCHERS: Final = (Matcher(name="job", type=MatchType.EQUAL, value="fleetgauge"),)

# A range reaches from its end to just after its beginning; this function keeps the name of the metric.
_QUERY: Final = urlencode(
    {
        "query": f'count(last_over_time({{job="fleetgauge"}}[{ROUNDS * INTERVAL_MS // 1000}s]))',
        "time": _END_MS / 1000,
        "nocache": 1,
    }
)


def benchmarks() -> Iterator[Benchmark]:
    """Ours in all states, and what the peers are asked."""
    for state, timed in _STATES.items():
        yield _Select(name=f"fleet: from {state}", timed=timed)
    for contender in contenders():
        if contender.name != GATEWAY:
            yield _Query(name=f"fleet: query, {contender.name}", contender=contender)


def _bodies() -> Iterator[bytes]:
    rng = random.Random(SERIES)
    names = [labels_of(index) for index in range(SERIES)]
    for time_ms in range(START_MS, _END_MS + 1, INTERVAL_MS):
        for at in range(0, SERIES, BATCH):
            yield compress(encode_v1(request_at(names[at : at + BATCH], time_ms, rng)))


@contextmanager
def _filled() -> Iterator[tuple[Store, Path]]:
    with tempfile.TemporaryDirectory() as folder, open_store(Path(folder), sync="off") as store:
        table = SeriesTable(store.register)
        for body in _bodies():
            batch = decode_v1(decompress(body), table)
            store.commit(batch)
            batch.learnt.keep()
        yield store, Path(folder)


def _seconds(store: Store) -> float:
    started = time.perf_counter()
    selection = store.select(_MATCHERS, START_MS, _END_MS)
    seconds = time.perf_counter() - started
    found = len(selection.columns.times)
    if found != SERIES * ROUNDS:
        raise RuntimeError(f"it found {found} samples")
    return seconds


def _from_head() -> list[float]:
    with _filled() as (store, _):
        return [_seconds(store) for _ in range(RUNS)]


def _from_cache() -> list[float]:
    with _filled() as (store, _):
        store.flush()
        _seconds(store)
        return [_seconds(store) for _ in range(RUNS)]


def _from_parts() -> list[float]:
    """Each in a store just opened: no block is decoded yet, but the system has the file in memory."""
    with _filled() as (store, directory):
        store.flush()
        store.close()
        runs = []
        for _ in range(RUNS):
            with open_store(directory) as again:
                runs.append(_seconds(again))
        return runs


_STATES: Final = {"head": _from_head, "parts, cold": _from_parts, "parts, warm": _from_cache}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Select:
    """Our store in one state."""

    name: str
    timed: Callable[[], list[float]]

    def measure(self) -> Row:
        """Select everything, several times."""
        return Row(
            name=self.name, micros=[seconds * 1e6 for seconds in self.timed()], samples=SERIES * ROUNDS
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Query:
    """A peer that is asked over HTTP."""

    name: str
    contender: Contender

    def measure(self) -> Row:
        """Send the same samples, and ask several times."""
        runs = []
        with (
            tempfile.TemporaryDirectory() as folder,
            running(self.contender, Path(folder, "servers")) as server,
        ):
            send(server, _bodies())
            if self.contender.name == VICTORIA_METRICS:
                ask(server, "/internal/force_flush")
            for _ in range(1 + RUNS):
                started = time.perf_counter()
                answer = ask(server, f"/api/v1/query?{_QUERY}")
                runs.append(time.perf_counter() - started)
        _, found = json.loads(answer)["data"]["result"][0]["value"]
        if int(found) != SERIES:
            raise RuntimeError(f"it found {found} series")
        return Row(
            name=self.name,
            micros=[seconds * 1e6 for seconds in runs[1:]],
            samples=SERIES * ROUNDS,
            note="count(last_over_time(…)) over HTTP",
        )
