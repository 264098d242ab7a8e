"""An episode: an alert from when it began to fire until it was resolved."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from alertrules.alert import NOTHING, fingerprint_of
from timeseries.labels import Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """One episode. `number` is that of its row, 0 while it has none; `resolved_ms` is None while it fires.

    `is_exact` is whether the gateway was there when it ended.
    """

    number: int = 0
    labels: Labels
    annotations: Labels
    generator_url: str = ""
    starts_ms: int
    resolved_ms: int | None = None
    is_exact: bool = True
    host: Labels = NOTHING
    """The labels of the agent that the evidence is of."""
    summary: str = ""
    """That of the evidence; empty when there is none."""
    brief: Mapping[str, Any] | None = field(default=None, compare=False)

    @property
    def name(self) -> str:
        """The value of `alertname`."""
        return self.labels.get("alertname")

    @property
    def fingerprint(self) -> str:
        """What tells the alert from others."""
        return fingerprint_of(self.labels)

    def lasted_ms(self, now_ms: int) -> int:
        """Return how long it fired, so far if it still does."""
        end_ms = now_ms if self.resolved_ms is None else self.resolved_ms
        return max(end_ms - self.starts_ms, 0)
