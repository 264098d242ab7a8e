"""How Alertmanager's API answers: bare JSON, without an envelope."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import falcon

from gateway.http import envelope
from gateway.http.alertmanager.messages import BadMessage
from gateway.http.errors import capital


def give(resp: falcon.Response, data: object) -> None:
    """Answer with data."""
    resp.content_type = envelope.MEDIA_TYPE
    resp.data = json.dumps(data).encode()


@contextmanager
def bad_message() -> Iterator[None]:
    """Answer 400 to what can't be read."""
    try:
        yield
    except BadMessage as error:
        raise falcon.HTTPBadRequest(description=capital(str(error))) from error
