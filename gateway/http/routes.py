"""The table of routes: which path is answered by which resource.

Owns the paths. What a resource does is in its own module.
"""

from collections.abc import Callable

from gateway.http.admin import CleanTombstones, DeleteSeries, Eraser
from gateway.http.health import Health, Ready
from gateway.http.metrics import SelfMetrics
from gateway.http.status import BuildInfo, TsdbStatus
from gateway.http.write import Write
from gateway.ingest.receiver import Receiver
from gateway.metrics import Metrics
from gateway.storage.statistics import Overview


def routes(*, version: str, metrics: Metrics) -> dict[str, object]:
    """All paths with the resources that answer them."""
    return {
        "/-/healthy": Health(),
        "/-/ready": Ready(),
        "/api/v1/status/buildinfo": BuildInfo(version),
        "/metrics": SelfMetrics(metrics),
    }


def write_routes(*, receiver: Receiver, metrics: Metrics) -> dict[str, object]:
    """The paths of remote write: Prometheus', and the one that Mimir and Cortex made usual."""
    write = Write(receiver, metrics)
    return {"/api/v1/write": write, "/api/v1/push": write}


def store_routes(*, statistics: Callable[[int], Overview], eraser: Eraser | None) -> dict[str, object]:
    """The paths for looking after the store; without an eraser nothing can be deleted."""
    return {
        "/api/v1/status/tsdb": TsdbStatus(statistics),
        "/api/v1/admin/tsdb/delete_series": DeleteSeries(eraser),
        "/api/v1/admin/tsdb/clean_tombstones": CleanTombstones(eraser),
    }
