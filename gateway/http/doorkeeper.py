"""Lets a request through to its resource, or not: falcon middleware before every route.

Owns where credentials stand in a request, the answers 401, 403 and 429, and the guard against requests that a
foreign page made a browser send. Who may do what is in gateway.http.rights, who is who in gateway.access.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlsplit

import falcon

from gateway.access.audit import Entry
from gateway.access.caller import NOBODY, Caller, Right
from gateway.access.errors import Unrecognised
from gateway.access.gate import Gate
from gateway.access.tokens import PREFIX
from gateway.http.caller import actor_of, address_of
from gateway.http.errors import capital
from gateway.http.rights import RIGHTS, Demand, demand_of
from runtime.logs import Log

COOKIE: Final = "fleetgauge_session"

GUARD: Final = "X-Fleetgauge"
"""A page of ours sends this header, whatever its value, with all it asks; a foreign page can't."""

MAX_CREDENTIALS: Final = 2048
"""Characters of an Authorization header: no password and no token here is that long."""

_SAFE: Final = frozenset(("GET", "HEAD", "OPTIONS"))
_BASIC: Final = 'Basic realm="fleetgauge", charset="UTF-8"'
_BEARER: Final = 'Bearer realm="fleetgauge"'
_NEEDS: Final[Mapping[Right, str]] = {
    Right.READ: "read",
    Right.INGEST: "send samples and reports",
    Right.EDIT: "edit",
    Right.ADMIN: "administer",
}

Rights = Mapping[str, Mapping[str, Demand]]


class Doorkeeper:
    """Falcon middleware around every request that has a route."""

    def __init__(
        self,
        gate: Gate,
        *,
        note: Callable[[Entry], bool],
        now_ms: Callable[[], int],
        log: Log,
        rights: Rights = RIGHTS,
    ) -> None:
        self._gate = gate
        self._note = note
        self._now_ms = now_ms
        self._log = log
        self._rights = rights

    def process_resource(
        self, req: falcon.Request, _resp: falcon.Response, resource: object, _params: object
    ) -> None:
        """Find out who it is, and whether they may."""
        req.context.caller = NOBODY
        demand = demand_of(req.uri_template or "", req.method, self._rights)
        if demand is None:
            if _answers(resource, req.method):
                raise falcon.HTTPForbidden(description=f"{req.method} {req.path} is not open to anyone")
            return  # falcon says which methods there are
        if req.method not in _SAFE:
            _refuse_foreign(req)
            _refuse_unguarded(req)
        if demand.known:
            caller = req.context.caller = self._identify(req)
            self._check(caller, demand, req)
            req.context.audit = demand.audited

    def process_response(
        self, req: falcon.Request, resp: falcon.Response, _resource: object, _succeeded: bool
    ) -> None:
        """Note a change, or the try of one, unless the resource has done so."""
        context = req.context
        if not getattr(context, "audit", False) or getattr(context, "audited", False):
            return
        entry = Entry(
            time_ms=self._now_ms(),
            actor=actor_of(req),
            action=f"{req.method} {req.uri_template}",
            subject=req.path,
            detail=str(resp.status_code),
        )
        if not self._note(entry):
            self._log.warning(
                "audit.lost", action=entry.action, subject=entry.subject, actor=entry.actor.name
            )

    def _identify(self, req: falcon.Request) -> Caller:
        """Return who it is. Where nothing is asked for, credentials are not looked at."""
        gate = self._gate
        if not gate.asks:
            return gate.of_nobody()
        authorization = req.get_header("Authorization")
        try:
            if authorization is not None:
                return self._of_authorization(authorization, address_of(req))
            cookie = _cookie(req)
            if cookie is not None:
                return gate.of_session(cookie)
        except Unrecognised as error:
            if (
                authorization is None and gate.is_open
            ):  # an old cookie shuts out nobody whom none would let in
                return gate.of_nobody()
            raise _unauthorized(req, str(error)) from error
        return gate.of_nobody()

    def _of_authorization(self, authorization: str, address: str) -> Caller:
        scheme, _, credentials = authorization.strip().partition(" ")
        if len(authorization) > MAX_CREDENTIALS:
            raise Unrecognised("the Authorization header is too long to be one of ours")
        if scheme.lower() == "bearer":
            return self._gate.of_token(credentials.strip())
        if scheme.lower() != "basic":
            raise Unrecognised("the Authorization header is neither Bearer nor Basic")
        name, password = _pair(credentials.strip())
        if password.startswith(PREFIX):  # for clients that know nothing but names and passwords
            return self._gate.of_token(password)
        return self._gate.of_password(name, password, address)

    def _check(self, caller: Caller, demand: Demand, req: falcon.Request) -> None:
        if caller is NOBODY:
            raise _unauthorized(
                req,
                "say who you are: send a token (Authorization: Bearer …), a name and a password, or log in",
            )
        if demand.right is not None and demand.right not in caller.rights:
            may = _NEEDS[demand.right]
            raise falcon.HTTPForbidden(description=f"{capital(caller.name)} may not {may}, as this needs")
        if caller.matchers and not demand.confinable:
            raise falcon.HTTPForbidden(
                description=f"{capital(caller.name)} is confined to some series, and {req.path} shows more"
            )


def _answers(resource: object, method: str) -> bool:
    return any(name.startswith(f"on_{method.lower()}") for name in dir(resource))


def _refuse_foreign(req: falcon.Request) -> None:
    """Refuse a change that another site's page made a browser send: browsers say whose page it was.

    A page can't set X-Forwarded-Host, so behind a proxy that names the host so, that counts.
    """
    origin = req.get_header("Origin")
    authorization = req.get_header("Authorization", default="")
    if origin is None or authorization.lower().startswith("bearer "):  # no browser adds that by itself
        return
    own = {req.get_header("Host", default="").lower(), req.get_header("X-Forwarded-Host", default="").lower()}
    if origin == "null" or _host(origin) not in own - {""}:
        raise falcon.HTTPForbidden(
            description="This comes from a page of another site, which may not do that"
        )


def _host(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _refuse_unguarded(req: falcon.Request) -> None:
    """Refuse a change with a cookie, which browsers add by themselves, but without our header."""
    by_cookie = _cookie(req) is not None and req.get_header("Authorization") is None
    if by_cookie and not req.get_header(GUARD):
        raise falcon.HTTPForbidden(
            description=f"With a session's cookie, {req.method} needs the header {GUARD}: 1. It shows that "
            "no foreign page sent this"
        )


def _cookie(req: falcon.Request) -> str | None:
    values = req.get_cookie_values(COOKIE)
    return values[0] if values else None


def _pair(coded: str) -> tuple[str, str]:
    try:
        name, colon, password = base64.b64decode(coded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise Unrecognised("the name and password can't be read: they are not base64 of UTF-8") from None
    if not colon:
        raise Unrecognised("there is no colon between name and password")
    return name, password


def _unauthorized(req: falcon.Request, sentence: str) -> falcon.HTTPUnauthorized:
    """Say that nobody is known. A page of ours asks for the password itself: no window of the browser."""
    challenges = [_BEARER] if req.get_header(GUARD) else [_BASIC, _BEARER]
    return falcon.HTTPUnauthorized(description=capital(sentence), challenges=challenges)
