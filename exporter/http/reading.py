"""What a client sent: request line and headers, as RFC 9112 has them. Knows no socket and no route."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

MAX_HEAD_BYTES: Final = 16 * 1024
"""Request line and headers: what browsers and proxies add, and a long list of collectors."""

MAX_HEADERS: Final = 100
"""Browsers and proxies send twenty."""

MAX_BODY_BYTES: Final = 64 * 1024
"""Bodies say nothing to the agent. A small one is read, so that the connection can go on."""

MAX_FIELDS: Final = 200
"""Parameters of a query: more than there are collectors."""

END: Final = b"\r\n\r\n"

_LINE: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([!-~]+) HTTP/(\d)\.(\d)")
_HEADER: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*)")
_LENGTH: Final = re.compile(r"\d{1,15}")
_ABSOLUTE: Final = re.compile(r"https?://[^/?]+", re.IGNORECASE)


class Unreadable(Exception):
    """A request that cannot be taken, and the status that says why. The connection ends with it."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request without its body. Names of headers are in small letters."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body_bytes: int
    keep_alive: bool

    def parameters(self) -> list[tuple[str, str]]:
        """The parameters of the query; raises Unreadable."""
        try:
            return parse_qsl(self.query, keep_blank_values=True, max_num_fields=MAX_FIELDS)
        except ValueError:
            raise Unreadable(400, f"the query has more than {MAX_FIELDS} parameters") from None


def parse(head: bytes) -> Request:
    """Read request line and headers, without the empty line at their end; raises Unreadable."""
    first, *lines = head.decode("latin-1").split("\r\n")
    found = _LINE.fullmatch(first)
    if found is None:
        raise Unreadable(400, "this is no HTTP request")
    method, target, major, minor = found.groups()
    if major != "1":
        raise Unreadable(505, "it is not HTTP/1.0 or HTTP/1.1")
    headers = _headers(lines)
    modern = minor != "0"
    if modern and "host" not in headers:
        raise Unreadable(400, "it has no Host")
    path, _, query = _ABSOLUTE.sub("", target).partition("?")
    wishes = {word.strip().lower() for word in headers.get("connection", "").split(",")}
    return Request(
        method=method,
        path=path or "/",
        query=query,
        headers=headers,
        body_bytes=_body_bytes(headers),
        keep_alive="close" not in wishes and (modern or "keep-alive" in wishes),
    )


def _headers(lines: list[str]) -> dict[str, str]:
    if len(lines) > MAX_HEADERS:
        raise Unreadable(431, f"it has more than {MAX_HEADERS} headers")
    headers: dict[str, str] = {}
    for line in lines:
        found = _HEADER.fullmatch(line)
        if found is None:
            raise Unreadable(400, "one of its headers is malformed")
        name, value = found[1].lower(), found[2].rstrip(" \t")
        if name in headers and name in {"host", "content-length", "transfer-encoding", "authorization"}:
            raise Unreadable(400, f"it has more than one {found[1]}")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _body_bytes(headers: Mapping[str, str]) -> int:
    """How long the body is. One whose end others may see elsewhere is refused (RFC 9112, section 6.1)."""
    if "transfer-encoding" in headers:
        raise Unreadable(411, "a body must have a Content-Length here")
    if "expect" in headers:
        raise Unreadable(417, "nothing is expected of bodies here")
    text = headers.get("content-length", "0")
    if not _LENGTH.fullmatch(text):
        raise Unreadable(400, "its Content-Length is no number")
    if int(text) > MAX_BODY_BYTES:
        raise Unreadable(413, f"its body is larger than {MAX_BODY_BYTES} bytes")
    return int(text)
