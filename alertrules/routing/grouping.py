"""Which group an alert is in, what the group is called, and in which order its alerts are told."""

from functools import cmp_to_key
from typing import Final

from alertrules.alert import Alert
from alertrules.routing.configuration import Route
from timeseries.labels import Labels
from timeseries.text import quote

_FIRST: Final = ("job", "instance")
"""What alerts are ordered by before all other labels; those without one come last."""


def group_labels(route: Route, labels: Labels) -> Labels:
    """Return the labels by which a route groups an alert."""
    return labels if route.group_by_all else labels.keeping(route.group_by)


def group_key(route: Route, labels: Labels) -> str:
    """Return Alertmanager's name of a group: the route's path, and the labels as Go writes them."""
    return f"{route.key}:{{{', '.join(sorted(f'{name}={quote(value)}' for name, value in labels))}}}"


def in_order(alerts: list[Alert]) -> list[Alert]:
    """Return alerts in Alertmanager's order: by job, instance, number of labels, and labels."""
    return sorted(alerts, key=cmp_to_key(_compare))


def _compare(one: Alert, other: Alert) -> int:
    for name in _FIRST:
        mine, theirs = one.labels.get(name), other.labels.get(name)
        if mine != theirs:
            if not mine or not theirs:
                return 1 if not mine else -1
            return -1 if mine < theirs else 1
    return compare_labels(one.labels, other.labels)


def compare_labels(one: Labels, other: Labels) -> int:
    """Compare as Go's model does: fewer labels first; then the first name that not both have, or its values.

    Whoever lacks that name comes first.
    """
    if len(one) != len(other):
        return len(one) - len(other)
    for (name, value), (other_name, other_value) in zip(one, other, strict=True):
        if name != other_name:
            return 1 if name < other_name else -1
        if value != other_value:
            return -1 if value < other_value else 1
    return 0
