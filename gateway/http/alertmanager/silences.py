"""`/api/v2/silences` and `/api/v2/silence/{id}`: what is not told for some time."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, Protocol

import falcon

from alertrules.routing.silence import Silence
from alertrules.routing.silences import BadSilence, UnknownSilence
from gateway.http.alertmanager.alerts import filters
from gateway.http.alertmanager.answers import bad_message, body_of, give
from gateway.http.alertmanager.messages import posted_silence, silence_row
from gateway.http.parameters import Parameters
from timeseries.matcher import Matcher

MAX_BODY_BYTES: Final = 256 * 1024
"""Several times what a silence may have."""


class Book(Protocol):
    """Where silences are kept."""

    def silences(self, matchers: Sequence[Matcher] = ()) -> Sequence[Silence]:
        """Return silences that are about what the matchers take."""

    def silence(self, silence_id: str) -> Silence:
        """Return a silence; raises UnknownSilence."""

    def put_silence(self, silence: Silence) -> Silence:
        """Take a silence; raises BadSilence, UnknownSilence or StorageUnavailable."""

    def expire_silence(self, silence_id: str) -> Silence:
        """End a silence; raises as `put_silence` does."""


class Silences:
    """All silences; and where they are made and changed."""

    def __init__(self, book: Book, now_ms: Callable[[], int]) -> None:
        self._book = book
        self._now_ms = now_ms

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        found = self._book.silences(filters(Parameters.of(req)))
        give(resp, [silence_row(silence, self._now_ms()) for silence in found])

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        body = body_of(req, MAX_BODY_BYTES)
        with bad_message():
            silence = posted_silence(body)
        with _refusing():
            kept = self._book.put_silence(silence)
        give(resp, {"silenceID": kept.id})


class OneSilence:
    """One silence."""

    def __init__(self, book: Book, now_ms: Callable[[], int]) -> None:
        self._book = book
        self._now_ms = now_ms

    def on_get(self, _req: falcon.Request, resp: falcon.Response, **path: str) -> None:
        with _refusing():
            silence = self._book.silence(path["id"])
        give(resp, silence_row(silence, self._now_ms()))

    def on_delete(self, _req: falcon.Request, resp: falcon.Response, **path: str) -> None:
        with _refusing():
            self._book.expire_silence(path["id"])
        resp.status = 200


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except UnknownSilence as error:
        raise falcon.HTTPNotFound(description="silence not found") from error
    except BadSilence as error:
        raise falcon.HTTPBadRequest(description=f"silence invalid: {error}") from error
