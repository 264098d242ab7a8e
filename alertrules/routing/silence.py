"""A silence: which alerts are not told, from when to when."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from timeseries.labels import Labels
from timeseries.matcher import Matcher


class SilenceState(StrEnum):
    """Where its time is."""

    PENDING = "pending"
    ACTIVE = "active"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Alerts that match all of its matchers are not told while it is active."""

    id: str
    matchers: tuple[Matcher, ...]
    starts_ms: int
    ends_ms: int
    updated_ms: int
    created_by: str
    comment: str

    def state(self, now_ms: int) -> SilenceState:
        """Return where its time is."""
        if now_ms < self.starts_ms:
            return SilenceState.PENDING
        return SilenceState.ACTIVE if now_ms < self.ends_ms else SilenceState.EXPIRED

    def matches(self, labels: Labels) -> bool:
        """Tell whether it is about an alert."""
        return match_all(self.matchers, labels)


def match_all(matchers: Sequence[Matcher], labels: Labels) -> bool:
    """Tell whether labels match all; a label that is not there counts as empty."""
    return all(matcher.matches(labels.get(matcher.name)) for matcher in matchers)
