"""Metrics that other programs write into files (`node_textfile_*` and theirs), from *.prom in directories.

A file that cannot be read or says something wrong is left out as a whole, and counts in
`node_textfile_scrape_error`; the others are shown.
"""

import glob
import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final

from exporter.collectors.making import labelled, single
from exporter.collectors.textformat import ENDINGS, TextFamily, parse
from exporter.families import Family, Kind, Pairs, Point

# A file of this size holds some 40,000 series, and its page is held in memory several times over.
MAX_FILE_BYTES: Final = 4 * 1024 * 1024
OWN: Final = frozenset({"node_textfile_mtime_seconds", "node_textfile_scrape_error"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """By path, what good files say and when they were written, and what is wrong with the others."""

    families: Mapping[str, Sequence[TextFamily]]
    written: Mapping[str, int]
    wrong: Mapping[str, str]


def read(directories: Iterable[str]) -> Snapshot:
    """The files now. A directory may be a pattern, as of the shell."""
    families: dict[str, Sequence[TextFamily]] = {}
    written, wrong = {}, {}
    for directory in directories:
        for place in sorted(glob.glob(directory)) or [directory]:  # noqa: PTH207
            try:
                paths = [f"{place}/{name}" for name in sorted(os.listdir(place)) if name.endswith(".prom")]  # noqa: PTH208
            except OSError as error:
                wrong[place] = str(error)
                continue
            for path in map(os.path.normpath, paths):
                try:
                    content, seconds = _content(path)
                    families[path] = parse(content)
                    written[path] = seconds
                except (OSError, ValueError) as error:
                    wrong[path] = str(error)
    return Snapshot(families=families, written=written, wrong=wrong)


def _content(path: str) -> tuple[str, int]:
    """What a file says and when it was written; of nothing that could hold us up, such as a pipe."""
    content: bytes | None
    with open(path, "rb", opener=_at_once) as file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode):
            raise ValueError("expected a file")
        content = file.read(MAX_FILE_BYTES + 1)
    if content is None:
        raise ValueError("expected a file, got something that would keep us waiting")
    if len(content) > MAX_FILE_BYTES:
        raise ValueError(f"expected at most {MAX_FILE_BYTES} bytes")
    return content.decode(errors="surrogateescape"), int(about.st_mtime)


def _at_once(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def to_metrics(snapshot: Snapshot) -> list[Family]:
    """What the files say, and how reading them went."""
    return [
        *_merged(snapshot.families),
        *(
            [
                labelled(
                    "node_textfile_mtime_seconds",
                    "gauge",
                    "When a file was written, in Unix time.",
                    "file",
                    snapshot.written,
                )
            ]
            if snapshot.written
            else []
        ),
        single(
            "node_textfile_scrape_error",
            "gauge",
            "1 where a file or a directory could not be read.",
            bool(snapshot.wrong),
        ),
    ]


def _merged(files: Mapping[str, Sequence[TextFamily]]) -> list[Family]:
    """One family of each name, from all files. What differs from the first in type or help is left out."""
    sources: dict[str, list[str]] = {}
    for path, families in files.items():
        for family in families:
            sources.setdefault(family.name, []).append(path)
    made: dict[str, Family] = {}
    points: dict[str, dict[Pairs, list[Point]]] = {}
    for family in (family for families in files.values() for family in families):
        name, kind = family.name, family.kind or "untyped"
        text = f"Read from {', '.join(sources[name])}." if family.help is None else family.help
        if name not in made and not _taken(name, kind, made):
            made[name] = Family(name=name, kind=kind, help=text, points=())
        if name in made and (made[name].kind, made[name].help) == (kind, text):
            for labels, values in family.metrics():
                points.setdefault(name, {}).setdefault(labels, values)
    return [
        replace(family, points=tuple(chain.from_iterable(points[name].values())))
        for name, family in made.items()
    ]


def _taken(name: str, kind: Kind, made: Mapping[str, Family]) -> bool:
    """Whether a name is one of our own, or a sample of it would look like one of another family."""
    if name in OWN or any(f"{name}{ending}" in made for ending in ENDINGS.get(kind, ())):
        return True
    return any(
        name.endswith(ending) and (other := made.get(name.removesuffix(ending))) and other.kind == composed
        for composed, endings in ENDINGS.items()
        for ending in endings
    )
