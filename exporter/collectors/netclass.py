"""What network devices are and how they are set (`node_network_*`), from /sys/class/net."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exporter.collectors.files import attributes
from exporter.collectors.making import labelled, with_points
from exporter.families import Family, Kind, Point

# The file, the family without its prefix, its kind.
NUMBERS: Final[tuple[tuple[str, str, Kind], ...]] = (
    ("addr_assign_type", "address_assign_type", "gauge"),
    ("carrier", "carrier", "gauge"),
    ("carrier_changes", "carrier_changes_total", "counter"),
    ("carrier_down_count", "carrier_down_changes_total", "counter"),
    ("carrier_up_count", "carrier_up_changes_total", "counter"),
    ("dev_id", "device_id", "gauge"),
    ("dormant", "dormant", "gauge"),
    ("flags", "flags", "gauge"),
    ("ifindex", "iface_id", "gauge"),
    ("iflink", "iface_link", "gauge"),
    ("link_mode", "iface_link_mode", "gauge"),
    ("mtu", "mtu_bytes", "gauge"),
    ("name_assign_type", "name_assign_type", "gauge"),
    ("netdev_group", "net_dev_group", "gauge"),
    ("speed", "speed_bytes", "gauge"),
    ("tx_queue_len", "transmit_queue_length", "gauge"),
    ("type", "protocol_type", "gauge"),
)
INFO: Final = ("address", "broadcast", "duplex", "ifalias", "operstate")
FILES: Final = (*(file for file, _, _ in NUMBERS), *INFO)
# Megabits a second to bytes a second.
_MEGABIT: Final = 1_000_000 // 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """By device: the numbers it has, and the words that describe it."""

    numbers: Mapping[str, Mapping[str, int]]
    words: Mapping[str, Mapping[str, str]]


def read(sys: Path, shown: Callable[[str], bool]) -> Snapshot:
    """The devices now, those whose name is to be shown."""
    numbers, words = {}, {}
    for directory in sorted((sys / "class/net").iterdir()):
        if not shown(directory.name) or not directory.is_dir():
            continue
        found = attributes(directory, FILES)
        numbers[directory.name] = {
            file: int(value, 0) for file, _, _ in NUMBERS if (value := found.get(file))
        }
        words[directory.name] = {file: found.get(file, "") for file in INFO}
    return Snapshot(numbers=numbers, words=words)


def to_metrics(snapshot: Snapshot) -> list[Family]:
    """The families, named as node_exporter names them. A speed of -1, not known, stays negative as there."""
    info = Family(
        name="node_network_info",
        kind="gauge",
        help="1, with the words that describe a network device.",
        points=tuple(
            Point(1, tuple(sorted((("device", device), *words.items()))))
            for device, words in snapshot.words.items()
        ),
    )
    up = {device: float(words["operstate"] == "up") for device, words in snapshot.words.items()}
    return with_points(
        (
            info,
            labelled("node_network_up", "gauge", "1 where the device is up.", "device", up),
            *(_numbers(snapshot, file, name, kind) for file, name, kind in NUMBERS),
        )
    )


def _numbers(snapshot: Snapshot, file: str, name: str, kind: Kind) -> Family:
    unit = _MEGABIT if file == "speed" else 1
    values = {device: found[file] * unit for device, found in snapshot.numbers.items() if file in found}
    return labelled(f"node_network_{name}", kind, f"{file} of a network device.", "device", values)
