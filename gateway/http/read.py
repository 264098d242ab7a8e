"""`/api/v1/read`: remote read, so that a Prometheus queries what is kept here.

Owns headers and errors. What is in a request and an answer is for remotewrite.read.
"""

from typing import Final

import falcon

from gateway.http.caller import caller_of
from gateway.query.pieces import TooManySamples
from gateway.query.remote import RemoteReader
from remotewrite.compression import compress, decompress
from remotewrite.errors import RemoteWriteError, RequestTooLarge
from remotewrite.read.request import MAX_READ_BYTES, ReadRequest, decode_read

_PROTOBUF: Final = "application/x-protobuf"
_SNAPPY: Final = "snappy"


class RemoteRead:
    """Answers with samples, the response type that every reader must understand."""

    def __init__(self, reader: RemoteReader) -> None:
        self._reader = reader

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        _check_headers(req)
        request = _request(req.bounded_stream.read(MAX_READ_BYTES + 1))
        try:
            resp.data = compress(self._reader.answer(request, caller_of(req).matchers))
        except TooManySamples:
            most = self._reader.max_samples
            raise falcon.HTTPBadRequest(
                description=f"exceeded sample limit ({most}). Ask for fewer series or less time"
            ) from None
        resp.content_type = _PROTOBUF
        resp.set_header("Content-Encoding", _SNAPPY)


def _check_headers(req: falcon.Request) -> None:
    media = (req.content_type or _PROTOBUF).partition(";")[0].strip().lower()
    if media != _PROTOBUF:
        raise falcon.HTTPUnsupportedMediaType(
            description=f'The Content-Type must be {_PROTOBUF}, not "{media}"'
        )
    encoding = req.get_header("Content-Encoding", default=_SNAPPY).strip().lower()
    if encoding != _SNAPPY:
        raise falcon.HTTPUnsupportedMediaType(
            description=f'The Content-Encoding must be {_SNAPPY}, not "{encoding}"'
        )


def _request(raw: bytes) -> ReadRequest:
    if len(raw) > MAX_READ_BYTES:
        raise falcon.HTTPContentTooLarge(description=f"The body is larger than {MAX_READ_BYTES} bytes")
    try:
        request = decode_read(decompress(raw, MAX_READ_BYTES))
    except RequestTooLarge as error:
        raise falcon.HTTPContentTooLarge(description=str(error)) from error
    except RemoteWriteError as error:
        raise falcon.HTTPBadRequest(description=str(error)) from error
    if not request.takes_samples:
        accepted = ", ".join(map(str, request.accepted))
        raise falcon.HTTPBadRequest(
            description=f"the reader takes only the response types {accepted}, and the gateway answers with "
            "samples (0). Streamed chunks are not supported: add SAMPLES to accepted_response_types"
        )
    return request
