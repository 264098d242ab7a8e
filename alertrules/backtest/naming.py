"""Which alert a result of a query is: its labels with those of the rule, some of which are templates.

Owns how often a template is expanded: once for a series, or for each of its values if it shows them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from alertrules.alert import ALERT_NAME
from alertrules.errors import RuleFailed
from alertrules.rules.alerting import Templates, expanded
from alertrules.rules.model import AlertRule
from promql.values import Vector
from timeseries.columns import Bools, Floats, Ints
from timeseries.labels import METRIC_NAME, Labels

MAX_CELLS: Final = 1 << 24
"""Alerts, times steps, that come of one piece whose labels show values or times: 150 MB."""

MAX_TEXT: Final = 1 << 25
"""Characters that the templates of one piece make."""

TOO_MANY: Final = "its labels make too many alerts: they change with each value or time"

_OTHER_FIELD: Final = re.compile(r"(?<![\w)\]])\.(?!(?:Labels|ExternalLabels|ExternalURL)\b)|\$(?![\w.])")
"""A field of what a template is given that is not its labels, or all of it."""

_OF_A_TIME: Final = re.compile(r"\b(?:query|now)\b")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """What a query came to, as alerts: a row for each, a column for each step."""

    labels: Sequence[Labels]
    present: Bools
    values: Floats


class Namer:
    """Gives the results of a rule their labels."""

    def __init__(self, rule: AlertRule, templates: Templates) -> None:
        self._rule = rule
        self._templates = templates
        texts = [text for text in rule.labels.values() if "{{" in text]
        self._characters = 0
        self._by_time = any(_OF_A_TIME.search(text) for text in texts)
        self._by_value = any("$value" in text or _OTHER_FIELD.search(text) for text in texts)

    def rows(self, vector: Vector, times: Ints) -> Rows:
        """Return the alerts of some steps; a series may be several, in a row. Raises RuleFailed."""
        self._characters = 0
        if not (self._by_time or self._by_value):
            first = vector.present.argmax(axis=1) if len(times) else np.zeros(len(vector), np.int64)
            labels = [
                self._named(own, float(vector.values[row, at]), int(times[at]))
                for row, (own, at) in enumerate(zip(vector.labels, first.tolist(), strict=True))
            ]
            return Rows(labels=labels, present=vector.present, values=vector.values)
        labels, present, rows = [], [], []
        for row, own in enumerate(vector.labels):
            for alert, mask in self._variants(own, vector.present[row], vector.values[row], times).items():
                if (len(labels) + 1) * len(times) > MAX_CELLS:
                    raise RuleFailed(TOO_MANY)
                labels.append(alert)
                present.append(mask)
                rows.append(row)
        shape = (len(labels), len(times))
        masks = np.array(present, np.bool_).reshape(shape)
        return Rows(labels=labels, present=masks, values=vector.values[rows].reshape(shape))

    def _variants(self, labels: Labels, present: Bools, values: Floats, times: Ints) -> dict[Labels, Bools]:
        made: dict[tuple[float, int], list[int]] = {}
        for at in np.flatnonzero(present).tolist():
            key = (float(values[at]) if self._by_value else 0.0, int(times[at]) if self._by_time else 0)
            made.setdefault(key, []).append(at)
        found: dict[Labels, Bools] = {}
        for steps in made.values():
            alert = self._named(labels, float(values[steps[0]]), int(times[steps[0]]))
            if alert not in found:
                if (len(found) + 1) * len(times) > MAX_CELLS:
                    raise RuleFailed(TOO_MANY)
                found[alert] = np.zeros_like(present)
            found[alert][steps] = True
        return found

    def _named(self, labels: Labels, value: float, now_ms: int) -> Labels:
        changes = {
            name: self._expanded(text, labels, value, now_ms) for name, text in self._rule.labels.items()
        }
        return labels.dropping((METRIC_NAME,)).updated({**changes, ALERT_NAME: self._rule.name})

    def _expanded(self, text: str, labels: Labels, value: float, now_ms: int) -> str:
        made = expanded(
            text, self._templates, labels=labels, value=value, now_ms=now_ms, name=self._rule.name
        )
        self._characters += len(made)
        if self._characters > MAX_TEXT:
            raise RuleFailed(f"its templates make more than {MAX_TEXT} characters")
        return made
