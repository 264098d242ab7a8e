"""Asks an engine's API: one look at a time, GET only, over a socket or TCP, and never longer than allowed.

Knows HTTP, and nothing of what the answers mean. Raises OSError and ValueError.
"""

import json
import os
import socket
import threading
from contextlib import closing, suppress
from pathlib import Path
from typing import Final, Self

from exporter.collectors.containers.addresses import Address
from runtime.plainhttp import HTTPConnection, HTTPException, SecureConnection

# The list of 1,000 containers with many labels has about 2 MiB.
MAX_ANSWER_BYTES: Final = 32 * 1024 * 1024


class Refused(OSError):
    """The engine answered with another status than 200."""

    def __init__(self, path: str, status: int) -> None:
        super().__init__(f"the engine answered {status} to GET {path}")
        self.status = status


class Session:
    """Questions of one look. When its time is over, all its connections are cut, whatever they wait for."""

    def __init__(self, address: Address, *, allowed_s: float) -> None:
        self._address = address
        self._allowed_s = allowed_s
        self._lock = threading.Lock()
        # A connection forgets its socket when the answer is to be its last; the answer still reads from it.
        self._open: list[tuple[HTTPConnection, socket.socket]] = []
        self._late = threading.Event()
        # A time-out of the socket is for each read; who sends a byte now and then would never run into it.
        self._watch = threading.Timer(allowed_s, self._cut)
        self._watch.daemon = True

    def __enter__(self) -> Self:
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._watch.cancel()
        with self._lock:
            for connection, _connected in self._open:
                connection.close()

    @property
    def late(self) -> bool:
        """Whether the time is over."""
        return self._late.is_set()

    def line(self) -> "Line":
        """A connection for one thread; it opens with the first question."""
        return Line(self, self._address)

    def connection(self) -> HTTPConnection:
        """A connection that is cut when the time is over."""
        connection = _connection(self._address, self._allowed_s)
        connection.connect()
        with self._lock:
            self._open.append((connection, connection.sock))
        if self.late:
            raise self.timed_out()
        return connection

    def timed_out(self) -> TimeoutError:
        """The error to raise for whatever went wrong since the time is over."""
        return TimeoutError(f"the engine at {self._address.text} did not answer within {self._allowed_s:g} s")

    def _cut(self) -> None:
        self._late.set()
        with self._lock:
            for _, connected in self._open:
                with suppress(OSError):
                    # Below TLS, whose own shutdown another thread must not call.
                    socket.socket.shutdown(connected, socket.SHUT_RDWR)


class Line:
    """A connection that is kept from question to question. For one thread."""

    def __init__(self, session: Session, address: Address) -> None:
        self._session = session
        self._address = address
        self._connection: HTTPConnection | None = None

    def get(self, path: str) -> object:
        """The JSON that the engine answers."""
        if self._session.late:
            raise self._session.timed_out()
        try:
            body = self._exchange(path)
        except (OSError, HTTPException) as error:
            self._connection = None
            if self._session.late:
                raise self._session.timed_out() from None
            raise self._told(error) from None
        try:
            found: object = json.loads(body)
        except (ValueError, RecursionError):
            raise ValueError(f"the engine at {self._address.text} answered no JSON to GET {path}") from None
        return found

    def _told(self, error: OSError | HTTPException) -> OSError:
        if isinstance(error, Refused):
            return error
        if isinstance(error, PermissionError) and self._address.socket is not None:
            return PermissionError(_who_may(self._address.socket))
        what = str(error)[:80] or type(error).__name__
        # Never FileNotFoundError: that would say that this host has no engine.
        return ConnectionError(f"the engine at {self._address.text} could not be asked: {what}")

    def _exchange(self, path: str) -> bytes:
        if self._connection is None or self._connection.sock is None:
            self._connection = self._session.connection()
        self._connection.request("GET", path)
        with closing(self._connection.getresponse()) as response:
            body = response.read(MAX_ANSWER_BYTES + 1)
        if len(body) > MAX_ANSWER_BYTES:
            raise ConnectionError(f"the engine's answer to GET {path} is too long")
        if self._session.late:
            # The library takes an answer that was cut off for all there is.
            raise self._session.timed_out()
        if response.status != 200:
            raise Refused(path, response.status)
        return body


def _who_may(path: Path) -> str:
    try:
        group = f"the group {path.group()}"
    except (OSError, KeyError):
        # Its directory is closed to us, or the group has no name.
        group = "the group of the socket, or a socket proxy,"
    return f"may not connect to {path}: {group} or the capability CAP_DAC_OVERRIDE gives the permission"


class _OverSocket(HTTPConnection):
    def __init__(self, path: Path, timeout_s: float) -> None:
        super().__init__("localhost", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self.sock.settimeout(self.timeout)
            self.sock.connect(os.fspath(self._path))
        except OSError:
            self.close()
            raise


def _connection(address: Address, timeout_s: float) -> HTTPConnection:
    if address.socket is not None:
        return _OverSocket(address.socket, timeout_s)
    if address.certificates is None:
        return HTTPConnection(address.host, address.port, timeout=timeout_s)
    # Only here: it brings OpenSSL, which a socket does not need.
    import ssl

    context = ssl.create_default_context(cafile=address.certificates / "ca.pem")
    context.load_cert_chain(address.certificates / "cert.pem", address.certificates / "key.pem")
    return SecureConnection(address.host, address.port, timeout_s, context, address.host)
