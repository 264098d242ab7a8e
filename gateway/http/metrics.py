"""`/metrics`: the gateway's own metrics.

Owns content negotiation. Which metrics exist is for gateway.metrics.
"""

import gzip
import re

import falcon

from gateway.metrics import OPENMETRICS, TEXT, Metrics

_FORMATS = ("text/plain", "application/openmetrics-text")

COMPRESSION_LEVEL = 6
"""zlib's own balance; a higher level costs more than it saves on a few KB."""


class SelfMetrics:
    """Gives the metrics in the format and the encoding that the client prefers."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        if req.client_prefers(_FORMATS) == "application/openmetrics-text":
            resp.content_type, body = OPENMETRICS, self._metrics.openmetrics()
        else:
            resp.content_type, body = TEXT, self._metrics.text()
        resp.set_header("Vary", "Accept, Accept-Encoding")
        if accepts_gzip(req.get_header("Accept-Encoding", default="")):
            resp.set_header("Content-Encoding", "gzip")
            body = gzip.compress(body, COMPRESSION_LEVEL)
        resp.data = body

    on_head = on_get


def accepts_gzip(header: str) -> bool:
    """Whether an Accept-Encoding header names gzip and not with q=0 (RFC 9110, section 12.4.2)."""
    for part in header.split(","):
        coding, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if coding == "gzip":
            return not any(re.fullmatch(r"q=0(\.0*)?", parameter) for parameter in parameters)
    return False
