"""What the machine's maker says of it (`node_dmi_info`), from /sys/class/dmi/id."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exporter.collectors.files import attribute
from exporter.collectors.making import single
from exporter.families import Family

FILES: Final = (
    "bios_date",
    "bios_release",
    "bios_vendor",
    "bios_version",
    "board_asset_tag",
    "board_name",
    "board_serial",
    "board_vendor",
    "board_version",
    "chassis_asset_tag",
    "chassis_serial",
    "chassis_vendor",
    "chassis_version",
    "product_family",
    "product_name",
    "product_serial",
    "product_sku",
    "product_uuid",
    "product_version",
    "sys_vendor",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What the files say; only root may read the serial numbers."""

    values: Mapping[str, str]


def read(sys: Path) -> Snapshot:
    """What there is. A host without DMI is a FileNotFoundError."""
    directory = sys / "class/dmi/id"
    if not directory.is_dir():
        raise FileNotFoundError(f"no {directory}")
    found = {file: attribute(directory / file) for file in FILES}
    return Snapshot(values={file: value for file, value in found.items() if value is not None})


def to_metrics(snapshot: Snapshot) -> list[Family]:
    """The family, named as node_exporter names it."""
    labels = tuple(
        (name.replace("sys_vendor", "system_vendor"), value) for name, value in snapshot.values.items()
    )
    return [single("node_dmi_info", "gauge", "1, with what the maker says of the machine.", 1, labels)]
