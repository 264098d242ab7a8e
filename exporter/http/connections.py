"""One connection: bytes in and out, and until when each step may take. Knows no route and no thread."""

import socket
import threading
from collections.abc import Callable
from typing import Final, TypeVar

from exporter.http.answers import Answer, written
from exporter.http.reading import END, MAX_HEAD_BYTES, Request, Unreadable, parse

HEAD_SECONDS: Final = 10.0
"""How long the handshake of TLS may take, and a request from its first byte on: they fit few packets."""

IDLE_SECONDS: Final = 120.0
"""A silent connection is closed after this. Prometheus asks every minute or so, people forget tabs."""

SEND_SECONDS: Final = 30.0
"""How long a client may take to read an answer: the largest have some MiB, and Prometheus waits 10 s."""

LINGER_SECONDS: Final = 2.0
"""How long a refused request is still read. Closing at once would reset the connection, and the client would
see a broken one instead of the answer."""

_READ_BYTES: Final = 16 * 1024

_Secured = TypeVar("_Secured", bound=socket.socket)


class Connection:
    """A connection that another thread may cut: whoever waits for its socket then, waits no longer."""

    def __init__(self, sock: socket.socket, *, clock: Callable[[], float]) -> None:
        self._sock = sock
        self._clock = clock
        self._buffer = b""
        self._ends = threading.Lock()
        self._closed = False
        # When it will be cut; None while the agent works for it.
        self.deadline: float | None = None
        # Since when it waits for a request of which nothing has come; None while there is one.
        self.idle_since: float | None = None
        self.allow(HEAD_SECONDS)

    def allow(self, seconds: float) -> None:
        """From now on, give the next step so long."""
        self.deadline = self._clock() + seconds

    def secure(self, wrap: Callable[[socket.socket], _Secured]) -> _Secured:
        """Put TLS around the socket; its handshake is still to come."""
        with self._ends:
            if self._closed:
                raise ConnectionAbortedError
            self._sock = secured = wrap(self._sock)
            return secured

    def request(self) -> Request | None:
        """Wait for a request and read it; None where the client went away. Raises Unreadable and OSError."""
        if not self._buffer:
            self.idle_since = self._clock()
            self.allow(IDLE_SECONDS)
            self._buffer = self._sock.recv(_READ_BYTES)
            self.idle_since = None
        self.allow(HEAD_SECONDS)
        head = self._head()
        if head is None:
            return None
        request = parse(head)
        while request.body_bytes > len(self._buffer):
            if not self._more():
                return None
        self._buffer = self._buffer[request.body_bytes :]
        self.deadline = None
        return request

    def _head(self) -> bytes | None:
        """What stands before the empty line, which is taken, too."""
        searched = 0
        while True:
            # Empty lines before a request are passed over (RFC 9112, section 2.2).
            self._buffer = self._buffer.lstrip(b"\r\n") if not searched else self._buffer
            end = self._buffer.find(END, searched)
            if end > MAX_HEAD_BYTES - len(END) or (end < 0 and len(self._buffer) >= MAX_HEAD_BYTES):
                raise Unreadable(431, f"its headers are larger than {MAX_HEAD_BYTES} bytes")
            if end >= 0:
                head, self._buffer = self._buffer[:end], self._buffer[end + len(END) :]
                return head
            searched = max(0, len(self._buffer) - len(END))
            if not self._more():
                return None

    def _more(self) -> bool:
        data = self._sock.recv(_READ_BYTES)
        self._buffer += data
        return bool(data)

    def send(self, answer: Answer, *, always: dict[str, str], with_body: bool, keep_alive: bool) -> None:
        """Send an answer; raises OSError."""
        self.allow(SEND_SECONDS)
        self._sock.sendall(written(answer, always=always, with_body=with_body, keep_alive=keep_alive))

    def linger(self) -> None:
        """Say that nothing more comes, and read what is still on its way."""
        self.allow(LINGER_SECONDS)
        self._sock.shutdown(socket.SHUT_WR)
        while self._sock.recv(_READ_BYTES):
            pass

    def cut(self) -> None:
        """End it from another thread, below TLS, whose own shutdown only one thread may call."""
        with self._ends:
            if not self._closed:
                try:
                    socket.socket.shutdown(self._sock, socket.SHUT_RDWR)
                except OSError:
                    return  # the client was faster

    def close(self) -> None:
        """Let go of it; a second call does nothing."""
        with self._ends:
            self._closed = True
            self._sock.close()
