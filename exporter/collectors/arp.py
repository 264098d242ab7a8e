"""Neighbours by device (`node_arp_entries`), from /proc/net/arp."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from exporter.collectors.files import column, rows
from exporter.collectors.making import labelled, with_points
from exporter.families import Family


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """How many entries each device has."""

    entries: Mapping[str, int]


def read(proc: Path) -> Snapshot:
    """The entries now."""
    lines = list(rows(proc / "net/arp"))
    return Snapshot(entries=Counter(column(words, 5) for words in lines[1:]))


def to_metrics(snapshot: Snapshot) -> list[Family]:
    """The family, named as node_exporter names it."""
    entries = labelled(
        "node_arp_entries", "gauge", "Neighbours that a device knows.", "device", snapshot.entries
    )
    return with_points([entries])
