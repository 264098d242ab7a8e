"""`/api/v1/admin/tsdb/*`: deleting series, as Prometheus does it.

Owns who may do it (nobody, unless the setting says so) and what it needs. What is deleted is for the store.
"""

from collections.abc import Sequence
from typing import Final, Protocol

import falcon

from gateway.http.parameters import MAX_TIME_MS, MIN_TIME_MS, Parameters, bad
from gateway.storage.errors import StorageUnavailable, TooManyTombstones
from promql.errors import ParseError
from promql.language.parser import parse_selector
from timeseries.matcher import Matcher

RETRY_AFTER_S: Final = 5
"""A full disk is seldom mended sooner."""

_DISABLED: Final = "admin APIs disabled: start the gateway with --enable-admin-api"


class Eraser(Protocol):
    """What deletes."""

    def delete(self, selectors: Sequence[Sequence[Matcher]], start_ms: int, end_ms: int) -> int:
        """Delete what the selected series hold from start to end, both included."""

    def clean(self) -> None:
        """Take all that was deleted off the disk."""


class DeleteSeries:
    """Deletes what some series hold in a time range. Without an eraser it is switched off."""

    def __init__(self, eraser: Eraser | None) -> None:
        self._eraser = eraser

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        eraser = _enabled(self._eraser)
        parameters = Parameters.of(req)
        selectors = [_selector(text) for text in parameters.all("match[]")]
        if not selectors:
            raise bad("no match[] parameter provided")
        start = parameters.time_ms("start", MIN_TIME_MS)
        end = parameters.time_ms("end", MAX_TIME_MS)
        if end < start:
            raise bad("end must not be before start")
        try:
            eraser.delete(selectors, start, end)
        except TooManyTombstones as error:
            raise _later(f"{error}: POST /api/v1/admin/tsdb/clean_tombstones") from error
        except StorageUnavailable as error:
            raise _later(f"nothing was deleted: {error}") from error
        resp.status = falcon.HTTP_204

    on_put = on_post


class CleanTombstones:
    """Takes what was deleted off the disk, and answers when that is done."""

    def __init__(self, eraser: Eraser | None) -> None:
        self._eraser = eraser

    def on_post(self, _req: falcon.Request, resp: falcon.Response) -> None:
        try:
            _enabled(self._eraser).clean()
        except StorageUnavailable as error:
            raise _later(f"not all that was deleted is off the disk: {error}") from error
        resp.status = falcon.HTTP_204

    on_put = on_post


def _enabled(eraser: Eraser | None) -> Eraser:
    if eraser is None:
        raise falcon.HTTPServiceUnavailable(description=_DISABLED)
    return eraser


def _later(sentence: str) -> falcon.HTTPServiceUnavailable:
    return falcon.HTTPServiceUnavailable(description=sentence, retry_after=RETRY_AFTER_S)


def _selector(text: str) -> Sequence[Matcher]:
    try:
        return parse_selector(text)
    except ParseError as error:
        raise bad(f'invalid parameter "match[]": {error}') from error
