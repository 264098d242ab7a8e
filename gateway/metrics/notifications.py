"""What the gateway counts about alerts and notifications.

Owns the names, help and labels of these metrics. A way has series once something was sent by it.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import accumulate
from typing import Any, Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from gateway.alerting.counts import LATENCY_SECONDS, Readings

WAY: Final = ("receiver", "integration")

Key = tuple[str, ...]
Values = Mapping[Any, float]
"""By the values of its labels."""


def _single(number: float) -> Values:
    return {(): number}


def _by_one(numbers: Mapping[str, int]) -> Values:
    return {(name,): number for name, number in numbers.items()}


NOTIFICATION_GAUGES: Final[dict[str, tuple[str, Key, Callable[[Readings], Values]]]] = {
    "alerts": ("Alerts that fire, by state.", ("state",), lambda all_: _by_one(all_.alerts)),
    "silences": ("Silences, by state.", ("state",), lambda all_: _by_one(all_.silences)),
    "notification_groups": ("Groups of alerts.", (), lambda all_: _single(all_.groups)),
    "notifications_waiting": (
        "Notifications that wait for a receiver, or to be tried again.",
        WAY,
        lambda all_: all_.waiting,
    ),
}
"""What the pipeline can be asked for."""

NOTIFICATION_COUNTERS: Final[dict[str, tuple[str, Key, Callable[[Readings], Values]]]] = {
    "alerts_received": (
        "Alerts that came in, by status, each time.",
        ("status",),
        lambda all_: _by_one(all_.received),
    ),
    "alerts_refused": (
        "Alerts that were not taken, as too many are known.",
        (),
        lambda all_: _single(all_.refused),
    ),
    "notifications": (
        "Notifications that came to their end.",
        WAY,
        lambda all_: all_.notifications,
    ),
    "notifications_failed": (
        "Notifications that no receiver took, by reason.",
        (*WAY, "reason"),
        lambda all_: all_.failed,
    ),
    "notification_requests": (
        "Attempts to tell a receiver.",
        WAY,
        lambda all_: {way: sum(each.buckets) for way, each in all_.attempts.items()},
    ),
    "notification_requests_failed": (
        "Attempts that failed.",
        WAY,
        lambda all_: {way: each.failed for way, each in all_.attempts.items()},
    ),
    "notifications_suppressed": (
        "Alerts left out when their group was told, by what suppressed them.",
        ("reason",),
        lambda all_: _by_one(all_.suppressed),
    ),
    "notification_failures": (
        "What went wrong within the pipeline, by step.",
        ("step",),
        lambda all_: _by_one(all_.failures),
    ),
}
"""What the pipeline counts."""

LATENCY: Final = "fleetgauge_notification_latency_seconds"


def watch_notifications(registry: CollectorRegistry, readings: Callable[[], Readings]) -> None:
    """Show how the pipeline is, asked at each scrape."""
    registry.register(_Notifications(readings))


class _Notifications(Collector):
    """The pipeline."""

    def __init__(self, readings: Callable[[], Readings]) -> None:
        self._readings = readings

    def collect(self) -> Iterator[Metric]:
        """Ask once for all."""
        found = self._readings()
        for name, (text, labels, gauge) in NOTIFICATION_GAUGES.items():
            family = GaugeMetricFamily(f"fleetgauge_{name}", text, labels=labels)
            for key, value in gauge(found).items():
                family.add_metric(key, value)
            yield family
        for name, (text, labels, counter) in NOTIFICATION_COUNTERS.items():
            counted = CounterMetricFamily(f"fleetgauge_{name}", text, labels=labels)
            for key, value in counter(found).items():
                counted.add_metric(key, value)
            yield counted
        yield _latency(found)


def _latency(found: Readings) -> Metric:
    family = HistogramMetricFamily(LATENCY, "Time of each attempt to tell a receiver.", labels=WAY)
    bounds = [*(f"{bound:g}" for bound in LATENCY_SECONDS), "+Inf"]
    for way, attempts in found.attempts.items():
        buckets = list(zip(bounds, accumulate(attempts.buckets), strict=True))
        family.add_metric(way, buckets, attempts.seconds)
    return family
