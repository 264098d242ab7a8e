"""Paging, swapping, page faults and OOM kills (`node_vmstat_*`), from /proc/vmstat."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exporter.collectors.files import column, rows
from exporter.collectors.making import single
from exporter.families import Family

WANTED: Final = re.compile(r"oom_kill|pgpg|pswp|pg.*fault")


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Counts by their name in the file."""

    values: Mapping[str, int]


def read(proc: Path, wanted: re.Pattern[str] = WANTED) -> Snapshot:
    """The counts now, those whose name begins as wanted."""
    return Snapshot(
        values={words[0]: int(column(words, 1)) for words in rows(proc / "vmstat") if wanted.match(words[0])}
    )


def to_metrics(snapshot: Snapshot) -> list[Family]:
    """The families, named as node_exporter names them."""
    return [
        single(f"node_vmstat_{name}", "untyped", f"{name} of /proc/vmstat.", value)
        for name, value in snapshot.values.items()
    ]
