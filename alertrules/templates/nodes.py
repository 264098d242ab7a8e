"""What a template consists of. Each node knows where it stands and how Go writes it in an error."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from timeseries.text import quote


@dataclass(slots=True, kw_only=True, eq=False)
class Node:
    """Anything; `at` is a place in the text, in characters."""

    at: int


@dataclass(slots=True, kw_only=True, eq=False)
class Literal(Node):
    """A string, a number or a truth. `integer` and `floating` are what a number may stand for."""

    written: str
    value: Any
    kind: str
    integer: int | None = None
    floating: float | None = None

    def __str__(self) -> str:
        """Write it as it was written."""
        return self.written


@dataclass(slots=True, kw_only=True, eq=False)
class Nil(Node):
    """The word nil."""

    def __str__(self) -> str:
        """Write it."""
        return "nil"


@dataclass(slots=True, kw_only=True, eq=False)
class Dot(Node):
    """The dot alone."""

    def __str__(self) -> str:
        """Write it."""
        return "."


@dataclass(slots=True, kw_only=True, eq=False)
class Field(Node):
    """Fields of the dot: `.A.B`."""

    names: Sequence[str]

    def __str__(self) -> str:
        """Write it."""
        return "".join(f".{name}" for name in self.names)


@dataclass(slots=True, kw_only=True, eq=False)
class Variable(Node):
    """A variable, and fields of it: `$x.A.B`."""

    name: str
    names: Sequence[str] = ()

    def __str__(self) -> str:
        """Write it."""
        return ".".join((self.name, *self.names))


@dataclass(slots=True, kw_only=True, eq=False)
class Identifier(Node):
    """The name of a function."""

    name: str

    def __str__(self) -> str:
        """Write it."""
        return self.name


@dataclass(slots=True, kw_only=True, eq=False)
class Chain(Node):
    """Fields of what something in parentheses, or a function, comes to."""

    node: Node
    names: Sequence[str]

    def __str__(self) -> str:
        """Write it."""
        return ".".join((_argument(self.node), *self.names))


@dataclass(slots=True, kw_only=True, eq=False)
class Command(Node):
    """An operand, or a function and its arguments."""

    args: Sequence[Node]

    def __str__(self) -> str:
        """Write it."""
        return " ".join(map(_argument, self.args))


@dataclass(slots=True, kw_only=True, eq=False)
class Pipe(Node):
    """Commands, each of which gets what the one before came to; and the variables that take the result."""

    variables: Sequence[str] = ()
    assigns: bool = False
    commands: Sequence[Command] = ()

    def __str__(self) -> str:
        """Write it."""
        taken = ", ".join(self.variables) + (" = " if self.assigns else " := ") if self.variables else ""
        return taken + " | ".join(map(str, self.commands))


@dataclass(slots=True, kw_only=True, eq=False)
class Text(Node):
    """What is copied."""

    text: str

    def __str__(self) -> str:
        """Write it."""
        return self.text


@dataclass(slots=True, kw_only=True, eq=False)
class Action(Node):
    """A pipeline whose result is printed, unless variables take it."""

    pipe: Pipe

    def __str__(self) -> str:
        """Write it."""
        return f"{{{{{self.pipe}}}}}"


@dataclass(slots=True, kw_only=True, eq=False)
class Branch(Node):
    """What `if`, `with` and `range` have in common; `otherwise` is None when there is no else."""

    word: str
    pipe: Pipe
    body: Sequence[Node]
    otherwise: Sequence[Node] | None

    def __str__(self) -> str:
        """Write it."""
        inner = "".join(map(str, self.body))
        if self.otherwise is not None:
            inner += "{{else}}" + "".join(map(str, self.otherwise))
        return f"{{{{{self.word} {self.pipe}}}}}{inner}{{{{end}}}}"


@dataclass(slots=True, kw_only=True, eq=False)
class If(Branch):
    """A choice."""


@dataclass(slots=True, kw_only=True, eq=False)
class With(Branch):
    """A choice that sets the dot."""


@dataclass(slots=True, kw_only=True, eq=False)
class Range(Branch):
    """A loop."""


@dataclass(slots=True, kw_only=True, eq=False)
class Leave(Node):
    """Ends a loop, or one round of it."""

    word: str

    def __str__(self) -> str:
        """Write it."""
        return f"{{{{{self.word}}}}}"


@dataclass(slots=True, kw_only=True, eq=False)
class Invocation(Node):
    """A template that is expanded in this place."""

    name: str
    pipe: Pipe | None

    def __str__(self) -> str:
        """Write it."""
        given = "" if self.pipe is None else f" {self.pipe}"
        return f"{{{{template {quote(self.name)}{given}}}}}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Template:
    """A template with a name. `source` is what errors call the text it stands in."""

    name: str
    source: str
    text: str = field(repr=False)
    body: Sequence[Node]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in it but spaces."""
        return all(isinstance(node, Text) and not node.text.strip() for node in self.body)


Templates = Mapping[str, Template]


def _argument(node: Node) -> str:
    return f"({node})" if isinstance(node, Pipe) else str(node)
