"""How errors are answered: one table from status to Prometheus' error type, one sentence for each.

Owns every error that leaves the gateway. A client never sees a stack trace or a page of the server library.
"""

import json
from collections.abc import Callable
from typing import Any

import falcon

from gateway.access.errors import (
    AccessError,
    BadOrder,
    Crowded,
    LockedOut,
    NameTaken,
    NoSuchAccount,
    Unrecognised,
)
from gateway.http import envelope
from gateway.http.requestid import request_id_of
from gateway.query.memory import QueryBusy
from gateway.registry.errors import AmbiguousName, BadMessage, RegistryError, TooManyAgents, UnknownAgent
from gateway.ruler.errors import BadRules, NoSuchRules, RulesError, RulesRefused, TooManyRules
from gateway.storage.errors import StorageUnavailable
from promql.errors import ParseError, QueryError, QueryTimeout
from runtime.logs import Log

ERROR_TYPES = {
    400: "bad_data",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "bad_data",
    409: "conflict",
    413: "bad_data",
    415: "bad_data",
    429: "too_many_requests",
    431: "bad_data",
    500: "internal",
    501: "internal",
    503: "unavailable",
    505: "internal",
}
"""For a sender of samples 4xx is final and 5xx means to try again."""


QUERY_ERRORS: dict[type[QueryError], tuple[int, str]] = {
    ParseError: (400, "bad_data"),
    QueryTimeout: (503, "timeout"),
    QueryBusy: (503, "unavailable"),
    QueryError: (422, "execution"),
}
"""The errors of queries, told in Prometheus' words. What is not here is answered as the class above it."""


REGISTRY_ERRORS: dict[type[RegistryError], int] = {
    BadMessage: 400,
    UnknownAgent: 404,
    AmbiguousName: 409,
    TooManyAgents: 429,
}
"""What the registry of agents refuses."""


RULES_ERRORS: dict[type[RulesError], int] = {
    BadRules: 400,
    NoSuchRules: 404,
    RulesRefused: 409,
    TooManyRules: 429,
}
"""What rules edited over the API are refused for."""


_BUSY_RETRY_S = 1
"""Queries end within seconds, and give back the memory that another waits for."""


ACCESS_ERRORS: dict[type[AccessError], int] = {
    Unrecognised: 401,
    BadOrder: 400,
    NameTaken: 409,
    NoSuchAccount: 404,
    LockedOut: 429,
    Crowded: 503,
}
"""The errors of accounts and of logging in."""

_CROWDED_RETRY_S = 1

ALERTMANAGER = "/api/v2/"
"""Where Alertmanager's API is."""


_DISK_RETRY_S = 5
"""A full disk is seldom mended sooner."""


class ApiError(Exception):
    """What Prometheus would refuse, in its words."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Errors:
    """Answers what falcon and the resources raise."""

    def __init__(self, *, log: Log, new_id: Callable[[], str]) -> None:
        self._log = log
        self.new_id = new_id

    def install(self, app: falcon.App[falcon.Request, falcon.Response]) -> None:
        app.set_error_serializer(_serialize)
        app.add_error_handler(Exception, self._unexpected)
        app.add_error_handler(ApiError, _api_error)
        app.add_error_handler(RegistryError, _registry_error)
        app.add_error_handler(RulesError, _rules_error)
        for kind in QUERY_ERRORS:
            app.add_error_handler(kind, _query_error)
        app.add_error_handler(AccessError, _access_error)
        app.add_error_handler(StorageUnavailable, _storage_error)

    def _unexpected(self, req: falcon.Request, resp: falcon.Response, error: Exception, _params: Any) -> None:
        """A defect: the log gets all of it, the client its id. Isolation boundary: one request."""
        incident = request_id_of(req)
        self._log.error("http.failed", id=incident, method=req.method, path=req.path, exception=error)
        _say(req, resp, 500, f"The gateway failed on this request. Its log says why, under id {incident}.")


def unreadable(status: int, detail: str) -> bytes:
    """The body for a request that the server could not even read."""
    return envelope.failure(_error_type(status), f"The request was refused: {detail.rstrip('.')}.")


def _serialize(req: falcon.Request, resp: falcon.Response, error: falcon.HTTPError) -> None:
    if isinstance(error, falcon.HTTPRouteNotFound):
        sentence = f"There is nothing at {req.path}."
    elif isinstance(error, falcon.HTTPMethodNotAllowed):
        sentence = f"{req.path} does not take {req.method}. It takes {resp.get_header('Allow')}."
    else:
        sentence = f"{(error.description or error.title or 'The request failed').rstrip('.')}."
    _say(req, resp, error.status_code, sentence)


def _api_error(req: falcon.Request, resp: falcon.Response, error: ApiError, _params: Any) -> None:
    _say(req, resp, 400, error.sentence)


def _registry_error(req: falcon.Request, resp: falcon.Response, error: RegistryError, _params: Any) -> None:
    _say(req, resp, REGISTRY_ERRORS[type(error)], f"{error}.")


def _rules_error(req: falcon.Request, resp: falcon.Response, error: RulesError, _params: Any) -> None:
    sentence = "\n".join(error.problems) if isinstance(error, BadRules) else f"{capital(str(error))}."
    _say(req, resp, RULES_ERRORS[type(error)], sentence)


def _query_error(req: falcon.Request, resp: falcon.Response, error: QueryError, _params: Any) -> None:
    status, error_type = next(known for kind, known in QUERY_ERRORS.items() if isinstance(error, kind))
    if isinstance(error, QueryBusy):
        resp.set_header("Retry-After", str(_BUSY_RETRY_S))
    _say(req, resp, status, str(error), error_type)


def _access_error(req: falcon.Request, resp: falcon.Response, error: AccessError, _params: Any) -> None:
    if isinstance(error, LockedOut):
        resp.set_header("Retry-After", str(error.retry_after_s))
    if isinstance(error, Crowded):
        resp.set_header("Retry-After", str(_CROWDED_RETRY_S))
    _say(req, resp, ACCESS_ERRORS[type(error)], f"{capital(str(error))}.")


def _storage_error(
    req: falcon.Request, resp: falcon.Response, error: StorageUnavailable, _params: Any
) -> None:
    resp.set_header("Retry-After", str(_DISK_RETRY_S))
    _say(req, resp, 503, f"Nothing was changed: {error}.")


def capital(sentence: str) -> str:
    """Begin a sentence with a capital letter."""
    return sentence[:1].upper() + sentence[1:]


def answer(resp: falcon.Response, status: int, sentence: str) -> None:
    """Answer an error."""
    resp.status = status
    resp.content_type = envelope.MEDIA_TYPE
    resp.data = envelope.failure(_error_type(status), sentence)


def _say(
    req: falcon.Request, resp: falcon.Response, status: int, sentence: str, error_type: str = ""
) -> None:
    """Answer an error in the words of the API that was asked: clients of Alertmanager expect a bare text."""
    resp.status = status
    resp.content_type = envelope.MEDIA_TYPE
    if req.path.startswith(ALERTMANAGER):
        resp.data = json.dumps(sentence).encode()
    else:
        resp.data = envelope.failure(error_type or _error_type(status), sentence)


def _error_type(status: int) -> str:
    return ERROR_TYPES.get(status) or ("bad_data" if status < 500 else "internal")
