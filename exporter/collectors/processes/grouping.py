"""Which group a process belongs to, as process-exporter's own file says.

Owns the file's form and its messages. Must not know how processes are read or counted.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exporter.collectors.processes.templates import Subject, Template, TemplateError, base, parse_template
from runtime.documents import Value, read_document
from runtime.errors import SettingsError
from runtime.patterns import PatternError, compile_pattern

_TOP: Final = "process_names"
_LISTS: Final = ("comm", "exe", "cmdline")

DEFAULT_NAME: Final = "{{.ExeBase}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One entry of the file: all conditions that it has must hold."""

    template: Template
    comm: frozenset[str] | None = None
    exe: Mapping[str, str] | None = None
    cmdline: Sequence[re.Pattern[str]] = ()

    def text(self) -> str:
        """Return the same text for rules that name alike."""
        comm = None if self.comm is None else sorted(self.comm)
        exe = None if self.exe is None else sorted(self.exe.items())
        patterns = [(pattern.pattern, pattern.flags) for pattern in self.cmdline]
        return repr((tuple(self.template.parts), comm, exe, patterns))

    def name(self, subject: Subject) -> str | None:
        """Return the group of this process, or None when it is not meant."""
        if self.comm is not None and subject.comm not in self.comm:
            return None
        if self.exe is not None and not _is_exe(self.exe, subject):
            return None
        matches: dict[str, str] = {}
        line = " ".join(subject.args)
        for pattern in self.cmdline:
            found = pattern.search(line)
            if found is None:
                return None
            matches |= found.groupdict("")
        return self.template.name(subject, matches)


def _is_exe(wanted: Mapping[str, str], subject: Subject) -> bool:
    """`wanted` maps the last part of a path to the path, or to nothing where the folder does not matter."""
    if not subject.args:
        return False
    path = wanted.get(subject.exe_base)
    return path is not None and path in ("", subject.exe)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """The entries in their order; the first that fits gives the name."""

    rules: Sequence[Rule]

    def name(self, subject: Subject) -> str | None:
        """Return the group of this process, or None when no entry fits."""
        return next((name for rule in self.rules if (name := rule.name(subject)) is not None), None)

    def text(self) -> str:
        """Return the same text for groupings that name alike."""
        return repr([rule.text() for rule in self.rules])


BY_COMM: Final = Grouping(
    rules=(Rule(template=parse_template("{{.Comm}}", frozenset()), cmdline=(re.compile(".+"),)),)
)
"""The default: everything with a command line, by its short name."""


def load_grouping(path: Path) -> Grouping:
    """Read the file, or raise SettingsError with all that is wrong in it."""
    problems: list[str] = []
    rules = tuple(_rules(read_document(path), _Problems(path, problems)))
    if problems:
        raise SettingsError(problems)
    return Grouping(rules=rules)


class _Problems:
    """Collects what is wrong, each with its place."""

    def __init__(self, path: Path, found: list[str]) -> None:
        self._path = path
        self.found = found

    def add(self, value: Value, text: str) -> None:
        self.found.append(f"{self._path}, line {value.line}: {text}.")


def _rules(document: Value, problems: _Problems) -> Iterator[Rule]:
    top = _keys(document, (_TOP,), problems)
    if top is None:
        return
    if _TOP not in top:
        problems.add(document, f'there is no key "{_TOP}"')
        return
    entries = top[_TOP].items
    if entries is None:
        problems.add(top[_TOP], f"{_TOP}: expected a list")
        return
    for entry in entries:
        before = len(problems.found)
        rule = _rule(entry, problems)
        if rule is not None and len(problems.found) == before:
            yield rule


def _rule(entry: Value, problems: _Problems) -> Rule | None:
    keys = _keys(entry, ("name", *_LISTS), problems)
    if keys is None:
        return None
    lists = {key: _texts(key, keys[key], problems) for key in _LISTS if key in keys}
    if not lists:
        problems.add(entry, f"this entry fits nothing: give it one of {', '.join(_LISTS)}")
    patterns = tuple(_patterns(lists.get("cmdline", ()), problems))
    captures = frozenset(name for pattern in patterns for name in pattern.groupindex)
    template = _template(keys.get("name"), captures, problems)
    if template is None:
        return None
    return Rule(
        template=template,
        comm=frozenset(_content(lists["comm"])) if "comm" in lists else None,
        exe=_paths(_content(lists["exe"])) if "exe" in lists else None,
        cmdline=patterns,
    )


def _paths(texts: Sequence[str]) -> dict[str, str]:
    return {base(text) if "/" in text else text: text if "/" in text else "" for text in texts}


def _content(values: Sequence[Value]) -> list[str]:
    return [value.text or "" for value in values]


def _patterns(values: Sequence[Value], problems: _Problems) -> Iterator[re.Pattern[str]]:
    for value in values:
        try:
            yield compile_pattern(value.text or "")
        except PatternError as error:
            problems.add(value, f"cmdline: this is no regular expression: {error}")


def _template(value: Value | None, captures: frozenset[str], problems: _Problems) -> Template | None:
    text = DEFAULT_NAME if value is None else value.text
    if text is None:
        problems.add(value or Value(line=0, content=None), "name: expected text")
        return None
    try:
        return parse_template(text or DEFAULT_NAME, captures)
    except TemplateError as error:
        problems.add(value or Value(line=0, content=None), f"name: {error}")
        return None


def _texts(key: str, value: Value, problems: _Problems) -> tuple[Value, ...]:
    if value.items is None:
        problems.add(value, f"{key}: expected a list of texts")
        return ()
    for each in value.items:
        if each.text is None:
            problems.add(each, f"{key}: expected text; put it in quotes")
    return value.items


def _keys(value: Value, allowed: Sequence[str], problems: _Problems) -> dict[str, Value] | None:
    """Return the values by their keys, or None when it is no mapping."""
    if value.pairs is None:
        problems.add(value, f"expected keys with values: {', '.join(allowed)}")
        return None
    found: dict[str, Value] = {}
    for key, content in value.pairs:
        if key.text is None or key.text not in allowed:
            problems.add(key, f"there is no such key: {key.content}. Allowed here: {', '.join(allowed)}")
        elif key.text in found:
            problems.add(key, f"{key.text}: this key is given twice")
        else:
            found[key.text] = content
    return found
