"""What block devices did and what they are (`node_disk_*`), from /proc/diskstats and udev's database."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exporter.collectors.files import attribute, rows
from exporter.collectors.making import with_points
from exporter.families import Family, Kind, Pairs, Point

# The kernel counts sectors of 512 bytes, whatever the disk's own are.
SECTOR: Final = 512
MILLISECONDS: Final = 0.001

# The columns after the device's name, in the order of the file. Old kernels have fewer.
COLUMNS: Final[tuple[tuple[str, Kind, str, float], ...]] = (
    ("node_disk_reads_completed_total", "counter", "Reads done.", 1),
    ("node_disk_reads_merged_total", "counter", "Reads joined with another one.", 1),
    ("node_disk_read_bytes_total", "counter", "Bytes read.", SECTOR),
    ("node_disk_read_time_seconds_total", "counter", "Seconds that reads took, in sum.", MILLISECONDS),
    ("node_disk_writes_completed_total", "counter", "Writes done.", 1),
    ("node_disk_writes_merged_total", "counter", "Writes joined with another one.", 1),
    ("node_disk_written_bytes_total", "counter", "Bytes written.", SECTOR),
    ("node_disk_write_time_seconds_total", "counter", "Seconds that writes took, in sum.", MILLISECONDS),
    ("node_disk_io_now", "gauge", "Requests in work.", 1),
    ("node_disk_io_time_seconds_total", "counter", "Seconds in which there was work.", MILLISECONDS),
    (
        "node_disk_io_time_weighted_seconds_total",
        "counter",
        "Seconds that requests waited, in sum.",
        MILLISECONDS,
    ),
    ("node_disk_discards_completed_total", "counter", "Discards done.", 1),
    ("node_disk_discards_merged_total", "counter", "Discards joined with another one.", 1),
    ("node_disk_discarded_sectors_total", "counter", "Sectors discarded.", 1),
    ("node_disk_discard_time_seconds_total", "counter", "Seconds that discards took, in sum.", MILLISECONDS),
    ("node_disk_flush_requests_total", "counter", "Flushes done.", 1),
    (
        "node_disk_flush_requests_time_seconds_total",
        "counter",
        "Seconds that flushes took, in sum.",
        MILLISECONDS,
    ),
)

# Families of which a device with a certain property of udev has a point: label to property.
FILESYSTEM: Final = (
    ("type", "ID_FS_TYPE"),
    ("usage", "ID_FS_USAGE"),
    ("uuid", "ID_FS_UUID"),
    ("version", "ID_FS_VERSION"),
)
DEVICE_MAPPER: Final = (
    ("lv_layer", "DM_LV_LAYER"),
    ("lv_name", "DM_LV_NAME"),
    ("name", "DM_NAME"),
    ("uuid", "DM_UUID"),
    ("vg_name", "DM_VG_NAME"),
)
ATA: Final = (
    (
        "node_disk_ata_rotation_rate_rpm",
        "ID_ATA_ROTATION_RATE_RPM",
        "Turns a minute; 0 for a solid-state disk.",
    ),
    ("node_disk_ata_write_cache", "ID_ATA_WRITE_CACHE", "1 where the disk has a write cache."),
    ("node_disk_ata_write_cache_enabled", "ID_ATA_WRITE_CACHE_ENABLED", "1 where the write cache is on."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """A device: its numbers, its counters as the file has them, and what udev knows of it."""

    name: str
    major: str
    minor: str
    counters: tuple[int, ...]
    udev: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The devices, in the order of the file."""

    disks: tuple[Disk, ...]


def read(proc: Path, udev: Path, shown: Callable[[str], bool]) -> Snapshot:
    """The devices now, those whose name is to be shown."""
    disks = []
    for words in rows(proc / "diskstats"):
        if len(words) < 14:
            raise ValueError(f"expected at least 14 columns in diskstats, got {len(words)}")
        major, minor, name, *counters = words
        if shown(name):
            properties = _properties(attribute(udev / f"b{int(major)}:{int(minor)}") or "")
            disks.append(
                Disk(
                    name=name,
                    major=major,
                    minor=minor,
                    counters=tuple(map(int, counters[: len(COLUMNS)])),
                    udev=properties,
                )
            )
    return Snapshot(disks=tuple(disks))


def _properties(database: str) -> dict[str, str]:
    """The lines `E:NAME=value` of udev's database."""
    pairs = (line[2:].partition("=") for line in database.splitlines() if line.startswith("E:"))
    return {name: value for name, _, value in pairs}


def to_metrics(snapshot: Snapshot) -> list[Family]:
    """The families, named as node_exporter names them."""
    disks = snapshot.disks
    counters = [
        Family(
            name=name,
            kind=kind,
            help=text,
            points=tuple(
                Point(disk.counters[at] * unit, (("device", disk.name),))
                for disk in disks
                if at < len(disk.counters)
            ),
        )
        for at, (name, kind, text, unit) in enumerate(COLUMNS)
    ]
    return with_points((*counters, *_descriptions(disks)))


def _descriptions(disks: tuple[Disk, ...]) -> Iterator[Family]:
    yield _gauge(
        "node_disk_info", "1, with what the device is.", [Point(1, _identity(disk)) for disk in disks]
    )
    for name, text, key, labels in (
        ("node_disk_filesystem_info", "1, with the file system on the device.", "ID_FS_TYPE", FILESYSTEM),
        ("node_disk_device_mapper_info", "1, with the names of a mapped device.", "DM_NAME", DEVICE_MAPPER),
    ):
        with_key = [disk for disk in disks if disk.udev.get(key)]
        yield _gauge(name, text, [Point(1, _labels(disk, labels)) for disk in with_key])
    for name, key, text in ATA:
        ata = [disk for disk in disks if disk.udev.get("ID_ATA") and key in disk.udev]
        yield _gauge(name, text, [Point(float(disk.udev[key]), (("device", disk.name),)) for disk in ata])


def _gauge(name: str, text: str, points: list[Point]) -> Family:
    return Family(name=name, kind="gauge", help=text, points=points)


def _identity(disk: Disk) -> Pairs:
    return (
        ("device", disk.name),
        ("major", disk.major),
        ("minor", disk.minor),
        ("model", disk.udev.get("ID_MODEL", "")),
        ("path", disk.udev.get("ID_PATH", "")),
        ("revision", disk.udev.get("ID_REVISION", "")),
        ("serial", disk.udev.get("SCSI_IDENT_SERIAL") or disk.udev.get("ID_SERIAL_SHORT", "")),
        ("wwn", disk.udev.get("ID_WWN", "")),
    )


def _labels(disk: Disk, labels: tuple[tuple[str, str], ...]) -> Pairs:
    return (("device", disk.name), *((label, disk.udev.get(key, "")) for label, key in labels))
