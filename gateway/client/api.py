"""Asks a server for answers to queries. Knows nothing of how they are shown.

By the standard library alone, so that the command works on the light install.
"""

import json
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import OpenerDirector, ProxyHandler, Request, build_opener

from gateway.client.answers import Answer, answer_of
from gateway.client.errors import QueryFailed, WrongRequest

TIMEOUT_SECONDS: Final = 150.0
"""A little longer than servers work on a query: their own answer says more than a broken connection."""

_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


class Api:
    """A Prometheus API at a URL, which may have a path before `/api/v1`."""

    def __init__(self, url: str, timeout_s: float = TIMEOUT_SECONDS, *, token: str = "") -> None:
        """Show a token with each request, if there is one."""
        self._url = url.rstrip("/")
        self._timeout_s = timeout_s
        self._opener = opener_of(url)
        self._token = token

    def now(self) -> float:
        """Return the server's time: samples carry its clock's, or one near it, not that of this machine."""
        [line] = self.instant("time()").lines
        return float(line.points[0].value)

    def instant(self, query: str, time_s: float | None = None) -> Answer:
        """Answer a query at one time, now by default; raises QueryFailed."""
        return self._ask("query", {"query": query} | ({} if time_s is None else {"time": f"{time_s:.3f}"}))

    def range(self, query: str, start_s: float, end_s: float, step_s: float) -> Answer:
        """Answer a query at every step; raises QueryFailed."""
        times = {"start": start_s, "end": end_s, "step": step_s}
        return self._ask("query_range", {"query": query} | {name: f"{at:.3f}" for name, at in times.items()})

    def post(self, path: str, document: Mapping[str, Any]) -> Any:
        """Return the data that a gateway answers to a JSON object with; raises QueryFailed."""
        url, headers = f"{self._url}/api/v1/{path}", {"Content-Type": "application/json"}
        content = _envelope(url, self._sent(url, json.dumps(document).encode(), headers))
        if "data" not in content:
            raise QueryFailed(f"{url} answered, but not as a gateway does")
        return content["data"]

    def _ask(self, path: str, form: Mapping[str, str]) -> Answer:
        url = f"{self._url}/api/v1/{path}"
        raw = self._sent(url, urlencode(form).encode(), {})
        return answer_of(_envelope(url, raw), raw)

    def _sent(self, url: str, body: bytes, headers: Mapping[str, str]) -> bytes:
        request = Request(url, body, {"Accept": "application/json", **headers})  # noqa: S310 - checked
        if self._token:  # not to where the server may send us
            request.add_unredirected_header("Authorization", f"Bearer {self._token}")
        try:
            with self._opener.open(request, timeout=self._timeout_s) as response:
                return bytes(response.read())
        except HTTPError as error:
            with error:
                raise QueryFailed(_refusal(url, error.code, error.read())) from None
        except (OSError, HTTPException, ValueError) as error:
            reason = error.reason if isinstance(error, URLError) else error
            raise QueryFailed(f"{self._url} can't be asked: {_told(reason)}. Is --url right?") from None


def opener_of(url: str) -> OpenerDirector:
    """Return what opens a URL and those below it; raises WrongRequest."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError as error:
        raise WrongRequest(f'"{url}" is no URL: {error}') from None
    if parts.scheme not in ("http", "https") or not host:
        raise WrongRequest(f'"{url}" is no URL. Write http://host:port')
    # A proxy that the machine sets can't know what runs on this one.
    return build_opener(ProxyHandler({})) if host in _LOOPBACK else build_opener()


def _envelope(url: str, raw: bytes) -> Mapping[str, Any]:
    try:
        content = json.loads(raw)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise QueryFailed(f"{url} answered, but not with JSON: is this the URL of a Prometheus API?")
    return content


def _refusal(url: str, status: int, raw: bytes) -> str:
    """Return what a server says of a query that it refused, or of one that never reached an API."""
    try:
        content = json.loads(raw)
        return str(content["error"])
    except (ValueError, KeyError, TypeError):
        return f"{url} answered {status}: is this the URL of a Prometheus API?"


def _told(reason: object) -> str:
    return getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
