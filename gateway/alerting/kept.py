"""What the pipeline keeps across restarts, and the port by which it does. Knows no SQL."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from alertrules.alert import Alert
from alertrules.routing.groups import Changes
from alertrules.routing.silence import Silence
from alertrules.routing.told import Told


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What became of a notification: an entry of the delivery log. It holds no address and no secret."""

    time_ms: int
    receiver: str
    integration: str
    outcome: str
    """`sent`, `retrying` (it failed once, more tries follow), `failed`, or `dropped` for want of room."""
    reason: str
    """Why the receiver was told: new, firing, resolved, repeat."""
    group_key: str
    alerts: int
    firing: int
    attempts: int
    seconds: float
    """Of the last attempt."""
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What was kept."""

    alerts: Sequence[Alert] = ()
    silences: Sequence[Silence] = ()
    told: Sequence[Told] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """What is to be kept in one go; `silences` by id, None for those that are gone."""

    changes: Changes = field(default_factory=Changes)
    silences: dict[str, Silence | None] = field(default_factory=dict)
    deliveries: tuple[Delivery, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.changes or self.silences or self.deliveries)

    def then(self, later: "Writing") -> "Writing":
        """Return both, the later ones in the place of the earlier."""
        return Writing(
            changes=self.changes.then(later.changes),
            silences={**self.silences, **later.silences},
            deliveries=self.deliveries + later.deliveries,
        )


class Kept(Protocol):
    """The tables."""

    def load(self, now_ms: int) -> Loaded:
        """Return what was kept and is not too old; raises StorageUnavailable."""

    def save(self, writing: Writing) -> None:
        """Return when it is durable; raises StorageUnavailable."""

    def deliveries(self, receiver: str | None, limit: int) -> Sequence[Delivery]:
        """Return the newest entries of the delivery log, the newest first."""

    def forget_deliveries(self, *, before_ms: int, most: int) -> None:
        """Drop entries from before a time, and of each receiver all but the newest."""
