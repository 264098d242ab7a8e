"""Every route and method, asked by every kind of caller: nobody reaches what this table does not let them."""

import re
import time
from collections.abc import Iterator, Mapping
from typing import Final

import falcon.inspect
import pytest

from gateway.access.desk import Order
from gateway.access.roles import Role
from tests.gateway.access.gateways import GUARD, Headers, House, basic, bearer, house

# What a route is, and who reaches what is so. Written by hand, beside gateway/http/rights.py.
ROUTES: Final = {
    "public": "GET /-/healthy, GET /-/ready, POST /api/v1/login, POST /api/v1/logout, "
    "GET /, GET /agents/{name}, "
    "GET /compare, GET /alerts, GET /explore, GET /status, GET /login, GET /assets/{file}",
    "known": "GET /api/v1/whoami, GET /openapi.json, GET /docs",
    "confined": "GET /api/v1/query, POST /api/v1/query, GET /api/v1/query_range, POST /api/v1/query_range, "
    "GET /api/v1/query_exemplars, POST /api/v1/query_exemplars, GET /api/v1/series, POST /api/v1/series, "
    "GET /api/v1/labels, POST /api/v1/labels, GET /api/v1/label/{name}/values, GET /api/v1/metadata, "
    "GET /api/v1/format_query, POST /api/v1/format_query, GET /api/v1/parse_query, POST /api/v1/parse_query, "
    "POST /api/v1/read, GET /federate, GET /api/v1/status/buildinfo, GET /api/v1/agents, "
    "GET /api/v1/agents/events, GET /api/v1/agents/{id}, GET /api/v1/agents/{id}/events, "
    "GET /api/v1/sd/agents, GET /api/v1/agents/{id}/processes, GET /api/v1/overview, "
    "GET /api/v1/agents/{id}/processes/times, GET /api/v1/agents/{id}/processes/history, "
    "GET /api/v1/agents/{id}/processes/changes, GET /api/v1/agents/{id}/stats, GET /api/v1/agents/compare, "
    "GET /api/v1/alerts/history, GET /api/v1/alerts/history/{number}, GET /api/v1/alerts/statistics, "
    "POST /api/v1/rules/backtest, GET /api/v2/alerts, GET /api/v2/alerts/groups",
    "read": "GET /metrics, GET /api/v1/rules/managed, GET /api/v1/rules/managed/{name}, "
    "GET /api/v1/targets, GET /api/v1/targets/metadata, GET /api/v1/rules, "
    "GET /api/v1/alerts, GET /api/v1/alertmanagers, GET /api/v1/status/runtimeinfo, GET /api/v1/status/tsdb, "
    "GET /api/v1/notifications, GET /api/v2/status, GET /api/v2/receivers, GET /api/v2/silences, "
    "GET /api/v2/silence/{id}",
    "ingest": "POST /api/v1/write, POST /api/v1/push, POST /api/v1/agents/register, "
    "POST /api/v1/agents/{id}/heartbeat, POST /api/v1/agents/{id}/processes",
    "edit": "PATCH /api/v1/agents/{id}, DELETE /api/v1/agents/{id}, POST /api/v1/rules/check, "
    "PUT /api/v1/rules/managed/{name}, POST /api/v1/rules/managed/{name}, "
    "DELETE /api/v1/rules/managed/{name}, POST /api/v2/alerts, POST /api/v2/silences, "
    "DELETE /api/v2/silence/{id}, POST /api/v1/notifications/test",
    "admin": "GET /api/v1/tokens, POST /api/v1/tokens, DELETE /api/v1/tokens/{token_id}, GET /api/v1/users, "
    "POST /api/v1/users, DELETE /api/v1/users/{name}, POST /api/v1/users/{name}/password, GET /api/v1/audit, "
    "GET /api/v1/status/config, GET /api/v1/status/flags, POST /api/v1/admin/tsdb/delete_series, "
    "PUT /api/v1/admin/tsdb/delete_series, POST /api/v1/admin/tsdb/clean_tombstones, "
    "PUT /api/v1/admin/tsdb/clean_tombstones, POST /-/reload, PUT /-/reload",
}
KINDS: Final = {route: kind for kind, routes in ROUTES.items() for route in routes.split(", ")}

STRANGER: Final = {"public"}
VIEWER: Final = {"public", "known", "confined", "read"}
EDITOR: Final = VIEWER | {"edit"}
CALLERS: Final = {
    "nobody": STRANGER,
    "a wrong token": STRANGER,
    "an expired token": STRANGER,
    "a revoked token": STRANGER,
    "a wrong password": STRANGER,
    "an old session": STRANGER,
    "an unknown scheme": STRANGER,
    "an agent's token": {"public", "known", "ingest"},
    "a read token": {"public", "known", "confined"},
    "a viewer's token": VIEWER,
    "an editor's token": EDITOR,
    "an admin's token": set(ROUTES),
    "a token as a password": VIEWER,
    "a viewer by password": VIEWER,
    "a viewer's session": VIEWER,
    "an editor's session": EDITOR,
    "an admin's session": set(ROUTES),
}


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("closed")) as closed:
        yield closed


@pytest.fixture(scope="module")
def callers(closed: House) -> Mapping[str, Headers]:
    viewer = closed.user("vera", Role.VIEWER)
    closed.user("ed", Role.EDITOR)
    closed.user("ada", Role.ADMIN)
    admin = closed.token(Order(role=Role.ADMIN))
    revoked = closed.ask("POST", "/api/v1/tokens", admin, json={"role": "admin"}).json["data"]
    assert closed.ask("GET", "/api/v1/tokens", bearer(revoked["token"])).status_code == 200
    assert closed.ask("DELETE", f"/api/v1/tokens/{revoked['id']}", admin).status_code == 204
    ended = closed.session("ada")
    assert closed.ask("POST", "/api/v1/logout", {**ended, **GUARD}).status_code == 204
    expired = closed.token(Order(role=Role.ADMIN, expires_in_ms=1))
    time.sleep(0.002)
    viewers = closed.token(Order(role=Role.VIEWER))
    as_password = viewers["Authorization"].removeprefix("Bearer ")
    return {
        "nobody": {},
        "a wrong token": bearer("fgt_" + "x" * 43),
        "an expired token": expired,
        "a revoked token": bearer(revoked["token"]),
        "a wrong password": basic("vera", "wrong"),
        "an old session": {**ended, **GUARD},
        "an unknown scheme": {"Authorization": "Digest username=ada"},
        "an agent's token": closed.token(Order(agents=["prod-*"])),
        "a read token": closed.token(Order(selector='{instance=~"prod-.*"}')),
        "a viewer's token": viewers,
        "an editor's token": closed.token(Order(role=Role.EDITOR)),
        "an admin's token": admin,
        "a token as a password": basic("x", as_password),
        "a viewer by password": viewer,
        "a viewer's session": {**closed.session("vera"), **GUARD},
        "an editor's session": {**closed.session("ed"), **GUARD},
        "an admin's session": {**closed.session("ada"), **GUARD},
    }


def path_of(template: str) -> str:
    return re.sub(r"{\w+}", "nobody-has-this", template)


def existing(house: House) -> set[str]:
    return {
        f"{method.method} {route.path}"
        for route in falcon.inspect.inspect_routes(house.client.app)
        for method in route.methods
        if not method.internal and method.method != "HEAD"
    }


def test_the_table_has_every_route_and_method(closed: House) -> None:
    assert set(KINDS) == existing(closed)


@pytest.mark.parametrize("who", CALLERS)
def test_a_caller_reaches_what_the_table_allows_and_nothing_else(
    closed: House, callers: Mapping[str, Headers], who: str
) -> None:
    wrong = []
    # To log out is last: it ends the session.
    for route, kind in sorted(KINDS.items(), key=lambda item: item[0].endswith("/logout")):
        method, template = route.split(" ")
        for each in (method, "HEAD") if method == "GET" and template != "/api/v1/whoami" else (method,):
            status = closed.ask(each, path_of(template), callers[who]).status_code
            refused = status in (401, 403, 429)
            known = CALLERS[who] != STRANGER
            if refused is (kind in CALLERS[who]) and status != 405:
                wrong.append((who, each, template, status))
            if refused and status not in ((403,) if known else (401, 429)):
                wrong.append((who, each, template, status))
    assert not wrong


def test_everyone_may_do_everything_on_loopback_until_there_is_an_account(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with house(tmp_path_factory.mktemp("open")) as open_house:
        for route in KINDS:
            method, template = route.split(" ")
            answer = open_house.ask(method, path_of(template), {"Authorization": "Bearer of-another-server"})
            expected = {401} if template == "/api/v1/login" else set()
            assert answer.status_code not in {401, 403} - expected, route
        assert open_house.ask("GET", "/api/v1/whoami").json["data"]["open"] is True
        made = open_house.ask("POST", "/api/v1/tokens", json={"agents": ["a"]})
        assert made.status_code == 201
        refused = open_house.ask("GET", "/api/v1/whoami")
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"].startswith("Basic ")
        assert "Bearer" in refused.headers["www-authenticate"]


def test_with_allow_anonymous_everyone_may_do_everything_but_a_wrong_token_is_told(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with house(tmp_path_factory.mktemp("anonymous"), allow_anonymous=True) as anonymous:
        agent = anonymous.token(Order(agents=["a"]))
        assert anonymous.ask("GET", "/api/v1/tokens").status_code == 200
        assert anonymous.ask("GET", "/api/v1/tokens", agent).status_code == 403
        assert anonymous.ask("GET", "/api/v1/tokens", bearer("fgt_wrong")).status_code == 401
        assert anonymous.ask("GET", "/api/v1/tokens", {"Cookie": "fleetgauge_session=old"}).status_code == 200


def test_a_route_that_is_not_in_the_table_answers_nobody(
    closed: House, callers: Mapping[str, Headers]
) -> None:
    class Forgotten:
        def on_get(self, _req: object, _resp: object) -> None:
            raise AssertionError("it was reached")

    closed.client.app.add_route("/forgotten", Forgotten())
    assert closed.ask("GET", "/forgotten", callers["an admin's token"]).status_code == 403
    assert closed.ask("POST", "/forgotten", callers["an admin's token"]).status_code == 405
