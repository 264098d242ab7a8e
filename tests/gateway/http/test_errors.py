"""Every error is a sentence in Prometheus' envelope, and a defect tells its secrets to the log only."""

import logging

import pytest
from falcon.testing import TestClient

from gateway.http.errors import unreadable


def test_a_defect_is_answered_with_the_id_under_which_it_is_logged(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "fleetgauge"):
        answer = client.simulate_get("/failing", query_string="a=b")
    assert answer.status_code == 500
    assert answer.json["errorType"] == "internal"
    assert "id-7" in answer.json["error"]
    assert "secret" not in answer.text
    [record] = caplog.records
    assert record.getMessage() == "http.failed"
    assert record.__dict__["fields"] == {"id": "id-7", "method": "GET", "path": "/failing"}
    assert record.exc_info
    assert str(record.exc_info[1]) == "secret"


def test_an_error_of_a_resource_keeps_its_status_and_sentence(client: TestClient) -> None:
    answer = client.simulate_get("/teapot")
    assert answer.status_code == 415
    assert answer.json == {"status": "error", "errorType": "bad_data", "error": "Send snappy."}


def test_a_query_without_memory_hears_when_to_ask_again(client: TestClient) -> None:
    answer = client.simulate_get("/busy")
    assert (answer.status_code, answer.json["errorType"]) == (503, "unavailable")
    assert answer.headers["Retry-After"] == "1"


def test_an_unreadable_request_hears_why() -> None:
    assert unreadable(400, "Invalid header") == (
        b'{"status": "error", "errorType": "bad_data", "error": "The request was refused: Invalid header."}'
    )
