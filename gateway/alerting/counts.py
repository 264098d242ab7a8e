"""What the pipeline counts, for the metrics. For several threads."""

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

LATENCY_SECONDS: Final = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""From a webhook beside us to the time-out of an attempt."""

Way = tuple[str, str]
"""A receiver's name, and the kind of one of its ways."""


@dataclass(slots=True)
class Attempts:
    """How long the attempts of a way took."""

    buckets: list[int] = field(default_factory=lambda: [0] * (len(LATENCY_SECONDS) + 1))
    seconds: float = 0.0
    failed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """All counts at some moment."""

    received: Mapping[str, int]
    """Alerts that were put, by status."""
    refused: int
    """Alerts for which there was no room."""
    notifications: Mapping[Way, int]
    failed: Mapping[tuple[str, str, str], int]
    """By receiver, kind, and why: `final`, `time`, `room`, `ended`."""
    attempts: Mapping[Way, Attempts]
    waiting: Mapping[Way, int]
    suppressed: Mapping[str, int]
    """Alerts left out of notifications, by what suppressed them."""
    alerts: Mapping[str, int]
    """Alerts that fire, by state."""
    groups: int
    silences: Mapping[str, int]
    failures: Mapping[str, int]
    """What went wrong within the pipeline, by step."""


class Counts:
    """What only ever grows."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.received: Counter[str] = Counter()
        self.notifications: Counter[Way] = Counter()
        self.failed: Counter[tuple[str, str, str]] = Counter()
        self.attempts: dict[Way, Attempts] = {}
        self.failures: Counter[str] = Counter(dict.fromkeys(("save", "step", "send"), 0))

    def put(self, status: str, alerts: int) -> None:
        """Count alerts that came in."""
        with self._lock:
            self.received[status] += alerts

    def attempt(self, way: Way, seconds: float, *, is_taken: bool) -> None:
        """Count an attempt to tell a receiver."""
        with self._lock:
            attempts = self.attempts.setdefault(way, Attempts())
            attempts.buckets[bisect_left(LATENCY_SECONDS, seconds)] += 1
            attempts.seconds += seconds
            attempts.failed += not is_taken

    def end(self, way: Way, failure: str = "") -> None:
        """Count a notification that came to its end, and why it failed if it did."""
        with self._lock:
            self.notifications[way] += 1
            if failure:
                self.failed[(*way, failure)] += 1

    def fail(self, step: str) -> None:
        """Count something that went wrong within the pipeline."""
        with self._lock:
            self.failures[step] += 1
