"""The series that both have: counters that reset, gauges, histograms; gaps, stale markers, odd values.

Knows no query. Times never fall on a whole second: Prometheus 3 leaves out the sample at the left border of a
range, Prometheus 2 has it, and no query here has a border where a sample is.
"""

import math
import random
from collections.abc import Iterator, Sequence
from typing import Final

from remotewrite.model import Sample, Series
from timeseries.labels import Labels
from timeseries.stale import STALE

INTERVAL_MS: Final = 15_000
SAMPLES: Final = 160
_OFF_MS: Final = 377

HOSTS: Final = ("web-1", "web-2", "db-1", "db-2")
MODES: Final = ("user", "system", "idle")
BOUNDS: Final = ("0.1", "0.5", "1", "2.5", "+Inf")


def series(start_ms: int) -> Sequence[Series]:
    """Return all series, their first samples at about the start."""
    rng = random.Random(1)
    return [
        Series(labels=Labels(labels), samples=list(_samples(rng, start_ms, values)))
        for labels, values in _named(rng)
    ]


def _named(rng: random.Random) -> Iterator[tuple[dict[str, str], Sequence[float]]]:
    for host in HOSTS:
        who = {"instance": host, "job": "web" if host.startswith("web") else "db"}
        for mode in MODES:
            yield {"__name__": "cpu_seconds_total", "mode": mode, **who}, _counter(rng, 3.0)
        yield {"__name__": "requests_total", "code": "200", **who}, _counter(rng, 40.0)
        yield {"__name__": "requests_total", "code": "500", **who}, _counter(rng, 1.0)
        yield {"__name__": "memory_bytes", **who}, [rng.gauss(8e9, 2e9) for _ in range(SAMPLES)]
        yield {"__name__": "temperature_celsius", **who}, [rng.gauss(-1, 30) for _ in range(SAMPLES)]
        yield (
            {"__name__": "host_info", "rack": f"r{rng.randrange(2)}", "os": "debian", **who},
            [1.0] * SAMPLES,
        )
        yield {"__name__": "odd_values", **who}, [_odd(rng) for _ in range(SAMPLES)]
        counts = [0.0] * SAMPLES
        for bound in BOUNDS:
            counts = [low + more for low, more in zip(counts, _counter(rng, 5.0, resets=False), strict=True)]
            yield {"__name__": "latency_seconds_bucket", "le": bound, **who}, counts
        yield {"__name__": "latency_seconds_count", **who}, counts
        yield {"__name__": "latency_seconds_sum", **who}, _counter(rng, 9.0, resets=False)


def _counter(rng: random.Random, step: float, *, resets: bool = True) -> Sequence[float]:
    value, found = rng.random() * 1000, []
    for _ in range(SAMPLES):
        value = rng.random() * step if resets and rng.random() < 0.02 else value + rng.random() * step
        found.append(value)
    return found


def _odd(rng: random.Random) -> float:
    return rng.choice([0.0, -0.0, 1.0, math.inf, -math.inf, math.nan, 1e-300, 1e300, rng.random()])


def _samples(rng: random.Random, start_ms: int, values: Sequence[float]) -> Iterator[Sample]:
    """Scrape, each series a little off; now and then a scrape fails, or the series ends and comes back."""
    off = rng.randrange(_OFF_MS, 900)
    gap = 0
    for number, value in enumerate(values):
        time_ms = start_ms + number * INTERVAL_MS + off
        if gap:
            gap -= 1
        elif rng.random() < 0.01:
            gap = rng.choice([1, 3, 12, 30])
            yield Sample(time_ms, STALE if rng.random() < 0.5 else value)
        else:
            yield Sample(time_ms, value)
