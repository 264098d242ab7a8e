"""The sentences about histograms that an answer may carry: Prometheus' words, which people look up."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from promql.gofloat import general
from timeseries.columns import Bools, Floats, Ints
from timeseries.text import quote

ADDITION: Final = "addition"
SUBTRACTION: Final = "subtraction"
AGGREGATION: Final = "aggregation"


def mixed_floats(metric: str) -> str:
    """Warn of a range with floats and histograms."""
    return f"encountered a mix of histograms and floats for metric name {quote(metric)}"


def not_counter(metric: str) -> str:
    """Warn of gauge histograms where counters are meant."""
    return f"this native histogram metric is not a counter: {quote(metric)}"


def not_gauge(metric: str) -> str:
    """Warn of counter histograms where gauges are meant."""
    return f"this native histogram metric is not a gauge: {quote(metric)}"


def mixed_schemas(metric: str) -> str:
    """Warn of exponential and custom buckets that were to be added."""
    return (
        "vector contains a mix of histograms with exponential and custom buckets schemas for metric name "
        f"{quote(metric)}"
    )


def conflict(operation: str) -> str:
    """Warn that histograms with and without a counter reset were added."""
    return f"conflicting counter resets during histogram {operation}"


def reconciled(operation: str) -> str:
    """Inform of custom buckets that were reduced to the bounds in common."""
    return f"mismatched custom buckets were reconciled during {operation}"


def invalid_quantile(quantile: float) -> str:
    """Warn of a quantile that is none."""
    return f"quantile value should be between 0 and 1, got {general(quantile)}"


def bad_bucket_label(value: str, metric: str) -> str:
    """Warn of a series without a readable `le`."""
    text = f'bucket label "le" is missing or has a malformed value of {quote(value)}'
    return text + _for_metric(metric)


def mixed_classic_and_native(metric: str) -> str:
    """Warn of a histogram that is there in both kinds."""
    return "vector contains a mix of classic and native histograms" + _for_metric(metric)


def quantile_is_nan(metric: str) -> str:
    """Inform that a quantile fell among observations of NaN."""
    return "input to histogram_quantile has NaN observations, result is NaN" + _for_metric(metric)


def quantile_is_skewed(metric: str) -> str:
    """Inform that observations of NaN count as greater than all others."""
    return "input to histogram_quantile has NaN observations, result is skewed higher" + _for_metric(metric)


def fraction_has_nan(metric: str) -> str:
    """Inform that observations of NaN are in no fraction."""
    text = "input to histogram_fraction has NaN observations, which are excluded from all fractions"
    return text + _for_metric(metric)


@dataclass(slots=True, kw_only=True)
class Monotonicity:
    """What had to be raised so that a metric's bucket counts ascend, over all its series and steps."""

    lowest: float = np.inf
    highest: float = -np.inf
    difference: float = 0.0
    samples: int = 0
    first_ms: int = 0
    last_ms: int = 0

    def add(self, forced: Bools, lowest: Floats, highest: Floats, difference: Floats, times: Ints) -> None:
        """Take in what was done to some histograms at all steps: matrices; does nothing where not forced."""
        if not forced.any():
            return
        steps = times[forced.any(axis=0)]
        first, last = int(steps[0]), int(steps[-1])
        self.first_ms = min(self.first_ms, first) if self.samples else first
        self.last_ms = max(self.last_ms, last) if self.samples else last
        self.samples += int(forced.sum())
        self.lowest = min(self.lowest, float(lowest[forced].min()))
        self.highest = max(self.highest, float(highest[forced].max()))
        self.difference = max(self.difference, float(difference[forced].max()))

    def text(self, metric: str) -> str:
        """Tell of it; the sentence names the function histogram_quantile whichever was called."""
        return (
            "input to histogram_quantile needed to be fixed for monotonicity (see "
            "https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)"
            f"{_for_metric(metric)}, from buckets {general(self.lowest)} to {general(self.highest)}, "
            f"with a max diff of {general(float(f'{self.difference:.2g}'))}, over {self.samples} samples "
            f"from {_second(self.first_ms)} to {_second(self.last_ms)}"
        )


def _second(time_ms: int) -> str:
    # Times before 1970 are cut towards it, as by an integer division.
    seconds = abs(time_ms) // 1000 * (1 if time_ms >= 0 else -1)
    return f"{np.datetime64(seconds, 's')}Z"


def _for_metric(metric: str) -> str:
    return f" for metric name {quote(metric)}" if metric else ""
