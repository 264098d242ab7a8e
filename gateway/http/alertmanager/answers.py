"""How Alertmanager's API reads and answers: bare JSON, without an envelope."""

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


def body_of(req: falcon.Request, most: int) -> bytes:
    """Return the body; raises falcon's errors.

    As with Alertmanager it must say that it is JSON: what a browser sends for a strange page does not.
    """
    media = (req.content_type or "").partition(";")[0].strip().lower()
    if media != "application/json":
        raise falcon.HTTPUnsupportedMediaType(description="Send it as application/json")
    body: bytes = req.bounded_stream.read(most + 1)
    if len(body) > most:
        raise falcon.HTTPContentTooLarge(description=f"The body is larger than {most} bytes")
    return body


@contextmanager
def bad_message() -> Iterator[None]:
    """Answer 400 to what can't be read."""
    try:
        yield
    except BadMessage as error:
        raise falcon.HTTPBadRequest(description=capital(str(error))) from error
