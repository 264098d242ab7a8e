"""Serves the agent's pages: accepts connections, gives each a thread, cuts those that take too long.

Owns threads and the number of connections. Must not know any route.
"""

import selectors
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from exporter.http.access import Access, Rules
from exporter.http.answers import Answer, failure
from exporter.http.connections import HEAD_SECONDS, Connection
from exporter.http.reading import Request, Unreadable
from exporter.http.routes import Routes
from exporter.http.site import Site
from runtime.errors import ListenRefused, SettingsError
from runtime.listening import open_socket as open_on
from runtime.listening import url_of
from runtime.logs import Log
from runtime.values import Address

MAX_CONNECTIONS: Final = 50
"""A few Prometheus with one each, and people with browsers. Each has a thread. When all places are taken, the
connection that has been idle for longest gives way; when none is idle, a new one waits."""

RESTED_SECONDS: Final = 0.5
"""Who is idle for less than this does not give way: the request may be on its way, or waits to be read."""

_WATCH_SECONDS: Final = 0.5
"""How late a connection may be cut that takes too long."""

_CHALLENGE: Final = {"WWW-Authenticate": 'Basic realm="fleetgauge", charset="UTF-8"'}


def open_socket(address: Address, *, allow_anonymous: bool, protected: bool) -> socket.socket:
    """Listen on the address; off loopback only if strangers are kept out, or let in on purpose."""
    refusal = ListenRefused(
        f"Not listening on {address}: everyone who can reach this address could read the agent's pages. "
        "Ask for passwords or client certificates with --web.config.file. If everyone may read them, add "
        "--allow-anonymous. Otherwise listen on 127.0.0.1."
    )
    return open_on(address, refuse=None if allow_anonymous or protected else refusal)


class Pages:
    """The agent's pages on one listening socket, which belongs to them from now on."""

    def __init__(
        self,
        site: Site,
        sock: socket.socket,
        *,
        name: str,
        version: str,
        web_config: Path | None,
        log: Log,
        clock: Callable[[], float],
        new_id: Callable[[], str],
    ) -> None:
        """Read the web configuration; raises SettingsError."""
        try:
            self._access = Access(web_config, log)
        except SettingsError:
            sock.close()
            raise
        self._routes = Routes(site, name=name, version=version, log=log, new_id=new_id)
        self._log = log
        self._clock = clock
        self._sock = sock
        self._sock.setblocking(False)
        self._changed = threading.Condition()
        self._connections: set[Connection] = set()
        self._stopping = False
        self._wake, self._woken = socket.socketpair()
        self._acceptor = threading.Thread(target=self._accept, name="pages", daemon=True)
        self.url = url_of(sock, "https" if self._access.rules().tls else "http")

    def start(self) -> None:
        """Begin to serve."""
        self._acceptor.start()

    def close(self, seconds: float) -> None:
        """Accept nothing more, let requests in work finish for up to so long, and end all connections."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._wake.close()
        if self._acceptor.is_alive():
            self._acceptor.join()
        self._sock.close()
        self._woken.close()
        with self._changed:
            for connection in self._connections:
                if connection.idle_since is not None:
                    connection.cut()
            self._changed.wait_for(lambda: not self._connections, seconds)
            for connection in self._connections:
                connection.cut()

    def _accept(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._sock, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while not self._stopping:
                ready = selector.select(_WATCH_SECONDS if self._connections else None)
                self._cut_late()
                if any(key.fileobj is self._sock for key, _ in ready) and self._make_room():
                    self._take()

    def _take(self) -> None:
        try:
            sock, _ = self._sock.accept()
        except OSError:  # the client went away again, or there are no descriptors left
            with self._changed:
                self._changed.wait_for(lambda: self._stopping, _WATCH_SECONDS)
            return
        sock.setblocking(True)
        connection = Connection(sock, clock=self._clock)
        with self._changed:
            self._connections.add(connection)
        thread = threading.Thread(target=self._serve, args=[connection], name="pages.connection", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the system gives no more threads
            self._log.warning("pages.no_thread")
            self._forget(connection)

    def _make_room(self) -> bool:
        """Wait until there is a place for another connection, but not for long."""
        with self._changed:
            if len(self._connections) >= MAX_CONNECTIONS:
                idle = {each: since for each in self._connections if (since := each.idle_since) is not None}
                if idle and self._clock() - min(idle.values()) >= RESTED_SECONDS:
                    min(idle, key=idle.__getitem__).cut()
            return self._changed.wait_for(
                lambda: len(self._connections) < MAX_CONNECTIONS or self._stopping, _WATCH_SECONDS
            )

    def _cut_late(self) -> None:
        now = self._clock()
        with self._changed:
            for connection in self._connections:
                if connection.deadline is not None and connection.deadline <= now:
                    connection.cut()

    def _forget(self, connection: Connection) -> None:
        connection.close()
        with self._changed:
            self._connections.discard(connection)
            self._changed.notify_all()

    def _serve(self, connection: Connection) -> None:
        try:
            rules = self._access.rules()
            if rules.tls is not None:
                self._secure(connection, rules)
            while self._exchange(connection):
                pass
        except OSError as error:
            self._log.debug("pages.connection_ended", reason=str(error) or type(error).__name__)
        finally:
            self._forget(connection)

    def _secure(self, connection: Connection, rules: Rules) -> None:
        tls = rules.tls
        if tls is not None:
            connection.allow(HEAD_SECONDS)
            tls.shake_hands(connection.secure(tls.wrapped))

    def _exchange(self, connection: Connection) -> bool:
        """Answer one request; return whether there may be another."""
        try:
            request = connection.request()
        except Unreadable as error:
            refused = failure(error.status, f"The request cannot be read: {error}.")
            headers = dict(self._access.rules().config.headers)
            connection.send(refused, always=headers, with_body=True, keep_alive=False)
            connection.linger()
            return False
        if request is None:
            return False
        rules = self._access.rules()
        answer = self._answer(request, rules)
        keep_alive = request.keep_alive and not self._stopping
        connection.send(
            answer,
            always=dict(rules.config.headers),
            with_body=request.method != "HEAD",
            keep_alive=keep_alive,
        )
        self._log.debug("page.served", method=request.method, path=request.path, status=answer.status)
        return keep_alive

    def _answer(self, request: Request, rules: Rules) -> Answer:
        if rules.passwords is not None and not rules.passwords.admit(
            request.headers.get("authorization", "")
        ):
            return failure(401, "A user name and a password are needed.", _CHALLENGE)
        return self._routes.answer(request)
