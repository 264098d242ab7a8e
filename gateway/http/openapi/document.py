"""The OpenAPI document: made of the routes that there are, and of what is said of them.

Owns the form, OpenAPI 3.1. Must not know what any route does.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from gateway.http.openapi.words import JSON, Answer, Operation, Operations, Parameter

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
FORM: Final = "application/x-www-form-urlencoded"

_ERROR: Final = {"$ref": "#/components/schemas/Error"}
_SUCCESS: Final = {"$ref": "#/components/schemas/Success"}
_SCHEMAS: Final[Mapping[str, object]] = {
    "Success": {
        "type": "object",
        "required": ["status"],
        "properties": {
            "status": {"const": "success"},
            "data": {"description": "What was asked for."},
            "warnings": {"type": "array", "items": {"type": "string"}},
            "infos": {"type": "array", "items": {"type": "string"}},
        },
    },
    "Error": {
        "type": "object",
        "required": ["status", "errorType", "error"],
        "properties": {
            "status": {"const": "error"},
            "errorType": {"type": "string"},
            "error": {"type": "string", "description": "A sentence that says what was wrong."},
        },
    },
}
_FAILURE: Final = Answer(text="An error: a sentence that says what was wrong.")
_REQUEST_ID: Final = {
    "X-Request-Id": {"description": "The id of the request, in the log, too.", "schema": {"type": "string"}}
}


def document(routes: Mapping[str, object], operations: Operations, *, version: str) -> dict[str, Any]:
    """Return the document for these routes; what nobody described is there with its path alone."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Fleetgauge gateway",
            "version": version,
            "description": "Prometheus' HTTP API and remote write, and what hosts need beside them.",
        },
        "servers": [{"url": "/"}],
        "paths": {path: _item(path, resource, operations) for path, resource in sorted(routes.items())},
        "components": {"schemas": dict(_SCHEMAS)},
    }


def methods_of(resource: object) -> list[str]:
    """Return the methods that a resource answers."""
    return [method for method in METHODS if hasattr(resource, f"on_{method.lower()}")]


def described(path: str, operations: Operations) -> dict[str, Operation]:
    """Return what is said of each method of a path."""
    return {
        method.strip(): operation
        for methods, operation in operations.get(path, {}).items()
        for method in methods.split(",")
    }


def differences(routes: Mapping[str, object], operations: Operations) -> list[str]:
    """Return what is not described, and what is described but not there."""
    existing = {(path, method) for path, resource in routes.items() for method in methods_of(resource)}
    said = {(path, method) for path in operations for method in described(path, operations)}
    expected = {(path, method) for path, method in existing if method != "HEAD"}
    return [
        *(f"{method} {path} is not described" for path, method in sorted(expected - said)),
        *(f"{method} {path} is described, but is no route" for path, method in sorted(said - existing)),
    ]


def _item(path: str, resource: object, operations: Operations) -> dict[str, Any]:
    said = described(path, operations)
    return {
        method.lower(): _operation(
            path, method, said.get("GET" if method == "HEAD" else method) or _unsaid(path)
        )
        for method in methods_of(resource)
    }


def _unsaid(path: str) -> Operation:
    return Operation(summary=path, tag="other")


def _operation(path: str, method: str, operation: Operation) -> dict[str, Any]:
    in_form = operation.takes_form and method in ("POST", "PUT")
    inside = [each for each in operation.parameters if each.in_path]
    outside = [each for each in operation.parameters if not each.in_path]
    found: dict[str, Any] = {
        "operationId": "_".join((method.lower(), *filter(None, map(_plain, path.split("/"))))),
        "summary": operation.summary,
        "tags": [operation.tag],
        "parameters": [_parameter(each, is_optional=in_form) for each in (*inside, *outside)],
        "responses": {
            **{
                str(status): _answer(
                    answer, has_body=method != "HEAD", schema=_SUCCESS if status < 400 else _ERROR
                )
                for status, answer in sorted(operation.answers.items())
            },
            "default": _answer(
                Answer(text="An error: a sentence that says what was wrong."),
                has_body=method != "HEAD",
                schema=_ERROR,
            ),
        },
    }
    if in_form and outside:
        found["requestBody"] = {"required": False, "content": {FORM: {"schema": _form(outside)}}}
    elif operation.body is not None and method != "GET":
        found["requestBody"] = {
            "description": operation.body.text,
            "required": operation.body.required,
            "content": {media: _content(media) for media in operation.body.media},
        }
    return found


def _plain(part: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in part).strip("_")


def _parameter(parameter: Parameter, *, is_optional: bool) -> dict[str, Any]:
    found = {
        "name": parameter.name,
        "in": "path" if parameter.in_path else "query",
        "description": parameter.text,
        "required": parameter.in_path or (parameter.required and not is_optional),
        "schema": _schema(parameter),
    }
    return found | ({"example": parameter.example} if parameter.example else {})


def _schema(parameter: Parameter) -> dict[str, Any]:
    one: dict[str, Any] = {"type": parameter.kind}
    if parameter.choices:
        one["enum"] = list(parameter.choices)
    return {"type": "array", "items": one} if parameter.many else one


def _form(parameters: list[Parameter]) -> dict[str, Any]:
    return {"type": "object", "properties": {each.name: _schema(each) for each in parameters}}


def _content(media: str) -> dict[str, Any]:
    return {"schema": {"type": "object"}} if media == JSON else {}


def _answer(answer: Answer, *, has_body: bool, schema: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {"description": answer.text, "headers": _REQUEST_ID}
    if answer.media and has_body:
        found["content"] = {
            media: {"schema": dict(schema) if media == JSON and answer.in_envelope else {}}
            for media in answer.media
        }
    return found


def operations_in(found: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Go through a document: path, method and what it says of them."""
    for path, item in found["paths"].items():
        for method, operation in item.items():
            yield path, method.upper(), operation
