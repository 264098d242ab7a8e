"""Rule files: found by patterns, read, and checked all at once. Knows no evaluation."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from glob import glob
from pathlib import Path
from typing import Final

from alertrules.errors import BadFile
from alertrules.reading import Node
from alertrules.rules.model import Group
from runtime.documents import parse_document
from runtime.errors import SettingsError
from runtime.settings import read_found

MAX_GROUPS: Final = 5_000
"""Each has a time of its own, and series about itself: some times what the largest fleets have."""

MAX_RULES: Final = 100_000
"""Each is parsed and kept: so many take some hundred MB, and minutes to evaluate."""

Load = Callable[[Node, str], tuple[Group, ...]]
"""Reads the groups of a document, which has a name for messages; raises BadFile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the patterns led to."""

    groups: tuple[Group, ...] = ()
    files: int = 0
    unmatched: tuple[str, ...] = ()
    """Patterns that fit no file."""


def read_rules(patterns: Sequence[str], directory: Path, load: Load) -> Found:
    """Read all files; relative patterns begin at the directory. Raises BadFile with all that is wrong."""
    files: dict[str, None] = {}
    unmatched = []
    for pattern in patterns:
        matching = sorted(glob(str(directory / pattern), recursive=True))  # noqa: PTH207  # it may be absolute
        files.update(dict.fromkeys(matching))
        if not matching:
            unmatched.append(pattern)
    groups: list[Group] = []
    problems: list[str] = []
    for file in files:
        try:
            groups += groups_of(parse_document(read_found(Path(file)), file), file, file, load)
        except SettingsError as error:
            problems += str(error).splitlines()
        except BadFile as error:
            problems += error.problems
    problems += _too_many(groups)
    if problems:
        raise BadFile(problems)
    return Found(groups=tuple(groups), files=len(files), unmatched=tuple(unmatched))


def parse_rules(text: str, name: str, file: str, load: Load) -> tuple[Group, ...]:
    """Read the groups of a text, which messages call by a name; raises BadFile."""
    try:
        return groups_of(parse_document(text, name), name, file, load)
    except SettingsError as error:
        raise BadFile(str(error).splitlines()) from error


def groups_of(document: Node, name: str, file: str, load: Load) -> tuple[Group, ...]:
    """Return the groups of a document, as those of a file; raises BadFile."""
    return tuple(replace(group, file=file) for group in load(document, name))


def _too_many(groups: Iterable[Group]) -> list[str]:
    found = tuple(groups)
    rules = sum(len(group.rules) for group in found)
    problems = []
    if len(found) > MAX_GROUPS:
        problems.append(f"There are {len(found)} rule groups; there may be {MAX_GROUPS}.")
    if rules > MAX_RULES:
        problems.append(f"There are {rules} rules; there may be {MAX_RULES}.")
    return problems
