"""The functions that every template has: and, or, not, len, index, slice, print, eq, html, js and their like.

Knows values, and no syntax. `and` and `or` are here by name only: the runner evaluates their arguments.
"""

from collections.abc import Callable
from typing import Final

from alertrules.templates.printing import sprint, sprintf, sprintln
from alertrules.templates.values import (
    ANY,
    VALUE,
    Byte,
    CallError,
    Function,
    Functions,
    Map,
    Slice,
    Struct,
    Value,
    basic_kind,
    from_bytes,
    is_true,
    to_bytes,
    type_name,
)

_BAD_TYPE: Final = "invalid type for comparison"
_INCOMPATIBLE: Final = "incompatible types for comparison"
_MAX_SLICE: Final = 3

_HTML: Final = str.maketrans(
    {'"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;", "\0": "\ufffd"}
)
_JS: Final = {
    "\\": "\\\\",
    "'": "\\'",
    '"': '\\"',
    "<": "\\u003C",
    ">": "\\u003E",
    "&": "\\u0026",
    "=": "\\u003D",
}
_UNRESERVED: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~")


def escape_html(text: str) -> str:
    """Write a text so that HTML shows it as it is."""
    return text.translate(_HTML)


def escape_js(text: str) -> str:
    """Write a text for a string of JavaScript."""
    return "".join(map(_js, text))


def table_link(query: str) -> str:
    """Return the path of the page that shows what a query comes to."""
    return f"/graph?g0.expr={escape_query(query)}&g0.tab=1"


def escape_query(text: str) -> str:
    """Write a text for the query of a URL."""
    return "".join(map(_QUERY.__getitem__, to_bytes(text)))


_QUERY: Final = tuple(
    chr(byte) if byte in _UNRESERVED else "+" if byte == 0x20 else f"%{byte:02X}" for byte in range(256)
)


def _js(char: str) -> str:
    known = _JS.get(char)
    if known is not None:
        return known
    if char < " ":
        return f"\\u00{ord(char):02X}"
    return char if char.isascii() or char.isprintable() else f"\\u{ord(char):04X}"


def _escaper(escape: Callable[[str], str]) -> Function:
    def call(*values: Value) -> str:
        return escape(sprint(["<no value>" if value is None else value for value in values]))

    return Function(call=call, rest=ANY)


def _length(value: Value) -> int:
    if isinstance(value, str):
        return len(value) if value.isascii() else len(to_bytes(value))
    if isinstance(value, Map | Slice):
        return len(value)
    if value is None:
        raise CallError("reflect: call of reflect.Value.Type on zero Value")
    raise CallError(f"len of type {type_name(value)}")


def _place(index: Value, capacity: int) -> int:
    if index is None:
        raise CallError("cannot index slice/array with nil")
    if basic_kind(index) not in ("int", "uint"):
        raise CallError(f"cannot index slice/array with type {type_name(index)}")
    if not 0 <= index <= capacity:
        raise CallError(f"index out of range: {int(index)}")
    return int(index)


def _index(value: Value, *indexes: Value) -> Value:
    if value is None:
        raise CallError("index of untyped nil")
    for index in indexes:
        if value is None:
            raise CallError("index of nil pointer")
        if isinstance(value, str):
            data = to_bytes(value)
            place = _place(index, len(data))
            if place == len(data):
                raise CallError("reflect: string index out of range")
            value = Byte(data[place])
        elif isinstance(value, Slice):
            place = _place(index, len(value))
            if place == len(value):
                raise CallError("reflect: slice index out of range")
            value = value[place]
        elif isinstance(value, Map):
            value = value.get(_key(index), value.zero)
        else:
            raise CallError(f"can't index item of type {type_name(value)}")
    return value


def _key(index: Value) -> str:
    if index is None:
        raise CallError("value is nil; should be of type string")
    if type(index) is not str:
        raise CallError(f"value has type {type_name(index)}; should be string")
    return index


def _slice(value: Value, *indexes: Value) -> Value:
    if value is None:
        raise CallError("slice of untyped nil")
    if len(indexes) > _MAX_SLICE:
        raise CallError(f"too many slice indexes: {len(indexes)}")
    if isinstance(value, str):
        if len(indexes) == _MAX_SLICE:
            raise CallError("cannot 3-index slice a string")
        data = to_bytes(value)
        start, end = _bounds(indexes, len(data))
        return from_bytes(data[start:end])
    if not isinstance(value, Slice):
        raise CallError(f"can't slice item of type {type_name(value)}")
    start, end = _bounds(indexes, len(value))
    return type(value)(value[start:end])


def _bounds(indexes: tuple[Value, ...], length: int) -> tuple[int, int]:
    places = [_place(index, length) for index in indexes]
    start, end = (*places, *(0, length)[len(places) :])[:2]
    if start > end:
        raise CallError(f"invalid slice index: {start} > {end}")
    if len(places) == _MAX_SLICE and end > places[2]:
        raise CallError(f"invalid slice index: {end} > {places[2]}")
    return start, end


def _equal(first: Value, *others: Value) -> bool:
    if not others:
        raise CallError("missing argument for comparison")
    return any(_is_equal(first, other) for other in others)


def _is_equal(first: Value, other: Value) -> bool:
    if first is None or other is None:
        return first is other
    kind, other_kind = basic_kind(first), basic_kind(other)
    if kind != other_kind and {kind, other_kind} != {"int", "uint"}:
        raise CallError(_INCOMPATIBLE)
    if kind:
        return bool(first == other)
    if _shape(first) != _shape(other):
        shown = f"{sprintf('%s', [first])}: {type_name(first)}, {type_name(other)}: {sprint([other])}"
        raise CallError(f"non-comparable types {shown}")
    if isinstance(other, Map | Slice) or (isinstance(other, Struct) and not other.go_type.startswith("*")):
        raise CallError(f"non-comparable type {sprintf('%s', [other])}: {type_name(other)}")
    return first is other if type_name(first).startswith("*") else bool(first == other)


def _shape(value: Value) -> str:
    """Return what kind of thing it is that is no basic value."""
    if isinstance(value, Map):
        return "map"
    if isinstance(value, Slice):
        return "slice"
    return "pointer" if type_name(value).startswith("*") else "struct"


def _less(first: Value, second: Value) -> bool:
    kinds = basic_kind(first), basic_kind(second)
    if not all(kinds):
        raise CallError(_BAD_TYPE)
    if kinds[0] != kinds[1] and set(kinds) != {"int", "uint"}:
        raise CallError(_INCOMPATIBLE)
    if kinds[0] == "bool":
        raise CallError(_BAD_TYPE)
    if kinds[0] == "string" and not (first.isascii() and second.isascii()):
        return to_bytes(first) < to_bytes(second)
    return bool(first < second)


def _less_or_equal(first: Value, second: Value) -> bool:
    return _less(first, second) or _equal(first, second)


def _call(function: Value, *_: Value) -> Value:
    raise CallError("call of nil" if function is None else f"non-function of type {type_name(function)}")


def _unused(*_: Value) -> Value:
    raise CallError("the runner evaluates it")


_TWO: Final = (VALUE, VALUE)

BUILTINS: Final[Functions] = {
    "and": Function(call=_unused, params=(VALUE,), rest=VALUE),
    "or": Function(call=_unused, params=(VALUE,), rest=VALUE),
    "not": Function(call=lambda value: not is_true(value), params=(VALUE,)),
    "len": Function(call=_length, params=(VALUE,)),
    "index": Function(call=_index, params=(VALUE,), rest=VALUE),
    "slice": Function(call=_slice, params=(VALUE,), rest=VALUE),
    "call": Function(call=_call, params=(VALUE,), rest=VALUE),
    "print": Function(call=lambda *values: sprint(values), rest=ANY),
    "printf": Function(call=lambda form, *values: sprintf(form, values), params=("string",), rest=ANY),
    "println": Function(call=lambda *values: sprintln(values), rest=ANY),
    "html": _escaper(escape_html),
    "js": _escaper(escape_js),
    "urlquery": _escaper(escape_query),
    "eq": Function(call=_equal, params=(VALUE,), rest=VALUE),
    "ne": Function(call=lambda first, second: not _equal(first, second), params=_TWO),
    "lt": Function(call=_less, params=_TWO),
    "le": Function(call=_less_or_equal, params=_TWO),
    "gt": Function(call=lambda first, second: not _less_or_equal(first, second), params=_TWO),
    "ge": Function(call=lambda first, second: not _less(first, second), params=_TWO),
}
