"""Software RAID (`node_md_*`), from /proc/mdstat."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exporter.collectors.files import column, text
from exporter.families import Family, Point

STATES: Final = ("active", "check", "inactive", "recovering", "resync")
# The word in the line of progress, and the state that it means.
PROGRESS: Final = {"recovery": "recovering", "resync": "resync", "check": "check"}
HELP: Final = {
    "disks": "Disks of an array by state.",
    "disks_required": "Disks that an array needs.",
    "blocks": "Blocks of an array.",
    "blocks_synced": "Blocks of an array that are in sync.",
    "state": "1 for the state that an array is in.",
}
# These have no spare disks, and their lines do not tell how many there should be.
WITHOUT_SPARES: Final = ("raid0", "linear")
_DISKS: Final = re.compile(r"\[([0-9]+)/([0-9]+)\]")
_PROGRESS: Final = re.compile(r"(recovery|resync|check) *=")
_SYNCED: Final = re.compile(r"\(([0-9]+)/[0-9]+\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Array:
    """One array: its state, how many disks it has and needs, and its blocks of 1 KiB."""

    name: str
    state: str
    active: int
    failed: int
    spare: int
    required: int
    blocks: int
    synced: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The arrays, in the order of the file."""

    arrays: tuple[Array, ...]


def read(proc: Path) -> Snapshot:
    """The arrays now."""
    return Snapshot(arrays=tuple(_array(*found) for found in _paragraphs(text(proc / "mdstat"))))


def _paragraphs(shown: str) -> Iterator[tuple[str, list[str]]]:
    """The line that names an array, and the indented ones below it."""
    first, more = "", list[str]()
    for line in shown.splitlines():
        if line.startswith((" ", "\t")):
            more.append(line)
            continue
        if first:
            yield first, more
        first, more = ("" if line.startswith(("Personalities", "unused")) else line.strip()), []
    if first:
        yield first, more


def _array(line: str, more: list[str]) -> Array:
    words = line.split()
    state = column(words, 2)
    if state not in {"active", "inactive"} or not more:
        raise ValueError(f"expected an array that is active or inactive, got: {line[:80]}")
    blocks = int(column(more[0].split(), 0))
    disks = _DISKS.search(more[0])
    if any(level in words for level in WITHOUT_SPARES):
        required = active = line.count("[")
    elif state == "inactive":
        required = active = 0
    elif disks:
        required, active = int(disks[1]), int(disks[2])
    else:
        raise ValueError(f"expected how many disks {words[0]} has, got: {more[0][:80]}")
    synced = blocks
    for below in more[1:]:
        if found := _PROGRESS.search(below):
            state = PROGRESS[found[1]]
            progress = _SYNCED.search(below)
            synced = int(progress[1]) if progress else 0
    return Array(
        name=words[0],
        state=state,
        active=active,
        failed=line.count("(F)"),
        spare=line.count("(S)"),
        required=required,
        blocks=blocks,
        synced=synced,
    )


def to_metrics(snapshot: Snapshot) -> list[Family]:
    """The families, named as node_exporter names them."""
    points: dict[str, list[Point]] = {name: [] for name in HELP}
    for array in snapshot.arrays:
        device = ("device", array.name)
        for state, disks in (("active", array.active), ("failed", array.failed), ("spare", array.spare)):
            points["disks"].append(Point(disks, (device, ("state", state))))
        points["disks_required"].append(Point(array.required, (device,)))
        points["blocks"].append(Point(array.blocks, (device,)))
        points["blocks_synced"].append(Point(array.synced, (device,)))
        points["state"] += [Point(state == array.state, (device, ("state", state))) for state in STATES]
    return [
        Family(name=f"node_md_{name}", kind="gauge", help=HELP[name], points=found)
        for name, found in points.items()
        if found
    ]
