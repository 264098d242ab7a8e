"""The gateway counts what it answers, and gives its metrics in the format that is asked for."""

import pytest
from falcon.testing import Result, TestClient
from prometheus_client import CollectorRegistry

from gateway.http.accounting import Accounting
from gateway.metrics import Metrics

# What Prometheus 3 sends.
SCRAPER = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
    "application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,"
    "text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
)


def requests(registry: CollectorRegistry, route: str, method: str, code: str) -> float:
    labels = {"route": route, "method": method, "code": code}
    return registry.get_sample_value("fleetgauge_http_requests_total", labels) or 0.0


def ask(client: TestClient, **headers: str) -> Result:
    return client.simulate_get("/metrics", headers={k.replace("_", "-"): v for k, v in headers.items()})


@pytest.mark.parametrize("accept", ["", "*/*", "text/html", "garbage", "a/b;;;q=x, ,", "text/*;q=0"])
def test_text_is_the_format_unless_another_is_preferred(client: TestClient, accept: str) -> None:
    answer = ask(client, Accept=accept) if accept else client.simulate_get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "# EOF" not in answer.text


@pytest.mark.parametrize(
    "accept", [SCRAPER, "application/openmetrics-text", "application/openmetrics-text; version=abc"]
)
def test_openmetrics_is_given_when_preferred(client: TestClient, accept: str) -> None:
    answer = ask(client, Accept=accept)
    assert answer.headers["content-type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert answer.text.endswith("# EOF\n")


def test_the_answer_depends_on_what_is_accepted(client: TestClient) -> None:
    answer = ask(client, Accept_Encoding="deflate, gzip;q=0.8")
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "Accept, Accept-Encoding"


def test_the_running_version_is_a_metric(metrics: Metrics) -> None:
    labels = {"version": "1.2.3", "python": "3.99"}
    assert metrics.registry.get_sample_value("fleetgauge_build_info", labels) == 1


def test_requests_are_counted_by_route_method_and_code(client: TestClient, metrics: Metrics) -> None:
    client.simulate_get("/-/healthy")
    client.simulate_get("/-/healthy")
    client.simulate_head("/-/healthy")
    client.simulate_post("/-/healthy")
    client.simulate_get("/failing")
    assert requests(metrics.registry, "/-/healthy", "GET", "200") == 2
    assert requests(metrics.registry, "/-/healthy", "HEAD", "200") == 1
    assert requests(metrics.registry, "/-/healthy", "POST", "405") == 1
    assert requests(metrics.registry, "/failing", "GET", "500") == 1


def test_clients_cannot_make_series_of_paths_and_methods(client: TestClient, metrics: Metrics) -> None:
    for number in range(3):
        client.simulate_get(f"/typo/{number}")
    client.simulate_request("TRACE", "/-/healthy")
    assert requests(metrics.registry, "unmatched", "GET", "404") == 3
    assert requests(metrics.registry, "/-/healthy", "other", "405") == 1


def test_the_time_of_a_request_is_measured(client: TestClient, metrics: Metrics) -> None:
    client.simulate_get("/-/healthy")
    name = "fleetgauge_http_request_duration_seconds"
    assert metrics.registry.get_sample_value(f"{name}_sum", {"route": "/-/healthy"}) == 1.0
    assert metrics.registry.get_sample_value(f"{name}_bucket", {"route": "/-/healthy", "le": "0.5"}) == 0
    assert metrics.registry.get_sample_value(f"{name}_bucket", {"route": "/-/healthy", "le": "1.0"}) == 1


def test_an_unreadable_request_is_counted(metrics: Metrics) -> None:
    Accounting(metrics, clock=lambda: 0.0).unreadable(413)
    assert requests(metrics.registry, "unreadable", "other", "413") == 1


def test_two_gateways_in_one_process_count_apart(metrics: Metrics) -> None:
    other = Metrics(version="1", python="2")
    other.answered(route="/x", method="GET", code=200, seconds=0.1)
    assert requests(other.registry, "/x", "GET", "200") == 1
    assert requests(metrics.registry, "/x", "GET", "200") == 0
