"""What a field of Alertmanager's configuration may hold, and how a table of fields is read.

Owns the types: texts, URLs, durations of Go, blocks within blocks. Knows none of the tables. No message says
what stands in a field, as it may be a secret.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final

from alertrules.reading import Fields, Node, Problems, duration_ms


class Type(Enum):
    """What stands in a field."""

    TEXT = auto()
    SWITCH = auto()
    WHOLE = auto()
    DURATION = auto()
    """As Prometheus writes them: 1h30m. In ms."""
    GO_DURATION = auto()
    """As Go writes them: 1m0.5s. In ms."""
    URL = auto()
    TEMPLATE_URL = auto()
    """A URL, or a template that comes to one."""
    ADDRESS = auto()
    """HOST:PORT."""
    TEXTS = auto()
    MAPPING = auto()
    ANY = auto()
    BLOCK = auto()
    BLOCKS = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of a block."""

    type: Type = Type.TEXT
    default: Any = None
    is_template: bool = False
    is_secret: bool = False
    fallback: str = ""
    """The field of `global` that counts when this one is not there."""
    choices: tuple[str, ...] = ()
    shape: "Shape | None" = None
    """What a block has."""


Check = Callable[[Fields, dict[str, Any]], None]
"""Tells of what only holds for one block; may complete its values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A block: its fields, and which of them belong together.

    Of the fields of `one_of` and `at_most_one` that are not there, those of `global` count only when none is.
    """

    what: str
    fields: Mapping[str, Field]
    needed: tuple[str, ...] = ()
    at_most_one: tuple[tuple[str, ...], ...] = ()
    one_of: tuple[tuple[str, ...], ...] = ()
    """At least one of them must be there, or its fallback."""
    check: Check | None = None


def read_block(
    node: Node, shape: Shape, problems: Problems, fallbacks: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the values of all fields, with defaults; what is wrong goes to the problems."""
    fields = Fields(node, shape.what, problems)
    values = {name: _READERS[field.type](fields, name, field) for name, field in shape.fields.items()}
    fields.end()
    for names in shape.at_most_one:
        present = [name for name in names if values[name]]
        if len(present) > 1:
            fields.wrong(present[1], f"at most one of {', '.join(names)} may be set.")
    if fallbacks is not None:
        _fill(values, shape, fallbacks)
    _tell_missing(fields, shape, values)
    if shape.check is not None:
        shape.check(fields, values)
    return values


def _fill(values: dict[str, Any], shape: Shape, fallbacks: Mapping[str, Any]) -> None:
    together = {name: names for names in (*shape.one_of, *shape.at_most_one) for name in names}
    present = {name for name, value in values.items() if value not in (None, "")}
    for name, field in shape.fields.items():
        if field.fallback and present.isdisjoint(together.get(name, (name,))) and name not in present:
            values[name] = fallbacks.get(field.fallback, field.default)


def _tell_missing(fields: Fields, shape: Shape, values: Mapping[str, Any]) -> None:
    said = {name for name, field in shape.fields.items() if field.type in _CHECKED and fields.node(name)}
    for name in shape.needed:
        if not values[name]:
            fields.problems.add(fields.line_of(name), f"{name}: {shape.what} needs it.")
    for names in shape.one_of:
        # A field that stands there but could not be read has been told of.
        if not any(values[name] for name in names) and said.isdisjoint(names):
            also = [shape.fields[name].fallback for name in names if shape.fields[name].fallback]
            hint = f", or in global {' or '.join(also)}" if also else ""
            fields.problems.add(fields.line, f"{shape.what} needs {' or '.join(names)}{hint}.")


_CHECKED: Final = (Type.URL, Type.TEMPLATE_URL, Type.ADDRESS)

# --- what stands in a field ---

# As Go's net/url takes them; what follows the host may be nearly anything.
_URL: Final = re.compile(
    r"(?i:https?)://(?:(?:[^\s/?#\\\"<>^`{|}%]|%[0-9a-fA-F]{2})*@)?"
    r"(?:\[[0-9a-fA-F:.%]+\]|[^\s/?#@\\^`{|}\[\]%:]+)(?::[0-9]*)?"
    r"(?:[/?#](?:[^\x00-\x1f\x7f%]|%[0-9a-fA-F]{2})*)?"
)
_WHOLE_END: Final = 2**63
_QUERY: Final = re.compile(r"\?[^#]*")
_TEMPLATE: Final = "{{"
_ADDRESS: Final = re.compile(r"(?:\[[^\[\]]*\]|[^:\[\]]*):[^:\[\]]+")
_GO_DURATION: Final = re.compile(r"[+-]?(?:0|(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+)")
_GO_PIECE: Final = re.compile(r"([0-9.]+)([a-zµμ]+)")
_GO_UNITS_MS: Final = {
    "ns": 1e-6,
    "us": 1e-3,
    "µs": 1e-3,
    "μs": 1e-3,
    "ms": 1.0,
    "s": 1e3,
    "m": 6e4,
    "h": 3.6e6,
}


def parse_url(text: str) -> str:
    """Return a URL; raises ValueError, without the URL."""
    # In a query, Go takes a percent sign as it stands.
    if not _URL.fullmatch(_QUERY.sub("", text, count=1)):
        raise ValueError("it must be a URL, http://HOST or https://HOST with whatever follows")
    return text


def parse_template_url(text: str) -> str:
    """Return a URL, or a template of one; raises ValueError."""
    return text if _TEMPLATE in text else parse_url(text)


def parse_address(text: str) -> str:
    """Return HOST:PORT, or nothing; raises ValueError."""
    if text and not _ADDRESS.fullmatch(text):
        raise ValueError("it must be HOST:PORT")
    return text


def parse_go_duration(text: str) -> int:
    """Return the milliseconds of a duration such as 1m30s; raises ValueError."""
    if not _GO_DURATION.fullmatch(text):
        raise ValueError("it must be a duration such as 30s, 1.5h or 1m30s")
    sign = -1 if text.startswith("-") else 1
    return sign * round(sum(float(number) * _GO_UNITS_MS[unit] for number, unit in _GO_PIECE.findall(text)))


def plain(node: Node) -> Any:
    """Return the values of a document as they are; keys as they stand."""
    if node.pairs is not None:
        return {key.written or "": plain(value) for key, value in node.pairs}
    if node.items is not None:
        return [plain(item) for item in node.items]
    return node.content


def _text(fields: Fields, name: str, field: Field) -> Any:
    value = fields.text(name, field.default)
    if field.choices and value not in (*field.choices, field.default):
        fields.wrong(name, f"it must be {' or '.join(choice or 'empty' for choice in field.choices)}.")
    return value


def _parsed(parse: Callable[[str], Any]) -> Callable[[Fields, str, Field], Any]:
    return lambda fields, name, field: fields.parsed(name, parse, field.default)


def _any(fields: Fields, name: str, field: Field) -> Any:
    node = fields.node(name)
    return field.default if node is None else plain(node)


def _switch(fields: Fields, name: str, field: Field) -> Any:
    return fields.switch(name, field.default) if fields.node(name) is not None else field.default


def _whole(fields: Fields, name: str, field: Field) -> Any:
    number = fields.whole(name, field.default)
    if abs(number) >= _WHOLE_END:
        fields.wrong(name, "must fit 64 bits.")
        return field.default
    return number


def _texts(fields: Fields, name: str, field: Field) -> Any:
    return fields.texts(name) if fields.node(name) is not None else field.default


def _mapping(fields: Fields, name: str, field: Field) -> Any:
    return {**(field.default or {}), **fields.mapping(name)}


def _block(fields: Fields, name: str, field: Field) -> Any:
    node = fields.node(name)
    if node is None or field.shape is None:
        return field.default
    return read_block(node, field.shape, fields.problems)


def _blocks(fields: Fields, name: str, field: Field) -> Any:
    shape = field.shape
    if shape is None:
        return ()
    return tuple(read_block(node, shape, fields.problems) for node in fields.each(name))


_READERS: Final[Mapping[Type, Callable[[Fields, str, Field], Any]]] = {
    Type.TEXT: _text,
    Type.SWITCH: _switch,
    Type.WHOLE: _whole,
    Type.DURATION: _parsed(duration_ms),
    Type.GO_DURATION: _parsed(parse_go_duration),
    Type.URL: _parsed(parse_url),
    Type.TEMPLATE_URL: _parsed(parse_template_url),
    Type.ADDRESS: _parsed(parse_address),
    Type.TEXTS: _texts,
    Type.MAPPING: _mapping,
    Type.ANY: _any,
    Type.BLOCK: _block,
    Type.BLOCKS: _blocks,
}
