"""OpenMetrics 1.0. The series are those of the text format; only what is said about them may differ."""

from collections.abc import Sequence
from typing import Final

from exporter.exposition.lines import Page, quoted, shown
from exporter.families import Family

MEDIA_TYPE: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"

# What the name of each of these must end with, and the family's name must not.
_ENDINGS: Final = {"counter": "_total", "info": "_info"}


def page(families: Sequence[Family]) -> bytes:
    """Write the families."""
    lines = Page()
    some = shown(families)
    taken = {family.name for family in some}
    for family in some:
        name, kind = _head(family, taken)
        taken.add(name)
        lines.head(f"# TYPE {name} {kind}\n# HELP {name} {quoted(family.help)}\n")
        lines.samples(family)
    lines.head("# EOF\n")
    return lines.content()


def _head(family: Family, taken: set[str]) -> tuple[str, str]:
    """Name and type in the metadata; what the format has no way to say is `unknown`, with the same samples.

    OpenMetrics wants `_total` at the end of a counter's samples and not of its name, and `_info` likewise.
    """
    ending = _ENDINGS.get(family.kind)
    if ending is None:
        return family.name, "unknown" if family.kind == "untyped" else family.kind
    short = family.name.removesuffix(ending)
    free = taken.isdisjoint({short, f"{short}_created"})
    return (short, family.kind) if short and free and _is_right(family) else (family.name, "unknown")


def _is_right(family: Family) -> bool:
    """Whether the values are what the type promises: counters count up from 0, information is 1."""
    if family.kind == "info":
        return all(value == 1 and not suffix for value, _, suffix in family.points)
    return all(value >= 0 and not suffix for value, _, suffix in family.points)
