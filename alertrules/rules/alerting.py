"""The alerts of one rule, from one evaluation to the next.

Owns their labels, annotations and series, and which of them are to be sent. Which state follows which is in
states.py; what a template means is not known here.
"""

from collections.abc import Container
from dataclasses import replace
from typing import Final, Protocol

from alertrules.alert import ALERT_NAME, Alert
from alertrules.errors import RuleFailed, TemplateError
from alertrules.rules.answers import Sample, samples_of
from alertrules.rules.model import AlertRule
from alertrules.rules.outcome import Active, Query, Recorded, State
from alertrules.rules.states import FORGOTTEN, INACTIVE, PENDING, advance
from timeseries.errors import InvalidLabels
from timeseries.labels import METRIC_NAME, Labels

ALERTS: Final = "ALERTS"
ALERTS_FOR_STATE: Final = "ALERTS_FOR_STATE"
ALERT_STATE: Final = "alertstate"

SAME_LABELS: Final = "vector contains metrics with the same labelset after applying alert labels"

RESEND_DELAY_MS: Final = 60_000
"""How long after it was sent an alert is sent again: those who receive it may have been restarted."""

_FAILURES: Final = 4
"""An alert that is not heard again counts as ended after so many times in which it should have been sent."""

_ACTION: Final = "{{"


class Templates(Protocol):
    """Expands templates with the functions of Prometheus."""

    def expand(self, text: str, *, labels: Labels, value: float, now_ms: int, name: str = "") -> str:
        """Return what a text comes to for a sample of the alert of this name; raises TemplateError."""
        ...


def expanded(text: str, templates: Templates, *, labels: Labels, value: float, now_ms: int, name: str) -> str:
    """Return what a label or an annotation of an alert comes to; where its template fails, why."""
    if _ACTION not in text:
        return text
    try:
        return templates.expand(text, labels=labels, value=value, now_ms=now_ms, name=name)
    except TemplateError as error:
        return f"<error expanding template: {error}>"


class _Kept:
    """An alert, and the names of its series."""

    __slots__ = ("_labels", "_series", "alert", "for_state")

    def __init__(self, alert: Active, rule: AlertRule) -> None:
        self.alert = alert
        # Where a template comes to nothing, the series has its text: so Prometheus writes it.
        self._labels = {**rule.labels, **dict(alert.labels)}
        self._series: dict[State, Labels] = {}
        self.for_state = Labels({**self._labels, METRIC_NAME: ALERTS_FOR_STATE})

    def samples(self, at_ms: int) -> tuple[Recorded, Recorded]:
        """Return what is written for an alert that is pending or firing."""
        state = self.alert.state
        if state not in self._series:
            added = {METRIC_NAME: ALERTS, ALERT_STATE: state.value}
            self._series[state] = Labels({**self._labels, **added})
        active_s = float(self.alert.active_ms // 1000)
        return (
            Recorded(labels=self._series[state], time_ms=at_ms, value=1.0),
            Recorded(labels=self.for_state, time_ms=at_ms, value=active_s),
        )


class RuleAlerts:
    """The alerts of a rule."""

    def __init__(self, rule: AlertRule, templates: Templates, *, is_restored: bool) -> None:
        self.rule = rule
        self.is_restored = is_restored
        """Whether what was known before a restart was looked for. Until then no series is written."""
        self._templates = templates
        self._labels = tuple(rule.labels.items())
        self._annotations = tuple(sorted(rule.annotations.items()))
        self._kept: dict[Labels, _Kept] = {}
        self._labelled: dict[tuple[Labels, tuple[str, ...]], Labels] = {}

    @property
    def by_series(self) -> list[tuple[Labels, Active]]:
        """All that are remembered, each with the labels of its series ALERTS_FOR_STATE."""
        return [(kept.for_state, kept.alert) for kept in self._kept.values()]

    @property
    def active(self) -> tuple[Active, ...]:
        """Copies of those that are pending or firing."""
        return tuple(replace(kept.alert) for kept in self._kept.values() if kept.alert.state is not INACTIVE)

    def take_over(self, old: "RuleAlerts") -> None:
        """Go on with the alerts of a rule that this one replaces."""
        self._kept = old._kept
        self.is_restored = old.is_restored

    def evaluate(self, now_ms: int, at_ms: int, query: Query, limit: int) -> list[Recorded]:
        """Bring the alerts to a time, with what the query finds, and return their samples.

        Raises QueryError or RuleFailed.
        """
        found = samples_of(query(self.rule.expr, at_ms))
        if not found and not self._kept:
            return []
        present = self._present(found, now_ms)
        for labels, (annotations, value) in present.items():
            kept = self._kept.get(labels)
            if kept is None:
                alert = Active(
                    labels=labels, annotations=annotations, value=value, state=INACTIVE, active_ms=now_ms
                )
                self._kept[labels] = _Kept(alert, self.rule)
            else:
                kept.alert.annotations, kept.alert.value = annotations, value
        return self._advanced(present, now_ms, at_ms, limit)

    def due(self, now_ms: int, interval_ms: int, resend_delay_ms: int) -> list[Active]:
        """Return those that are to be sent now, and take them as sent.

        Firing ones are sent again and again, ended ones at once and as long as they are remembered.
        """
        found: list[Active] = []
        for kept in self._kept.values():
            alert = kept.alert
            is_news = not alert.last_sent_ms or alert.resolved_ms > alert.last_sent_ms
            if alert.state is not PENDING and (is_news or alert.last_sent_ms + resend_delay_ms < now_ms):
                alert.last_sent_ms = now_ms
                alert.valid_until_ms = now_ms + _FAILURES * max(interval_ms, resend_delay_ms)
                found.append(alert)
        return found

    def _advanced(self, present: Container[Labels], now_ms: int, at_ms: int, limit: int) -> list[Recorded]:
        """Bring each alert to its next state."""
        samples: list[Recorded] = []
        running = 0
        for labels, kept in list(self._kept.items()):
            after = advance(kept.alert, self.rule, now_ms, present=labels in present)
            if after is FORGOTTEN:
                del self._kept[labels]
            elif after is not INACTIVE:
                running += 1
                if self.is_restored:
                    samples += kept.samples(at_ms)
        if 0 < limit < running:
            # So Prometheus has it: what comes within the limit again begins anew.
            self._kept.clear()
            raise RuleFailed(f"exceeded limit of {limit} with {running} alerts")
        return samples

    def _present(self, found: list[Sample], now_ms: int) -> dict[Labels, tuple[Labels, float]]:
        """Return the annotations and the value of each alert, by its labels."""
        present: dict[Labels, tuple[Labels, float]] = {}
        labelled: dict[tuple[Labels, tuple[str, ...]], Labels] = {}
        for series, sample in found:
            # A histogram is no number; templates see 0.
            value = sample if isinstance(sample, float) else 0.0
            texts = tuple(self._expanded(text, series, value, now_ms) for _, text in self._labels)
            key = (series, texts)
            labels = self._labelled.get(key)
            if labels is None:
                labels = self._labels_of(series, texts)
            labelled[key] = labels
            # Empty annotations stay: so Prometheus has it.
            annotations = Labels.trusted(
                [(name, self._expanded(text, series, value, now_ms)) for name, text in self._annotations]
            )
            present[labels] = (annotations, value)
        if len(present) < len(found):
            raise RuleFailed(SAME_LABELS)
        self._labelled = labelled
        return present

    def _labels_of(self, series: Labels, texts: tuple[str, ...]) -> Labels:
        pairs = dict(series)
        pairs.pop(METRIC_NAME, None)
        pairs.update(zip(self.rule.labels, texts, strict=True))
        pairs[ALERT_NAME] = self.rule.name
        try:
            return Labels(pairs)
        except InvalidLabels as error:
            raise RuleFailed(str(error)) from error

    def _expanded(self, text: str, labels: Labels, value: float, now_ms: int) -> str:
        return expanded(text, self._templates, labels=labels, value=value, now_ms=now_ms, name=self.rule.name)


def to_send(alert: Active, external_labels: Labels, generator_url: str) -> Alert:
    """Return an alert as receivers get it. External labels stand where it has no label of that name."""
    return Alert(
        labels=alert.labels.updated(dict(external_labels.dropping({name for name, _ in alert.labels}))),
        annotations=alert.annotations,
        starts_ms=alert.fired_ms,
        ends_ms=alert.resolved_ms or alert.valid_until_ms,
        updated_ms=alert.last_sent_ms,
        generator_url=generator_url,
    )
