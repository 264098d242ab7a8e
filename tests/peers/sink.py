"""A loopback HTTP server: keeps what real senders post, and serves one page for them to scrape."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, Self

POLL_SECONDS: Final = 0.05
# Prometheus takes up to 5 s to begin to scrape; a loaded machine may take much longer.
WAIT_SECONDS: Final = 40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One POST as it came: header names in lower case."""

    headers: dict[str, str]
    body: bytes


class _Server(ThreadingHTTPServer):
    """Many may come at once: a connection beyond the queue is tried again after a whole second."""

    request_queue_size = 128


class Sink:
    """Answers every POST with 200 and keeps it; answers every GET with the page, in OpenMetrics."""

    def __init__(self, page: str = "# EOF\n") -> None:
        self.requests: list[Request] = []
        self.page = page
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(POLL_SECONDS,))

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self._server.server_port}"

    @property
    def url(self) -> str:
        """Where to post."""
        return f"http://{self.address}/api/v1/write"

    def wait(self, wanted: Callable[[Request], bool]) -> Request:
        """Return the first request that is wanted, as soon as it is there."""
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            for request in self.requests.copy():
                if wanted(request):
                    return request
            time.sleep(POLL_SECONDS)
        raise TimeoutError(f"{len(self.requests)} requests in {WAIT_SECONDS:.0f} s, and none as wanted")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _handler(sink: Sink) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            sink.requests.append(Request(headers=headers, body=body))
            self._answer(b"")

        def do_GET(self) -> None:
            self._answer(sink.page.encode())

        def _answer(self, content: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/openmetrics-text; version=1.0.0; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
