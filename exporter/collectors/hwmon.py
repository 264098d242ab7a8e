"""Sensors of temperature, speed, voltage, current and power (`node_hwmon_*`), from /sys/class/hwmon."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exporter.collectors.files import attribute, attributes
from exporter.collectors.making import with_points
from exporter.families import Family, Kind, Point

# How the name of a family ends, its kind, and how many of the files' units make one of the family's.
Unit = tuple[str, Kind, float]
_PLAIN: Final[Unit] = ("", "gauge", 1)
_MILLISECONDS: Final[Unit] = ("_seconds", "gauge", 1000)

# By type of sensor. The types are all there are; other files tell no sensor.
TYPES: Final[dict[str, Unit]] = {
    "beep_enable": _PLAIN,
    "cpu": ("_volts", "gauge", 1000),
    "curr": ("_amps", "gauge", 1000),
    "energy": ("_joule_total", "counter", 1_000_000),
    "fan": _PLAIN,
    "humidity": ("", "gauge", 1_000_000),
    "in": ("_volts", "gauge", 1000),
    "intrusion": _PLAIN,
    "power": ("_watt", "gauge", 1_000_000),
    "pwm": _PLAIN,
    "temp": ("_celsius", "gauge", 1000),
    "update_interval": _MILLISECONDS,
    "vrm": _PLAIN,
}
# What has another unit than its type.
ELEMENTS: Final[dict[tuple[str, str], Unit]] = {
    **{("fan", element): ("_rpm", "gauge", 1) for element in ("input", "max", "min", "target")},
    **{("power", f"average_interval{end}"): ("_seconds", "gauge", 1000) for end in ("", "_max", "_min")},
    ("power", "accuracy"): ("", "gauge", 1_000_000),
    ("temp", "type"): _PLAIN,
}
# These tell yes or no; how the names of their families end.
SWITCHES: Final = {"alarm": "_alarm", "beep": "_beep_enabled", "fault": "_fault"}
# Types of which a chip has one: what their families are called.
SINGLE: Final = {"beep_enable": "beep_enabled", "vrm": "voltage_regulator_version"}
_FILE: Final = re.compile(r"([^0-9]+)([0-9]*)(?:_(.+))?")
_NOT_IN_NAMES: Final = re.compile(r"[^a-z0-9:_]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One file of a chip: the sensor's type and number, what of it, and the number it holds."""

    chip: str
    type: str
    number: str
    element: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Names as (chip, name), labels as (chip, sensor, label), and what the sensors tell."""

    names: tuple[tuple[str, str], ...]
    labels: tuple[tuple[str, str, str], ...]
    readings: tuple[Reading, ...]


def read(sys: Path) -> Snapshot:
    """The sensors now. One that does not answer is left out. Old drivers have the files at the device."""
    names, labels, readings = [], [], []
    for directory in sorted((sys / "class/hwmon").glob("*")):
        chip = _chip(directory)
        if name := attribute(directory / "name"):
            names.append((chip, _clean(name)))
        found = {
            (reading[0], reading[1], reading[2]): reading[3]
            for place in (directory, directory / "device")
            if place.is_dir()
            for reading in _files(place)
        }
        for (kind, number, element), value in found.items():
            if element == "label":
                labels.append((chip, f"{kind}{number}", value))
            elif (parsed := float(value == "1") if kind == "beep_enable" else _parsed(value)) is not None:
                readings.append(Reading(chip=chip, type=kind, number=number, element=element, value=parsed))
    return Snapshot(names=tuple(names), labels=tuple(labels), readings=tuple(readings))


def _files(directory: Path) -> Iterator[tuple[str, str, str, str]]:
    """Type and number of a sensor, what of it, and what its file says."""
    matches = filter(None, map(_FILE.fullmatch, sorted(os.listdir(directory))))  # noqa: PTH208
    files = {found[0]: found for found in matches if found[1] in TYPES}
    for name, value in attributes(directory, files).items():
        _, kind, number, element = files[name].group(0, 1, 2, 3)
        yield kind, number or "0", element or "", value


def _parsed(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


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
    names = Family(
        name="node_hwmon_chip_names",
        kind="gauge",
        help="1, with the name of a chip.",
        points=tuple(Point(1, (("chip", chip), ("chip_name", name))) for chip, name in snapshot.names),
    )
    labels = Family(
        name="node_hwmon_sensor_label",
        kind="gauge",
        help="1, with the label of a sensor.",
        points=tuple(
            Point(1, (("chip", chip), ("label", label), ("sensor", sensor)))
            for chip, sensor, label in snapshot.labels
        ),
    )
    points: dict[tuple[str, Kind], list[Point]] = {}
    for reading in snapshot.readings:
        name, (ending, kind, unit) = _named(reading)
        place = (("chip", reading.chip), ("sensor", f"{reading.type}{reading.number}"))
        points.setdefault((f"node_hwmon_{name}{ending}", kind), []).append(Point(reading.value / unit, place))
    sensors = [
        Family(name=name, kind=kind, help="What the sensors of the hardware tell.", points=found)
        for (name, kind), found in points.items()
    ]
    return with_points((names, labels, *sensors))


def _named(reading: Reading) -> tuple[str, Unit]:
    """What the family of a reading is called but for the unit, and the unit."""
    if reading.type in SINGLE:
        return SINGLE[reading.type], _PLAIN
    if reading.element in SWITCHES:
        return f"{reading.type}{SWITCHES[reading.element]}", _PLAIN
    unit = ELEMENTS.get((reading.type, reading.element), TYPES[reading.type])
    return reading.type if reading.element in {"", "input"} else f"{reading.type}_{reading.element}", unit
