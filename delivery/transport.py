"""One request to a receiver and its answer: connection, TLS, proxy, credentials. Knows no retries.

Files of credentials and certificates are read when they are needed: new ones count without a restart.
"""

import base64
import re
import socket
import threading
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, unquote, urlsplit

from delivery.errors import BadTarget, NoAnswer
from delivery.retry import MAX_EXCERPT_BYTES, Answer
from runtime.plainhttp import HTTPConnection, HTTPException, HTTPResponse, SecureConnection

if TYPE_CHECKING:
    import ssl

_HEADER_NAME: Final = re.compile(r"[-!#$%&'*+.^_`|~0-9A-Za-z]+")

# What a request says of itself: a header of the settings must not say otherwise.
_RESERVED: Final = frozenset({
    "authorization", "connection", "content-encoding", "content-length", "content-type", "expect", "host",
    "proxy-authorization", "retry-attempt", "te", "trailer", "transfer-encoding", "upgrade", "user-agent",
    "x-prometheus-remote-write-version",
})  # fmt: skip

# A longer answer is not read to its end: a new connection costs less.
_MAX_READ_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where to send and how to be let in. Secrets are in files, or here if they came otherwise."""

    url: str = field(repr=False)
    timeout_s: float = 30.0
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    username: str = ""
    password: str = field(default="", repr=False)
    password_file: Path | None = None
    token: str = field(default="", repr=False)
    token_file: Path | None = None
    scheme: str = "Bearer"
    proxy: str = field(default="", repr=False)
    server_name: str = ""
    insecure_skip_verify: bool = False
    headers: tuple[tuple[str, str], ...] = ()


class Transport:
    """A connection that is kept between requests. For one thread."""

    def __init__(self, target: Target) -> None:
        """Check the target; raises BadTarget."""
        self._target = target
        self._url = _split(target.url, ("http", "https"))
        self._proxy = _split(target.proxy, ("http",)) if target.proxy else None
        if target.username and (target.token_file or target.token):
            raise BadTarget("it has both a username and a token; only one of them can be used")
        for name, value in target.headers:
            _check_header(name, value)
        self._connection: HTTPConnection | None = None

    def post(self, body: bytes, headers: Mapping[str, str], *, timeout_s: float) -> Answer:
        """Send a body; raises NoAnswer. `timeout_s` is for the whole; the target's holds if it is shorter."""
        allowed = min(timeout_s, self._target.timeout_s)
        try:
            all_headers = {**dict(self._target.headers), **headers, **self._credentials()}
            kept = self._connection
            if kept is not None and kept.sock is not None:
                try:
                    return self._exchange(kept, body, all_headers, allowed)
                except (ConnectionError, HTTPException):
                    # The receiver may have closed a connection that was idle: no failure yet.
                    self.close()
            return self._exchange(self._connect(allowed), body, all_headers, allowed)
        except (OSError, HTTPException, ValueError, RuntimeError) as error:
            # RuntimeError: there are too many threads, and none can be started.
            self.close()
            raise NoAnswer(f"{type(error).__name__}: {error}") from None

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _exchange(
        self, connection: HTTPConnection, body: bytes, headers: dict[str, str], allowed_s: float
    ) -> Answer:
        late = threading.Event()
        connection.sock.settimeout(allowed_s)
        # The socket's time-out is for each read; whoever sends a byte now and then would never run into it.
        watch = threading.Timer(allowed_s, _cut, [connection.sock, late])
        watch.daemon = True
        watch.start()
        try:
            connection.request("POST", self._path(), body, headers)
            with closing(connection.getresponse()) as response:
                # The library takes headers that were cut off for all there are.
                if late.is_set():
                    raise TimeoutError
                return self._answer(response)
        except (OSError, HTTPException):
            if late.is_set():
                raise TimeoutError(f"no answer within {allowed_s:g} s") from None
            raise
        finally:
            watch.cancel()

    def _answer(self, response: HTTPResponse) -> Answer:
        text, whole = b"", False
        try:
            # Not read(): it believes a chunk that claims a negative size, and reads without end.
            while len(text) <= _MAX_READ_BYTES and not whole:
                some = response.read1(_MAX_READ_BYTES)
                text, whole = text + some, not some
        except (OSError, HTTPException, ValueError):
            # The status says all that counts.
            whole = False
        if not whole:
            self.close()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(status=response.status, headers=headers, excerpt=text[:MAX_EXCERPT_BYTES])

    def _connect(self, timeout_s: float) -> HTTPConnection:
        secure = self._url.scheme == "https"
        through = self._proxy or self._url
        host = through.hostname or ""
        if secure:
            port = through.port or (80 if self._proxy else 443)
            connection: HTTPConnection = SecureConnection(
                host, port, timeout_s, self._trust(), self._target.server_name or self._url.hostname or ""
            )
            if self._proxy is not None:
                connection.set_tunnel(self._url.hostname or "", self._url.port, _proxy_login(self._proxy))
        else:
            connection = HTTPConnection(host, through.port, timeout=timeout_s)
        self._connection = connection
        if secure and self._proxy is not None:
            _connect_through(connection, timeout_s)
        else:
            connection.connect()
        return connection

    def _trust(self) -> "ssl.SSLContext":
        # Only here: it brings OpenSSL, which plain HTTP does not need.
        import ssl

        context = ssl.create_default_context(cafile=self._target.ca_file)
        if self._target.cert_file is not None:
            context.load_cert_chain(self._target.cert_file, self._target.key_file)
        if self._target.insecure_skip_verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def _path(self) -> str:
        path = (self._url.path or "/") + (f"?{self._url.query}" if self._url.query else "")
        plain_proxy = self._proxy is not None and self._url.scheme == "http"
        return f"http://{self._url.netloc}{path}" if plain_proxy else path

    def _credentials(self) -> dict[str, str]:
        headers = {}
        target = self._target
        if target.token_file is not None or target.token:
            token = target.token_file.read_text().strip() if target.token_file else target.token
            headers["Authorization"] = f"{target.scheme} {token}"
        elif target.username:
            password = target.password_file.read_text().strip() if target.password_file else target.password
            headers["Authorization"] = _basic(target.username, password)
        if self._proxy is not None and self._url.scheme == "http":
            headers |= _proxy_login(self._proxy)
        if not all(value.isascii() and value.isprintable() for value in headers.values()):
            # What the library says of it would show the secret.
            raise ValueError("the token can't be sent: it must be one line of plain ASCII")
        return headers


def _check_header(name: str, value: str) -> None:
    if not _HEADER_NAME.fullmatch(name) or not value.isprintable() or not value.isascii():
        raise BadTarget(f"header {name!a} can't be sent: it must be plain ASCII")
    if name.lower() in _RESERVED:
        raise BadTarget(f"header {name} is set by the request itself")


def _split(url: str, schemes: tuple[str, ...]) -> SplitResult:
    try:
        parts = urlsplit(url)
        good = parts.scheme in schemes and parts.hostname and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise BadTarget(f"the address must be {' or '.join(schemes)}://HOST[:PORT][/PATH]")
    if not url.isprintable() or " " in url:
        # What the library would say of it shows the address, which may be secret.
        raise BadTarget("the address holds a space, or a character that can't be sent")
    if schemes[-1] == "https" and parts.username is not None:
        raise BadTarget("the address holds a username; give username and password file by themselves")
    return parts


def _basic(username: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{username}:{password}'.encode()).decode()}"


def _proxy_login(proxy: SplitResult) -> dict[str, str]:
    if proxy.username is None:
        return {}
    return {"Proxy-Authorization": _basic(unquote(proxy.username), unquote(proxy.password or ""))}


def _connect_through(connection: HTTPConnection, allowed_s: float) -> None:
    """Connect through a proxy, which may answer a line now and then without end."""
    late = threading.Event()
    watch = threading.Timer(allowed_s, lambda: _cut(connection.sock, late))
    watch.daemon = True
    watch.start()
    try:
        connection.connect()
    except (OSError, HTTPException):
        if late.is_set():
            raise TimeoutError(f"no answer of the proxy within {allowed_s:g} s") from None
        raise
    finally:
        watch.cancel()


def _cut(connected: socket.socket | None, late: threading.Event) -> None:
    """End a connection below TLS, whose own shutdown another thread must not call."""
    late.set()
    if connected is None:
        # It is not there yet; each attempt to connect has a time-out of its own.
        return
    try:
        socket.socket.shutdown(connected, socket.SHUT_RDWR)
    except OSError:
        connected.close()
