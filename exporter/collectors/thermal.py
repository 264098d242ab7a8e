"""Temperatures of thermal zones and the state of cooling devices, from /sys/class/thermal."""

from dataclasses import dataclass
from pathlib import Path

from exporter.collectors.files import attribute, attribute_number
from exporter.collectors.making import with_points
from exporter.families import Family, Point


@dataclass(frozen=True, slots=True, kw_only=True)
class Cooler:
    """A cooling device and how hard it works, of how hard it could."""

    name: str
    type: str
    current: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Zones as (number, type, thousandths of a degree), and cooling devices."""

    zones: tuple[tuple[str, str, int], ...]
    coolers: tuple[Cooler, ...]


def read(sys: Path) -> Snapshot:
    """What there is now. A zone whose sensor does not answer is left out."""
    zones, coolers = [], []
    for directory in sorted((sys / "class/thermal").glob("thermal_zone[0-9]*")):
        if (degrees := attribute_number(directory / "temp")) is not None:
            number = directory.name.removeprefix("thermal_zone")
            zones.append((number, attribute(directory / "type") or "", degrees))
    for directory in sorted((sys / "class/thermal").glob("cooling_device[0-9]*")):
        current = attribute_number(directory / "cur_state")
        most = attribute_number(directory / "max_state")
        if current is not None and most is not None:
            name = directory.name.removeprefix("cooling_device")
            kind = attribute(directory / "type") or ""
            coolers.append(Cooler(name=name, type=kind, current=current, most=most))
    return Snapshot(zones=tuple(zones), coolers=tuple(coolers))


def to_metrics(snapshot: Snapshot) -> list[Family]:
    """The families, named as node_exporter names them."""
    coolers = [((("name", cooler.name), ("type", cooler.type)), cooler) for cooler in snapshot.coolers]
    families = {
        "node_thermal_zone_temp": (
            "Temperature of a zone, in degrees Celsius.",
            tuple(
                Point(degrees / 1000, (("type", kind), ("zone", zone)))
                for zone, kind, degrees in snapshot.zones
            ),
        ),
        "node_cooling_device_cur_state": (
            "How hard a cooling device works.",
            tuple(Point(cooler.current, labels) for labels, cooler in coolers),
        ),
        "node_cooling_device_max_state": (
            "How hard a cooling device can work.",
            tuple(Point(cooler.most, labels) for labels, cooler in coolers),
        ),
    }
    return with_points(
        Family(name=name, kind="gauge", help=text, points=points) for name, (text, points) in families.items()
    )
