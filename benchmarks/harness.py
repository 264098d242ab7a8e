"""How a benchmark is measured and printed, in processor time: others may use the machine too.

Knows nothing of what is measured.
"""

import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

RUNS: Final = 7
# Long enough for the clock and short enough to be left alone by other programs now and then.
RUN_SECONDS: Final = 0.15

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table: the µs of each run, and what they were spent on; or no µs and only a note."""

    name: str
    micros: Sequence[float] = ()
    samples: int = 0
    naive_micros: float = 0.0
    note: str = ""


class Benchmark(Protocol):
    """Anything with a name that can be measured."""

    @property
    def name(self) -> str:
        """What the table calls it."""

    def measure(self) -> Row:
        """Run it, several times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Throughput(Generic[T]):
    """A function of one request, run over several requests in turn, beside the naive way to do the same."""

    name: str
    run: Callable[[T], object]
    requests: Sequence[T]
    samples: int
    naive: Callable[[T], object] | None = None
    note: str = ""

    def measure(self) -> Row:
        """Time it, and the naive way."""
        naive = statistics.median(_times(self.naive, self.requests)) if self.naive else 0.0
        return Row(
            name=self.name,
            micros=_times(self.run, self.requests),
            samples=self.samples,
            naive_micros=naive,
            note=self.note,
        )


def _times(run: Callable[[T], object], requests: Sequence[T]) -> list[float]:
    """Return the µs a request of each run; the first pass, which fills caches, is not counted."""
    passes = 1
    while (seconds := _seconds(run, requests, passes)) < RUN_SECONDS / 4:
        passes *= 2
    passes = max(1, round(passes * RUN_SECONDS / seconds))
    return [_seconds(run, requests, passes) * 1e6 / (passes * len(requests)) for _ in range(RUNS)]


def _seconds(run: Callable[[T], object], requests: Sequence[T], passes: int) -> float:
    started = time.process_time()
    for _ in range(passes):
        for request in requests:
            run(request)
    return time.process_time() - started


HEADER: Final = ("name", "µs", "spread", "samples/s", "naive µs", "times faster", "")


def print_table(benchmarks: Iterable[Benchmark]) -> None:
    """Measure and print one after the other; the spread is that from the fastest run to the slowest."""
    print_line(*HEADER)
    for benchmark in benchmarks:
        row = benchmark.measure()
        if not row.micros:
            print_line(row.name, *[""] * (len(HEADER) - 2), row.note)
            continue
        median = statistics.median(row.micros)
        print_line(
            row.name,
            f"{median:,.0f}",
            f"{(max(row.micros) - min(row.micros)) / median:.0%}",
            f"{row.samples / median:.2f} M" if row.samples else "",
            f"{row.naive_micros:,.0f}" if row.naive_micros else "",
            f"{row.naive_micros / median:.1f}" if row.naive_micros else "",
            row.note,
        )


def print_line(name: str, *cells: str) -> None:
    """Print one line of the table."""
    *numbers, note = cells
    print(f"{name:32}", *(f"{cell:>12}" for cell in numbers), f" {note}".rstrip(), flush=True)
