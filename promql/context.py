"""What the evaluation of one query shares: its steps, its source, its limits and its annotations."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final, Protocol, Self

from promql.annotations import Annotations
from promql.errors import QueryTimeout, QueryTooLarge
from promql.source import Source
from promql.values import Steps

DEFAULT_LOOKBACK_MS = 5 * 60_000
# The step of a subquery that names none.
DEFAULT_SUBQUERY_STEP_MS = 60_000


# A sample while it is read: time, value and start, and once more while they are put together.
SAMPLE_BYTES: Final = 48
# The labels of a series, and what points to them.
SERIES_BYTES: Final = 600
# A histogram as an object, with some tens of buckets.
HISTOGRAM_BYTES: Final = 2048
# A cell of a matrix while it is made: what comes out, and what is in between.
CELL_BYTES: Final = 24


class Room(Protocol):
    """The memory that one query holds."""

    @property
    def held(self) -> int:
        """How many bytes that is."""
        ...

    def resize(self, size: int) -> None:
        """Hold so much from now on; raises QueryError when it may not."""
        ...


@dataclass(slots=True)
class Unlimited:
    """Room without an end."""

    held: int = 0

    def resize(self, size: int) -> None:
        """Hold so much from now on."""
        self.held = size


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one query may use. `remaining` tells the seconds left until it must end; it comes from outside."""

    max_samples: int = 50_000_000
    max_cells: int = 50_000_000
    remaining: Callable[[], float] = lambda: float("inf")
    room: Room = field(default_factory=Unlimited)


@dataclass(slots=True)
class Usage:
    """What one query has used so far."""

    samples: int = 0
    peak_cells: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Handed down the tree; a subquery hands down one with other steps."""

    steps: Steps
    source: Source
    lookback_ms: int = DEFAULT_LOOKBACK_MS
    subquery_step_ms: int = DEFAULT_SUBQUERY_STEP_MS
    limits: Limits = field(default_factory=Limits)
    annotations: Annotations = field(default_factory=Annotations)
    usage: Usage = field(default_factory=Usage)
    # The query's own range, which `@ start()` and `range()` mean even inside a subquery.
    query_start_ms: int = 0
    query_end_ms: int = 0
    # What `step()` means: 0 in an instant query.
    query_step_ms: int = 0

    def at(self, steps: Steps) -> Self:
        """Return a context with other steps."""
        return replace(self, steps=steps)

    def check(self) -> None:
        """Raise QueryTimeout when the time is up; called at every node and in every long loop."""
        if self.limits.remaining() <= 0:
            raise QueryTimeout("query timed out in expression evaluation")

    def load(self, samples: int, sample_bytes: int = SAMPLE_BYTES) -> None:
        """Count samples that are read; raises QueryTooLarge."""
        self.usage.samples += samples
        if self.usage.samples > self.limits.max_samples:
            raise QueryTooLarge("query processing would load too many samples into memory in query execution")
        self.hold(samples * sample_bytes)

    def read(self, series: int, samples: int) -> None:
        """Count what a source says that it reads, before all of it is there; raises QueryError."""
        if series:
            self.make(series)
            self.hold(series * SERIES_BYTES)
        self.load(samples)
        self.check()

    def hold(self, size: int) -> None:
        """Ask for more memory; raises QueryError."""
        room = self.limits.room
        room.resize(room.held + size)

    def make(self, series: int) -> None:
        """Ask before a matrix of so many series at all steps is made; raises QueryTooLarge."""
        cells = series * len(self.steps)
        self.usage.peak_cells = max(self.usage.peak_cells, cells)
        if cells > self.limits.max_cells:
            raise QueryTooLarge(
                f"the query makes {series} series at {len(self.steps)} steps: more than "
                f"{self.limits.max_cells} values at once"
            )
        self.hold(cells * CELL_BYTES)
