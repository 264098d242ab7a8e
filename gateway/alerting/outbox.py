"""What waits for one Alertmanager: of each alert its newest state, the oldest dropped when they are too many.

Owns which alerts are still worth telling. Reads no clock and knows no network; for many threads.
"""

import threading
from collections.abc import Iterable, Sequence
from typing import Final, Literal, NamedTuple, get_args

from alertrules.alert import Alert
from timeseries.labels import Labels

MAX_WAITING: Final = 10_000
"""As Prometheus has it: so many alerts are an outage that a few more would not explain."""

RESOLVED_KEPT_MS: Final = 15 * 60 * 1000
"""Rules tell for so long that an alert has ended; after it, Alertmanager has found that out by itself."""

Reason = Literal["queue_full", "expired"]
REASONS: Final[tuple[Reason, ...]] = get_args(Reason)


class _Waiting(NamedTuple):
    alert: Alert
    expires_ms: float


class Outbox:
    """Alerts by their labels, in the order in which they first came."""

    def __init__(self, capacity: int = MAX_WAITING) -> None:
        self._capacity = capacity
        self._waiting: dict[Labels, _Waiting] = {}
        self._dropped: dict[Reason, int] = dict.fromkeys(REASONS, 0)
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Count what waits."""
        return len(self._waiting)

    @property
    def dropped(self) -> dict[str, int]:
        """How many were dropped, and why."""
        return dict(self._dropped.items())

    def offer(self, alerts: Iterable[Alert], *, now_ms: int) -> None:
        """Let alerts wait; each takes the place of its older state."""
        with self._lock:
            for alert in alerts:
                self._waiting[alert.labels] = _Waiting(alert, _expiry_ms(alert, now_ms))
            for labels in list(self._waiting)[: max(len(self._waiting) - self._capacity, 0)]:
                del self._waiting[labels]
                self._dropped["queue_full"] += 1

    def take(self, count: int, *, now_ms: int) -> list[Alert]:
        """Return so many that have waited longest; they go on waiting until they are `done`."""
        taken: list[Alert] = []
        with self._lock:
            for labels, (alert, expires_ms) in list(self._waiting.items()):
                if len(taken) == count:
                    break
                if expires_ms <= now_ms:
                    del self._waiting[labels]
                    self._dropped["expired"] += 1
                else:
                    taken.append(alert)
        return taken

    def done(self, alerts: Sequence[Alert]) -> None:
        """Be done with alerts that were taken, but not with newer states of them."""
        with self._lock:
            for alert in alerts:
                waiting = self._waiting.get(alert.labels)
                if waiting is not None and waiting.alert is alert:
                    del self._waiting[alert.labels]


def _expiry_ms(alert: Alert, now_ms: int) -> float:
    """Return when it is no longer true: what fires, when it counts as ended; what ended, some time later."""
    if not alert.ends_ms:
        return float("inf")
    return alert.ends_ms + (RESOLVED_KEPT_MS if alert.is_resolved(now_ms) else 0)
