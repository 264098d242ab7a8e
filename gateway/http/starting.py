"""What is answered before the store is open: the process lives, but can do nothing yet.

Owns the change to the real application. Must not know how long a start takes.
"""

from collections.abc import Iterable
from typing import Final
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import falcon

from gateway.http.accounting import Accounting
from gateway.http.application import create
from gateway.http.errors import Errors
from gateway.http.health import Health, Ready

RETRY_AFTER_S: Final = 2
"""A store of 10 million samples in its log is open after about that."""

STARTING: Final = "The gateway is starting: it reads what is in its log. Ask again soon"
STOPPING: Final = "The gateway is stopping"


class Entrance:
    """The WSGI application of the server: first one that only says so, then the real one."""

    def __init__(self, *, accounting: Accounting, errors: Errors) -> None:
        app = create(
            routes={"/-/healthy": Health(), "/-/ready": Ready(lambda: STARTING)},
            accounting=accounting,
            errors=errors,
        )
        app.add_sink(_later, "/")
        self._application: WSGIApplication = app

    def open(self, application: WSGIApplication) -> None:
        """Let this one answer from now on."""
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self._application(environ, start_response)


def _later(req: falcon.Request, resp: falcon.Response, **_parts: str) -> None:  # noqa: ARG001  # so falcon calls it
    raise falcon.HTTPServiceUnavailable(description=STARTING, retry_after=RETRY_AFTER_S)
