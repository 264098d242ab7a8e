"""Takes a snapshot every interval and gives it to the spool. Owns no thread; must not know who sends.

Reads no clock but the one it is given. What goes wrong with one snapshot leaves the next one alone.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from delivery.records import Batch
from delivery.sender import Clock
from delivery.spool import Limits
from exporter.collectors.processes.reading import Look
from exporter.snapshots.encoding import Agent, encode
from exporter.snapshots.host import Host
from exporter.snapshots.taking import Moment, Policy, Words, take
from runtime.logs import Log

# Of what all spools may hold, and never more than this: two days of 50 processes every 15 s.
SPOOL_SHARE: Final = 8
MAX_SPOOL_BYTES: Final = 32 * 1024 * 1024

# Who scraped a moment ago has read all there is to know; part of the interval.
FRESH: Final = 0.25

# A mistake in the settings must not make the agent a burden.
MIN_INTERVAL_S: Final = 1.0

# The kernel tells the time of boot in whole seconds, and not always the same one.
_BOOT_JITTER_MS: Final = 2000


class Table(Protocol):
    """All processes of the host."""

    def readings(self, max_age_s: float) -> Look:
        """Look at them, or return a look that is not older."""


class Keeper(Protocol):
    """Keeps what waits to be sent."""

    def put(self, batches: Iterable[Batch]) -> None:
        """Keep batches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """Snapshots taken, snapshots that failed, and why the last one did; bytes of those taken."""

    taken: int = 0
    bytes: int = 0
    failed: int = 0
    last_error: str = ""


def limits(max_bytes: int, max_age_ms: int) -> Limits:
    """What may wait of snapshots, of what may wait of everything."""
    return Limits(bytes=min(max_bytes // SPOOL_SHARE, MAX_SPOOL_BYTES), age_ms=max_age_ms)


@dataclass(slots=True, kw_only=True)
class Recorder:
    """Takes snapshots. For one thread; `recorded` may be read by others."""

    table: Table
    host: Callable[[], Host]
    keeper: Keeper
    policy: Policy
    words: Words
    agent: Agent
    max_bytes: int
    interval_s: float
    clock: Clock
    """Its rising clock is the one of the table."""
    log: Log = field(default_factory=lambda: Log("snapshots"))
    recorded: Recorded = field(default_factory=Recorded)
    _before: Moment | None = None
    _boot_ms: int = 0

    def run(self, stopped: Callable[[], bool], sleep: Callable[[float], None]) -> None:
        """Take snapshots until told to stop. `sleep` may return early."""
        due_s = self.clock.rising_s()
        while not stopped():
            wait_s = due_s - self.clock.rising_s()
            if wait_s > 0:
                sleep(wait_s)
                continue
            self.record()
            # After a pause of the whole host there is nothing to catch up with.
            due_s = max(due_s + max(self.interval_s, MIN_INTERVAL_S), self.clock.rising_s())

    def record(self) -> None:
        """Take one snapshot and have it kept."""
        try:
            self._record()
        except Exception as error:  # isolation boundary: a host that cannot be read must not end the thread
            reason = f"{type(error).__name__}: {error}"
            if reason != self.recorded.last_error:
                self.log.error("snapshots.failed", reason=reason)
            self.recorded = replace(self.recorded, failed=self.recorded.failed + 1, last_error=reason)

    def _record(self) -> None:
        moment = self._moment()
        before, self._before = self._before, moment
        if before is not None and before.look.at_s == moment.look.at_s:
            return
        body = encode(take(before, moment, self.policy, self.words), self.agent, self.max_bytes)
        self.keeper.put([Batch(body=body, samples=1, oldest_ms=moment.time_ms)])
        taken, size = self.recorded.taken + 1, self.recorded.bytes + len(body)
        self.recorded = replace(self.recorded, taken=taken, bytes=size, last_error="")

    def _moment(self) -> Moment:
        look = self.table.readings(FRESH * self.interval_s)
        age_s = self.clock.rising_s() - look.at_s
        if abs(look.boot_time_s * 1000 - self._boot_ms) > _BOOT_JITTER_MS:
            self._boot_ms = look.boot_time_s * 1000
        try:
            host = self.host()
        except (OSError, ValueError, IndexError):
            host = None
        return Moment(
            time_ms=round((self.clock.now_s() - age_s) * 1000), boot_ms=self._boot_ms, look=look, host=host
        )
