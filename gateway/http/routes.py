"""The table of routes: which path is answered by which resource.

Owns the paths. What a resource does is in its own module.
"""

from gateway.http.health import Health, Ready
from gateway.http.metrics import SelfMetrics
from gateway.http.status import BuildInfo
from gateway.metrics import Metrics


def routes(*, version: str, metrics: Metrics) -> dict[str, object]:
    """All paths with the resources that answer them."""
    return {
        "/-/healthy": Health(),
        "/-/ready": Ready(),
        "/api/v1/status/buildinfo": BuildInfo(version),
        "/metrics": SelfMetrics(metrics),
    }
