"""Counts and times every answer, those to unreadable requests included.

Owns the label values, so that no client can make series by inventing paths or methods.
"""

from collections.abc import Callable

import falcon

from gateway.metrics import Metrics

UNMATCHED = "unmatched"
"""The route of a request whose path does not exist."""

UNREADABLE = "unreadable"
"""The route of a request that the server refused before it reached any route."""

OTHER = "other"
"""The method of a request that uses none of METHODS, or whose method could not be read."""

METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))


class Accounting:
    """Falcon middleware around every request."""

    def __init__(self, metrics: Metrics, clock: Callable[[], float]) -> None:
        self._metrics = metrics
        self._clock = clock

    def process_request(self, req: falcon.Request, _resp: falcon.Response) -> None:
        req.context.started = self._clock()

    def process_response(
        self, req: falcon.Request, resp: falcon.Response, _resource: object, _req_succeeded: bool
    ) -> None:
        self._metrics.answered(
            route=req.uri_template or UNMATCHED,
            method=req.method if req.method in METHODS else OTHER,
            code=resp.status_code,
            seconds=self._clock() - req.context.started,
        )

    def unreadable(self, code: int) -> None:
        """Count a request that never became one."""
        self._metrics.answered(route=UNREADABLE, method=OTHER, code=code, seconds=0.0)
