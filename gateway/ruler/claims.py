"""Alerts that several rules raise: such an alert has ended when it has for all of them.

Owns which rule says that an alert fires, and until when that counts. Knows no rules and no receivers.
"""

import threading
from collections.abc import Mapping, Sequence
from typing import Final

from alertrules.alert import Alert
from timeseries.labels import Labels

SWEEP_MS: Final = 600_000
"""How often is dropped what was never ended: rules go, and their alerts with them."""

_Said = Mapping[tuple[str, str], int]
"""By group and query of a rule: until when it counts that it said so."""


class Claims:
    """Which rules say of which alert that it fires. For several threads.

    Without it, an alert that one rule ended and another raises would end and begin again with each sending.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._said: dict[Labels, _Said] = {}
        self._of_group: dict[str, set[Labels]] = {}
        self._swept_ms = 0

    def heard(self, group: str, alerts: Sequence[Alert], now_ms: int) -> list[Alert]:
        """Return what is to be told of a group's alerts: no end of one that fires for another rule."""
        with self._lock:
            if not 0 <= now_ms - self._swept_ms < SWEEP_MS:
                self._sweep(now_ms)
            for alert in alerts:
                # Rules of a group that ask the same come to the same.
                said = dict(self._said.get(alert.labels, {}))
                said[group, alert.generator_url] = alert.ends_ms
                self._put(alert.labels, said, now_ms)
                if not alert.is_resolved(now_ms):
                    self._of_group.setdefault(group, set()).add(alert.labels)
            return [each for each in alerts if not each.is_resolved(now_ms) or each.labels not in self._said]

    def forget(self, group: str) -> None:
        """Drop what the rules of a group said: they went, or may ask something else now."""
        with self._lock:
            for labels in self._of_group.pop(group, ()):
                said = self._said.get(labels, {})
                self._put(labels, {rule: ends_ms for rule, ends_ms in said.items() if rule[0] != group})

    def __len__(self) -> int:
        return len(self._said)

    def _put(self, labels: Labels, said: _Said, now_ms: int = 0) -> None:
        if left := {rule: ends_ms for rule, ends_ms in said.items() if ends_ms > now_ms}:
            self._said[labels] = left
        else:
            self._said.pop(labels, None)

    def _sweep(self, now_ms: int) -> None:
        self._swept_ms = now_ms
        for labels, said in list(self._said.items()):
            self._put(labels, said, now_ms)
        left = {group: each & self._said.keys() for group, each in self._of_group.items()}
        self._of_group = {group: each for group, each in left.items() if each}
