"""Compression of answers, as `Accept-Encoding` allows it."""

import gzip
import re
from collections.abc import Callable
from typing import Final

import falcon

from remotewrite.compression import compress_zstd

MIN_BYTES: Final = 1024
"""What is smaller fits one packet anyway."""

GZIP_LEVEL: Final = 1
"""Three times as fast as zlib's own choice, for a tenth more bytes: the networks here are local."""

_CODINGS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "zstd": compress_zstd,
    "gzip": lambda body: gzip.compress(body, GZIP_LEVEL, mtime=0),
}
"""The better one first: it wins when a client likes both as much."""

_NONE: Final = re.compile(r"q=0(\.0*)?")


class Encoding:
    """Falcon middleware: compresses what is large enough."""

    def process_response(
        self, req: falcon.Request, resp: falcon.Response, _resource: object, _req_succeeded: bool
    ) -> None:
        body = resp.data
        if body is None or len(body) < MIN_BYTES or resp.get_header("Content-Encoding"):
            return
        resp.append_header("Vary", "Accept-Encoding")
        coding = chosen(req.get_header("Accept-Encoding", default=""))
        if coding is not None:
            resp.set_header("Content-Encoding", coding)
            resp.data = _CODINGS[coding](body)


def chosen(header: str) -> str | None:
    """Return the coding that an Accept-Encoding header names and does not weigh with 0; None for none.

    RFC 9110, section 12.4.2. Weights other than 0 are not compared: who names both gets the better one.
    """
    named = set()
    for part in header.split(","):
        coding, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if not any(_NONE.fullmatch(parameter) for parameter in parameters):
            named.add(coding)
    return next((coding for coding in _CODINGS if coding in named), None)
