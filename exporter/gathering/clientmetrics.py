"""Turns metrics as Prometheus' Python client has them into families, and shows what that client would show.

They are known by their attributes: this must not import the client, which is large and may not be there.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from exporter.families import Family, Kind, Point

_KINDS: Final[Mapping[str, Kind]] = {
    "counter": "counter",
    "gauge": "gauge",
    "gaugehistogram": "histogram",
    "histogram": "histogram",
    "info": "gauge",
    "stateset": "gauge",
    "summary": "summary",
    "unknown": "untyped",
    "untyped": "untyped",
}
# What stands after the name of the metric in the family's name.
_ENDINGS: Final[Mapping[str, str]] = {"counter": "_total", "info": "_info"}
_ATTRIBUTES: Final = ("name", "documentation", "type", "samples")


def families_in(collected: Iterable[object]) -> Iterator[Family]:
    """The families of all metrics; those that are families already stay as they are."""
    for metric in collected:
        if isinstance(metric, Family):
            yield metric
        elif all(hasattr(metric, name) for name in _ATTRIBUTES):
            yield from _converted(metric)
        else:
            raise TypeError(f"collect() gave a {type(metric).__name__}, which is no metric")


def _converted(metric: Any) -> Iterator[Family]:
    """The family, and those of a gauge histogram's count and sum, which the text format shows as gauges.

    When counting began, times and exemplars are left out: families have no place for them.
    """
    if metric.type not in _KINDS:
        raise ValueError(f"{metric.name}: no type of metric: {metric.type}")
    name = metric.name + _ENDINGS.get(metric.type, "")
    points = []
    gauges: dict[str, list[Point]] = {}
    for sample in metric.samples:
        if getattr(sample, "native_histogram", None) is not None:
            raise ValueError(f"{metric.name} is a native histogram, which a page of text cannot show")
        labels = tuple(sorted(sample.labels.items()))
        if sample.name in (f"{metric.name}_gcount", f"{metric.name}_gsum"):
            gauges.setdefault(sample.name, []).append(Point(sample.value, labels))
        elif sample.name != f"{metric.name}_created":
            points.append(Point(sample.value, labels, _suffix(sample.name, name)))
    yield Family(name=name, kind=_KINDS[metric.type], help=metric.documentation, points=points)
    for each in sorted(gauges):
        yield Family(name=each, kind="gauge", help=metric.documentation, points=gauges[each])


def _suffix(sample: str, family: str) -> str:
    if not sample.startswith(family):
        raise ValueError(f"{sample} does not belong to {family}")
    return sample[len(family) :]
