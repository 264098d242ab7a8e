"""What a recording rule makes of the answer to its query."""

from typing import Final

from alertrules.errors import RuleFailed
from alertrules.rules.answers import samples_of
from alertrules.rules.model import RecordingRule
from alertrules.rules.outcome import Query, Recorded
from timeseries.labels import METRIC_NAME

SAME_LABELS: Final = "vector contains metrics with the same labelset after applying rule labels"


def label_changes(rule: RecordingRule) -> dict[str, str]:
    """Return the labels that a recording rule sets."""
    return {**rule.labels, METRIC_NAME: rule.name}


class Recording:
    """A recording rule."""

    def __init__(self, rule: RecordingRule) -> None:
        self._rule = rule
        self._changes = label_changes(rule)

    def evaluate(self, now_ms: int, at_ms: int, query: Query, limit: int) -> list[Recorded]:  # noqa: ARG002 - as alerts do
        """Return the samples that it makes at a time; raises QueryError or RuleFailed."""
        made = [
            Recorded(labels=labels.updated(self._changes), time_ms=at_ms, value=value)
            for labels, value in samples_of(query(self._rule.expr, at_ms))
        ]
        if len({sample.labels for sample in made}) < len(made):
            raise RuleFailed(SAME_LABELS)
        if 0 < limit < len(made):
            raise RuleFailed(f"exceeded limit of {limit} with {len(made)} series")
        return made
