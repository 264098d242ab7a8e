"""The checked-in /proc, copies of it that may be changed, and families as lines."""

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from exporter.collectors.processes.collector import SHARED_SECONDS, Processes, Rules, Snapshot
from exporter.collectors.processes.grouping import BY_COMM, Grouping
from exporter.collectors.processes.membership import Label, Split
from exporter.collectors.processes.procfs import Proc
from exporter.collectors.processes.table import ProcessTable
from exporter.collectors.processes.tally import Limits
from exporter.families import Family
from runtime.values import Pattern

TREES: Final = Path(__file__).parents[2] / "trees"


def copied(to: Path) -> Path:
    """A /proc of its own for a test."""
    return shutil.copytree(TREES / "processes", to / "proc")


class Watched(Processes):
    """A collector with a clock that tests set, and the units of the tree."""

    def __init__(self, root: Path, rules: Rules, limits: Limits, *, threads: bool = False) -> None:
        self.now_s = 0.0
        source = Proc(root, threads=threads, ticks=100, page_bytes=4096)
        super().__init__(ProcessTable(source, lambda: self.now_s), rules, limits=limits, threads=threads)

    def read(self) -> Snapshot:
        # What was read just now is not shown again: each test changes the tree between two readings.
        self.now_s += SHARED_SECONDS + 1
        return super().read()


def rules(grouping: Grouping = BY_COMM, *labels: Label, children: bool = True, exclude: str = "") -> Rules:
    """How to group, with numbers of users as their names."""
    split = Split(user_name=str, labels=labels)
    return Rules(grouping=grouping, split=split, children=children, exclude=Pattern.parse(exclude))


def processes(root: Path, grouping: Grouping = BY_COMM, *, children: bool = True, most: int = 100) -> Watched:
    """A collector of a tree."""
    return Watched(root, rules(grouping, children=children), Limits(max_groups=most))


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
