"""Whether SELinux is on and enforces (`node_selinux_*`), from /sys/fs/selinux and etc/selinux/config."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exporter.collectors.files import attribute, attribute_number
from exporter.collectors.making import single
from exporter.families import Family

MODES: Final = {"enforcing": 1, "permissive": 0, "disabled": -1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The modes by number, 1 for enforcing; the current one is None where SELinux is off."""

    current: int | None
    configured: int


def read(sys: Path, root: Path) -> Snapshot:
    """The modes now. What the configuration does not say is disabled."""
    configured = MODES["disabled"]
    for line in (attribute(root / "etc/selinux/config") or "").splitlines():
        name, _, value = line.partition("=")
        if name.strip() == "SELINUX":
            configured = MODES.get(value.strip(), MODES["disabled"])
    return Snapshot(current=attribute_number(sys / "fs/selinux/enforce"), configured=configured)


def to_metrics(snapshot: Snapshot) -> list[Family]:
    """The families, named as node_exporter names them. The modes are told where SELinux is on."""
    if snapshot.current is None:
        return [single("node_selinux_enabled", "gauge", "1 where SELinux is on.", 0)]
    return [
        single("node_selinux_config_mode", "gauge", "Mode by the configuration.", snapshot.configured),
        single("node_selinux_current_mode", "gauge", "Mode now: 1 enforces.", snapshot.current),
        single("node_selinux_enabled", "gauge", "1 where SELinux is on.", 1),
    ]
