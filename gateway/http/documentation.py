"""`/openapi.json` and `/docs`: what the API is, for programs and for people."""

import json
from collections.abc import Mapping

import falcon

from gateway.http.openapi.document import document
from gateway.http.openapi.page import POLICY, page
from gateway.http.openapi.table import OPERATIONS

MEDIA_TYPE = "application/openapi+json"


class _Fixed:
    """What does not change while the gateway runs."""

    def __init__(self, body: bytes, media_type: str, policy: str = "default-src 'none'") -> None:
        self._body = body
        self._media_type = media_type
        self._policy = policy

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        resp.content_type = self._media_type
        resp.set_header("Content-Security-Policy", self._policy)
        resp.set_header("Referrer-Policy", "no-referrer")
        resp.set_header("X-Content-Type-Options", "nosniff")
        resp.data = self._body

    on_head = on_get


def with_documentation(routes: Mapping[str, object], *, version: str) -> dict[str, object]:
    """Return the routes and, beside them, those that describe all of them."""
    nothing = _Fixed(b"", MEDIA_TYPE)
    found = document({**routes, "/openapi.json": nothing, "/docs": nothing}, OPERATIONS, version=version)
    return {
        **routes,
        "/openapi.json": _Fixed(json.dumps(found).encode(), MEDIA_TYPE),
        "/docs": _Fixed(page(found), falcon.MEDIA_HTML, POLICY),
    }
