"""`/api/v1/tokens`, `users` and `audit`: who may do what, for admins.

Owns the shape of their answers: no digest and no hash is in one, and a token's secret only when it is made.
"""

from collections.abc import Callable, Sequence
from typing import Final

import falcon

from gateway.access.audit import Numbered
from gateway.access.desk import Desk, Order
from gateway.access.roles import Role
from gateway.access.tokens import Token
from gateway.access.users import User
from gateway.http import envelope
from gateway.http.caller import actor_of, audited
from gateway.http.document import document_of, member
from gateway.http.parameters import Parameters, bad
from runtime.values import Duration

MAX_PAGE: Final = 1000
DEFAULT_PAGE: Final = 100

_ORDER: Final = ("agents", "selector", "role", "note", "expires_in")


class Tokens:
    """Lists tokens, and makes one."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        _answer(resp, list(map(_shown_token, self._desk.tokens())))

    on_head = on_get

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        found = document_of(req, _ORDER)
        agents = member(found, "agents", list, [])
        if not all(isinstance(agent, str) for agent in agents):
            raise bad('"agents" must be a list of texts')
        order = Order(
            agents=agents,
            selector=member(found, "selector", str, ""),
            role=_role(member(found, "role", str, "")),
            note=member(found, "note", str, ""),
            expires_in_ms=_duration_ms(member(found, "expires_in", str, "")),
        )
        token, secret = self._desk.create_token(order, actor_of(req))
        audited(req)
        resp.status = falcon.HTTP_201
        _answer(resp, _shown_token(token) | {"token": secret})


class TokenById:
    """Revokes a token."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def on_delete(self, req: falcon.Request, resp: falcon.Response, token_id: str) -> None:
        self._desk.revoke_token(token_id, actor_of(req))
        audited(req)
        resp.status = falcon.HTTP_204


class Users:
    """Lists users, and adds one."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        _answer(resp, list(map(_shown_user, self._desk.users())))

    on_head = on_get

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        found = document_of(req, ("name", "role", "password"))
        name, password = member(found, "name", str, ""), member(found, "password", str, "")
        role = _role(member(found, "role", str, ""))
        if role is None:
            raise bad(f'"role" must be one of {", ".join(Role)}')
        user = self._desk.add_user(name, role, password, actor_of(req))
        audited(req)
        resp.status = falcon.HTTP_201
        _answer(resp, _shown_user(user))


class UserByName:
    """Removes a user."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def on_delete(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        self._desk.remove_user(name, actor_of(req))
        audited(req)
        resp.status = falcon.HTTP_204


class UserPassword:
    """Gives a user another password."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def on_post(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        password = member(document_of(req, ("password",)), "password", str, "")
        self._desk.change_password(name, password, actor_of(req))
        audited(req)
        resp.status = falcon.HTTP_204


class AuditLog:
    """Lists what was changed, and who logged in; the newest first."""

    def __init__(self, page: Callable[[int, int | None], Sequence[Numbered]]) -> None:
        self._page = page

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        parameters = Parameters.of(req)
        limit = parameters.positive("limit", DEFAULT_PAGE, MAX_PAGE)
        before = parameters.positive("before", 0, 999_999_999) or None
        _answer(resp, list(map(_shown_entry, self._page(limit, before))))

    on_head = on_get


def _role(text: str) -> Role | None:
    if not text:
        return None
    if text not in list(Role):
        raise bad(f'"role" must be one of {", ".join(Role)}')
    return Role(text)


def _duration_ms(text: str) -> int | None:
    if not text:
        return None
    try:
        return Duration.parse(text).ms
    except ValueError:
        raise bad(f'"expires_in" must be {Duration.EXPECTED}') from None


def _answer(resp: falcon.Response, data: object) -> None:
    resp.content_type = envelope.MEDIA_TYPE
    resp.cache_control = ["no-store"]
    resp.data = envelope.success(data)


def _shown_token(token: Token) -> dict[str, object]:
    return {
        "id": token.id,
        "kind": token.kind,
        "agents": list(token.agents),
        "selector": token.selector,
        "note": token.note,
        "created": token.created_ms / 1000,
        "created_by": token.created_by,
        "expires": _seconds(token.expires_ms),
        "last_used": _seconds(token.used_ms),
    }


def _shown_user(user: User) -> dict[str, object]:
    return {"name": user.name, "role": user.role, "created": user.created_ms / 1000}


def _shown_entry(one: Numbered) -> dict[str, object]:
    entry = one.entry
    return {
        "number": one.number,
        "time": entry.time_ms / 1000,
        "actor": entry.actor.name,
        "address": entry.actor.address,
        "action": entry.action,
        "subject": entry.subject,
        "detail": entry.detail,
    }


def _seconds(time_ms: int | None) -> float | None:
    return None if time_ms is None else time_ms / 1000
