"""A receiver on loopback that answers what its script says, badly too, and remembers what it was sent."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WRITTEN = {"X-Prometheus-Remote-Write-Samples-Written": "1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What to answer: status 0 closes the connection; `drip_s` sends a byte now and then."""

    status: int = 204
    headers: Mapping[str, str] = field(default_factory=lambda: WRITTEN)
    body: bytes = b""
    drip_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Got:
    """A request: from which port, its line, its headers by names in lower case, its body."""

    port: int
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True, kw_only=True)
class Receiver:
    """The replies still to give, then 204 for ever; and all requests."""

    script: list[Reply]
    got: list[Got] = field(default_factory=list)
    url: str = ""

    @property
    def bodies(self) -> list[bytes]:
        return [each.body for each in self.got]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # A hundred senders may come in one moment.
    request_queue_size = 256


@contextmanager
def receiving(*script: Reply, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Run a receiver."""
    receiver = Receiver(script=list(script))
    server = _Server(("127.0.0.1", 0), handler(receiver))
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    receiver.url = f"http{'s' if tls else ''}://127.0.0.1:{server.server_address[1]}/api/v1/write"
    thread = threading.Thread(target=server.serve_forever, args=[0.01], daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.got.append(Got(port=self.client_address[1], path=self.path, headers=headers, body=body))
            reply = receiver.script.pop(0) if receiver.script else Reply()
            if not reply.status:
                self.close_connection = True
            elif reply.drip_s:
                self.drip(reply.drip_s)
            else:
                self.answer(reply)

        def answer(self, reply: Reply) -> None:
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.status != 204:
                self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        def drip(self, seconds: float) -> None:
            self.close_connection = True
            end = time.monotonic() + seconds
            try:
                self.wfile.write(b"HTTP/1.1 204 No Content\r\nX: ")
                while time.monotonic() < end:
                    self.wfile.write(b"x")
                    time.sleep(0.02)
            except OSError:
                return

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


def refusing_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
