"""Memory (`node_memory_*`): every line of /proc/meminfo."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exporter.collectors.files import column, rows
from exporter.collectors.making import single
from exporter.families import Family

# "Active(anon):" becomes Active_anon.
_NOT_IN_NAMES: Final = re.compile(r"[^a-zA-Z0-9_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Values by name; a name that ends in _bytes has bytes, the others have pages or a count."""

    values: Mapping[str, int]


def read(proc: Path) -> Snapshot:
    """What the file says now."""
    values = {}
    for words in rows(proc / "meminfo"):
        name = _NOT_IN_NAMES.sub("_", words[0]).strip("_")
        if words[2:] == ["kB"]:
            values[f"{name}_bytes"] = int(words[1]) * 1024
        else:
            values[name] = int(column(words, 1))
    return Snapshot(values=values)


def to_metrics(snapshot: Snapshot) -> list[Family]:
    """The families, named as node_exporter names them."""
    return [
        single(f"node_memory_{name}", "gauge", f"{name} of /proc/meminfo.", value)
        for name, value in snapshot.values.items()
    ]
