"""A measure of one host over some time: its values, and what they come to. What is not there is None."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from gateway.compare.measures import Measure
from gateway.errors import GatewayError
from gateway.query.service import Queries, Wishes
from promql.values import Scalar, Steps, Vector
from timeseries.columns import Floats
from timeseries.matcher import Matcher

HIGH: Final = 0.95


class SeveralSeries(GatewayError):
    """An expression that comes to more than one series for a host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """What the values at all steps come to; the percentile is PromQL's, between the two nearest values."""

    count: int
    average: float | None = None
    min: float | None = None
    max: float | None = None
    p95: float | None = None
    last: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A value at each step, and the statistics of those that are there; `seconds` is how long it took."""

    statistics: Statistics
    values: Sequence[float | None]
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparer:
    """Asks for measures. What it reads is confined to what matches."""

    queries: Queries

    def course(
        self,
        measure: Measure,
        instance: str,
        steps: Steps,
        matchers: tuple[Matcher, ...] = (),
        wishes: Wishes | None = None,
    ) -> Course:
        """Return a measure of one host; raises QueryError or SeveralSeries."""
        text = measure.of(instance, steps.step_ms)
        with self.queries.confined(matchers).range(text, steps, wishes or Wishes()) as timed:
            values = _values(timed.answer.value, len(steps), instance)
        return Course(statistics=statistics(values), values=_plain(values), seconds=timed.seconds)


def statistics(values: Floats) -> Statistics:
    """Return what values come to, without those that are not finite."""
    there = values[np.isfinite(values)]
    if not len(there):
        return Statistics(count=0)
    return Statistics(
        count=len(there),
        average=float(there.mean()),
        min=float(there.min()),
        max=float(there.max()),
        p95=float(np.quantile(there, HIGH)),
        last=float(there[-1]),
    )


def _values(value: object, steps: int, instance: str) -> Floats:
    """Return a number a step, NaN where there is none."""
    if isinstance(value, Vector):
        if len(value) > 1:
            raise SeveralSeries(
                f"it comes to {len(value)} series for {instance}, such as {value.labels[0]}. Join them, as "
                "with sum() or max()"
            )
        if not len(value):
            return np.full(steps, np.nan)
        there = value.present[0]
        if value.histograms is not None:
            there = there & np.array([one is None for one in value.histograms[0]], np.bool_)
        return np.where(there, value.values[0], np.nan)
    scalar: Scalar = np.asarray(value, np.float64)
    return scalar


def _plain(values: Floats) -> list[float | None]:
    return [value if math.isfinite(value) else None for value in values.tolist()]
