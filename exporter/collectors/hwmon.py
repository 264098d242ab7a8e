"""Sensors of temperature, speed, voltage, current and power (`node_hwmon_*`), from /sys/class/hwmon."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exporter.collectors.files import attribute, attribute_number
from exporter.collectors.making import with_points
from exporter.families import Family, Kind, Point

# By type of sensor: how its families' names end, their kind, and what divides the files' numbers.
TYPES: Final[dict[str, tuple[str, Kind, float]]] = {
    "curr": ("_amps", "gauge", 1000),
    "energy": ("_joule_total", "counter", 1_000_000),
    "fan": ("_rpm", "gauge", 1),
    "in": ("_volts", "gauge", 1000),
    "power": ("_watt", "gauge", 1_000_000),
    "temp": ("_celsius", "gauge", 1000),
}
# These tell yes or no, or a number without a unit; how their families' names end.
UNITLESS: Final = {"alarm": "_alarm", "beep": "_beep_enabled", "fault": "_fault", "type": "_type"}
_FILE: Final = re.compile(r"([a-z]+)([0-9]+)_([a-z_]+)")
_NOT_IN_NAMES: Final = re.compile(r"[^a-z0-9:_]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One file of a chip: the sensor's type and number, what of it, and the number it holds."""

    chip: str
    type: str
    number: str
    element: str
    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Names as (chip, name), labels as (chip, sensor, label), and what the sensors tell."""

    names: tuple[tuple[str, str], ...]
    labels: tuple[tuple[str, str, str], ...]
    readings: tuple[Reading, ...]


def read(sys: Path) -> Snapshot:
    """The sensors now. One that does not answer is left out."""
    names, labels, readings = [], [], []
    for directory in sorted((sys / "class/hwmon").glob("hwmon[0-9]*")):
        chip = _chip(directory)
        if name := attribute(directory / "name"):
            names.append((chip, _clean(name)))
        for path in sorted(directory.iterdir()):
            found = _FILE.fullmatch(path.name)
            if not found or found[1] not in TYPES:
                continue
            kind, number, element = found.groups()
            if element == "label":
                labels.append((chip, f"{kind}{number}", attribute(path) or ""))
            elif (value := attribute_number(path)) is not None:
                readings.append(Reading(chip=chip, type=kind, number=number, element=element, value=value))
    return Snapshot(names=tuple(names), labels=tuple(labels), readings=tuple(readings))


def _chip(directory: Path) -> str:
    """A name that outlives a restart: the bus and the device if there is one, else the chip's own name."""
    device = directory / "device"
    if device.exists():
        place = device.resolve()
        return "_".join(filter(None, (_clean(place.parent.name), _clean(place.name))))
    return _clean(attribute(directory / "name") or "") or directory.name


def _clean(name: str) -> str:
    return _NOT_IN_NAMES.sub("_", name.lower()).strip("_")


def to_metrics(snapshot: Snapshot) -> list[Family]:
    """The families, named as node_exporter names them."""
    families = {
        "node_hwmon_chip_names": Family(
            name="node_hwmon_chip_names",
            kind="gauge",
            help="1, with the name of a chip.",
            points=tuple(Point(1, (("chip", chip), ("chip_name", name))) for chip, name in snapshot.names),
        ),
        "node_hwmon_sensor_label": Family(
            name="node_hwmon_sensor_label",
            kind="gauge",
            help="1, with the label of a sensor.",
            points=tuple(
                Point(1, (("chip", chip), ("label", label), ("sensor", sensor)))
                for chip, sensor, label in snapshot.labels
            ),
        ),
    }
    points: dict[tuple[str, Kind], list[Point]] = {}
    for reading in snapshot.readings:
        ending, kind, unit = TYPES[reading.type]
        element = "" if reading.element == "input" else f"_{reading.element}"
        if reading.element in UNITLESS:
            element, ending, kind, unit = UNITLESS[reading.element], "", "gauge", 1
        labels = (("chip", reading.chip), ("sensor", f"{reading.type}{reading.number}"))
        name = f"node_hwmon_{reading.type}{element}{ending}"
        points.setdefault((name, kind), []).append(Point(reading.value / unit, labels))
    sensors = [
        Family(name=name, kind=kind, help="What the sensors of the hardware tell.", points=found)
        for (name, kind), found in points.items()
    ]
    return with_points((*families.values(), *sensors))
