"""Queries of a gateway that keeps no samples: answered by another server, as its answer comes.

Owns who may ask so, and what is said where nobody can be asked. What goes there and back is for
gateway.forward.upstream.
"""

from typing import Final
from urllib.parse import quote

import falcon

from gateway.forward.errors import UpstreamFailed
from gateway.forward.upstream import Upstream
from gateway.http.caller import caller_of
from gateway.http.errors import answer
from gateway.http.parameters import MAX_FORM_BYTES

_BAD_GATEWAY: Final = 502


class Relayed:
    """What another server is asked for; without one that is said."""

    def __init__(self, upstream: Upstream | None) -> None:
        self._upstream = upstream

    def _pass(self, req: falcon.Request, resp: falcon.Response) -> None:
        if self._upstream is None:
            answer(resp, 404, "This gateway keeps no samples, and has no query_url to ask.")
            return
        if caller_of(req).matchers:
            # What a query reads can't be confined where it is not evaluated.
            raise falcon.HTTPForbidden(
                description="Whoever may read only some series can't ask another server"
            )
        target = quote(req.path, safe="/:") + (f"?{req.query_string}" if req.query_string else "")
        headers = {name.lower(): value for name, value in req.headers.items()}
        body = _body_of(req) if req.method == "POST" else b""
        try:
            found = self._upstream.ask(req.method, target, headers, body)
        except UpstreamFailed as error:
            answer(resp, _BAD_GATEWAY, f"The query was not answered: {error}.")
            return
        resp.status = found.status
        for name, value in found.headers.items():
            resp.set_header(name, value)
        if req.method == "HEAD":
            found.body.close()
        else:
            resp.stream = found.body


class RelayedGet(Relayed):
    """What is asked for in the URL."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, **_: str) -> None:
        self._pass(req, resp)


class RelayedForm(RelayedGet):
    """What is asked for in the URL, or in a form."""

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        self._pass(req, resp)


class RelayedPage(RelayedGet):
    """A page, or its headers alone."""

    on_head = RelayedGet.on_get


class RelayedBody(Relayed):
    """What is asked for in a body."""

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        self._pass(req, resp)


class NoSamples:
    """Says that what is made of samples can't be had where none are kept."""

    def on_get(self, _req: falcon.Request, resp: falcon.Response, **_: str) -> None:
        answer(resp, 404, "This gateway keeps no samples: only a gateway that does can compare them.")


class NoSamplesToTry:
    """Says that rules can't be tried where no samples are kept."""

    def on_post(self, _req: falcon.Request, resp: falcon.Response) -> None:
        answer(resp, 404, "This gateway keeps no samples: only a gateway that does can try rules over them.")


def _body_of(req: falcon.Request) -> bytes:
    if (req.content_length or 0) > MAX_FORM_BYTES:
        raise falcon.HTTPContentTooLarge(description=f"At most {MAX_FORM_BYTES >> 20} MiB are passed on")
    return req.bounded_stream.read()
