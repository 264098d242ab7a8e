"""Blocks of the store: how fast they are written and read, and the bytes a sample that they take.

The naive way compresses 64-bit steps as they are.
"""

from collections.abc import Callable, Iterator
from typing import Final

import cramjam
import numpy as np
from numpy.typing import NDArray

from benchmarks.bodies import INTERVAL_MS, START_MS
from benchmarks.harness import Benchmark, Throughput
from gateway.storage.blocks import decode_block, encode_block
from timeseries.columns import Columns

SERIES: Final = 64
# Two hours and a quarter of an hour at 15 s.
LENGTHS: Final = (480, 60)

Matrix = NDArray[np.float64]


def benchmarks() -> Iterator[Benchmark]:
    """A host's mix at both lengths, then each kind of series alone."""
    for samples in LENGTHS:
        yield from _both("mix", _block(_mix, samples))
    for name, make in KINDS.items():
        yield from _both(name, _block(make, LENGTHS[0]))


def _both(name: str, block: Columns) -> Iterator[Benchmark]:
    size = len(block.times)
    blob = encode_block(block, None)
    steps = _naive_encode(block)
    shape = f"{len(block)}x{size // len(block)}"
    yield Throughput(
        name=f"encode block {name} {shape}",
        run=lambda block: encode_block(block, None),
        requests=[block],
        samples=size,
        naive=_naive_encode,
        note=f"{len(blob) / size:.3f} bytes a sample, naive {len(steps) / size:.3f}",
    )
    yield Throughput(name=f"decode block {name} {shape}", run=decode_block, requests=[blob], samples=size)


def _naive_encode(block: Columns) -> bytes:
    columns = (np.diff(block.times, prepend=0), np.diff(block.values.view(np.int64), prepend=0))
    return bytes(cramjam.zstd.compress(b"".join(one.tobytes() for one in columns), 3))


def _block(make: Callable[[np.random.Generator, int], Matrix], samples: int) -> Columns:
    """Series of one host, scraped together by a clock that trembles."""
    rng = np.random.default_rng(samples)
    times = START_MS + INTERVAL_MS * np.arange(samples) + rng.integers(-2, 3, samples)
    return Columns.from_rows((times, row) for row in make(rng, samples))


def _mix(rng: np.random.Generator, samples: int) -> Matrix:
    """Of five series three never change, as on a real host; the others are of all kinds but noise."""
    moving = [kind for name, kind in KINDS.items() if name not in ("constants", "random floats")]
    drawn = [moving[row // 5 % len(moving)] if row % 5 < 2 else _constants for row in range(SERIES)]
    return np.array([make(rng, samples)[row] for row, make in enumerate(drawn)])


def _constants(rng: np.random.Generator, samples: int) -> Matrix:
    return np.repeat(rng.integers(0, 3, (SERIES, 1)), samples, axis=1).astype(float)


def _counters(rng: np.random.Generator, samples: int) -> Matrix:
    rates = np.geomspace(1, 1e6, SERIES)[:, None]
    return np.cumsum(rng.poisson(rates, (SERIES, samples)), axis=1).astype(float)


def _rare_events(rng: np.random.Generator, samples: int) -> Matrix:
    return np.cumsum(rng.random((SERIES, samples)) < 0.05, axis=1).astype(float)


def _cpu_seconds(rng: np.random.Generator, samples: int) -> Matrix:
    """Hundredths, summed up by a program in floats."""
    return np.cumsum(rng.poisson(4, (SERIES, samples)) / 100, axis=1)


def _memory_bytes(rng: np.random.Generator, samples: int) -> Matrix:
    return np.cumsum(4096.0 * rng.integers(-300, 300, (SERIES, samples)), axis=1) + 2.0**32


def _percentages(rng: np.random.Generator, samples: int) -> Matrix:
    return np.round(50 + rng.normal(0, 3, (SERIES, samples)), 2)


def _random_floats(rng: np.random.Generator, samples: int) -> Matrix:
    return rng.random((SERIES, samples))


KINDS: Final[dict[str, Callable[[np.random.Generator, int], Matrix]]] = {
    "constants": _constants,
    "counters": _counters,
    "rare events": _rare_events,
    "cpu seconds": _cpu_seconds,
    "memory bytes": _memory_bytes,
    "percentages": _percentages,
    "random floats": _random_floats,
}
