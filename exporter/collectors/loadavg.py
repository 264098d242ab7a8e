"""Load averages (`node_load*`), from /proc/loadavg."""

from dataclasses import dataclass
from pathlib import Path

from exporter.collectors.files import text
from exporter.collectors.making import single
from exporter.families import Family


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Runnable and waiting tasks, averaged over 1, 5 and 15 minutes."""

    load1: float
    load5: float
    load15: float


def read(proc: Path) -> Snapshot:
    """The averages now."""
    load1, load5, load15 = map(float, text(proc / "loadavg").split()[:3])
    return Snapshot(load1=load1, load5=load5, load15=load15)


def to_metrics(snapshot: Snapshot) -> list[Family]:
    """The families, named as node_exporter names them."""
    return [
        single("node_load1", "gauge", "Load average over 1 minute.", snapshot.load1),
        single("node_load5", "gauge", "Load average over 5 minutes.", snapshot.load5),
        single("node_load15", "gauge", "Load average over 15 minutes.", snapshot.load15),
    ]
