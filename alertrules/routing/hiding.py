"""The text of a configuration without its secrets, as Alertmanager's status shows it.

Owns how it is written: YAML that amtool reads back. Comments and the layout of the file are lost.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final

from alertrules.reading import Node
from alertrules.routing.fields import Field, Shape, Type

SECRET: Final = "<secret>"  # noqa: S105
# Older amtools want a URL where newer ones take the word alone.
_SECRET_URL: Final = f"http://{SECRET}"
_STEP: Final = "  "
# Words that are no texts in YAML, whichever way they are written.
_NO_TEXTS: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"})
_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
_NOTHING: Final[Mapping[str, Field]] = {}


def without_secrets(node: Node, shape: Shape) -> str:
    """Write a document; what the shape calls secret is hidden, what it does not know stands as it is."""
    return "\n".join(_lines(node, Field(shape=shape))) + "\n"


def _lines(node: Node, field: Field) -> Iterator[str]:
    if field.is_secret and (node.items is not None or node.pairs is not None):
        yield from _hidden(node)
    elif node.pairs:
        known = field.shape.fields if field.shape is not None else _NOTHING
        for key, value in node.pairs:
            yield from _pair(key, value, known.get(key.written or "", Field()))
    elif node.items:
        for item in node.items:
            first, *rest = _lines(item, field)
            yield f"- {first}"
            yield from (_STEP + line for line in rest)
    else:
        yield _scalar(node, field)


def _pair(key: Node, value: Node, field: Field) -> Iterator[str]:
    name = _scalar(key, Field())
    if not value.pairs and not value.items:
        yield f"{name}: {_scalar(value, field)}".rstrip()
        return
    yield f"{name}:"
    yield from (_STEP + line for line in _lines(value, field))


def _hidden(node: Node) -> Iterator[str]:
    """Hide every value below; names stay."""
    secret = Field(is_secret=True)
    if not node.pairs and not node.items:
        yield _scalar(node, secret)
    for key, value in node.pairs or ():
        yield from _pair(key, value, secret)
    for item in node.items or ():
        first, *rest = _lines(item, secret)
        yield f"- {first}"
        yield from (_STEP + line for line in rest)


def _scalar(node: Node, field: Field) -> str:
    if node.pairs is not None or node.items is not None:
        return "[]" if node.pairs is None else "{}"
    if node.written is None:
        return "null"
    if field.is_secret and node.written:
        return _SECRET_URL if field.type is Type.TEMPLATE_URL else SECRET
    return _quoted(node.content) if isinstance(node.content, str) else node.written


def _quoted(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _NO_TEXTS:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(char if char.isprintable() else _escape(ord(char)) for char in quoted)


def _escape(code: int) -> str:
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
