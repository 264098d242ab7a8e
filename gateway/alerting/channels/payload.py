"""The body of a webhook, version 4, letter by letter as Alertmanager has it, and what we add to it.

Owns its shape. Does no I/O.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from alertrules.alert import FIRING, RESOLVED, Alert
from alertrules.notification import Notification
from timeseries.labels import Labels

VERSION: Final = "4"

# What Go writes for a time that nobody has set.
NO_TIME: Final = "0001-01-01T00:00:00Z"

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

# The name of the receiver goes into expressions, so Alertmanager escapes these in it.
_META: Final = re.compile(r"[\\.+*?()|\[\]{}^$]")


def payload_of(notification: Notification, *, max_alerts: int = 0) -> dict[str, Any]:
    """Return the body of a notification, with so many alerts at most; 0: all.

    Ours are `evidence` of an alert that has some, and `test` of a test.
    """
    alerts = notification.alerts[:max_alerts] if max_alerts else notification.alerts
    now_ms = notification.now_ms
    fires = any(not alert.is_resolved(now_ms) for alert in alerts)
    return {
        "receiver": _META.sub(lambda found: f"\\{found[0]}", notification.receiver),
        "status": FIRING if fires else RESOLVED,
        "alerts": [_alert(alert, now_ms) for alert in alerts],
        "groupLabels": dict(notification.group_labels),
        "commonLabels": _common([alert.labels for alert in alerts]),
        "commonAnnotations": _common([alert.annotations for alert in alerts]),
        "externalURL": notification.external_url,
        "version": VERSION,
        "groupKey": notification.group_key,
        "truncatedAlerts": len(notification.alerts) - len(alerts),
        **({"test": True} if notification.is_test else {}),
    }


def _alert(alert: Alert, now_ms: int) -> dict[str, Any]:
    status = alert.status(now_ms)
    return {
        "status": status,
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "startsAt": go_time(alert.starts_ms),
        "endsAt": go_time(alert.ends_ms) if status == RESOLVED else NO_TIME,
        "generatorURL": alert.generator_url,
        "fingerprint": alert.fingerprint,
        **({"evidence": alert.evidence} if alert.evidence else {}),
    }


def _common(sets: Sequence[Labels]) -> Mapping[str, str]:
    """Return the pairs that all have."""
    return dict(sorted(set.intersection(*map(set, sets)))) if sets else {}


def go_time(ms: int) -> str:
    """Return a time as Go writes it in JSON: in UTC, without zeros at the end of the fraction."""
    text = (_EPOCH + timedelta(milliseconds=ms)).strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f".{ms % 1000:03d}".rstrip("0").rstrip(".")
    return f"{text}{fraction}Z"
