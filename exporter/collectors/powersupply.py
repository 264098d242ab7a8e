"""Batteries and power supplies (`node_power_supply_*`), from /sys/class/power_supply."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exporter.collectors.files import attributes
from exporter.collectors.making import labelled, with_points
from exporter.families import Family, Point

_MICRO: Final = 1_000_000
_TENTHS: Final = 10
# The file, how its family's name ends where it is called otherwise, and how many make one of the family's.
NUMBERS: Final[dict[str, tuple[str, int]]] = {
    **{
        name: (name, 1)
        for name in (
            "authentic",
            "calibrate",
            "capacity",
            "capacity_alert_max",
            "capacity_alert_min",
            "online",
            "present",
        )
    },
    "cycle_count": ("cyclecount", 1),
    "time_to_empty_now": ("time_to_empty_seconds", 1),
    "time_to_full_now": ("time_to_full_seconds", 1),
    **{
        name: (name, _MICRO)
        for name in (
            "charge_control_limit",
            "charge_control_limit_max",
            "charge_counter",
            "charge_empty",
            "charge_empty_design",
            "charge_full",
            "charge_full_design",
            "charge_term_current",
            "constant_charge_current",
            "constant_charge_current_max",
            "constant_charge_voltage",
            "constant_charge_voltage_max",
            "current_boot",
            "current_max",
            "energy_empty",
            "energy_empty_design",
            "energy_full",
            "energy_full_design",
            "input_current_limit",
            "precharge_current",
            "voltage_boot",
            "voltage_max",
            "voltage_max_design",
            "voltage_min",
            "voltage_min_design",
            "voltage_ocv",
        )
    },
    "charge_now": ("charge_ampere", _MICRO),
    "current_now": ("current_ampere", _MICRO),
    "energy_now": ("energy_watthour", _MICRO),
    "power_now": ("power_watt", _MICRO),
    "voltage_now": ("voltage_volt", _MICRO),
    **{
        name: (f"{name}_celsius", _TENTHS)
        for name in (
            "temp",
            "temp_alert_max",
            "temp_alert_min",
            "temp_ambient",
            "temp_ambient_max",
            "temp_ambient_min",
            "temp_max",
            "temp_min",
        )
    },
}
WORDS: Final = (
    "capacity_level",
    "charge_type",
    "health",
    "manufacturer",
    "model_name",
    "scope",
    "serial_number",
    "status",
    "technology",
    "type",
    "usb_type",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """By supply: the numbers it has, and the words that describe it."""

    numbers: Mapping[str, Mapping[str, int]]
    words: Mapping[str, Mapping[str, str]]


def read(sys: Path) -> Snapshot:
    """The supplies now."""
    numbers, words = {}, {}
    for directory in sorted((sys / "class/power_supply").iterdir()):
        found = attributes(directory, (*NUMBERS, *WORDS))
        numbers[directory.name] = {file: int(value) for file in NUMBERS if (value := found.get(file))}
        words[directory.name] = {file: value for file in WORDS if (value := found.get(file))}
    return Snapshot(numbers=numbers, words=words)


def to_metrics(snapshot: Snapshot) -> list[Family]:
    """The families, named as node_exporter names them."""
    info = Family(
        name="node_power_supply_info",
        kind="gauge",
        help="1, with the words that describe a supply.",
        points=tuple(
            Point(1, tuple(sorted((("power_supply", supply), *words.items()))))
            for supply, words in snapshot.words.items()
        ),
    )
    values = (
        labelled(
            f"node_power_supply_{name}",
            "gauge",
            f"{file} of a supply.",
            "power_supply",
            {supply: found[file] / unit for supply, found in snapshot.numbers.items() if file in found},
        )
        for file, (name, unit) in NUMBERS.items()
    )
    return with_points((info, *values))
