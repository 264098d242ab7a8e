"""The values of templates and their types in Go's words. Strings, truths, ints, floats and None are Python's.

Knows no syntax and no function.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

ANY: Final = "interface {}"
VALUE: Final = "reflect.Value"
STRINGS: Final = "[]string"

NIL_POINTER: Final = "runtime error: invalid memory address or nil pointer dereference"

Value = Any
"""One of the types below, or str, bool, int, float, None."""


class CallError(Exception):
    """What a function says of its arguments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function: the types of its parameters, and of all further ones when it takes any number.

    A method gets what it is called on as a first argument that is not in the list. `weight` is how many times
    as long as others it takes for a text.
    """

    call: Callable[..., Value]
    params: tuple[str, ...] = ()
    rest: str = ""
    weight: int = 1


Functions = Mapping[str, Function]
NO_METHODS: Final[Functions] = {}


class Map(dict[str, Any]):
    """A map of strings; `zero` is what a key that is not there comes to."""

    go_type: ClassVar[str] = "map[string]string"
    zero: ClassVar[Value] = ""
    methods: ClassVar[Functions] = NO_METHODS


class AnyMap(Map):
    """A map of anything."""

    go_type = "map[string]interface {}"
    zero = None


class Slice(list[Any]):
    """A list of strings; subclasses are lists of something else."""

    go_type: ClassVar[str] = STRINGS
    methods: ClassVar[Functions] = NO_METHODS

    def __init__(self, items: Iterable[Any] = ()) -> None:
        super().__init__(items)


class Struct:
    """Named fields. A pointer to it looks the same but for its type."""

    go_type: ClassVar[str] = "struct {}"
    methods: ClassVar[Functions] = NO_METHODS
    __slots__ = ("fields",)

    def __init__(self, fields: Mapping[str, Value]) -> None:
        self.fields = fields


class Byte(int):
    """A byte of a string."""

    go_type: ClassVar[str] = "uint8"


class Html(str):
    """Text that is HTML already."""

    go_type: ClassVar[str] = "template.HTML"
    __slots__ = ()


_NAMES: Final[Mapping[type, str]] = {
    str: "string",
    bool: "bool",
    int: "int",
    float: "float64",
    type(None): "<nil>",
}
_NOT_NIL: Final = frozenset(
    ("string", "int", "float64", "bool", "time.Duration", "time.Time", "template.HTML")
)


def type_name(value: Value) -> str:
    """Return the type's name in Go."""
    name = _NAMES.get(type(value))
    return value.go_type if name is None else name


def can_be_nil(type_: str) -> bool:
    """Tell whether a parameter of the type takes nil."""
    return type_ not in _NOT_NIL


def is_true(value: Value) -> bool:
    """Tell whether `if` takes it: what is not empty, not 0 and not nil; a struct always is."""
    if isinstance(value, Struct):
        return True
    return bool(value) or getattr(value, "is_struct", False)


def basic_kind(value: Value) -> str:
    """Return what it is compared as: bool, int, uint, float, string, or nothing."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, Byte):
        return "uint"
    if isinstance(value, int):
        return "int"
    if isinstance(value, float):
        return "float"
    return "string" if isinstance(value, str) else ""


def to_bytes(text: str) -> bytes:
    """Return a string's bytes; lone surrogates are bytes that are no UTF-8."""
    return text.encode("utf-8", "surrogateescape")


def from_bytes(data: bytes) -> str:
    """Return bytes as a string."""
    return data.decode("utf-8", "surrogateescape")
