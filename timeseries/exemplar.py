"""Exemplars: a measured value of a series with the labels (a trace id, say) that explain it."""

from dataclasses import dataclass

from timeseries.labels import Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemplar:
    """One exemplar; its labels need no metric name."""

    labels: Labels
    value: float
    time_ms: int
