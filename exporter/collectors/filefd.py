"""Open files of the whole host (`node_filefd_*`), from /proc/sys/fs/file-nr."""

from dataclasses import dataclass
from pathlib import Path

from exporter.collectors.files import text
from exporter.collectors.making import single
from exporter.families import Family


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """File handles in use, and how many there may be."""

    allocated: int
    maximum: int


def read(proc: Path) -> Snapshot:
    """The two numbers now."""
    allocated, _, maximum = map(int, text(proc / "sys/fs/file-nr").split())
    return Snapshot(allocated=allocated, maximum=maximum)


def to_metrics(snapshot: Snapshot) -> list[Family]:
    """The families, named as node_exporter names them."""
    return [
        single("node_filefd_allocated", "gauge", "File handles in use.", snapshot.allocated),
        single("node_filefd_maximum", "gauge", "File handles there may be.", snapshot.maximum),
    ]
