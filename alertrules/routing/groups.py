"""Groups of alerts, and what a flush of one comes to. Values and small state; when is for the dispatcher."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from alertrules.alert import Alert
from alertrules.notification import Notification
from alertrules.routing.configuration import Integration, Route
from alertrules.routing.told import Reason, Told
from timeseries.labels import Labels

LEAST_FLUSH_MS: Final = 10_000
"""A notification may be tried for as long as the group's interval, and at least so long."""


@dataclass(slots=True, kw_only=True, eq=False)
class Group:
    """The alerts of a route that are told together."""

    route: Route
    labels: Labels
    key: str
    next_ms: int
    has_flushed: bool = False
    alerts: dict[Labels, Alert] = field(default_factory=dict)
    flush: "Flush | None" = None
    """The flush whose notifications are on their way: until it is over there is no other."""

    @property
    def identity(self) -> tuple[str, str, Labels]:
        """What a group is known by across a change of the configuration."""
        return self.route.key, self.route.receiver, self.labels

    def insert(self, alert: Alert, now_ms: int) -> None:
        """Take an alert; one that is older than the wait makes a new group due at once."""
        self.alerts[alert.labels] = alert
        if not self.has_flushed and alert.starts_ms + self.route.group_wait_ms < now_ms:
            self.next_ms = min(self.next_ms, now_ms)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Telling:
    """One notification that is to be sent by one way, again and again until `deadline_ms`.

    `told` is what the log says once it was taken.
    """

    integration: Integration
    notification: Notification
    reason: Reason
    told: Told
    deadline_ms: int

    @property
    def receiver(self) -> str:
        """The name of the receiver."""
        return self.notification.receiver


@dataclass(slots=True, kw_only=True, eq=False)
class Flush:
    """What a group had to tell at one time, and what is still on its way."""

    group: Group
    alerts: Sequence[Alert]
    tellings: tuple[Telling, ...]
    waiting: set[Telling]
    has_failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What is to be written: alerts by fingerprint and log entries by key, None for those that are gone."""

    alerts: dict[str, Alert | None] = field(default_factory=dict)
    told: dict[str, Told | None] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.alerts or self.told)

    def then(self, later: "Changes") -> "Changes":
        """Return both, the later ones in the place of the earlier."""
        return Changes(alerts={**self.alerts, **later.alerts}, told={**self.told, **later.told})
