"""Counts, times and logs every answer; counts those to unreadable requests, too.

Owns the label values, so that no client can make series by inventing paths or methods.
"""

from collections.abc import Callable
from typing import Final

import falcon

from gateway.http.caller import caller_of
from gateway.http.requestid import request_id_of
from gateway.metrics import Metrics
from runtime.logs import Log

UNMATCHED = "unmatched"
"""The route of a request whose path does not exist."""

UNREADABLE = "unreadable"
"""The route of a request that the server refused before it reached any route."""

OTHER = "other"
"""The method of a request that uses none of METHODS, or whose method could not be read."""

METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))

_LOG: Final = Log("http")


class Accounting:
    """Falcon middleware around every request."""

    def __init__(self, metrics: Metrics, clock: Callable[[], float], log: Log = _LOG) -> None:
        self._metrics = metrics
        self._clock = clock
        self._log = log

    def process_request(self, req: falcon.Request, _resp: falcon.Response) -> None:
        req.context.started = self._clock()

    def process_response(
        self, req: falcon.Request, resp: falcon.Response, _resource: object, _req_succeeded: bool
    ) -> None:
        route, method = req.uri_template or UNMATCHED, req.method if req.method in METHODS else OTHER
        seconds = self._clock() - req.context.started
        self._metrics.answered(route=route, method=method, code=resp.status_code, seconds=seconds)
        self._log.debug(
            "http.answered",
            method=method,
            route=route,
            status=resp.status_code,
            seconds=round(seconds, 6),
            bytes=len(resp.data or (resp.text or "").encode()),
            caller=caller_of(req).name,
            request_id=request_id_of(req),
        )

    def unreadable(self, code: int) -> None:
        """Count a request that never became one."""
        self._metrics.answered(route=UNREADABLE, method=OTHER, code=code, seconds=0.0)
