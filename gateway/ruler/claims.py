"""Alerts that several rules raise: such an alert has ended when it has for all of them.

Owns which rule says that an alert fires, and until when that counts. Knows no rules and no receivers.
"""

import threading
from collections.abc import Sequence
from typing import Final

from alertrules.alert import Alert
from timeseries.labels import Labels

SWEEP_MS: Final = 600_000
"""How often is dropped what was never ended: rules go, and their alerts with them."""


class Claims:
    """Which rules say of which alert that it fires. For several threads.

    Without it, an alert that one rule ended and another raises would end and begin again with each sending.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ends: dict[Labels, dict[tuple[str, str], int]] = {}
        self._swept_ms = 0

    def heard(self, group: str, alerts: Sequence[Alert], now_ms: int) -> list[Alert]:
        """Return what is to be told of a group's alerts: no end of one that fires for another rule."""
        with self._lock:
            if not 0 <= now_ms - self._swept_ms < SWEEP_MS:
                self._swept_ms = now_ms
                for labels in list(self._ends):
                    self._keep(labels, self._ends[labels], now_ms)
            for alert in alerts:
                # Rules of a group that ask the same come to the same.
                rule = (group, alert.generator_url)
                claims = self._ends.setdefault(alert.labels, {})
                if alert.is_resolved(now_ms):
                    claims.pop(rule, None)
                else:
                    claims[rule] = alert.ends_ms
                self._keep(alert.labels, claims, now_ms)
            return [each for each in alerts if not each.is_resolved(now_ms) or each.labels not in self._ends]

    def __len__(self) -> int:
        return len(self._ends)

    def _keep(self, labels: Labels, claims: dict[tuple[str, str], int], now_ms: int) -> None:
        left = {rule: ends_ms for rule, ends_ms in claims.items() if ends_ms > now_ms}
        if left:
            self._ends[labels] = left
        else:
            self._ends.pop(labels, None)
