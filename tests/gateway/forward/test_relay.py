"""Queries of a gateway without a store: another server answers, and neither learns more than it should."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

import falcon
import falcon.inspect
import pytest
import requests
from falcon.testing import TestClient

from gateway.access.caller import Caller, Right
from gateway.access.desk import Order
from gateway.forward.upstream import Upstream
from gateway.http import application
from gateway.http.accounting import Accounting
from gateway.http.errors import Errors
from gateway.http.openapi.document import methods_of
from gateway.http.routes import RELAYED, is_relayed, relayed_routes
from gateway.metrics import Metrics
from runtime.logs import Log
from tests.delivery.receiver import refusing_port
from tests.gateway.access.gateways import house
from tests.gateway.programs import running
from tests.gateway.whole import whole
from timeseries.matcher import Matcher, MatchType


@dataclass(slots=True)
class Server:
    """Answers as told, and remembers what it was asked."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b'{"status":"success","data":[]}'
    length: int | None = None
    asked: list[tuple[str, str, Mapping[str, str], bytes]] = field(default_factory=list)
    url: str = ""


@contextmanager
def answering() -> Iterator[Server]:
    server = Server()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            server.asked.append((self.command, self.path, headers, body))
            self.send_response(server.status)
            for name, value in server.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(server.length or len(server.body)))
            self.end_headers()
            self.wfile.write(server.body)
            self.close_connection = True

        def do_POST(self) -> None:
            self.do_GET()

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{http.server_port}/prom"
    thread = threading.Thread(target=http.serve_forever, args=[0.01])
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    with answering() as running_server:
        yield running_server


def client(
    url: str, token_file: Path | None = None, *, timeout_s: float = 5, most: int = 1 << 20
) -> TestClient:
    upstream = Upstream(
        url,
        headers={"X-Scope-OrgID": "fleet"},
        token_file=token_file,
        timeout_s=lambda: timeout_s,
        max_answer_bytes=most,
    )
    app = application.create(
        routes=relayed_routes(upstream),
        accounting=Accounting(Metrics(version="", python=""), clock=lambda: 0.0),
        errors=Errors(log=Log("test"), new_id=lambda: "id"),
    )
    return TestClient(app)


def test_a_query_and_its_answer_go_through_without_credentials_and_cookies(
    server: Server, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text("ours\n")
    server.headers = {"Content-Type": "application/json", "Set-Cookie": "a=b", "X-Secret": "c", "Server": "d"}
    asking = {
        "Authorization": "Bearer theirs",
        "Cookie": "session=1",
        "Accept": "application/json",
        "X-Scope-OrgID": "1",
    }
    answer = client(server.url, token).simulate_get(
        "/api/v1/query", query_string="query=up%7B%7D&time=1", headers=asking
    )
    assert (answer.status_code, answer.content) == (200, server.body)
    assert answer.headers["content-type"] == "application/json"
    assert not {"set-cookie", "x-secret"} & set(answer.headers)
    [(method, path, headers, _)] = server.asked
    assert (method, path) == ("GET", "/prom/api/v1/query?query=up%7B%7D&time=1")
    assert headers["authorization"] == "Bearer ours"
    assert headers["x-scope-orgid"] == "fleet"
    assert headers["accept"] == "application/json"
    assert "cookie" not in headers


def test_a_form_goes_through(server: Server) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = client(server.url).simulate_post("/api/v1/series", body="match[]=up", headers=form)
    assert answer.status_code == 200
    [(method, path, headers, body)] = server.asked
    assert (method, path, body) == ("POST", "/prom/api/v1/series", b"match[]=up")
    assert headers["content-type"] == "application/x-www-form-urlencoded"


RELAYED_WITH_METHODS: Final = [(path, method) for path in RELAYED for method in methods_of(RELAYED[path])]


@pytest.mark.parametrize(("path", "method"), RELAYED_WITH_METHODS)
def test_every_path_of_reading_goes_to_the_other_server(path: str, method: str, server: Server) -> None:
    path = path.replace("{name}", "a%20b")
    assert is_relayed(path)
    answer = client(server.url).simulate_request(method, path)
    assert (answer.status_code, answer.content) == (200, b"" if method == "HEAD" else server.body)
    assert server.asked[0][:2] == (method, f"/prom{path}")


@pytest.mark.parametrize("more", [{}, {"query_url": "http://127.0.0.1:1"}])
def test_routes_methods_and_who_reaches_them_are_the_same_without_a_store(
    tmp_path: Path, more: Mapping[str, str]
) -> None:
    with whole(tmp_path / "a") as storing:
        expected = {path: methods_of(resource) for path, resource in storing.routes.items()}
    with house(tmp_path / "b", store=False, forward=("http://127.0.0.1:1",), **more) as passing:
        routes = falcon.inspect.inspect_routes(passing.client.app)
        found = {route.path: {each.method for each in route.methods if not each.internal} for route in routes}
        assert found == {path: set(methods) for path, methods in expected.items()}
        status = 502 if more else 404
        assert passing.ask("GET", "/api/v1/query?query=up").status_code == status
        assert passing.ask("GET", "/api/v1/agents/compare").status_code == 404
        assert passing.ask("POST", "/api/v1/rules/backtest").status_code == 404
        confined = passing.token(Order(selector='{env="prod"}'))
        assert passing.ask("GET", "/api/v1/query?query=up").status_code == 401
        assert passing.ask("GET", "/api/v1/query?query=up", confined).status_code in (403, 404)


def test_what_the_other_server_says_is_wrong_is_told(server: Server) -> None:
    server.status, server.body = 422, b'{"status":"error"}'
    answer = client(server.url).simulate_get("/api/v1/query")
    assert (answer.status_code, answer.content) == (422, server.body)


@pytest.mark.parametrize("status", [301, 307, 401, 403])
def test_a_redirect_and_a_refusal_of_the_gateway_are_not_passed_on(status: int, server: Server) -> None:
    server.status = status
    server.headers = {"Location": "http://elsewhere.example.org/", "WWW-Authenticate": "Basic"}
    answer = client(server.url).simulate_get("/api/v1/query")
    assert answer.status_code == 502
    assert (
        answer.json["error"]
        == f"The query was not answered: the server of query_url refused the gateway with {status}."
    )
    assert not {"location", "www-authenticate"} & set(answer.headers)


def test_a_server_that_is_away_is_told_in_a_sentence() -> None:
    answer = client(f"http://127.0.0.1:{refusing_port()}").simulate_get("/api/v1/query")
    assert answer.status_code == 502
    assert answer.json["error"].startswith(
        "The query was not answered: the server of query_url gave no answer"
    )


@pytest.mark.parametrize("more", [0, 1])
def test_an_answer_has_a_limit(more: int, server: Server) -> None:
    server.body = b"x" * (1000 + more)
    asking = client(server.url, most=1000)
    if more:
        with pytest.raises(Exception, match="too large"):
            asking.simulate_get("/api/v1/query")
    else:
        assert asking.simulate_get("/api/v1/query").content == server.body


def test_an_answer_that_breaks_off_is_not_taken_for_a_whole_one(server: Server) -> None:
    server.length = len(server.body) + 1
    with pytest.raises(Exception, match=r"broke off|too early"):
        client(server.url).simulate_get("/api/v1/query")


def test_whoever_may_read_only_some_series_can_not_ask(server: Server) -> None:
    class Confined:
        def process_request(self, req: falcon.Request, _resp: falcon.Response) -> None:
            matcher = Matcher(name="env", type=MatchType.EQUAL, value="prod")
            req.context.caller = Caller(name="some", rights=frozenset({Right.READ}), matchers=(matcher,))

    asking = client(server.url)
    asking.app.add_middleware(Confined())
    assert asking.simulate_get("/api/v1/query").status_code == 403
    assert server.asked == []


@pytest.mark.parametrize(("path", "method"), RELAYED_WITH_METHODS)
def test_without_another_server_that_is_said(path: str, method: str) -> None:
    app = falcon.App()
    for each, resource in relayed_routes(None).items():
        app.add_route(each, resource)
    assert TestClient(app).simulate_request(method, path.replace("{name}", "job")).status_code == 404


def test_the_program_asks_the_other_server(server: Server) -> None:
    arguments = (
        "gateway",
        "--listen",
        "127.0.0.1:0",
        "--no-store",
        "--forward",
        server.url,
        "--query-url",
        server.url,
    )
    server.body = b"x" * 3_000_000
    with running(*arguments) as gateway:
        answer = requests.get(f"{gateway.url}/api/v1/label/job/values?start=1", timeout=10)
        assert answer.content == server.body
        assert ("GET", "/prom/api/v1/label/job/values?start=1") in [asked[:2] for asked in server.asked]
