"""Answers, and how they are written. Knows no route and no socket."""

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from exporter.http.negotiation import takes_gzip

MIN_BYTES: Final = 1024
"""What is smaller is not compressed: it fits one packet anyway."""

_GZIP_LEVEL: Final = 1
"""Twice as fast as zlib's own choice, for a few more bytes."""
_GZIP_FORM: Final = 31

JSON: Final = "application/json"

_REASONS: Final = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    411: "Length Required",
    413: "Content Too Large",
    417: "Expectation Failed",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
    505: "HTTP Version Not Supported",
}

ERROR_TYPES: Final = {
    400: "bad_data",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "bad_data",
    411: "bad_data",
    413: "bad_data",
    417: "bad_data",
    431: "bad_data",
    500: "internal",
    505: "internal",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Status, headers, body. `body` is None where there would be one, but nobody asked for it."""

    status: int = 200
    media_type: str = "text/plain; charset=utf-8"
    body: bytes | None
    headers: Mapping[str, str] = field(default_factory=dict)


def json_answer(content: Mapping[str, object], status: int = 200) -> Answer:
    """An object as JSON; what JSON has no form for, such as a path, is its text."""
    return Answer(status=status, media_type=JSON, body=json.dumps(content, default=str).encode())


def failure(status: int, sentence: str, headers: Mapping[str, str] | None = None) -> Answer:
    """What went wrong, in the form of Prometheus' API."""
    content = {"status": "error", "errorType": ERROR_TYPES[status], "error": sentence}
    return Answer(status=status, media_type=JSON, body=json.dumps(content).encode(), headers=headers or {})


def compressed(answer: Answer, accept_encoding: str) -> Answer:
    """The answer as Accept-Encoding wants it."""
    headers = {**answer.headers, "Vary": "Accept, Accept-Encoding"}
    body = answer.body
    if body is not None and len(body) >= MIN_BYTES and takes_gzip(accept_encoding):
        packer = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP_FORM)
        body = packer.compress(body) + packer.flush()
        headers["Content-Encoding"] = "gzip"
    return Answer(status=answer.status, media_type=answer.media_type, body=body, headers=headers)


def written(answer: Answer, *, always: Mapping[str, str], with_body: bool, keep_alive: bool) -> bytes:
    """The bytes of an answer. `always` are headers of all answers."""
    headers = {
        "Content-Type": answer.media_type,
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
        **({"Content-Length": str(len(answer.body))} if answer.body is not None else {}),
        **answer.headers,
        **always,
        "Connection": "keep-alive" if keep_alive else "close",
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"HTTP/1.1 {answer.status} {_REASONS[answer.status]}\r\n{lines}\r\n".encode("latin-1")
    return head + (answer.body or b"") if with_body else head
