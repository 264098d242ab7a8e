"""How full file systems are (`node_filesystem_*`), from /proc/1/mounts and statvfs."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exporter.collectors.files import text
from exporter.collectors.making import with_points
from exporter.collectors.statvfs import Prober
from exporter.families import Family, Pairs, Point

_OCTAL: Final = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """A line of the mount table, and what the file system answered; None where it failed or hangs."""

    device: str
    mountpoint: str
    fstype: str
    readonly: bool
    usage: os.statvfs_result | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The mounts that are not excluded; one mounted twice in the same way is there once."""

    mounts: tuple[Mount, ...]


def read(
    proc: Path,
    root: Path,
    prober: Prober,
    *,
    mount_excluded: Callable[[str], bool],
    type_excluded: Callable[[str], bool],
) -> Snapshot:
    """The mounts of process 1, asked below the root: where a container has the host's files."""
    found: dict[Pairs, bool] = {}
    for line in _table(proc).splitlines():
        if not line.strip():
            continue
        device, path, fstype, options = map(_unescaped, line.split(" ")[:4])
        mountpoint = _below(path, root)
        if not mount_excluded(mountpoint) and not type_excluded(fstype):
            labels = (("device", device), ("fstype", fstype), ("mountpoint", mountpoint))
            found.setdefault(labels, "ro" in options.split(","))
    places = {labels: str(root / labels[2][1].lstrip("/")) for labels in found}
    answers = prober.ask(places.values())
    return Snapshot(
        mounts=tuple(
            Mount(
                device=labels[0][1],
                fstype=labels[1][1],
                mountpoint=labels[2][1],
                readonly=readonly,
                usage=answers[places[labels]],
            )
            for labels, readonly in found.items()
        )
    )


def _table(proc: Path) -> str:
    """The mount table of the host; our own where we may not look into process 1."""
    try:
        return text(proc / "1/mounts")
    except (FileNotFoundError, PermissionError):
        return text(proc / "self/mounts")


def _unescaped(word: str) -> str:
    """The table writes blanks and backslashes as three octal digits."""
    return _OCTAL.sub(lambda found: chr(int(found[1], 8)), word)


def _below(path: str, root: Path) -> str:
    """The path as the host sees it, without the root that its mounts have in a container."""
    prefix = str(root).rstrip("/")
    if prefix and (path == prefix or path.startswith(prefix + "/")):
        return path[len(prefix) :] or "/"
    return path


def to_metrics(snapshot: Snapshot) -> list[Family]:
    """The families, named as node_exporter names them. A mount that failed shows its error and no sizes."""
    mounts = snapshot.mounts
    answered = [mount for mount in mounts if mount.usage]
    return with_points(
        (
            _family("node_filesystem_device_error", "1 where asking failed or hangs.", mounts, _failed),
            _family("node_filesystem_readonly", "1 where it is mounted read-only.", answered, _readonly),
            *(
                _family(name, text, answered, _asked(value))
                for name, text, value in (
                    ("node_filesystem_size_bytes", "Size.", lambda of: of.f_blocks * of.f_frsize),
                    (
                        "node_filesystem_free_bytes",
                        "Space that is free.",
                        lambda of: of.f_bfree * of.f_frsize,
                    ),
                    (
                        "node_filesystem_avail_bytes",
                        "Space that users other than root can have.",
                        lambda of: of.f_bavail * of.f_frsize,
                    ),
                    ("node_filesystem_files", "Files there may be.", lambda of: of.f_files),
                    ("node_filesystem_files_free", "Files that may still be made.", lambda of: of.f_ffree),
                )
            ),
        )
    )


def _failed(mount: Mount) -> float:
    return float(mount.usage is None)


def _readonly(mount: Mount) -> float:
    return float(mount.readonly)


def _asked(value: Callable[[os.statvfs_result], float]) -> Callable[[Mount], float]:
    return lambda mount: value(mount.usage) if mount.usage else 0.0


def _family(
    name: str, text: str, mounts: list[Mount] | tuple[Mount, ...], value: Callable[[Mount], float]
) -> Family:
    points = tuple(
        Point(
            value(mount),
            (("device", mount.device), ("fstype", mount.fstype), ("mountpoint", mount.mountpoint)),
        )
        for mount in mounts
    )
    return Family(name=name, kind="gauge", help=text, points=points)
