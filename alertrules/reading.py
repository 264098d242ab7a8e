"""Strict reading of YAML documents that somebody else parsed: fields by name, what is wrong with its line.

Owns the port that documents come through, and how problems are said. Knows no particular file.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeVar

from promql.language.durations import parse_duration

Item = TypeVar("Item")

MAX_TOLD: Final = 100
"""Problems of one file that are told: who has more begins with these."""

MAX_SENTENCE: Final = 1_000
"""Characters of what is told of one: some repeat what stands in the file."""

_DURATION: Final = re.compile("(?:[0-9]+[a-z]+)+")


class Node(Protocol):
    """A value of a YAML document, as runtime.documents has them: a scalar, a list or a mapping."""

    @property
    def line(self) -> int:
        """Its line in the file, from 1."""

    @property
    def content(self) -> object:
        """A scalar as YAML understands it; None where nothing stands."""

    @property
    def written(self) -> str | None:
        """A scalar as it stands in the file; None where nothing stands."""

    @property
    def items(self) -> "Sequence[Node] | None":
        """The values, when it is a list."""

    @property
    def pairs(self) -> "Sequence[tuple[Node, Node]] | None":
        """Keys with values, repeated ones too, when it is a mapping."""


@dataclass(slots=True)
class Problems:
    """All that is wrong with one file."""

    name: str
    found: list[tuple[int, str]] = field(default_factory=list)

    def add(self, line: int, text: str) -> None:
        """Note a sentence about a line."""
        self.found.append((line, text))

    @property
    def sentences(self) -> list[str]:
        """What is wrong, in the order of the file: the first of it, where it is much."""
        found = sorted(self.found, key=lambda one: one[0])
        told = [f"{self.name}, line {line}: {_cut(text)}" for line, text in found[:MAX_TOLD]]
        more = [f"{self.name}: {len(found)} things are wrong; these were the first {MAX_TOLD}."]
        return told + more if len(found) > MAX_TOLD else told


class Fields:
    """The fields of a mapping, taken one by one; whatever is not taken is unknown.

    What is wrong goes to the problems, and the default is returned: so all is told at once.
    """

    def __init__(self, node: Node, what: str, problems: Problems) -> None:
        """`what` says what the mapping is, for messages: "a rule"."""
        self.line = node.line
        self.what = what
        self.problems = problems
        self._values: dict[str, tuple[Node, Node]] = {}
        self._asked: list[str] = []
        if node.pairs is None:
            if node.content is not None:
                problems.add(node.line, f"{what} must be a mapping of names to values.")
            return
        for key, value in node.pairs:
            name = key.written or ""
            if name in self._values:
                problems.add(key.line, f"{name}: this key stands twice in {what}.")
            self._values.setdefault(name, (key, value))

    def node(self, name: str) -> Node | None:
        """Return what stands there; None when the key is not there, or nothing stands behind it."""
        self._asked.append(name)
        if name not in self._values:
            return None
        value = self._values[name][1]
        return None if value.pairs is None and value.items is None and value.content is None else value

    def has(self, name: str) -> bool:
        """Tell whether the key is there, with or without something behind it."""
        return name in self._values

    def line_of(self, name: str) -> int:
        """Return the line of a key, or of the mapping where it lacks."""
        return self._values[name][0].line if name in self._values else self.line

    def wrong(self, name: str, text: str) -> None:
        """Note that a field is wrong."""
        self.problems.add(self.line_of(name), f"{name}: {text}")

    def text(self, name: str, default: str = "") -> str:
        """Return a text; numbers and such are taken as they are written."""
        return self.parsed(name, lambda written: written, default)

    def switch(self, name: str, default: bool = False) -> bool:
        """Return true or false."""
        node = self.node(name)
        if node is None:
            return default
        if not isinstance(node.content, bool):
            self.wrong(name, "must be true or false.")
            return default
        return node.content

    def whole(self, name: str, default: int = 0) -> int:
        """Return a whole number."""
        node = self.node(name)
        if node is None:
            return default
        if not isinstance(node.content, int) or isinstance(node.content, bool):
            self.wrong(name, "must be a whole number.")
            return default
        return node.content

    def duration_ms(self, name: str, default: int | None = None) -> int | None:
        """Return a duration such as 1h30m."""
        return self.parsed(name, duration_ms, default)

    def parsed(self, name: str, parse: Callable[[str], Item], default: Item) -> Item:
        """Return what a text comes to; what `parse` raises as ValueError is what is wrong with it."""
        node = self.node(name)
        if node is None:
            return default
        if node.written is None:
            self.wrong(name, "must be a text.")
            return default
        try:
            return parse(node.written)
        except ValueError as error:
            self.wrong(name, f"{error}.")
            return default

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts."""
        return tuple(node.written or "" for node in self.each(name) if self._is_scalar(node, name))

    def each(self, name: str) -> Iterator[Node]:
        """Return the items of a list."""
        node = self.node(name)
        if node is None:
            return
        if node.items is None:
            self.wrong(name, "must be a list.")
            return
        yield from node.items

    def mapping(self, name: str) -> dict[str, str]:
        """Return names with texts."""
        node = self.node(name)
        if node is None:
            return {}
        if node.pairs is None:
            self.wrong(name, "must be a mapping of names to texts.")
            return {}
        result: dict[str, str] = {}
        for key, value in node.pairs:
            if key.written in result:
                self.problems.add(key.line, f"{name}: {key.written} stands twice.")
            elif value.content is None and value.pairs is None and value.items is None:
                result[key.written or ""] = ""
            elif self._is_scalar(value, name):
                result[key.written or ""] = value.written or ""
        return result

    def end(self, known: Iterable[str] = ()) -> None:
        """Tell of every key that nobody asked for, and which there are."""
        allowed = [*dict.fromkeys((*self._asked, *known))]
        for name, (key, _) in self._values.items():
            if name not in allowed:
                self.problems.add(
                    key.line, f"{name}: {self.what} has no such field; it may have {', '.join(allowed)}."
                )

    def _is_scalar(self, node: Node, name: str) -> bool:
        if node.pairs is None and node.items is None:
            return True
        self.problems.add(node.line, f"{name}: here a text must stand.")
        return False


def _cut(text: str) -> str:
    return text if len(text) <= MAX_SENTENCE else f"{text[: MAX_SENTENCE - 1]}…"


def duration_ms(written: str) -> int:
    """Return the milliseconds of a duration; raises ValueError."""
    if written == "0":
        return 0
    if not _DURATION.fullmatch(written):
        raise ValueError(f'not a valid duration: "{written}"; write it such as 30s, 5m or 1h30m')
    return parse_duration(written)
