"""The JSON object in the body of a request: read, with sentences for what is wrong. Knows no route."""

import json
from collections.abc import Collection, Mapping
from typing import Any, Final, TypeVar

import falcon

from gateway.http.parameters import bad

MAX_DOCUMENT_BYTES: Final = 64 * 1024

Value = TypeVar("Value")


def document_of(
    req: falcon.Request, allowed: Collection[str], most: int = MAX_DOCUMENT_BYTES
) -> Mapping[str, Any]:
    """Return the object; raises falcon's errors. Unknown keys are refused: one may be a wish misspelt."""
    media = (req.content_type or "").partition(";")[0].strip().lower()
    if media != "application/json":
        raise falcon.HTTPUnsupportedMediaType(description="Send a JSON object as application/json")
    body = req.bounded_stream.read(most + 1)
    if len(body) > most:
        raise falcon.HTTPContentTooLarge(description=f"The body is larger than {most} bytes")
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise bad("The body is not JSON") from None
    if not isinstance(found, dict):
        raise bad("The body is not a JSON object")
    unknown = sorted(set(found) - set(allowed))
    if unknown:
        raise bad(f"There is no key {json.dumps(unknown[0][:100])}. Allowed: {', '.join(sorted(allowed))}")
    return found


def member(found: Mapping[str, Any], name: str, kind: type[Value], default: Value) -> Value:
    """Return a member of this type, the default when it is not there."""
    value = found.get(name, default)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise bad(f'"{name}" must be {_KINDS[kind]}')
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise bad(f'"{name}" is not valid Unicode') from None
    return value


_KINDS: Final[Mapping[type, str]] = {
    str: "a text",
    list: "a list",
    bool: "true or false",
    int: "a whole number",
}
