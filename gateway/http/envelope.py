"""The envelope of Prometheus' HTTP API, around everything that is answered as JSON.

Owns the shape of answers and of errors. Must not know what is inside.
"""

import json
from collections.abc import Sequence

MEDIA_TYPE = "application/json"


def success(data: object) -> bytes:
    return json.dumps({"status": "success", "data": data}).encode()


def written(data: bytes, warnings: Sequence[str] = (), infos: Sequence[str] = ()) -> bytes:
    """Put data that is JSON already into an envelope, with what is to be said about it."""
    told = "".join(
        f',"{name}":{json.dumps(list(texts), ensure_ascii=False)}'
        for name, texts in (("warnings", warnings), ("infos", infos))
        if texts
    )
    return b'{"status":"success","data":%b%b}' % (data, told.encode())


def failure(error_type: str, sentence: str) -> bytes:
    return json.dumps({"status": "error", "errorType": error_type, "error": sentence}).encode()
