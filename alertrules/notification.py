"""What a receiver is told, and the port through which it is told."""

from dataclasses import dataclass
from typing import Protocol

from alertrules.alert import FIRING, RESOLVED, Alert
from timeseries.labels import Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One message to one integration of a receiver about one group of alerts.

    `group_key` is Alertmanager's: the matchers of the route's path, and the labels of the group.
    `alerts` are those that are told, in Alertmanager's order; none is silenced or inhibited.
    """

    receiver: str
    group_key: str
    group_labels: Labels
    alerts: tuple[Alert, ...]
    now_ms: int
    external_url: str = ""
    """Where the gateway's own pages are."""
    is_test: bool = False

    @property
    def status(self) -> str:
        """`firing` when one of the alerts fires."""
        return FIRING if self.firing else RESOLVED

    @property
    def firing(self) -> tuple[Alert, ...]:
        """Those that fire."""
        return tuple(alert for alert in self.alerts if not alert.is_resolved(self.now_ms))

    @property
    def resolved(self) -> tuple[Alert, ...]:
        """Those that ended."""
        return tuple(alert for alert in self.alerts if alert.is_resolved(self.now_ms))


class Channel(Protocol):
    """A way to a receiver. Called from several threads."""

    def send(self, notification: Notification, *, timeout_s: float) -> None:
        """Return when it was taken; raises NotifyFailed, or TemplateError."""
