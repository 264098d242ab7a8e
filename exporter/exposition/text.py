"""Prometheus' text format 0.0.4: names and types exactly as the originals have them."""

from collections.abc import Sequence
from typing import Final

from exporter.exposition.lines import Page, help_text, shown
from exporter.families import Family

MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

_INFO_TYPE: Final = "gauge"
"""The format has no type for it; this is what the originals say."""


def page(families: Sequence[Family]) -> bytes:
    """Write the families."""
    lines = Page()
    for family in shown(families):
        kind = _INFO_TYPE if family.kind == "info" else family.kind
        lines.head(f"# HELP {family.name} {help_text(family.help)}\n# TYPE {family.name} {kind}\n")
        lines.samples(family)
    return lines.content()
