"""YAML files with a shape of their own, such as those of other programs: values that know their lines.

Owns reading them. Must not know what is in them.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from runtime.errors import SettingsError
from runtime.settings import read_file

if TYPE_CHECKING:
    import yaml

MAX_REPEATED: Final = 2 * 1024 * 1024
"""Characters and values that aliases may stand for: 20,000 rules that share five labels. What is read from a
file costs as if all was written out, so a short text with aliases of aliases would take hours."""

_MERGE_TAG: Final = "tag:yaml.org,2002:merge"
_MERGE: Final = object()
"""The content of the key `<<`, which brings in what other mappings hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value of a file: a scalar, a tuple of Values, or pairs of Values for a mapping."""

    line: int
    is_mapping: bool = False
    content: Any
    written: str | None = None
    """A scalar as it stands in the file: `5m`, `true`, `0x10`."""

    @property
    def text(self) -> str | None:
        """The scalar, when it is text."""
        return self.content if isinstance(self.content, str) else None

    @property
    def items(self) -> "tuple[Value, ...] | None":
        """The values, when it is a list."""
        return self.content if isinstance(self.content, tuple) and not self.is_mapping else None

    @property
    def pairs(self) -> "tuple[tuple[Value, Value], ...] | None":
        """Keys with values, as they stand, repeated ones too, when it is a mapping."""
        return self.content if self.is_mapping else None


def read_document(path: Path) -> Value:
    """Return what the file holds, or raise SettingsError with the line of what is wrong."""
    return parse_document(read_file(path), str(path))


def parse_document(text: str | bytes, path: str) -> Value:
    """Return what a text holds, or raise SettingsError with the line of what is wrong; `path` names it."""
    # Only here: who has no such file needs no YAML, which takes memory.
    import yaml

    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        return _Reading(loader).value(node) if node is not None else Value(line=1, content=None)
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise SettingsError([f"{path}{line}: this is not valid YAML: {error.problem}."]) from error
    except (
        yaml.YAMLError,
        ValueError,
        ArithmeticError,
        LookupError,
        AttributeError,
        RecursionError,
    ) as error:
        raise SettingsError([f"{path}: this is not valid YAML: {' '.join(str(error).split())}."]) from error


class _Reading:
    """Makes values of nodes; what is named often by an alias is made once."""

    def __init__(self, loader: "yaml.SafeLoader") -> None:
        self._loader = loader
        self._known: dict[int, tuple[Value, int]] = {}
        self._read = 0
        self._repeated = 0

    def value(self, node: "yaml.Node") -> Value:
        """Return the value of a node; raises ValueError for too much behind aliases."""
        if id(node) in self._known:
            value, size = self._known[id(node)]
            self._read += size
            self._repeated += size
            if self._repeated > MAX_REPEATED:
                raise ValueError(f"line {value.line}: aliases stand for too much of what begins here")
            return value
        before = self._read
        value = self._made(node)
        self._read += 1 + len(value.written or "")
        self._known[id(node)] = value, self._read - before
        return value

    def _made(self, node: "yaml.Node") -> Value:
        import yaml

        content: Any
        written: str | None = None
        if isinstance(node, yaml.MappingNode):
            content = _merged([(self.value(key), self.value(value)) for key, value in node.value])
        elif isinstance(node, yaml.SequenceNode):
            content = tuple(self.value(each) for each in node.value)
        elif (text := _whole(node.value)) is None:
            raise yaml.constructor.ConstructorError(
                problem="an escape stands for half a character", problem_mark=node.start_mark
            )
        elif node.tag == _MERGE_TAG:
            content, written = _MERGE, node.value
        else:
            node.value = text
            content = self._loader.construct_object(node)
            written = None if content is None else node.value
        is_mapping = isinstance(node, yaml.MappingNode)
        return Value(line=node.start_mark.line + 1, is_mapping=is_mapping, content=content, written=written)


def _whole(text: str) -> str | None:
    """Join what JSON escapes as two halves of a character; None where one half lacks."""
    try:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
    except UnicodeDecodeError:
        return None


def _merged(pairs: "list[tuple[Value, Value]]") -> "tuple[tuple[Value, Value], ...]":
    """Put the pairs of mappings that stand behind `<<` in its place; those of the mapping itself win."""
    own = tuple(pair for pair in pairs if pair[0].content is not _MERGE)
    taken = {key.written for key, _ in own}
    merged: list[tuple[Value, Value]] = []
    for key, value in pairs:
        if key.content is _MERGE:
            for source in (value,) if value.items is None else value.items:
                if source.pairs is None:
                    raise ValueError(f"line {value.line}: only mappings can stand behind <<")
                new = [pair for pair in source.pairs if pair[0].written not in taken]
                taken |= {name.written for name, _ in new}
                merged += new
    return (*own, *merged)
