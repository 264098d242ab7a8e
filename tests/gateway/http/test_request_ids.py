"""Every answer has an id, by which the log can be asked about it."""

import logging

import pytest
from falcon.testing import TestClient

from tests.gateway.http.test_server import answering, running
from tests.gateway.http.wire import Wire

MADE = "id-7"


@pytest.mark.parametrize("path", ["/-/healthy", "/nope", "/teapot", "/busy", "/failing", "/metrics"])
def test_every_answer_has_an_id(client: TestClient, path: str) -> None:
    assert client.simulate_get(path).headers["x-request-id"] == MADE


@pytest.mark.parametrize("given", ["a", "0af7651916cd43dd8448eb211c80319c", "trace:1.2_3-4", "x" * 64])
def test_the_id_of_a_client_is_taken_over(client: TestClient, given: str) -> None:
    answer = client.simulate_get("/failing", headers={"X-Request-Id": given})
    assert answer.headers["x-request-id"] == given
    assert given in answer.json["error"]


@pytest.mark.parametrize("given", ["", " ", "a b", "x" * 65, 'a"', "a=b", "a\tb", "é", "a;b", "a\nb"])
def test_an_id_that_could_be_more_than_an_id_is_not(client: TestClient, given: str) -> None:
    answer = client.simulate_get("/-/healthy", headers={"X-Request-Id": given})
    assert answer.headers["x-request-id"] == MADE


def test_what_is_no_request_has_an_id() -> None:
    with running(answering("204 No Content")) as server, Wire(server.port) as wire:
        assert wire.ask(b"nonsense\r\n\r\n").headers["x-request-id"] == "id-9"


def test_an_answer_is_a_line_of_the_log_at_debug(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "fleetgauge"):
        client.simulate_get("/-/healthy", query_string="token=secret", headers={"X-Request-Id": "abc"})
        client.simulate_request("TRACE", "/secret")
    fields = [record.__dict__["fields"] for record in caplog.records if record.msg == "http.answered"]
    assert fields[0] == {
        "method": "GET",
        "route": "/-/healthy",
        "status": 200,
        "seconds": 1.0,
        "bytes": len("Fleetgauge is healthy.\n"),
        "caller": "anonymous",
        "request_id": "abc",
    }
    assert (fields[1]["method"], fields[1]["route"], fields[1]["status"]) == ("other", "unmatched", 404)
    assert "secret" not in str(fields)


def test_at_info_answers_are_not_logged(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "fleetgauge"):
        client.simulate_get("/-/healthy")
    assert caplog.records == []
