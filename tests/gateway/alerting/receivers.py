"""Alerts, notifications and integrations for tests."""

from collections.abc import Mapping
from html import escape
from typing import Any

from alertrules.alert import NOTHING, Alert
from alertrules.notification import Notification
from alertrules.routing.configuration import Integration
from timeseries.labels import Labels

NOW_MS = 1_790_000_000_000
HOUR_MS = 3_600_000


class PlainTemplates:
    """Knows two templates, and says nothing of the rest."""

    def expand(self, text: str, notification: Notification) -> str:
        values = {"{{ .Status }}": notification.status, "{{ .GroupKey }}": notification.group_key}
        for written, value in values.items():
            text = text.replace(written, value)
        return text

    def expand_html(self, text: str, notification: Notification) -> str:
        return self.expand(text, notification).replace(notification.group_key, escape(notification.group_key))


def alert(name: str = "DiskFull", *, ended: bool = False, **more: Any) -> Alert:
    """An alert that began an hour ago."""
    labels = Labels({"alertname": name, "host": "db-1", **more.pop("labels", {})})
    ends_ms = NOW_MS - 1000 if ended else NOW_MS + HOUR_MS
    return Alert(labels=labels, starts_ms=NOW_MS - HOUR_MS, ends_ms=ends_ms, **more)


def notification(
    *alerts: Alert, is_test: bool = False, receiver: str = "ops", group_labels: Labels = NOTHING
) -> Notification:
    """A notification about a group."""
    return Notification(
        receiver=receiver,
        group_key='{}:{alertname="DiskFull"}',
        group_labels=group_labels,
        alerts=alerts or (alert(),),
        now_ms=NOW_MS,
        external_url="http://gateway:9095",
        is_test=is_test,
    )


def integration(kind: str, settings: Mapping[str, Any]) -> Integration:
    """The first of its kind in a receiver."""
    return Integration(kind=kind, index=0, send_resolved=True, settings=settings)
