"""Queries over 20,000 series with 60 samples each, at 61 steps, from memory: what the evaluator itself costs.

Series are scraped every 15 s at moments of their own, so that no two share their times; counters are reset
now and then. Nothing is read from a store, and nothing is written as JSON.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from benchmarks.bodies import INTERVAL_MS, START_MS, labels_of
from benchmarks.harness import Benchmark, Throughput
from promql.engine import run_range
from promql.source import Reading, Selected, unlimited
from promql.values import Steps
from timeseries.columns import Columns
from timeseries.labels import METRIC_NAME
from timeseries.matcher import Matcher

SERIES: Final = 20_000
ROUNDS: Final = 60
STEPS: Final = Steps(
    start_ms=START_MS, end_ms=START_MS + ROUNDS * INTERVAL_MS, step_ms=ROUNDS * INTERVAL_MS // 60
)
# One reset in so many samples.
RESET_EVERY: Final = 500

QUERIES: Final = {
    "selector": "x_total",
    "rate": "rate(x_total[2m])",
    "sum by (rate)": "sum by (job) (rate(x_total[2m]))",
    "sum_over_time": "sum_over_time(x_total[2m])",
    "max_over_time": "max_over_time(x_total[2m])",
    "quantile_over_time": "quantile_over_time(0.9, x_total[2m])",
    "deriv": "deriv(x_total[2m])",
    "subquery": "max_over_time(x_total[2m:15s])",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Memory:
    """A source that gives all it has, whatever the matchers, from one time to another."""

    selected: Selected

    def select(
        self, matchers: Sequence[Matcher], start_ms: int, end_ms: int, _reading: Reading = unlimited
    ) -> Selected:
        """Return all series with the samples from start to end."""
        del matchers
        columns = self.selected.columns
        keep = (columns.times >= start_ms) & (columns.times <= end_ms)
        return Selected(
            labels=self.selected.labels,
            columns=columns.where(keep),
            starts=self.selected.starts if keep.all() else self.selected.starts[keep],
            histograms={},
        )


def fleet() -> Memory:
    """Return counters that grow by whole numbers."""
    random = np.random.default_rng(SERIES)
    offsets = np.arange(SERIES + 1) * ROUNDS
    times = START_MS + np.arange(ROUNDS) * INTERVAL_MS + random.integers(0, INTERVAL_MS, (SERIES, 1))
    steps = random.integers(0, 100, (SERIES, ROUNDS)).astype(np.float64)
    values = np.cumsum(steps, axis=1)
    values = np.where(random.integers(0, RESET_EVERY, values.shape) == 0, steps, values)
    return Memory(
        selected=Selected(
            labels=[
                labels_of(index).updated({METRIC_NAME: "x_total", "pid": str(index)})
                for index in range(SERIES)
            ],
            columns=Columns(times=times.ravel(), values=values.ravel(), offsets=offsets),
            starts=np.zeros(SERIES * ROUNDS, np.int64),
            histograms={},
        )
    )


def benchmarks() -> Iterator[Benchmark]:
    """All queries, on the same series."""
    memory = fleet()

    def ask(query: str) -> object:
        return run_range(query, STEPS, memory)

    for name, query in QUERIES.items():
        yield Throughput(
            name=f"promql: {name}", run=ask, requests=[query], samples=SERIES * ROUNDS, note=query
        )
