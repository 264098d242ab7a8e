"""The kernel's entropy (`node_entropy_*`), from /proc/sys/kernel/random."""

from dataclasses import dataclass
from pathlib import Path

from exporter.collectors.files import number
from exporter.collectors.making import single
from exporter.families import Family


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Bits there are, and bits there can be."""

    available: int
    pool_size: int


def read(proc: Path) -> Snapshot:
    """The two numbers now."""
    directory = proc / "sys/kernel/random"
    return Snapshot(available=number(directory / "entropy_avail"), pool_size=number(directory / "poolsize"))


def to_metrics(snapshot: Snapshot) -> list[Family]:
    """The families, named as node_exporter names them."""
    return [
        single("node_entropy_available_bits", "gauge", "Entropy there is, in bits.", snapshot.available),
        single(
            "node_entropy_pool_size_bits", "gauge", "Entropy the pool can hold, in bits.", snapshot.pool_size
        ),
    ]
