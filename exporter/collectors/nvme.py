"""What NVMe devices are (`node_nvme_info`), from /sys/class/nvme."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exporter.collectors.files import attribute
from exporter.collectors.making import with_points
from exporter.families import Family, Pairs, Point

# The label, the file.
LABELS: Final = (
    ("firmware_revision", "firmware_rev"),
    ("model", "model"),
    ("serial", "serial"),
    ("state", "state"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The devices, each as its labels."""

    devices: tuple[Pairs, ...]


def read(sys: Path) -> Snapshot:
    """The devices now."""
    return Snapshot(
        devices=tuple(
            (("device", place.name), *((label, attribute(place / file) or "") for label, file in LABELS))
            for place in sorted((sys / "class/nvme").iterdir())
        )
    )


def to_metrics(snapshot: Snapshot) -> list[Family]:
    """The family, named as node_exporter names it."""
    points = tuple(Point(1, labels) for labels in snapshot.devices)
    return with_points(
        [Family(name="node_nvme_info", kind="gauge", help="1, with what a device is.", points=points)]
    )
