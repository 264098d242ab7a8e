"""Before the store is open the gateway says that it lives, and that it can do nothing yet."""

import pytest
from falcon.testing import TestClient

from gateway.http import application
from gateway.http.accounting import Accounting
from gateway.http.errors import Errors
from gateway.http.routes import routes
from gateway.http.starting import RETRY_AFTER_S, STARTING, Entrance
from gateway.metrics import Metrics
from runtime.logs import Log


@pytest.fixture
def entrance() -> Entrance:
    metrics = Metrics(version="", python="")
    return Entrance(
        accounting=Accounting(metrics, clock=float), errors=Errors(log=Log("test"), new_id=lambda: "id-7")
    )


def test_a_starting_gateway_is_healthy_and_not_ready(entrance: Entrance) -> None:
    client = TestClient(entrance)
    assert client.simulate_get("/-/healthy").status_code == 200
    for method in ("GET", "HEAD"):
        assert client.simulate_request(method, "/-/ready").status_code == 503
    assert client.simulate_get("/-/ready").json["error"] == f"{STARTING}."


@pytest.mark.parametrize("path", ["/", "/api/v1/query", "/api/v1/write", "/nope", "/api/v1/label/a/values"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS"])
def test_everything_else_is_to_be_tried_again(entrance: Entrance, path: str, method: str) -> None:
    answer = TestClient(entrance).simulate_request(method, path)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, str(RETRY_AFTER_S))
    assert answer.json == {"status": "error", "errorType": "unavailable", "error": f"{STARTING}."}
    assert answer.headers["x-request-id"] == "id-7"


@pytest.mark.parametrize(("hindrance", "status"), [("", 200), ("It stops", 503)])
def test_an_open_one_answers_by_what_hinders_it(entrance: Entrance, hindrance: str, status: int) -> None:
    metrics = Metrics(version="", python="")
    app = application.create(
        routes=routes(version="", metrics=metrics, hindrance=lambda: hindrance),
        accounting=Accounting(metrics, clock=float),
        errors=Errors(log=Log("test"), new_id=str),
    )
    client = TestClient(entrance)
    entrance.open(app)
    assert client.simulate_get("/-/ready").status_code == status
    assert client.simulate_get("/metrics").status_code == 200
