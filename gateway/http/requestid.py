"""The id of a request: in its answer, in the log, and in the sentence about a defect.

Owns which ids of clients are taken over. The rest are made by whoever can.
"""

import re
from collections.abc import Callable
from typing import Final

import falcon

HEADER: Final = "X-Request-Id"

_PLAIN: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}")
"""As proxies and tracing libraries make them. Anything else could pretend to be more in a log line."""


class RequestIds:
    """Falcon middleware: the first, so that every answer has an id."""

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        given = req.get_header(HEADER, default="")
        req.context.request_id = given if _PLAIN.fullmatch(given) else self._new_id()
        resp.set_header(HEADER, req.context.request_id)


def request_id_of(req: falcon.Request) -> str:
    """Return the id of a request."""
    return str(getattr(req.context, "request_id", ""))
