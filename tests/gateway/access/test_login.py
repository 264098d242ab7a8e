"""Logging in and out, cookies, foreign pages, lockouts, and what the audit and the log keep of it."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from gateway.access.desk import Order
from gateway.access.roles import Role
from gateway.access.throttle import MOST_PER_NAME
from tests.gateway.access.gateways import GUARD, PASSWORD, Headers, House, basic, bearer, house

LOGIN = "/api/v1/login"
WHO = "/api/v1/whoami"


@pytest.fixture
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("login")) as closed:
        closed.user("ada", Role.ADMIN)
        yield closed


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One for tests that change nothing."""
    with house(tmp_path_factory.mktemp("shared")) as shared:
        shared.user("ada", Role.ADMIN)
        yield shared


def log_in(closed: House, name: str, password: str, **headers: str) -> int:
    return closed.ask("POST", LOGIN, headers, json={"name": name, "password": password}).status_code


def audit(closed: House) -> list[tuple[str, str, str, str]]:
    entries = closed.ask("GET", "/api/v1/audit", basic("ada")).json["data"]
    return [(each["actor"], each["action"], each["subject"], each["detail"]) for each in entries]


def test_a_session_is_a_cookie_that_no_script_and_no_other_site_gets(closed: House) -> None:
    answer = closed.ask("POST", LOGIN, json={"name": "ada", "password": PASSWORD})
    cookie = answer.headers["set-cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=604800"))
    assert answer.json["data"]["name"] == "user ada"
    assert answer.headers["cache-control"] == "no-store"
    sent = {"Cookie": cookie.partition(";")[0]}
    assert closed.ask("GET", WHO, sent).json["data"]["rights"] == ["admin", "edit", "ingest", "read"]
    assert closed.ask("POST", "/api/v1/logout", {**sent, **GUARD}).status_code == 204
    assert closed.ask("GET", WHO, sent).status_code == 401


def test_a_change_with_a_cookie_needs_the_header_that_foreign_pages_cannot_send(closed: House) -> None:
    ada = closed.session("ada")
    for method, path in (("POST", "/api/v1/tokens"), ("POST", "/api/v1/query"), ("POST", "/api/v1/logout")):
        assert closed.ask(method, path, ada).status_code == 403
        assert closed.ask(method, path, {**ada, **GUARD}).status_code != 403 or path.endswith("logout")
    assert closed.ask("DELETE", "/api/v1/users/nobody", closed.session("ada")).status_code == 403


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://[", "https://falconframework.org.evil"]
)
def test_a_change_from_a_page_of_another_site_is_refused(shared: House, origin: str) -> None:
    from_there = {"Origin": origin}
    token = shared.token(Order(role=Role.ADMIN))
    assert log_in(shared, "ada", PASSWORD, **from_there) == 403
    for who in (basic("ada"), {**shared.session("ada"), **GUARD}):
        assert shared.ask("DELETE", "/api/v1/users/nobody", {**who, **from_there}).status_code == 403
        own = {"Origin": "http://falconframework.org"}
        assert shared.ask("DELETE", "/api/v1/users/nobody", {**who, **own}).status_code == 404
        proxied = {**from_there, "X-Forwarded-Host": origin.partition("://")[2]}
        if origin.startswith("https"):
            assert shared.ask("DELETE", "/api/v1/users/nobody", {**who, **proxied}).status_code == 404
    assert shared.ask("DELETE", "/api/v1/users/nobody", {**token, **from_there}).status_code == 404


def test_an_open_gateway_takes_no_change_from_foreign_pages_either(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with house(tmp_path_factory.mktemp("open")) as gateway:
        foreign = {"Origin": "https://evil.example"}
        user = {"name": "eve", "role": "admin", "password": PASSWORD}
        assert gateway.ask("POST", "/api/v1/users", foreign, json=user).status_code == 403
        assert gateway.ask("POST", "/api/v1/users", json=user).status_code == 201


def test_names_that_do_not_exist_are_answered_and_locked_out_as_those_that_do(closed: House) -> None:
    seen = {}
    for name in ("ada", "nobody"):
        answers = [
            closed.ask("POST", LOGIN, json={"name": name, "password": f"wrong {number}"})
            for number in range(MOST_PER_NAME + 2)
        ]
        seen[name] = [
            (each.status_code, each.json["error"].partition(" in ")[0], "retry-after" in each.headers)
            for each in answers
        ]
    assert seen["ada"] == seen["nobody"]
    assert [status for status, _, _ in seen["ada"]] == [401] * MOST_PER_NAME + [429] * 2
    assert log_in(closed, "ada", PASSWORD) == 429


def test_whoever_was_in_already_is_not_locked_out_by_strangers(closed: House) -> None:
    session = closed.session("ada")
    assert closed.ask("GET", WHO, basic("ada")).status_code == 200
    for number in range(MOST_PER_NAME + 1):
        log_in(closed, "ada", f"wrong {number}")
    assert closed.ask("GET", WHO, basic("ada", "other")).status_code == 429
    assert closed.ask("GET", WHO, basic("ada")).status_code == 200
    assert closed.ask("GET", WHO, session).status_code == 200


def test_another_password_ends_sessions_and_what_was_remembered(closed: House) -> None:
    session = closed.session("ada")
    new = {"password": "a new passphrase"}
    assert closed.ask("POST", "/api/v1/users/ada/password", basic("ada"), json=new).status_code == 204
    assert closed.ask("GET", WHO, session).status_code == 401
    assert closed.ask("GET", WHO, basic("ada")).status_code == 401
    assert closed.ask("GET", WHO, basic("ada", "a new passphrase")).status_code == 200


def test_the_audit_tells_who_did_what(closed: House) -> None:
    log_in(closed, "ada", "wrong")
    log_in(closed, "my-secret-in-the-wrong-field", "x")
    session = closed.session("ada")
    ada = basic("ada")
    made = closed.ask("POST", "/api/v1/tokens", ada, json={"agents": ["prod-*"], "note": "hosts"}).json[
        "data"
    ]
    closed.ask("DELETE", f"/api/v1/tokens/{made['id']}", {**session, **GUARD})
    closed.ask("PUT", "/api/v1/admin/tsdb/clean_tombstones", ada)
    viewer = closed.token(Order(role=Role.VIEWER, note="x"))
    closed.ask("PUT", "/api/v1/admin/tsdb/clean_tombstones", viewer)
    found = audit(closed)
    assert [each for each in found if each[1] != "user.add"] == [
        ("tester", "token.create", found[0][2], "viewer x"),
        (
            "user ada",
            "PUT /api/v1/admin/tsdb/clean_tombstones",
            "/api/v1/admin/tsdb/clean_tombstones",
            "503",
        ),
        ("user ada", "token.revoke", f"token {made['id']}", ""),
        ("user ada", "token.create", f"token {made['id']}", "agent prod-* hosts"),
        ("user ada", "login", "", ""),
        ("nobody", "login", "an unknown name", "wrong password"),
        ("nobody", "login", "user ada", "wrong password"),
    ]
    entries = closed.ask("GET", "/api/v1/audit", ada, query_string="limit=2").json["data"]
    rest = closed.ask("GET", "/api/v1/audit", ada, query_string=f"limit=2&before={entries[-1]['number']}")
    assert [each["number"] for each in (*entries, *rest.json["data"])] == list(range(8, 4, -1))


def test_no_secret_is_in_logs_answers_or_the_audit(closed: House) -> None:
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    logging.getLogger("fleetgauge").addHandler(handler)
    try:
        made = closed.ask("POST", "/api/v1/tokens", basic("ada"), json={"role": "admin"}).json["data"][
            "token"
        ]
        session = closed.session("ada")
        secrets = [made, session["Cookie"].partition("=")[2], PASSWORD, basic("ada")["Authorization"][6:]]
        shown = []
        paths = ("tokens", "users", "audit", "whoami", "status/config", "status/flags", "nothing")
        shown = [
            closed.ask("GET", f"/api/v1/{path}", who).text
            for who in (bearer(made), basic("ada"), session)
            for path in paths
        ]
        log_in(closed, "ada", f"{PASSWORD}!")
        text = "".join(shown) + written.getvalue()
    finally:
        logging.getLogger("fleetgauge").removeHandler(handler)
    assert "argon2" not in text
    assert not [secret for secret in secrets if secret in text]
    database = b"".join(file.read_bytes() for file in closed.directory.iterdir())
    assert b"argon2id" in database
    assert not [secret for secret in secrets if secret.encode() in database]


@pytest.mark.parametrize(
    ("path", "document", "said"),
    [
        ("tokens", {}, "for agents, for what a selector takes, or for a role"),
        ("tokens", {"agents": ["a"], "role": "admin"}, "give one of them"),
        ("tokens", {"agents": ["a b"]}, "is no name of agents"),
        ("tokens", {"agents": ["[ab]"]}, "is no name of agents"),
        ("tokens", {"agents": "prod"}, '"agents" must be a list'),
        ("tokens", {"agents": [1]}, '"agents" must be a list of texts'),
        ("tokens", {"selector": "{"}, "is no selector"),
        ("tokens", {"selector": "{}"}, "confines to nothing"),
        ("tokens", {"selector": "up offset 5m"}, "is no selector"),
        ("tokens", {"selector": '{a=~"("}'}, "is no selector"),
        ("tokens", {"role": "king"}, "must be one of viewer, editor, admin"),
        ("tokens", {"role": "admin", "expires_in": "soon"}, "must be a duration"),
        ("tokens", {"role": "admin", "expires_in": "0s"}, "expires at once"),
        ("tokens", {"role": "admin", "note": "x" * 201}, "more than 200"),
        ("tokens", {"rôle": "admin"}, "There is no key"),
        ("tokens", {"note": "\ud800", "role": "admin"}, "not valid Unicode"),
        ("users", {"name": "bob", "role": "viewer", "password": "short"}, "at least 10 characters"),
        ("users", {"name": "bob", "role": "viewer", "password": "x" * 1025}, "at most 1024 bytes"),
        ("users", {"name": "-bob", "role": "viewer", "password": PASSWORD}, "a user's name has"),
        ("users", {"name": "bob", "password": PASSWORD}, "must be one of"),
        ("users", [], "not a JSON object"),
    ],
)
def test_what_cannot_be_made_is_told(shared: House, path: str, document: object, said: str) -> None:
    headers = {**basic("ada"), "Content-Type": "application/json"}
    answer = shared.ask("POST", f"/api/v1/{path}", headers, body=json.dumps(document))
    assert answer.status_code == 400
    assert said.lower() in answer.json["error"].lower()


def test_a_name_is_taken_once(shared: House) -> None:
    user = {"name": "ada", "role": "viewer", "password": PASSWORD}
    assert shared.ask("POST", "/api/v1/users", basic("ada"), json=user).status_code == 409


def test_a_user_who_is_removed_is_out_at_once(closed: House) -> None:
    closed.user("bob", Role.VIEWER)
    session: Headers = closed.session("bob")
    assert closed.ask("DELETE", "/api/v1/users/bob", basic("ada")).status_code == 204
    assert closed.ask("GET", WHO, session).status_code == 401
    assert closed.ask("GET", WHO, basic("bob")).status_code == 401
