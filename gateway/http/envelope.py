"""The envelope of Prometheus' HTTP API, around everything that is answered as JSON.

Owns the shape of answers and of errors. Must not know what is inside.
"""

import json

MEDIA_TYPE = "application/json"


def success(data: object) -> bytes:
    return json.dumps({"status": "success", "data": data}).encode()


def failure(error_type: str, sentence: str) -> bytes:
    return json.dumps({"status": "error", "errorType": error_type, "error": sentence}).encode()
