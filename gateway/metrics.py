"""What the gateway counts about itself. The only home of prometheus_client.

Owns the names, help and labels of all self-metrics. Must not know HTTP.
"""

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.openmetrics import exposition as openmetrics

TEXT = CONTENT_TYPE_PLAIN_0_0_4
OPENMETRICS = openmetrics.CONTENT_TYPE_LATEST

REQUEST_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""From an answer out of memory to a heavy query; finer steps beyond 10 s say no more."""


class Metrics:
    """The self-metrics of one gateway, in a registry of its own."""

    def __init__(self, *, version: str, python: str) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for every counter, that no one reads
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        build = Info("fleetgauge_build", "The running version; the value is 1.", registry=self.registry)
        build.info({"version": version, "python": python})
        self._requests = Counter(
            "fleetgauge_http_requests",
            "HTTP requests answered, by route, method and status code.",
            ("route", "method", "code"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "fleetgauge_http_request_duration_seconds",
            "Time from the complete request to the answer, by route.",
            ("route",),
            buckets=REQUEST_SECONDS,
            registry=self.registry,
        )

    def answered(self, *, route: str, method: str, code: int, seconds: float) -> None:
        """Count one answered HTTP request."""
        self._requests.labels(route, method, str(code)).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self.registry)

    def openmetrics(self) -> bytes:
        """All metrics in the OpenMetrics format."""
        return bytes(openmetrics.generate_latest(self.registry))  # type: ignore[no-untyped-call]
