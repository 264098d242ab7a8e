"""A place where rules are evaluated in tests: series in dicts, and what rules wrote to them."""

from collections.abc import Mapping, Sequence
from itertools import count

import numpy as np

from alertrules.errors import RuleFailed, TemplateError
from alertrules.rules.alerting import ALERTS, ALERTS_FOR_STATE
from alertrules.rules.evaluation import GroupEvaluation
from alertrules.rules.loading import load_rules
from alertrules.rules.model import Group
from alertrules.rules.outcome import GroupResult, Recorded
from promql.engine import run_instant
from promql.errors import EvaluationError
from promql.histograms.model import FloatHistogram
from promql.language.ast import Expr
from promql.values import Vector
from runtime.documents import parse_document
from tests.promqltest.samples import Sample
from tests.promqltest.shelves import Memory
from timeseries.labels import METRIC_NAME, Labels
from timeseries.stale import STALE, is_stale

MINUTE = 60_000


def anything(text: str, *, name: str) -> None:
    """Take any template."""
    del text, name


class Templates:
    """Knows `{{ $labels.NAME }}`, `{{ $value }}` and `{{ fail }}`, alone in a text."""

    def expand(self, text: str, *, labels: Labels, value: float, now_ms: int, name: str = "") -> str:
        del now_ms
        inner = text.removeprefix("{{ ").removesuffix(" }}")
        if inner == "fail":
            raise TemplateError(f"it failed for {name}")
        if inner == "$value":
            return f"{value:g}"
        return labels.get(inner.removeprefix("$labels."))


class World:
    """Series, and groups that read and write them."""

    def __init__(self) -> None:
        self.memory = Memory()
        self.writes: list[list[Recorded]] = []
        self.asked: list[int] = []
        self.refusal = ""

    def put(self, name: str, time_ms: int, value: float | None, **labels: str) -> None:
        """Add a sample; None ends the series."""
        series = Labels({METRIC_NAME: name, **labels})
        self.memory.add({series: [Sample(time_ms, STALE if value is None else value)]})

    def query(self, expr: Expr, time_ms: int) -> Vector:
        self.asked.append(time_ms)
        value = run_instant(expr, time_ms, self.memory).value
        if isinstance(value, Vector):
            return value
        if not isinstance(value, np.ndarray):
            raise EvaluationError("rule result is not a vector or scalar")
        return vector_of({Labels(): float(value[0])})

    def write(self, samples: Sequence[Recorded]) -> None:
        if self.refusal:
            raise RuleFailed(self.refusal)
        self.writes.append(list(samples))
        for one in samples:
            value = one.value if isinstance(one.value, float) else 0.0
            self.memory.add({one.labels: [Sample(one.time_ms, value)]})

    def evaluate(self, evaluation: GroupEvaluation, now_ms: int) -> GroupResult:
        return evaluation.evaluate(now_ms, self.query, self.write)

    def written(self) -> dict[str, float]:
        """What the last evaluation wrote, in all its commits, and clear it."""
        found = {str(one.labels): value_of(one) for commit in self.writes for one in commit}
        self.writes.clear()
        return found

    def alive(self) -> set[str]:
        """The series of alerts whose last sample does not end them."""
        return {
            str(labels)
            for labels, samples in self.memory._series.items()
            if labels.metric_name in (ALERTS, ALERTS_FOR_STATE)
            and not is_stale(float(samples[max(samples)].value))  # type: ignore[arg-type]
        }


def value_of(sample: Recorded) -> float:
    """The value of a float; "end" would be a word, so stale markers are infinite here."""
    if isinstance(sample.value, FloatHistogram):
        return sample.value.count
    return float("inf") if is_stale(sample.value) else sample.value


END = float("inf")


def group_of(rules: str, head: str = "", name: str = "f.yml") -> Group:
    """The group g with these rules, each a YAML mapping in a line of its own."""
    lines = "".join(f"  - {line}\n" for line in rules.strip().splitlines())
    text = f"groups:\n- name: g\n{head}  rules:\n{lines}"
    [group] = load_rules(parse_document(text, name), name, anything)
    return group


def make(rules: str, head: str = "", **options: object) -> GroupEvaluation:
    """An evaluation of the group g; each look at the stopwatch takes a second."""
    ticks = count()
    return GroupEvaluation(
        group_of(rules, head),
        templates=Templates(),
        stopwatch=lambda: float(next(ticks)),
        **options,  # type: ignore[arg-type]
    )


def vector_of(rows: Mapping[Labels, float | FloatHistogram]) -> Vector:
    """A vector of one step."""
    values = np.array(
        [[0.0 if isinstance(one, FloatHistogram) else one] for one in rows.values()], np.float64
    )
    histograms = np.full((len(rows), 1), None, np.object_)
    for row, value in enumerate(rows.values()):
        if isinstance(value, FloatHistogram):
            histograms[row, 0] = value
    return Vector(
        labels=list(rows),
        values=values.reshape(len(rows), 1),
        present=np.ones((len(rows), 1), np.bool_),
        drop_name=np.zeros(len(rows), np.bool_),
        histograms=histograms,
    )
