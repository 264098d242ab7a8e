"""The composition root of the gateway: the one place where its parts are made and joined.

Owns the order of starting and stopping, and is the only reader of clocks and maker of ids.
"""

import platform
import secrets
import time
from importlib.metadata import version

from gateway.http import application, listen
from gateway.http.accounting import Accounting
from gateway.http.errors import Errors
from gateway.http.routes import routes
from gateway.http.server import HttpServer
from gateway.metrics import Metrics
from gateway.settings import GatewaySettings
from runtime.logs import Log
from runtime.stop import Stop


class Gateway:
    """A gateway that listens already and serves when told to."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._log = Log("gateway")
        self._version = version("fleetgauge")
        sock = listen.open_socket(settings.listen, allow_anonymous=settings.allow_anonymous)
        self.url = listen.url_of(sock)
        metrics = Metrics(version=self._version, python=platform.python_version())
        accounting = Accounting(metrics, clock=time.perf_counter)
        self._server = HttpServer(
            application.create(
                routes=routes(version=self._version, metrics=metrics),
                accounting=accounting,
                errors=Errors(log=self._log, new_id=lambda: secrets.token_hex(8)),
            ),
            sock,
            clock=time.monotonic,
            on_unreadable=accounting.unreadable,
        )

    def serve(self, stop: Stop) -> None:
        """Serve until the wish to stop."""
        self._log.info("gateway.started", url=self.url, version=self._version)
        self._server.serve(stop)
        self._log.info("gateway.stopped", reason=stop.reason)
