"""The falcon application: routes, accounting, compression and error answers put together.

Owns how they are joined. Must not know sockets, settings or signals.
"""

from collections.abc import Mapping

import falcon

from gateway.http.accounting import Accounting
from gateway.http.doorkeeper import Doorkeeper
from gateway.http.encoding import Encoding
from gateway.http.errors import Errors
from gateway.http.requestid import RequestIds

Application = falcon.App[falcon.Request, falcon.Response]


def create(
    *,
    routes: Mapping[str, object],
    accounting: Accounting,
    errors: Errors,
    doorkeeper: Doorkeeper | None = None,
) -> Application:
    """An application that serves the routes, to everyone if there is no doorkeeper."""
    doors = [] if doorkeeper is None else [doorkeeper]
    app: Application = falcon.App(middleware=[RequestIds(errors.new_id), accounting, *doors, Encoding()])
    errors.install(app)
    for path, resource in routes.items():
        app.add_route(path, resource)
    return app
