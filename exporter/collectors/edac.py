"""Errors of memory that the hardware found (`node_edac_*`), from /sys/devices/system/edac."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exporter.collectors.files import attribute_number
from exporter.collectors.making import with_points
from exporter.families import Family, Point

# The file, the family, its help.
CONTROLLER: Final = (
    ("ce_count", "node_edac_correctable_errors_total", "Errors of memory that were corrected."),
    ("ue_count", "node_edac_uncorrectable_errors_total", "Errors of memory that could not be corrected."),
)
ROW: Final = (
    ("ce_count", "ce_noinfo_count", "node_edac_csrow_correctable_errors_total", "Corrected, by row."),
    ("ue_count", "ue_noinfo_count", "node_edac_csrow_uncorrectable_errors_total", "Not corrected, by row."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Counts as (family, controller, count), and by row as (family, controller, row, count)."""

    controllers: tuple[tuple[str, str, int], ...]
    rows: tuple[tuple[str, str, str, int], ...]


def read(sys: Path) -> Snapshot:
    """The counts now; what is known of no row is of the row `unknown`."""
    controllers, rows = [], []
    for controller in sorted((sys / "devices/system/edac/mc").glob("mc[0-9]*")):
        number = controller.name.removeprefix("mc")
        for file, name, _ in CONTROLLER:
            if (count := attribute_number(controller / file)) is not None:
                controllers.append((name, number, count))
        places = [(row.name.removeprefix("csrow"), row) for row in sorted(controller.glob("csrow[0-9]*"))]
        for file, unknown, name, _ in ROW:
            files = [("unknown", controller / unknown), *((row, place / file) for row, place in places)]
            for row, path in files:
                if (count := attribute_number(path)) is not None:
                    rows.append((name, number, row, count))
    return Snapshot(controllers=tuple(controllers), rows=tuple(rows))


def to_metrics(snapshot: Snapshot) -> list[Family]:
    """The families, named as node_exporter names them."""
    points: dict[str, list[Point]] = {}
    for name, controller, count in snapshot.controllers:
        points.setdefault(name, []).append(Point(count, (("controller", controller),)))
    for name, controller, row, count in snapshot.rows:
        points.setdefault(name, []).append(Point(count, (("controller", controller), ("csrow", row))))
    helps = [(name, text) for _, name, text in CONTROLLER] + [(name, text) for *_, name, text in ROW]
    return with_points(
        Family(name=name, kind="counter", help=text, points=points.get(name, ())) for name, text in helps
    )
