"""Families as text, and a page of an exporter as values, so that the two can be compared."""

import re
from collections.abc import Iterable
from typing import Final

from exporter.families import Family

Labels = frozenset[tuple[str, str]]
# Type and values of each family.
Page = dict[str, tuple[str, dict[Labels, float]]]

_SAMPLE: Final = re.compile(r"(\w+)(?:\{(.*)\})? (\S+)")
_LABEL: Final = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def text(families: Iterable[Family]) -> str:
    """A line for each family's type and one for each point."""
    lines = []
    for family in families:
        lines.append(f"# TYPE {family.name} {family.kind}")
        for value, labels, suffix in family.points:
            inside = ",".join(f'{name}="{value}"' for name, value in labels)
            lines.append(f"{family.name}{suffix}{{{inside}}} {float(value)!r}")
    return "\n".join(lines) + "\n"


def page(families: Iterable[Family]) -> Page:
    """The same to compare with what another exporter showed."""
    return {
        family.name: (family.kind, {frozenset(point.labels): point.value for point in family.points})
        for family in families
    }


def parsed(shown: str) -> Page:
    """What an exporter's page says. Enough for node_exporter, which has no histograms of its own."""
    found: Page = {}
    for line in shown.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            found[name] = (kind, {})
        elif (sample := _SAMPLE.fullmatch(line)) and sample[1] in found:
            labels = frozenset((name, value) for name, value in _LABEL.findall(sample[2] or ""))
            found[sample[1]][1][labels] = float(sample[3])
    return found
