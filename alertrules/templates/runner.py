"""Runs templates: nodes and data to text. Raises TemplateError in Go's words. Knows functions by name only.

A run is limited in steps, depth and output, whatever the template.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NoReturn, Protocol

from alertrules.errors import TemplateError
from alertrules.templates.limits import MAX_DEPTH, MAX_OUTPUT, MAX_STEPS, STEP_SIZE
from alertrules.templates.nodes import (
    Action,
    Branch,
    Chain,
    Command,
    Dot,
    Field,
    Identifier,
    If,
    Invocation,
    Leave,
    Literal,
    Nil,
    Node,
    Pipe,
    Range,
    Template,
    Templates,
    Text,
    Variable,
    With,
)
from alertrules.templates.printing import Limited, text_of
from alertrules.templates.values import (
    ANY,
    VALUE,
    CallError,
    Function,
    Functions,
    Map,
    Slice,
    Struct,
    Value,
    can_be_nil,
    is_true,
    type_name,
)
from timeseries.text import quote

_MAX_INT: Final = (1 << 63) - 1
_EXPECTED: Final = {"string": "string", "int": "integer", "float64": "float", "bool": "bool"}


class _Missing:
    """Says that a command gets nothing from one before it."""


_MISSING: Final = _Missing()


class Sink(Protocol):
    """Takes what a run writes: copied text, and values."""

    def copy(self, text: str) -> None:
        """Take a text of the template."""

    def show(self, value: Value) -> None:
        """Take a value."""

    def joined(self) -> str:
        """Return all of it."""


class TextSink:
    """Joins all as it is."""

    __slots__ = ("_out", "copy")

    def __init__(self) -> None:
        self._out = Limited()
        self.copy: Callable[[str], None] = self._out.add

    def show(self, value: Value) -> None:
        """Take a value."""
        self._out.add("<no value>" if value is None else text_of(value))

    def joined(self) -> str:
        """Return all of it."""
        return self._out.joined()


def run(
    template: Template,
    *,
    templates: Templates,
    functions: Functions,
    data: Value,
    sink: Sink,
    variables: Mapping[str, Value] | None = None,
) -> str:
    """Expand a template; the variables are those that it finds declared."""
    return _Run(
        template=template,
        templates=templates,
        functions=functions,
        data=data,
        sink=sink,
        variables=variables or {},
    ).expand()


class _Run:
    __slots__ = (
        "_depth",
        "_functions",
        "_node",
        "_sink",
        "_stack",
        "_steps",
        "_template",
        "_templates",
    )

    def __init__(
        self,
        *,
        template: Template,
        templates: Templates,
        functions: Functions,
        data: Value,
        sink: Sink,
        variables: Mapping[str, Value],
    ) -> None:
        self._template = template
        self._templates = templates
        self._functions = functions
        self._sink = sink
        self._stack: list[tuple[str, Value]] = [("$", data), *variables.items()]
        self._steps = 0
        self._depth = 0
        self._node: Node | None = None

    def expand(self) -> str:
        self._list(self._stack[0][1], self._template.body)
        return self._sink.joined()

    def _fail(self, message: str) -> NoReturn:
        template, node = self._template, self._node
        if node is None:
            raise TemplateError(f"template: {template.name}: {message}")
        before = template.text[: node.at]
        column = len(before[before.rfind("\n") + 1 :].encode("utf-8", "surrogatepass"))
        place = f"{template.source}:{before.count(chr(10)) + 1}:{column}"
        raise TemplateError(f"template: {place}: executing {quote(template.name)} at <{node}>: {message}")

    def _step(self) -> None:
        self._steps += 1
        if self._steps > MAX_STEPS:
            self._fail(f"it takes more than {MAX_STEPS} steps")

    def _enter(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._fail(f"exceeded maximum template depth ({MAX_DEPTH})")

    # Lists and actions.

    def _list(self, dot: Value, nodes: Sequence[Node]) -> str:
        """Walk nodes; returns `break` or `continue` when one of these ended it."""
        self._enter()
        for node in nodes:
            self._step()
            self._node = node
            kind = type(node)
            if kind is Text:
                self._sink.copy(node.text)  # type: ignore[attr-defined]
            elif kind is Action:
                pipe = node.pipe  # type: ignore[attr-defined]
                value = self._pipe(dot, pipe)
                if not pipe.variables:
                    self._node = node
                    self._sink.show(value)
            else:
                left = _WALKERS[kind](self, dot, node)
                if left:
                    self._depth -= 1
                    return left
        self._depth -= 1
        return ""

    def _choose(self, dot: Value, node: Branch) -> str:
        known = len(self._stack)
        value = self._pipe(dot, node.pipe)
        if is_true(value):
            left = self._list(value if type(node) is With else dot, node.body)
        else:
            left = self._list(dot, node.otherwise) if node.otherwise is not None else ""
        del self._stack[known:]
        return left

    def _loop(self, dot: Value, node: Branch) -> str:
        known = len(self._stack)
        value = self._pipe(dot, node.pipe)
        pairs = self._pairs(value)
        left = ""
        if not pairs and node.otherwise is not None:
            left = self._list(dot, node.otherwise)
        inner = len(self._stack)
        for key, item in pairs:
            self._step()
            self._set_loop_variables(node.pipe, key, item)
            left = self._list(item, node.body)
            del self._stack[inner:]
            if left == "break":
                break
        if pairs:
            left = ""
        del self._stack[known:]
        return left

    def _pairs(self, value: Value) -> list[tuple[Value, Value]]:
        if isinstance(value, Slice):
            return list(enumerate(value))
        if isinstance(value, Map):
            return [(key, value[key]) for key in sorted(value)]
        if value is not None:
            self._fail(f"range can't iterate over {text_of(value)}")
        return []

    def _set_loop_variables(self, pipe: Pipe, key: Value, item: Value) -> None:
        names = pipe.variables
        values = (key, item) if len(names) > 1 else (item,)
        if pipe.assigns:
            for name, value in zip(names, values, strict=False):
                self._assign(name, value)
        elif names:
            self._stack[-len(names) :] = zip(names, values, strict=False)

    def _invoke(self, dot: Value, node: Invocation) -> str:
        template = self._templates.get(node.name)
        if template is None:
            self._fail(f"template {quote(node.name)} not defined")
        given = None if node.pipe is None else self._pipe(dot, node.pipe)
        caller, stack = self._template, self._stack
        self._template, self._stack = template, [("$", given)]
        self._list(given, template.body)
        self._template, self._stack = caller, stack
        return ""

    def _leave(self, _dot: Value, node: Leave) -> str:
        return node.word

    # Pipelines.

    def _assign(self, name: str, value: Value) -> None:
        for place in range(len(self._stack) - 1, -1, -1):
            if self._stack[place][0] == name:
                self._stack[place] = (name, value)
                return
        self._fail(f"undefined variable: {name}")

    def _pipe(self, dot: Value, pipe: Pipe) -> Value:
        self._node = pipe
        value: Value = _MISSING
        for command in pipe.commands:
            value = self._command(dot, command, value)
        for name in pipe.variables:
            if pipe.assigns:
                self._assign(name, value)
            else:
                self._stack.append((name, value))
        return value

    def _nested(self, dot: Value, pipe: Pipe) -> Value:
        self._enter()
        value = self._pipe(dot, pipe)
        self._depth -= 1
        return value

    def _command(self, dot: Value, command: Command, final: Value) -> Value:
        first = command.args[0]
        kind = type(first)
        if kind is Variable:
            return self._variable(dot, first, command.args, final)
        if kind is Identifier:
            return self._function(dot, first, command, command.args, final)
        if kind is Field:
            self._node = first
            return self._chain(dot, dot, first, args=command.args, final=final)
        if kind is Chain:
            return self._chained(dot, first, command.args, final)
        if kind is not Pipe:
            self._node = first
        self._check_no_arguments(command.args, final)
        if kind is Pipe:
            return self._nested(dot, first)  # type: ignore[arg-type]
        return dot if kind is Dot else self._constant(first)

    def _check_no_arguments(self, args: Sequence[Node], final: Value) -> None:
        if len(args) > 1 or final is not _MISSING:
            self._fail(f"can't give argument to non-function {args[0]}")

    def _constant(self, node: Any) -> Value:
        if type(node) is Nil:
            self._fail("nil is not a command")
        if node.kind == "number" and type(node.value) is int and node.value > _MAX_INT:
            self._fail(f"{node.written} overflows int")
        return node.value

    def _variable(self, dot: Value, node: Any, args: Sequence[Node], final: Value) -> Value:
        self._node = node
        name = node.name
        value = next((value for known, value in reversed(self._stack) if known == name), None)
        if not node.names:
            self._check_no_arguments(args, final)
            return value
        return self._chain(dot, value, node, args=args, final=final)

    def _chained(self, dot: Value, node: Any, args: Sequence[Node], final: Value) -> Value:
        self._node = node
        if type(node.node) is Nil:
            self._fail(f"indirection through explicit nil in {node}")
        value = self._argument(dot, ANY, node.node)
        return self._chain(dot, value, node, args=args, final=final)

    def _chain(self, dot: Value, value: Value, node: Any, *, args: Sequence[Node], final: Value) -> Value:
        names = node.names
        for name in names[:-1]:
            value = self._field(dot, name, node, value, args=(), final=_MISSING)
        return self._field(dot, names[-1], node, value, args=args, final=final)

    def _field(
        self, dot: Value, name: str, node: Node, value: Value, *, args: Sequence[Node], final: Value
    ) -> Value:
        if value is None:
            return None
        if methods := getattr(value, "methods", None):
            method = methods.get(name)
            if method is not None:
                return self._call(dot, method, node, name, args=args, final=final, receiver=(value,))
        if isinstance(value, Map):
            if len(args) > 1 or final is not _MISSING:
                self._fail(f"{name} is not a method but has arguments")
            return value.get(name, value.zero)
        if isinstance(value, Struct) and name in value.fields:
            if len(args) > 1 or final is not _MISSING:
                self._fail(f"{name} has arguments but cannot be invoked as function")
            return value.fields[name]
        return self._fail(f"can't evaluate field {name} in type {type_name(value)}")

    # Calls.

    def _function(self, dot: Value, node: Any, command: Node, args: Sequence[Node], final: Value) -> Value:
        self._node = node
        function = self._functions[node.name]
        return self._call(dot, function, command, node.name, args=args, final=final)

    def _call(
        self,
        dot: Value,
        function: Function,
        node: Node,
        name: str,
        *,
        args: Sequence[Node],
        final: Value,
        receiver: tuple[Value, ...] = (),
    ) -> Value:
        self._step()
        args = args[1:]
        params = function.params
        piped = final is not _MISSING
        count = len(args) + piped
        if function.rest:
            if count < len(params):
                self._fail(f"wrong number of args for {name}: want at least {len(params)} got {len(args)}")
        elif count != len(params):
            self._fail(f"wrong number of args for {name}: want {len(params)} got {count}")
        if name in ("and", "or") and not receiver:
            return self._short_circuit(dot, name == "or", args, final)
        types = params if len(params) >= count else (*params, *(function.rest,) * (count - len(params)))
        values = [self._argument(dot, type_, arg) for type_, arg in zip(types, args, strict=False)]
        if piped:
            values.append(self._fitting(final, types[-1]))
        self._weigh(function.weight, *receiver, *values)
        try:
            found = function.call(*receiver, *values)
        except CallError as error:
            self._node = node
            self._fail(f"error calling {name}: {error}")
        self._weigh(1, found)
        if isinstance(found, str) and len(found) > MAX_OUTPUT:
            self._fail(f"the text is longer than {MAX_OUTPUT} characters")
        return found

    def _weigh(self, weight: int, *values: Value) -> None:
        """Count what is long as more steps."""
        for value in values:
            if type(value) is not float and isinstance(value, str | Slice | Map) and len(value) > STEP_SIZE:
                self._steps += weight * len(value) // STEP_SIZE
                self._step()

    def _short_circuit(self, dot: Value, wanted: bool, args: Sequence[Node], final: Value) -> Value:
        value: Value = None
        for arg in args:
            value = self._argument(dot, VALUE, arg)
            if is_true(value) == wanted:
                return value
        return value if final is _MISSING else final

    def _fitting(self, value: Value, type_: str) -> Value:
        if type_ in (ANY, VALUE):
            return value
        if value is None:
            if can_be_nil(type_):
                return None
            self._fail(f"invalid value; expected {type_}")
        if (name := type_name(value)) not in (type_, f"*{type_}"):
            self._fail(f"wrong type for value; expected {type_}; got {name}")
        return value

    def _argument(self, dot: Value, type_: str, node: Any) -> Value:
        self._node = node
        kind = type(node)
        if kind is Literal:
            return self._literal(type_, node)
        if kind is Variable:
            value = self._variable(dot, node, (), _MISSING)
        elif kind is Field:
            value = self._chain(dot, dot, node, args=(), final=_MISSING)
        elif kind is Dot:
            value = dot
        elif kind is Pipe:
            value = self._nested(dot, node)
        elif kind is Identifier:
            value = self._function(dot, node, node, (), _MISSING)
        elif kind is Chain:
            value = self._chained(dot, node, (), _MISSING)
        else:
            if not can_be_nil(type_):
                self._fail(f"cannot assign nil to {type_}")
            return None
        return self._fitting(value, type_)

    def _literal(self, type_: str, node: Literal) -> Value:
        if type_ in (ANY, VALUE):
            return self._constant(node)
        if type_ not in _EXPECTED:
            self._fail(f"can't handle {node} for arg of type {type_}")
        if type_ == node.kind:
            return node.value
        if node.kind == "number" and type_ == "int" and node.integer is not None:
            return node.integer
        if node.kind == "number" and type_ == "float64":
            return node.floating
        return self._fail(f"expected {_EXPECTED[type_]}; found {node}")


_WALKERS: Final[Mapping[type, Callable[..., str]]] = {
    If: _Run._choose,
    With: _Run._choose,
    Range: _Run._loop,
    Invocation: _Run._invoke,
    Leave: _Run._leave,
}
