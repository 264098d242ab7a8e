"""Settings in a YAML file: sections, lists of sections, and the lines of what is wrong.

Owns how keys, switches and lists are written in a file. Must not know which settings there are, nor what a
value means.
"""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import Any

import yaml

from runtime.settings import (
    SWITCH,
    Given,
    Section,
    Setting,
    build,
    decode_all,
    is_a,
    read_file,
    settings_of,
    shown,
)
from runtime.values import LabelPair, TextValue

_YAML = "tag:yaml.org,2002:"
_NULL = _YAML + "null"
_BOOL = _YAML + "bool"
_WORDS = frozenset(_YAML + kind for kind in ("str", "bool", "int", "float", "timestamp", "value"))
"""What YAML may take an unquoted word for."""

_MAX_DEPTH = 10
_MAX_KEYS = 100_000
"""No file of settings is deeper or has more. Aliases can make a small file as large as one likes."""


def in_file(path: Path, settings: Iterable[Setting], problems: list[str]) -> Iterator[Given]:
    """Yield what a file says about the settings; what is wrong with its shape goes to `problems`."""
    text = read_file(path)
    try:
        loader = yaml.SafeLoader(text)
        root = loader.get_single_node()
        if root is not None and root.tag != _NULL:
            yield from _Walk(path, loader, settings, problems).section((), root)
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        problems.append(f"{path}{line}: this is not valid YAML: {error.problem}.")
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        problems.append(f"{path}: this is not valid YAML: {' '.join(str(error).split())}.")


Keys = Mapping[str, int]
"""All keys of a file, such as `spool.max_size` and `remote_write[0].url`, with their lines."""


def keys_of(path: Path) -> Keys:
    """Return the keys of a file; none when it is no YAML, which in_file says better. Raises SettingsError."""
    try:
        root = yaml.SafeLoader(read_file(path)).get_single_node()
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    return {} if root is None else dict(islice(_keys("", root), _MAX_KEYS))


def _keys(inside: str, node: yaml.Node, depth: int = 0) -> Iterator[tuple[str, int]]:
    if depth > _MAX_DEPTH:
        return
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            name = f"{inside}.{key.value}".removeprefix(".")
            yield name, key.start_mark.line + 1
            yield from _keys(name, value, depth + 1)
    elif isinstance(node, yaml.SequenceNode):
        for index, each in enumerate(node.value):
            yield f"{inside}[{index}]", each.start_mark.line + 1
            yield from _keys(f"{inside}[{index}]", each, depth + 1)


class _Walk:
    """Walks the nodes of a file rather than its values: nodes know their lines and keep repeated keys."""

    def __init__(
        self,
        path: Path,
        loader: yaml.SafeLoader,
        settings: Iterable[Setting],
        problems: list[str],
        element: str = "",
    ) -> None:
        """`element` says which element of a list of sections is walked, such as `remote_write[0]`."""
        self._path = path
        self._loader = loader
        self._problems = problems
        self._element = element
        self._known = {setting.path: setting for setting in settings}
        self._sections = {at[:depth] for at in self._known for depth in range(1, len(at))}

    def section(self, inside: tuple[str, ...], node: yaml.Node) -> Iterator[Given]:
        if not isinstance(node, yaml.MappingNode):
            allowed = "keys with values" + (", or true or false" if (*inside, SWITCH) in self._known else "")
            self._problem(node, inside, f"expected {allowed}, got {shown(self._value(node))}")
            return
        seen: dict[tuple[str, ...], int] = {}
        for key, value in node.value:
            at = (*inside, key.value if isinstance(key, yaml.ScalarNode) else "?")
            if at in seen:
                self._problem(key, at, f"this key is given twice, first in line {seen[at]}")
            elif at in self._known:
                yield self._given(self._known[at], key, at, value)
            elif at not in self._sections:
                self._problem(key, at, f"there is no such key{self._hint(at)}")
            elif value.tag == _BOOL and (*at, SWITCH) in self._known:
                yield self._given(self._known[*at, SWITCH], key, at, value)
            elif value.tag != _NULL:
                yield from self.section(at, value)
            seen[at] = key.start_mark.line + 1

    def _given(self, setting: Setting, key: yaml.Node, at: tuple[str, ...], node: yaml.Node) -> Given:
        raw: object
        if setting.in_file_only and isinstance(node, yaml.SequenceNode):
            raw = tuple(
                self._build_element(setting.kind, f"{self._name(at)}[{index}]", each)
                for index, each in enumerate(node.value)
            )
        elif setting.many and setting.kind is LabelPair and isinstance(node, yaml.MappingNode):
            raw = self._pairs(at, node)
        elif setting.many and isinstance(node, yaml.SequenceNode):
            raw = [self._text_or_value(setting.kind, each) for each in node.value]
        else:
            raw = self._text_or_value(setting.kind, node)
        return Given(setting=setting, raw=raw, strict=True, where=self._where(key, at))

    def _build_element(self, shape: type[Section], element: str, node: yaml.Node) -> Section:
        walk = _Walk(self._path, self._loader, settings_of(shape), self._problems, element)
        return build(shape, decode_all(walk.section((), node), self._problems))

    def _pairs(self, at: tuple[str, ...], node: yaml.MappingNode) -> list[object]:
        """Read `{env: prod}` as the list of texts it stands for."""
        seen: dict[str, int] = {}
        pairs: list[object] = []
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else "?"
            inside = (*at, name)
            if name in seen:
                self._problem(key, inside, f"this key is given twice, first in line {seen[name]}")
            elif not name.strip() or "=" in name:
                self._problem(key, inside, "this cannot be a name")
            elif value.tag not in _WORDS:
                self._problem(key, inside, f"expected text, got {shown(self._value(value))}")
            else:
                pairs.append(f"{name}={value.value}")
            seen[name] = key.start_mark.line + 1
        return pairs

    def _text_or_value(self, kind: Any, node: yaml.Node) -> object:
        """Within a list of sections, as in Prometheus' own files, `replacement: 1` is the text 1."""
        is_text = kind is str or is_a(kind, TextValue)
        return node.value if self._element and is_text and node.tag in _WORDS else self._value(node)

    def _value(self, node: yaml.Node) -> object:
        try:
            return self._loader.construct_object(node, deep=True)
        except (ValueError, LookupError, AttributeError) as error:
            # PyYAML's own way of saying that a value does not fit its tag: `2026-13-45`, `!!bool maybe`.
            problem = str(error) if isinstance(error, ValueError) else "a value does not fit its tag"
            raise yaml.constructor.ConstructorError(problem=problem, problem_mark=node.start_mark) from None

    def _hint(self, at: tuple[str, ...]) -> str:
        names = sorted({known[-1] for known in (*self._known, *self._sections) if known[:-1] == at[:-1]})
        near = get_close_matches(at[-1], names, n=1)
        return (f'. Did you mean "{near[0]}"?' if near else ".") + f" Allowed here: {', '.join(names)}"

    def _name(self, at: tuple[str, ...]) -> str:
        return ".".join((self._element, *at) if self._element else at)

    def _where(self, node: yaml.Node, at: tuple[str, ...]) -> str:
        name = self._name(at)
        return f"{self._path}, line {node.start_mark.line + 1}" + (f": {name}" if name else "")

    def _problem(self, node: yaml.Node, at: tuple[str, ...], text: str) -> None:
        self._problems.append(f"{self._where(node, at)}: {text}.")
