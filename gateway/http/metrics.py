"""`/metrics`: the gateway's own metrics.

Owns content negotiation. Which metrics exist is for gateway.metrics.
"""

import falcon

from gateway.metrics import OPENMETRICS, TEXT, Metrics

_FORMATS = ("text/plain", "application/openmetrics-text")


class SelfMetrics:
    """Gives the metrics in the format that the client prefers."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        if req.client_prefers(_FORMATS) == "application/openmetrics-text":
            resp.content_type, body = OPENMETRICS, self._metrics.openmetrics()
        else:
            resp.content_type, body = TEXT, self._metrics.text()
        resp.append_header("Vary", "Accept")
        resp.data = body

    on_head = on_get
