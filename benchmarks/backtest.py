"""A rule over 30 days at a minute: 43,200 evaluations of 50 series with a sample each 15 s."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from alertrules.backtest.trial import Outcome
from alertrules.rules.model import AlertRule, Group
from benchmarks.harness import Benchmark, Row
from gateway.query.catalog import Catalog
from gateway.query.memory import Memory
from gateway.query.service import Queries, Rules
from gateway.query.source import StoredSeries
from gateway.ruler.backtest import Backtests
from gateway.storage.store import Store
from promql.language.parser import parse
from remotewrite.decode.batch import Batch, SampleColumns
from timeseries.labels import Labels

HOSTS: Final = 50
DAYS: Final = 30
INTERVAL_MS: Final = 15_000
START_MS: Final = 1_790_000_000_000 // 86_400_000 * 86_400_000
DAY_MS: Final = 86_400_000
QUERY: Final = 'rate(node_cpu_seconds_total{mode="idle"}[5m]) < 0.2'
NAIVE_STEPS: Final = 300
RUNS: Final = 3


def fill(store: Store) -> None:
    """Write a day after the other; each host is busy for ten minutes, twice a week."""
    refs = np.array(
        [
            store.register(
                Labels(
                    {"__name__": "node_cpu_seconds_total", "mode": "idle", "cpu": "0", "instance": f"h{host}"}
                )
            )
            for host in range(HOSTS)
        ],
        np.int64,
    )
    each = DAY_MS // INTERVAL_MS
    for day in range(DAYS):
        times = START_MS + day * DAY_MS + np.arange(each, dtype=np.int64) * INTERVAL_MS
        steps = (times - START_MS) // INTERVAL_MS
        hosts = np.arange(HOSTS)[:, None]
        values = np.cumsum(np.ones((HOSTS, each)) * 12.0, axis=1) + day * each * 12.0
        busy = ((steps[None, :] + hosts * 997) % (7 * each // 2)) < 40
        values -= np.cumsum(busy * 11.5, axis=1)
        store.commit(
            Batch(
                samples=SampleColumns(
                    refs=np.repeat(refs, each),
                    times=np.tile(times, HOSTS),
                    values=values.ravel(),
                    starts=np.zeros(HOSTS * each, np.int64),
                )
            )
        )
        store.flush()


class Month:
    """The backtest of one rule."""

    name = "backtest: a rule over 30 days, 43,200 evaluations of 50 series"

    def measure(self) -> Row:
        """Fill a store, try the rule over it, and evaluate a part of it as the ruler does."""
        with tempfile.TemporaryDirectory() as directory, _store(Path(directory)) as store:
            fill(store)
            backtests = backtests_over(store)
            rule = AlertRule(name="Busy", expr=parse(QUERY), text=QUERY, for_ms=300_000)
            micros = []
            outcome: Outcome | None = None
            for _ in range(RUNS):
                began = time.perf_counter()
                [outcome] = backtests.run(
                    [Group(name="g", interval_ms=60_000, rules=(rule,))],
                    since_ms=START_MS,
                    until_ms=START_MS + DAYS * DAY_MS - 1,
                )
                micros.append((time.perf_counter() - began) * 1e6)
            assert outcome is not None
            assert not outcome.problem
            began = time.perf_counter()
            for step in range(NAIVE_STEPS):
                with backtests.queries.instant(QUERY, START_MS + step * DAYS * DAY_MS // NAIVE_STEPS):
                    pass
            naive = (time.perf_counter() - began) / NAIVE_STEPS * len(outcome.steps)
        return Row(
            name=self.name,
            micros=micros,
            samples=HOSTS * DAYS * DAY_MS // INTERVAL_MS,
            naive_micros=naive * 1e6,
            note=f"on the clock; {outcome.fired} firings; naive: from {NAIVE_STEPS} queries at one time each",
        )


def backtests_over(store: Store) -> Backtests:
    """Make what tries rules over a store, with the limits that a gateway has."""
    catalog = Catalog(store)
    return Backtests(
        queries=Queries(
            source=StoredSeries(store),
            rules=lambda: Rules(timeout_s=120, max_samples=50_000_000, lookback_ms=300_000),
            stopwatch=time.perf_counter,
            memory=Memory(1 << 30),
        ),
        series=lambda matchers: catalog.confined(matchers).series,
        interval_ms=lambda: 60_000,
    )


def _store(directory: Path) -> Store:
    def damage(origin: str, number: int, reason: str) -> None:
        raise AssertionError(f"{origin} {number}: {reason}")

    return Store(directory, damage=damage, sync="off")


def benchmarks() -> Iterator[Benchmark]:
    """One."""
    yield Month()
