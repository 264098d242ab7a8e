"""The application as the gateway builds it, with a clock and ids that tests know."""

from itertools import count

import falcon
import pytest
from falcon.testing import TestClient

from gateway.http import application
from gateway.http.accounting import Accounting
from gateway.http.errors import Errors
from gateway.http.routes import routes
from gateway.metrics import Metrics
from gateway.query.memory import QueryBusy
from runtime.logs import Log


class Failing:
    """A resource with a defect."""

    def on_get(self, _req: falcon.Request, _resp: falcon.Response) -> None:
        raise RuntimeError("secret")


class Teapot:
    """A resource that answers an error of falcon's own."""

    def on_get(self, _req: falcon.Request, _resp: falcon.Response) -> None:
        raise falcon.HTTPUnsupportedMediaType(description="Send snappy.")


class Busy:
    """A query that finds no memory."""

    def on_get(self, _req: falcon.Request, _resp: falcon.Response) -> None:
        raise QueryBusy("Ask again later")


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(version="1.2.3", python="3.99")


@pytest.fixture
def client(metrics: Metrics) -> TestClient:
    """A client of the gateway's routes and of some that fail; each request takes a second."""
    ticks = count()
    app = application.create(
        routes=routes(version="1.2.3", metrics=metrics)
        | {"/failing": Failing(), "/teapot": Teapot(), "/busy": Busy()},
        accounting=Accounting(metrics, clock=lambda: float(next(ticks))),
        errors=Errors(log=Log("test"), new_id=lambda: "id-7"),
    )
    return TestClient(app)
