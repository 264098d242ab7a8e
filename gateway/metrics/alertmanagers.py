"""What the gateway counts about the Alertmanagers that get alerts. Owns the names, help and labels."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from gateway.alerting.readings import AlertmanagerReadings

ALERTMANAGER_GAUGES: Mapping[str, tuple[str, Callable[[AlertmanagerReadings], float]]] = {
    "waiting_alerts": ("Alerts that wait for an Alertmanager.", lambda each: each.waiting),
    "up": (
        "Whether the last request to an Alertmanager was answered as wished.",
        lambda each: not each.trouble,
    ),
}
"""What an Alertmanager can be asked for."""

ALERTMANAGER_COUNTERS: Mapping[str, tuple[str, Callable[[AlertmanagerReadings], float]]] = {
    "sent_alerts": ("Alerts that an Alertmanager took.", lambda each: each.sent),
    "refused_alerts": ("Alerts in requests that an Alertmanager refused.", lambda each: each.refused),
    "failures": ("Requests to an Alertmanager that have to be sent again.", lambda each: each.failures),
    "left_out_alerts": ("Alerts that the rules of an Alertmanager dropped.", lambda each: each.left_out),
}
"""What an Alertmanager's sender counts."""


class AlertmanagerMetrics(Collector):
    """What is sent to Alertmanagers."""

    def __init__(self, readings: Callable[[], Sequence[AlertmanagerReadings]]) -> None:
        self._readings = readings

    def collect(self) -> Iterator[Metric]:
        """Ask each."""
        found, labels = self._readings(), ["alertmanager"]
        for name, (text, gauge) in ALERTMANAGER_GAUGES.items():
            family = GaugeMetricFamily(f"fleetgauge_alertmanager_{name}", text, labels=labels)
            for each in found:
                family.add_metric([each.url], float(gauge(each)))
            yield family
        for name, (text, counter) in ALERTMANAGER_COUNTERS.items():
            counted = CounterMetricFamily(f"fleetgauge_alertmanager_{name}", text, labels=labels)
            for each in found:
                counted.add_metric([each.url], counter(each))
            yield counted
        dropped = CounterMetricFamily(
            "fleetgauge_alertmanager_dropped_alerts",
            "Alerts dropped while they waited for an Alertmanager, by reason.",
            labels=[*labels, "reason"],
        )
        for each in found:
            for reason, count in each.dropped.items():
                dropped.add_metric([each.url, reason], count)
        yield dropped
