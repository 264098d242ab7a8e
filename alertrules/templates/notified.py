"""What templates of notifications see: Alertmanager's data and its methods. Knows no syntax."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final

from alertrules.alert import ALERT_NAME, FIRING, RESOLVED, Alert
from alertrules.notification import Notification
from alertrules.templates.gotime import ZERO_TIME, Time
from alertrules.templates.values import STRINGS, AnyMap, Function, Functions, Map, Slice, Struct, Value
from timeseries.labels import Labels

_NS_PER_MS: Final = 1_000_000
_SPECIAL: Final = re.compile(r"([\\.+*?()|\[\]{}^$])")


class Pairs(Slice):
    """Names and values in order."""

    go_type = "template.Pairs"
    methods: ClassVar[Functions] = {
        "Names": Function(call=lambda pairs: Slice(pair.fields["Name"] for pair in pairs)),
        "Values": Function(call=lambda pairs: Slice(pair.fields["Value"] for pair in pairs)),
    }


class Pair(Struct):
    """A name and a value."""

    go_type = "template.Pair"
    __slots__ = ()


class KeyValues(Map):
    """Labels or annotations."""

    go_type = "template.KV"
    methods: ClassVar[Functions] = {
        "SortedPairs": Function(call=lambda values: values.pairs()),
        "Names": Function(call=lambda values: Slice(values.names())),
        "Values": Function(call=lambda values: Slice(values[name] for name in values.names())),
        "Remove": Function(call=lambda values, names: values.without(names or ()), params=(STRINGS,)),
    }

    def names(self) -> list[str]:
        """Return the names in order, that of the alert first."""
        return sorted(self, key=lambda name: (name != ALERT_NAME, name))

    def pairs(self) -> Pairs:
        """Return names and values in that order."""
        return Pairs(Pair({"Name": name, "Value": self[name]}) for name in self.names())

    def without(self, names: Iterable[str]) -> "KeyValues":
        """Return those with other names."""
        left_out = frozenset(names)
        return KeyValues({name: value for name, value in self.items() if name not in left_out})


class NotifiedAlert(Struct):
    """An alert. What is frozen with it is no field, so that it prints as it does in Alertmanager."""

    go_type = "template.Alert"
    methods: ClassVar[Functions] = {"Evidence": Function(call=lambda alert: alert.evidence)}
    __slots__ = ("evidence",)

    def __init__(self, fields: Mapping[str, Value], evidence: Value) -> None:
        super().__init__(fields)
        self.evidence = evidence


class AlertList(Slice):
    """Some of the alerts."""

    go_type = "[]template.Alert"


class Alerts(Slice):
    """All alerts of a notification."""

    go_type = "template.Alerts"
    methods: ClassVar[Functions] = {
        "Firing": Function(call=lambda alerts: alerts.with_status(FIRING)),
        "Resolved": Function(call=lambda alerts: alerts.with_status(RESOLVED)),
    }

    def with_status(self, status: str) -> AlertList:
        """Return those that fire, or that ended."""
        return AlertList(alert for alert in self if alert.fields["Status"] == status)


class Data(Struct):
    """What the dot is."""

    go_type = "*template.Data"
    __slots__ = ()


def data_of(notification: Notification) -> Data:
    """Return what the templates of a notification see."""
    alerts = notification.alerts
    return Data(
        {
            "Receiver": _SPECIAL.sub(r"\\\1", notification.receiver),
            "Status": notification.status,
            "Alerts": Alerts(_notified(alert, notification.now_ms) for alert in alerts),
            "GroupLabels": KeyValues(notification.group_labels),
            "CommonLabels": common([alert.labels for alert in alerts]),
            "CommonAnnotations": common([alert.annotations for alert in alerts]),
            "ExternalURL": notification.external_url,
        }
    )


def common(sets: Sequence[Labels]) -> KeyValues:
    """Return the names that have one and the same value in all sets."""
    if not sets:
        return KeyValues()
    shared = set(sets[0]).intersection(*sets[1:])
    return KeyValues(pair for pair in sets[0] if pair in shared)


def _notified(alert: Alert, now_ms: int) -> NotifiedAlert:
    return NotifiedAlert(
        {
            "Status": alert.status(now_ms),
            "Labels": KeyValues(alert.labels),
            "Annotations": KeyValues(alert.annotations),
            "StartsAt": Time(alert.starts_ms * _NS_PER_MS),
            "EndsAt": Time(alert.ends_ms * _NS_PER_MS) if alert.ends_ms else ZERO_TIME,
            "GeneratorURL": alert.generator_url,
            "Fingerprint": alert.fingerprint,
        },
        None if alert.evidence is None else _shown(alert.evidence),
    )


class AnyList(Slice):
    """A list of anything."""

    go_type = "[]interface {}"


def _shown(value: Any) -> Value:
    """Turn what is ready for JSON into values of templates."""
    if isinstance(value, Mapping):
        return AnyMap({str(key): _shown(item) for key, item in value.items()})
    if isinstance(value, list | tuple):
        return AnyList(_shown(item) for item in value)
    return value if value is None or isinstance(value, str | bool | int | float) else str(value)
