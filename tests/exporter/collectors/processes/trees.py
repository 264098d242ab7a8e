"""The checked-in /proc, copies of it that may be changed, and families as lines."""

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from exporter.collectors.processes.collector import Processes
from exporter.collectors.processes.grouping import BY_COMM, Grouping
from exporter.families import Family

TREES: Final = Path(__file__).parents[2] / "trees"


def copied(to: Path) -> Path:
    """A /proc of its own for a test."""
    return shutil.copytree(TREES / "processes", to / "proc")


def processes(
    root: Path, grouping: Grouping = BY_COMM, *, children: bool = True, most: int = 100
) -> Processes:
    """A collector with the tree's units."""
    return Processes(
        root, grouping, user_name=str, children=children, max_groups=most, ticks=100, page_bytes=4096
    )


def lines(families: Iterable[Family]) -> list[str]:
    """One line for each family, and one for each point."""
    return [line for family in families for line in (f"# {family.name} {family.kind}", *_points(family))]


def values(families: Iterable[Family]) -> dict[str, float]:
    """The values by name and labels, labels in order."""
    return {
        name: float(value)
        for family in families
        for name, value in (line.rsplit(" ", 1) for line in _points(family))
    }


def _points(family: Family) -> Iterable[str]:
    for point in family.points:
        labels = ",".join(f'{name}="{value}"' for name, value in sorted(point.labels))
        yield f"{family.name}{{{labels}}} {point.value!r}"


def replace(file: Path, old: str, new: str) -> None:
    """Change a file of a tree."""
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
