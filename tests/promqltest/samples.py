"""Samples of a load, and classic histograms as native ones with custom buckets, as `load_with_nhcb` adds."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.promqltest.errors import ScriptError
from tests.promqltest.shape import Shape
from timeseries.histogram import CUSTOM_SCHEMA
from timeseries.labels import METRIC_NAME, Labels


class Sample(NamedTuple):
    """A float or a histogram of a series at a time."""

    time_ms: int
    value: float | Shape
    start_ms: int = 0


@dataclass(slots=True)
class _Classic:
    """What the classic series tell of one time: cumulative counts by bound."""

    buckets: dict[float, float] = field(default_factory=dict)
    count: float | None = None
    sum: float = 0.0


def custom_histograms(series: Mapping[Labels, Sequence[Sample]]) -> dict[Labels, list[Sample]]:
    """Return a series of histograms for each classic one; raises ScriptError when it contradicts itself."""
    found: dict[Labels, dict[int, _Classic]] = defaultdict(lambda: defaultdict(_Classic))
    for labels, samples in series.items():
        metric, _, part = labels.metric_name.rpartition("_")
        bound = _bound(labels.get("le"))
        if part not in ("bucket", "count", "sum") or (part == "bucket" and bound is None):
            continue
        times = found[labels.dropping({"le"}).updated({METRIC_NAME: metric})]
        for sample in samples:
            if isinstance(sample.value, Shape):
                continue
            classic = times[sample.time_ms]
            if part == "bucket" and bound is not None:
                classic.buckets[bound] = sample.value
            elif part == "count":
                classic.count = sample.value
            else:
                classic.sum = sample.value
    return {
        labels: [Sample(time, _shape(labels, times[time])) for time in sorted(times)]
        for labels, times in found.items()
    }


def _bound(text: str) -> float | None:
    try:
        bound = float(text)
    except ValueError:
        return None
    return None if math.isnan(bound) else bound


def _shape(labels: Labels, classic: _Classic) -> Shape:
    bounds = sorted(classic.buckets)
    counts = [classic.buckets[bound] for bound in bounds]
    total = classic.count if classic.count is not None else max(counts, default=0.0)
    if not bounds or bounds[-1] != math.inf:
        bounds.append(math.inf)
        counts.append(total)
    before = [0.0, *counts[:-1]]
    own = [count - last for count, last in zip(counts, before, strict=True)]
    if any(count < 0 for count in own) or counts[-1] != total:
        raise ScriptError(f"the buckets of {labels} are no histogram")
    return Shape(
        schema=CUSTOM_SCHEMA,
        count=total,
        sum=classic.sum,
        positive=dict(enumerate(own)),
        custom_values=tuple(bounds[:-1]),
    )
