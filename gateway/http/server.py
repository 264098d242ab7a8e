"""The HTTP server: connections, threads, limits and the graceful end. The only home of waitress.

Owns everything below the WSGI application. Must not know any route.
"""

import logging
import re
import select
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, cast
from wsgiref.types import WSGIApplication

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.receiver import ChunkedReceiver
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask, ThreadedTaskDispatcher, WSGITask
from waitress.utilities import BadRequest, Error

from gateway.http import envelope
from gateway.http.errors import unreadable
from gateway.http.patience import ANSWER, BODY, HEADERS, IDLE, IDLE_SECONDS, Patience, Stage
from gateway.http.requestid import HEADER as REQUEST_ID
from runtime.stop import Stop

if TYPE_CHECKING:
    from gateway.http.tls import Tls

REQUEST_THREADS = 8
"""Requests in work at once: more than cores, as some wait for the disk; few, as all share one GIL. Queries
have threads of their own, so that many of them never keep a sender of samples waiting."""

HEARTBEAT_THREADS = 2
"""For heartbeats alone: they need no disk. All other threads may wait for commits while the store puts what
came in in order, for a second where cores are busy."""

MAX_CONNECTIONS = 500
"""Half of the usual limit of 1,024 open files, so that the rest of the gateway never runs out of them."""

KEPT_CONNECTIONS = MAX_CONNECTIONS // 2
"""When there are more, a connection is closed with its answer: a thousand agents that each keep some would
leave no room for others, and every one costs time at each turn of the loop."""

MAX_HEADER_BYTES = 64 * 1024
"""Request line and headers: room for a long query in the URL."""

MAX_BODY_BYTES = 32 * 1024 * 1024
"""The limit of remote write for a decoded request; no compressed one needs more."""

BODY_BYTES_IN_MEMORY = 1024 * 1024
"""What a body takes of memory while it comes in; what is larger goes to a temporary file. Room for twice the
samples that senders put into a request; all connections together stay below 500 MiB."""

RECEIVE_BYTES = 64 * 1024
"""Read from a connection at once: most write requests in one go. With waitress' 8 KiB a fifth fewer samples
get through."""

WAITED = "fleetgauge.waited"
"""How many seconds a request waited for a thread: in the WSGI environment."""

RETRY_AFTER_SECONDS = 5
"""When to send a body again that found no room: a full disk is seldom mended sooner."""

LINGER_SECONDS = 2.0
"""How long a refused request is still read. Closing at once would reset the connection, and the client would
see a broken one, and try again, instead of the answer."""

DRAIN_SECONDS = 3.0
"""How long requests in work may take after the wish to stop: inside the 5 s that the gateway promises."""

_TOO_LARGE = {
    413: f"its body is larger than {MAX_BODY_BYTES} bytes",
    431: f"its request line and headers are larger than {MAX_HEADER_BYTES} bytes",
}

# The values of this header as they came, with the lines that continue them: waitress takes it out.
# Nothing in it can be matched in two ways: that would take seconds for a long one.
_TRANSFER_ENCODING: Final = re.compile(
    rb"^transfer-encoding:(.*(?:\n[ \t].*)*)", re.IGNORECASE | re.MULTILINE
)
_AROUND_VALUES: Final = b" \t\r"

_VERSIONS: Final = ("1.0", "1.1")

_JOIN_SECONDS = 0.5
"""How long the idle threads of each kind may take to end; those that hang are left behind."""

_LOOP_SECONDS = 0.2
"""How late the wish to stop may be seen."""

_ASK_SECONDS = 0.5
"""How late the end of a connection's patience may be seen."""

_READING: Final = select.POLLIN | select.POLLPRI


class HttpServer:
    """Serves one WSGI application on one listening socket."""

    def __init__(
        self,
        application: WSGIApplication,
        sock: socket.socket,
        *,
        clock: Callable[[], float],
        on_unreadable: Callable[[int], None],
        new_id: Callable[[], str],
        is_query: Callable[[str], bool] = lambda _: False,
        query_threads: int = 1,
        is_heartbeat: Callable[[str], bool] = lambda _: False,
        on_cut: Callable[[str, bool], None] = lambda _stage, _for_another: None,
        tls: "Tls | None" = None,
    ) -> None:
        """Serve requests; those whose path is a query's take their turns, so many at once.

        Heartbeats wait for nothing but each other.
        """
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # it warns once for every waiting request
        self._clock = clock
        self.turned_s = clock()
        """When the loop of all connections was last seen to go on."""
        self._map: dict[int, Any] = {}
        self._resting: dict[int, Any] = {}
        self._asks_all_at = 0.0
        self._dispatcher = ThreadedTaskDispatcher()
        self._dispatcher.set_thread_count(REQUEST_THREADS)
        self._query_dispatcher = ThreadedTaskDispatcher()
        self._query_dispatcher.set_thread_count(query_threads)
        self._heartbeat_dispatcher = ThreadedTaskDispatcher()
        self._heartbeat_dispatcher.set_thread_count(HEARTBEAT_THREADS)
        self._listener = _Listener(
            application,
            self._map,
            _sock=sock,
            dispatcher=self._dispatcher,
            adj=_adjustments("http" if tls is None else "https"),
            sockinfo=(sock.family, sock.type, sock.proto, sock.getsockname()),
            bind_socket=False,
        )
        self._listener.clock = clock
        self._listener.on_unreadable = on_unreadable
        self._listener.new_id = new_id
        self._listener.on_cut = on_cut
        self._listener.is_query = is_query
        self._listener.tls = tls
        self._listener.query_dispatcher = self._query_dispatcher
        self._listener.is_heartbeat = is_heartbeat
        self._listener.heartbeat_dispatcher = self._heartbeat_dispatcher

    def readings(self) -> dict[str, Callable[[], float]]:
        """Return what can be said of queries, each to be asked when it is wanted."""
        queries = self._query_dispatcher
        return {"running": lambda: queries.active_count, "waiting": lambda: len(queries.queue)}

    def serve(self, stop: Stop) -> None:
        """Serve until the wish to stop, then finish the requests in work and close everything."""
        while not stop.requested:
            self._turn()
        self._listener.stop_accepting()
        deadline = self._clock() + DRAIN_SECONDS
        while self._busy_channels() and self._clock() < deadline:
            self._turn()
        dispatchers = (self._dispatcher, self._query_dispatcher, self._heartbeat_dispatcher)
        for dispatcher in dispatchers:
            dispatcher.shutdown(timeout=_JOIN_SECONDS)  # type: ignore[arg-type]  # any number will do
        for channel in self._listener.channels():
            channel.close()
        if not any(
            dispatcher.threads for dispatcher in dispatchers
        ):  # a stuck thread may still write to the trigger's descriptor
            self._listener.close()

    def _turn(self) -> None:
        """Wait until something happens on a connection, and see to it.

        As waitress does it, but a connection that rests is not asked each time what it waits for.
        """
        now = self.turned_s = self._clock()
        if now >= self._asks_all_at:
            self._asks_all_at = now + _ASK_SECONDS
            self._resting = {}
        pollster = select.poll()
        for descriptor, one in list(self._map.items()):
            if flags := self._flags(descriptor, one):
                pollster.register(descriptor, flags)
        for descriptor, flags in pollster.poll(_LOOP_SECONDS * 1000):
            self._resting.pop(descriptor, None)
            if (one := self._map.get(descriptor)) is not None:
                wasyncore.readwrite(one, flags)

    def _flags(self, descriptor: int, one: Any) -> int:
        """Return what a connection, the listener or its trigger waits for."""
        if self._resting.get(descriptor) is one:
            return _READING
        flags = _READING if one.readable() else 0
        if not one.accepting and one.writable():
            flags |= select.POLLOUT
        if flags == _READING and isinstance(one, _Channel) and one.rests:
            self._resting[descriptor] = one
        return flags

    def _busy_channels(self) -> list["_Channel"]:
        """The connections with a request in work or an answer to send; all others are closed."""
        for channel in self._listener.channels():
            channel.close_if_idle()
        return self._listener.channels()


def _adjustments(scheme: str) -> Adjustments:
    return Adjustments(
        url_scheme=scheme,
        connection_limit=MAX_CONNECTIONS + 2,  # waitress counts the listener and its trigger, too
        max_request_header_size=MAX_HEADER_BYTES + 1,  # waitress refuses from the limit on, not above it
        max_request_body_size=MAX_BODY_BYTES + 1,
        inbuf_overflow=BODY_BYTES_IN_MEMORY + 1,  # from this size on
        recv_bytes=RECEIVE_BYTES,
        channel_timeout=IDLE_SECONDS,
        asyncore_use_poll=True,
        log_socket_errors=False,
        ident="fleetgauge",
    )


class _VersionNotSupported(Error):
    """Neither HTTP/1.0 nor 1.1."""

    code = 505
    reason = "HTTP Version Not Supported"


class _NoRoom(Error):
    """The body does not fit where large bodies are kept while they come in."""

    code = 503
    reason = "Service Unavailable"


class _Parser(HTTPRequestParser):
    """Reads a request. Mends what waitress does with requests that are out of the ordinary."""

    path = ""  # waitress sets none where it can't read one

    def received(self, data: bytes) -> int:
        """Limit what stands around chunks, searched anew with each packet, and invite no refused body."""
        try:
            consumed = super().received(data)
        except OSError as error:
            self._drop_body()
            self.error = _NoRoom(f"its body can't be kept in a temporary file: {error.strerror}")
            consumed = len(data)
        body = self.body_rcv
        if isinstance(body, ChunkedReceiver) and len(body.control_line + body.trailer) > MAX_HEADER_BYTES:
            self.error = BadRequest("the line before a chunk or the trailer is too long")
        if self.error:
            self.completed = True
            self.expect_continue = False
        return consumed

    def _drop_body(self) -> None:
        """Let go of what came in; closing a file writes what is left of it, and fails again."""
        with suppress(OSError):
            self.close()
        self.body_rcv = None

    def parse_header(self, header_plus: bytes) -> None:
        """Answer what raises a ValueError, such as "http://[/", instead of ending the connection."""
        try:
            super().parse_header(header_plus)
        except ValueError as error:
            raise ParsingError(str(error)) from error
        if self.version not in _VERSIONS:
            self.error = _VersionNotSupported("it is not HTTP/1.0 or HTTP/1.1")
        self._check_framing(_TRANSFER_ENCODING.findall(header_plus))

    def _check_framing(self, codings: list[bytes]) -> None:
        """Refuse a body whose end others may see elsewhere, for what follows may be a stranger's request.

        RFC 9112, section 6.1.
        """
        if not codings:
            return
        if self.version != "1.1":
            raise ParsingError("only HTTP/1.1 has Transfer-Encoding")
        if "CONTENT_LENGTH" in self.headers:
            raise ParsingError("it has both Content-Length and Transfer-Encoding")
        if len(codings) > 1 or codings[0].strip(_AROUND_VALUES).lower() != b"chunked":
            raise ParsingError("its Transfer-Encoding is not chunked, once")


class _Task(WSGITask):
    """Answers through the application."""

    def get_environment(self) -> Any:
        """Add how long the request waited for a thread."""
        environ = super().get_environment()
        channel = cast("_Channel", self.channel)
        environ[WAITED] = _listener(channel).clock() - channel.queued_at
        return environ

    def build_response_header(self) -> bytes:
        listener = _listener(self.channel)
        if listener.stopping or listener.is_crowded:
            self.set_close_on_finish()
        return super().build_response_header()

    def set_close_on_finish(self) -> None:
        """Keep the connection after 204 and 304, which have no length because they have no body.

        waitress takes the missing Content-Length for a body that only the end of the connection can end.
        """
        request = cast("HTTPRequestParser", self.request)
        listener = _listener(self.channel)
        wanted = request.connection_close or listener.stopping or listener.is_crowded
        if self.has_body or self.version != "1.1" or wanted:
            super().set_close_on_finish()


class _ErrorTask(ErrorTask):
    """Answers a request that could not be read, in the gateway's own words."""

    def execute(self) -> None:
        error = cast("Error", cast("HTTPRequestParser", self.request).error)
        body = unreadable(error.code, _TOO_LARGE.get(error.code) or error.body)
        self.status = f"{error.code} {error.reason}"
        self.response_headers = [
            ("Content-Type", envelope.MEDIA_TYPE),
            (REQUEST_ID, _listener(self.channel).new_id()),
        ]
        if error.code == _NoRoom.code:
            self.response_headers.append(("Retry-After", str(RETRY_AFTER_SECONDS)))
        self.content_length = len(body)
        self.set_close_on_finish()
        _listener(self.channel).on_unreadable(error.code)
        cast("_Channel", self.channel).lingers = True
        self.write(body)


class _NothingYet(Exception):
    """What came in is TLS' own, such as a part of a handshake."""


class _Channel(HTTPChannel):
    """One connection."""

    task_class = _Task
    error_task_class = _ErrorTask
    parser_class = _Parser
    lingers = False
    # When the request in work was complete, or the one before it answered.
    queued_at = 0.0
    _lingers_until: float | None = None
    # The request or the pause between two that the patience is for, and what is left of it.
    _turns = 0
    _moment: tuple[Stage, int] | None = None
    _patience: Patience | None = None

    def handle_read(self) -> None:
        with suppress(_NothingYet):
            super().handle_read()

    def recv(self, buffer_size: int) -> bytes:
        """Read what is there; waitress itself takes an error for the end."""
        try:
            return bytes(super().recv(buffer_size))
        except BlockingIOError as error:
            raise _NothingYet from error

    def handle_close(self) -> None:
        if self.lingers and self._lingers_until is None and self._end_output():
            self._lingers_until = _listener(self).clock() + LINGER_SECONDS
            self.will_close = False
        else:
            super().handle_close()

    def readable(self) -> bool:
        if self._lingers_until is not None and _listener(self).clock() >= self._lingers_until:
            self.handle_close()
            return False
        now = _listener(self).clock()
        patience = self.patience(now)
        if patience is not None and patience.is_over(now):
            self.cut(for_another=False)
            return False
        return super().readable()

    def received(self, data: bytes) -> bool:
        if self._lingers_until is not None:
            return False
        before, now = self.request, _listener(self).clock()
        if patience := self.patience(now):
            patience.moved(len(data), now)
        taken = super().received(data)
        if self.request is None or self.request is not before:
            self._turns += 1
        return taken

    def send(self, data: bytes, do_close: bool = True) -> int:
        sent: int = super().send(data, do_close)
        patience = self._patience
        if patience is not None and patience.stage is ANSWER:
            patience.moved(sent, _listener(self).clock())
        return sent

    def patience(self, now: float) -> Patience | None:
        """Return what is left of it; None while the gateway works on a request."""
        stage = self._stage()
        moment = None if stage is None else (stage, self._turns)
        if moment != self._moment:
            self._moment = moment
            self._patience = None if stage is None else Patience.begin(stage, now)
        return self._patience

    def _stage(self) -> Stage | None:
        if self._lingers_until is not None:
            return None
        if self.total_outbufs_len:
            return ANSWER
        if self.requests:
            return None
        if self.request is None:
            return IDLE if self._turns else HEADERS
        return BODY if self.request.headers_finished else HEADERS

    @property
    def rests(self) -> bool:
        """Whether nothing but its peer and time can change what it waits for.

        Requests first: a thread that works on one is done with all else when it takes it out.
        """
        return not (self.requests or self._lingers_until is not None or self.writable())

    def cut(self, *, for_another: bool) -> None:
        """Close it without an answer."""
        if self._patience is not None:
            _listener(self).on_cut(self._patience.stage.name, for_another)
        super().handle_close()

    def close_if_idle(self) -> None:
        if not self.requests and not self.total_outbufs_len:
            super().handle_close()

    def _end_output(self) -> bool:
        try:
            cast("socket.socket", self.socket).shutdown(socket.SHUT_WR)
        except OSError:
            return False
        return True


class _Listener(TcpWSGIServer):
    """The listening socket, and what the connections need of the server."""

    channel_class = _Channel
    stopping = False
    clock: Callable[[], float]
    on_unreadable: Callable[[int], None]
    new_id: Callable[[], str]
    on_cut: Callable[[str, bool], None]
    is_query: Callable[[str], bool]
    query_dispatcher: ThreadedTaskDispatcher
    is_heartbeat: Callable[[str], bool]
    heartbeat_dispatcher: ThreadedTaskDispatcher
    tls: "Tls | None" = None

    def accept(self) -> Any:
        """Take a connection, and put TLS around it where that is wanted; raises OSError."""
        found = super().accept()
        if found is None or self.tls is None:
            return found
        connection, address = found
        return self.tls.wrapped(connection), address

    def readable(self) -> bool:
        """Tell whether to accept: also when all places are taken but one of them can be had."""
        has_place: bool = super().readable()
        return has_place or (self.accepting and self._gives_way() is not None)

    def handle_accept(self) -> None:
        """Accept a connection, in the place of another if need be."""
        if len(self.channels()) >= MAX_CONNECTIONS:
            longest = self._gives_way()
            if longest is None:
                return
            longest.cut(for_another=True)
        super().handle_accept()

    def _gives_way(self) -> _Channel | None:
        """Return the connection that has been resting longest, if it may lose its place."""
        now = self.clock()
        resting = [
            (patience.used(now), channel)
            for channel in self.channels()
            if (patience := channel.patience(now)) is not None and patience.may_give_way(now)
        ]
        return max(resting, key=lambda each: each[0])[1] if resting else None

    def add_task(self, task: Any) -> None:
        """Give a request to a thread: queries and heartbeats to those of their own, in their order."""
        channel = cast("_Channel", task)
        channel.queued_at = self.clock()
        path = cast("_Parser", channel.requests[0]).path
        if self.is_query(path):
            self.query_dispatcher.add_task(task)
        elif self.is_heartbeat(path):
            self.heartbeat_dispatcher.add_task(task)
        else:
            self.task_dispatcher.add_task(task)

    @property
    def is_crowded(self) -> bool:
        """Whether there are too many connections for all to be kept."""
        return len(cast("dict[int, _Channel]", self.active_channels)) > KEPT_CONNECTIONS

    def channels(self) -> list[_Channel]:
        """Return the open connections."""
        return list(cast("dict[int, _Channel]", self.active_channels).values())

    def stop_accepting(self) -> None:
        self.stopping = True
        wasyncore.dispatcher.close(self)


def _listener(channel: HTTPChannel) -> _Listener:
    return cast("_Listener", channel.server)
