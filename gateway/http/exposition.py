"""Samples as a page that a Prometheus scrapes: the text format and OpenMetrics. Knows no HTTP and no store.

A family's type, help and unit come before its samples. A type that a format would not believe is left out:
OpenMetrics wants histograms and summaries whole, and a selector may have taken a piece of one.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import groupby
from math import isfinite
from operator import itemgetter
from typing import Final, NamedTuple

from gateway.query.latest import Newest
from promql.gofloat import plain
from timeseries.labels import METRIC_NAME, Labels
from timeseries.metadata import Metadata, MetricType
from timeseries.text import is_legacy_label_name, is_legacy_metric_name

TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"

# What is added to the name of a family, by its type, for the names of its series.
_SUFFIXES: Final[Mapping[MetricType, tuple[str, ...]]] = {
    MetricType.COUNTER: ("_total",),
    MetricType.HISTOGRAM: ("_bucket", "_count", "_sum"),
    MetricType.SUMMARY: ("_count", "_sum"),
    MetricType.INFO: ("_info",),
}
_ALL_SUFFIXES: Final = sorted({suffix for suffixes in _SUFFIXES.values() for suffix in suffixes})
_TEXT_TYPES: Final = {
    MetricType.COUNTER: "counter",
    MetricType.GAUGE: "gauge",
    MetricType.HISTOGRAM: "histogram",
    MetricType.SUMMARY: "summary",
    MetricType.INFO: "gauge",
    MetricType.STATESET: "gauge",
}
_WHOLE: Final = (MetricType.HISTOGRAM, MetricType.SUMMARY)
_TOTAL: Final = "_total"

# A Prometheus that federates would else put the name of this gateway where a series has no instance.
_INSTANCE: Final = "instance"

_NOT_IN_METRIC: Final = re.compile(r"^[0-9]|[^a-zA-Z0-9_:]")
_NOT_IN_LABEL: Final = re.compile(r"^[0-9]|[^a-zA-Z0-9_]")


class _Head(NamedTuple):
    """What stands above some samples."""

    name: str
    type: str
    help: str = ""
    unit: str = ""


def text_page(samples: Iterable[Newest], metadata: Mapping[str, Metadata], *, any_name: bool) -> str:
    """Write the text format, sorted; with `any_name` names may have all of UTF-8, else `_` stands in."""
    pieces: list[str] = []
    for head, lines in _families(samples, lambda metric: _text_head(metric, metadata)):
        name = _metric(head.name, any_name=any_name)
        if head.help:
            pieces.append(f"# HELP {name} {_help(head.help)}\n")
        pieces.append(f"# TYPE {name} {head.type}\n")
        for labels, time_ms, value in lines:
            pieces.append(f"{_series(labels, any_name=any_name)} {_number(value)} {time_ms}\n")
    return "".join(pieces)


def openmetrics_page(samples: Iterable[Newest], metadata: Mapping[str, Metadata], *, any_name: bool) -> str:
    """Write OpenMetrics, likewise."""
    pieces: list[str] = []
    for head, lines in _families(samples, lambda metric: _openmetrics_head(metric, metadata)):
        name = _metric(head.name, any_name=any_name)
        pieces.append(f"# TYPE {name} {head.type}\n")
        if head.unit and head.name.endswith(f"_{head.unit}"):
            pieces.append(f"# UNIT {name} {head.unit}\n")
        if head.help:
            pieces.append(f"# HELP {name} {_escaped(head.help)}\n")
        for labels, time_ms, value in lines:
            pieces.append(f"{_series(labels, any_name=any_name)} {_number(value)} {time_ms / 1000:.3f}\n")
    return "".join([*pieces, "# EOF\n"])


def _families(
    samples: Iterable[Newest], head_of: Callable[[str], _Head]
) -> Iterator[tuple[_Head, list[Newest]]]:
    """Sort samples by family, and within one by metric and labels."""
    head = lru_cache(maxsize=None)(head_of)
    ordered = sorted(
        (head(metric), metric, sample) for sample in samples if (metric := sample.labels.metric_name)
    )
    for above, rows in groupby(ordered, key=itemgetter(0)):
        yield above, [sample for *_, sample in rows]


def _about(metric: str, metadata: Mapping[str, Metadata]) -> Metadata:
    """Return the metadata of the family that a metric belongs to."""
    for suffix in _ALL_SUFFIXES:
        found = metadata.get(metric.removesuffix(suffix)) if metric.endswith(suffix) else None
        if found is not None and suffix in _SUFFIXES.get(found.type, ()):
            return found
    return metadata.get(metric) or Metadata(family=metric)


def _text_head(metric: str, metadata: Mapping[str, Metadata]) -> _Head:
    about = _about(metric, metadata)
    if about.type is MetricType.HISTOGRAM and about.family == metric:
        return _Head(metric, "untyped", about.help)
    name = about.family if about.type in _WHOLE else metric
    return _Head(name, _TEXT_TYPES.get(about.type, "untyped"), about.help)


def _openmetrics_head(metric: str, metadata: Mapping[str, Metadata]) -> _Head:
    about = _about(metric, metadata)
    if about.type is MetricType.COUNTER and metric.endswith(_TOTAL):
        return _Head(metric.removesuffix(_TOTAL), "counter", about.help, about.unit)
    kind = "gauge" if about.type is MetricType.GAUGE else "unknown"
    return _Head(metric, kind, about.help, about.unit)


def _series(labels: Labels, *, any_name: bool) -> str:
    metric = _metric(labels.metric_name, any_name=any_name)
    inner = [metric] if metric.startswith('"') else []
    for name, value in labels:
        if name != METRIC_NAME:
            inner.append(f'{_label(name, any_name=any_name)}="{_escaped(value)}"')
    if not labels.get(_INSTANCE):
        inner.append(f'{_INSTANCE}=""')
    return f"{'' if inner[:1] == [metric] else metric}{{{','.join(inner)}}}"


def _metric(name: str, *, any_name: bool) -> str:
    return name if is_legacy_metric_name(name) else _odd_name(name, _NOT_IN_METRIC, any_name=any_name)


def _label(name: str, *, any_name: bool) -> str:
    return name if is_legacy_label_name(name) else _odd_name(name, _NOT_IN_LABEL, any_name=any_name)


def _odd_name(name: str, unusual: re.Pattern[str], *, any_name: bool) -> str:
    return f'"{_escaped(name)}"' if any_name else unusual.sub("_", name)


def _escaped(text: str) -> str:
    return _help(text).replace('"', '\\"')


def _help(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _number(value: float) -> str:
    return repr(value).removesuffix(".0") if isfinite(value) else plain(value)
