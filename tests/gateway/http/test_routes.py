"""What each route answers, and what all of them have in common."""

import pytest
from falcon.testing import TestClient

PATHS = ["/-/healthy", "/-/ready", "/api/v1/status/buildinfo", "/metrics"]


@pytest.mark.parametrize("path", ["/-/healthy", "/-/ready"])
def test_health_is_one_line_of_text(client: TestClient, path: str) -> None:
    answer = client.simulate_get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text.endswith("\n")
    assert len(answer.text.splitlines()) == 1


def test_buildinfo_has_the_keys_that_clients_expect(client: TestClient) -> None:
    answer = client.simulate_get("/api/v1/status/buildinfo")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json == {
        "status": "success",
        "data": {
            "version": "1.2.3",
            "revision": "",
            "branch": "",
            "buildUser": "",
            "buildDate": "",
            "goVersion": "",
        },
    }


@pytest.mark.parametrize("path", PATHS)
def test_head_answers_as_get_without_the_body(client: TestClient, path: str) -> None:
    got, head = client.simulate_get(path), client.simulate_head(path)
    assert head.status_code == got.status_code == 200
    assert head.content == b""
    assert head.headers["content-type"] == got.headers["content-type"]
    assert int(head.headers["content-length"]) > 0


@pytest.mark.parametrize("path", PATHS)
def test_options_says_what_is_allowed(client: TestClient, path: str) -> None:
    answer = client.simulate_options(path)
    assert (answer.status_code, answer.content) == (200, b"")
    assert {"GET", "HEAD"} <= set(answer.headers["allow"].split(", "))


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE"])
def test_other_methods_are_refused_with_the_allowed_ones(client: TestClient, path: str, method: str) -> None:
    answer = client.simulate_request(method, path)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
    assert answer.json == {
        "status": "error",
        "errorType": "bad_data",
        "error": f"{path} does not take {method}. It takes GET, HEAD, OPTIONS.",
    }


@pytest.mark.parametrize("path", ["/", "/nope", "/metrics/", "/-/healthy/x", "/%ff", "/a b", "/\u00fc"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_an_unknown_path_is_not_found(client: TestClient, path: str, method: str) -> None:
    answer = client.simulate_request(method, path)
    assert answer.status_code == 404
    assert answer.json["errorType"] == "not_found"
    assert answer.json["error"].startswith("There is nothing at /")
