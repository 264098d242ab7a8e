"""The server that answers queries where no samples are kept: one request to it, and its answer as it comes.

Owns which headers go there and come back, and the limits. Must not know which queries there are.
"""

import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from gateway.forward.errors import UpstreamFailed

MAX_ANSWER_BYTES: Final = 512 * 1024 * 1024
"""Ten times the largest answer that a browser draws; it is never in memory as a whole."""

_CHUNK_BYTES: Final = 64 * 1024
_CONNECT_SECONDS: Final = 5.0

# What a client may tell the server, and the server a client. Credentials, cookies and addresses stay out.
_ASKED: Final = ("accept", "accept-encoding", "content-type", "content-encoding")
_TOLD: Final = ("content-type", "content-encoding", "content-length", "retry-after", "cache-control")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Status, headers, and the body in pieces, which must be closed."""

    status: int
    headers: Mapping[str, str]
    body: "Body"


class Body:
    """The pieces of an answer; the connection ends with them."""

    def __init__(self, connection: HTTPConnection, response: HTTPResponse, limit: int) -> None:
        self._connection = connection
        self._response = response
        self._left = limit

    def __iter__(self) -> Iterator[bytes]:
        """Yield the pieces; raises UpstreamFailed when there are too many, or the server stops."""
        try:
            while piece := self._response.read1(_CHUNK_BYTES):
                self._left -= len(piece)
                if self._left < 0:
                    raise UpstreamFailed("the answer is too large")
                yield piece
            if self._response.length:
                raise UpstreamFailed("the answer ended too early")
        except (OSError, HTTPException) as error:
            raise UpstreamFailed(f"the answer broke off: {error}") from error
        finally:
            self.close()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class Upstream:
    """A server with Prometheus' HTTP API."""

    def __init__(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        token_file: Path | None,
        timeout_s: Callable[[], float],
        max_answer_bytes: int = MAX_ANSWER_BYTES,
    ) -> None:
        """`timeout_s` is how long the server may be silent."""
        self._url = urlsplit(url)
        self._headers = dict(headers)
        self._token_file = token_file
        self._timeout_s = timeout_s
        self._max_answer_bytes = max_answer_bytes

    def ask(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Ask for a path with its query; raises UpstreamFailed."""
        connection = self._connection()
        try:
            connection.connect()
            connection.sock.settimeout(self._timeout_s())
            path = self._url.path.rstrip("/") + target
            connection.request(method, path, body or None, self._asked(headers))
            response = connection.getresponse()
        except (OSError, HTTPException) as error:
            connection.close()
            raise UpstreamFailed(
                f"the server of query_url gave no answer: {error or 'time ran out'}"
            ) from error
        if 300 <= response.status < 400 or response.status in (401, 403, 407):
            connection.close()
            raise UpstreamFailed(f"the server of query_url refused the gateway with {response.status}")
        told = {name: value for name in _TOLD if (value := response.getheader(name))}
        return Answer(
            status=response.status,
            headers=told,
            body=Body(connection, response, self._max_answer_bytes),
        )

    def _connection(self) -> HTTPConnection:
        host, port = self._url.hostname or "", self._url.port
        if self._url.scheme == "https":
            trust = ssl.create_default_context()
            return HTTPSConnection(host, port, timeout=_CONNECT_SECONDS, context=trust)
        return HTTPConnection(host, port, timeout=_CONNECT_SECONDS)

    def _asked(self, headers: Mapping[str, str]) -> dict[str, str]:
        asked = {name: headers[name] for name in _ASKED if name in headers}
        # Without it the library would ask for no compression in a way that some servers mind.
        asked.setdefault("accept-encoding", "identity")
        if self._token_file is not None:
            asked["authorization"] = f"Bearer {self._token_file.read_text().strip()}"
        return self._headers | asked
