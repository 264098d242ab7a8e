"""`/api/v1/login`, `logout` and `whoami`: sessions of browsers, and who one is.

Owns the cookie. What a session is, is for gateway.access.
"""

from collections.abc import Callable
from typing import Final

import falcon

from gateway.access.caller import Caller
from gateway.access.gate import Gate
from gateway.access.users import ABSOLUTE_MS
from gateway.http import envelope
from gateway.http.caller import address_of, caller_of
from gateway.http.document import document_of, member
from gateway.http.doorkeeper import COOKIE

_KEYS: Final = ("name", "password")


class Login:
    """Takes a name and a password for a cookie."""

    def __init__(self, gate: Gate, *, draw: Callable[[], str], secure: bool) -> None:
        """Make the secrets of sessions with `draw`; let browsers send them over TLS only if `secure`."""
        self._gate = gate
        self._draw = draw
        self._secure = secure

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        found = document_of(req, _KEYS)
        name, password = member(found, "name", str, ""), member(found, "password", str, "")
        secret = self._draw()
        caller = self._gate.log_in(name, password, address=address_of(req), drawn=secret)
        resp.set_cookie(
            COOKIE,
            secret,
            max_age=ABSOLUTE_MS // 1000,
            path="/",
            secure=self._secure,
            http_only=True,
            same_site="Strict",
        )
        _answer(resp, caller, is_open=False)


class Logout:
    """Ends the session of the cookie, if there is one."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        for secret in req.get_cookie_values(COOKIE) or []:
            self._gate.log_out(secret, address_of(req))
        resp.unset_cookie(COOKIE, path="/", same_site="Strict")
        resp.status = falcon.HTTP_204


class WhoAmI:
    """Tells who one is and what one may."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        _answer(resp, caller_of(req), is_open=self._gate.is_open)

    on_head = on_get


def _answer(resp: falcon.Response, caller: Caller, *, is_open: bool) -> None:
    resp.content_type = envelope.MEDIA_TYPE
    resp.cache_control = ["no-store"]
    resp.data = envelope.success(
        {
            "name": caller.name,
            "rights": sorted(right.name.lower() for right in caller.rights),
            "matchers": list(map(str, caller.matchers)),
            "agents": list(caller.agents),
            "open": is_open,
        }
    )
