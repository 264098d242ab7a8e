"""The alerts that are known, each once, and how what is heard again is joined with it. Knows no route."""

from collections.abc import Iterable, Iterator
from typing import Final

from alertrules.alert import Alert, fingerprint_of
from timeseries.labels import Labels

KEEP_RESOLVED_MS: Final = 1_800_000
"""How long an alert that ended is remembered: one that is heard of as firing in that time is the same."""

MAX_ALERTS: Final = 100_000
"""Alerts known at once: some 200 MB. Those of a fleet of 1,000 hosts where each of 100 rules fires."""

MAX_TEXT: Final = 1 << 28
"""Characters in labels and annotations of all of them: what 100,000 have of 2,700 each. Most have 500."""


def received(alert: Alert, now_ms: int, resolve_timeout_ms: int) -> Alert:
    """Return an alert as it is when it comes in: a start, and an end, though it be a timeout."""
    starts_ms = alert.starts_ms or alert.ends_ms or now_ms
    if alert.ends_ms:
        return alert.changed(starts_ms=starts_ms, updated_ms=now_ms)
    return alert.changed(
        starts_ms=starts_ms, ends_ms=now_ms + resolve_timeout_ms, ends_by_timeout=True, updated_ms=now_ms
    )


def merged(old: Alert, new: Alert, now_ms: int) -> Alert:
    """Return what is known of an alert after it was heard of again."""
    overlap = old.starts_ms < new.ends_ms < old.ends_ms or old.starts_ms < new.starts_ms < old.ends_ms
    if not overlap:
        return new.changed(evidence=new.evidence or old.evidence) if _is_same(old, new) else new
    if new.updated_ms < old.updated_ms:
        old, new = new, old
    ends_ms = new.ends_ms
    if new.is_resolved(now_ms):
        if old.is_resolved(now_ms):
            ends_ms = max(ends_ms, old.ends_ms)
    elif not old.ends_by_timeout:
        ends_ms = max(ends_ms, old.ends_ms)
    return new.changed(
        starts_ms=min(old.starts_ms, new.starts_ms), ends_ms=ends_ms, evidence=new.evidence or old.evidence
    )


def _is_same(old: Alert, new: Alert) -> bool:
    """Tell whether both are of one time of firing."""
    return old.starts_ms == new.starts_ms


class AlertBook:
    """All alerts by their labels."""

    def __init__(self, *, most: int = MAX_ALERTS, most_text: int = MAX_TEXT) -> None:
        self._alerts: dict[Labels, Alert] = {}
        self._fingerprints: dict[Labels, str] = {}
        self._most = most
        self._most_text = most_text
        self._text = 0

    def __len__(self) -> int:
        return len(self._alerts)

    def __iter__(self) -> Iterator[Alert]:
        return iter(self._alerts.values())

    def get(self, labels: Labels) -> Alert | None:
        """Return what is known of an alert."""
        return self._alerts.get(labels)

    def fingerprint(self, labels: Labels) -> str:
        """Return the fingerprint of an alert, without reckoning it again for one that is known."""
        return self._fingerprints.get(labels) or fingerprint_of(labels)

    def put(self, alert: Alert, now_ms: int) -> Alert | None:
        """Take an alert that came in (`received`), and return what is known of it now; None: no room."""
        old = self._alerts.get(alert.labels)
        known = alert if old is None else merged(old, alert, now_ms)
        more = _length(known) - (0 if old is None else _length(old))
        if old is None and (len(self._alerts) >= self._most or self._text + more > self._most_text):
            return None
        if old is not None and more > 0 and self._text + more > self._most_text:
            # That it fires or has ended counts for more than what it says.
            known, more = known.changed(annotations=old.annotations), 0
        self._text += more
        if old is None:
            self._fingerprints[alert.labels] = fingerprint_of(alert.labels)
        self._alerts[alert.labels] = known
        return known

    def replace(self, alert: Alert) -> None:
        """Take an alert that is known in the place of what is known of it."""
        self._alerts[alert.labels] = alert

    def forget(self, labels: Iterable[Labels]) -> None:
        """Drop alerts."""
        for each in labels:
            if (alert := self._alerts.pop(each, None)) is not None:
                self._text -= _length(alert)
            self._fingerprints.pop(each, None)


def _length(alert: Alert) -> int:
    return sum(len(name) + len(value) for pairs in (alert.labels, alert.annotations) for name, value in pairs)
