"""The description as a page: plain HTML without scripts.

Owns how it looks. What it says is in the document.
"""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from hashlib import sha256
from html import escape
from itertools import groupby
from typing import Any, Final

from gateway.http.openapi.document import operations_in

_STYLE: Final = (
    ":root{color-scheme:light dark}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "code,h3{font-family:ui-monospace,monospace}h3{margin:2rem 0 .25rem;overflow-wrap:anywhere}"
    "table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.25rem .5rem;"
    "border-bottom:1px solid color-mix(in srgb,currentColor 20%,transparent)}"
    "nav ul{columns:2;padding-left:1rem}@media(max-width:40rem){nav ul{columns:1}}"
)

POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The page needs its own style and nothing else, so nothing else is allowed."""


def page(found: Mapping[str, Any]) -> bytes:
    """Return the page for a document."""
    title = escape(f"{found['info']['title']} {found['info']['version']}")
    every = sorted(operations_in(found), key=lambda each: (each[2]["tags"][0], each[0]))
    shown = [each for each in every if each[1] != "HEAD"]
    groups = [(tag, list(some)) for tag, some in groupby(shown, key=lambda each: each[2]["tags"][0])]
    return "".join(
        (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width">',
            f"<title>{title}</title><style>{_STYLE}</style></head><body><h1>{title}</h1>",
            f"<p>{escape(found['info']['description'])} ",
            'For programs: <a href="/openapi.json">openapi.json</a>.</p>',
            *_contents(groups),
            *(part for tag, some in groups for part in _group(tag, some)),
            "</body></html>\n",
        )
    ).encode()


_Found = list[tuple[str, str, Mapping[str, Any]]]


def _contents(groups: list[tuple[str, _Found]]) -> Iterator[str]:
    yield "<nav><ul>"
    for _, some in groups:
        for path, method, operation in some:
            yield f'<li><a href="#{escape(operation["operationId"])}">{method} {escape(path)}</a></li>'
    yield "</ul></nav>"


def _group(tag: str, some: _Found) -> Iterator[str]:
    yield f"<h2>{escape(tag.capitalize())}</h2>"
    for path, method, operation in some:
        yield f'<h3 id="{escape(operation["operationId"])}">{method} {escape(path)}</h3>'
        yield f"<p>{escape(operation['summary'])}.</p>"
        if body := operation.get("requestBody", {}).get("description"):
            yield f"<p>Body: {escape(body)}</p>"
        yield "<table>"
        for parameter in operation["parameters"]:
            needed = ", needed" if parameter["required"] else ""
            yield (
                f"<tr><td><code>{escape(parameter['name'])}</code></td>"
                f"<td>{escape(parameter['description'])}{_choices(parameter['schema'])}"
                f" <small>({parameter['in']}{needed})</small></td></tr>"
            )
        for status, answer in operation["responses"].items():
            name = "else" if status == "default" else status
            yield f"<tr><td>{name}</td><td>{escape(answer['description'])}</td></tr>"
        yield "</table>"


def _choices(schema: Mapping[str, Any]) -> str:
    choices = schema.get("enum", ())
    return f" One of {escape(', '.join(choices))}." if choices else ""
