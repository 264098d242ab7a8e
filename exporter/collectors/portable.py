"""What psutil tells of a host that is not Linux, in the families that node_exporter has there too.

Owns all of the portable path; on Linux the other modules read /proc, which tells more.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

import psutil

from exporter.collectors.making import labelled, single, with_points
from exporter.families import Family, Kind, Point

CPU_MODES: Final = (
    "user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal", "interrupt", "dpc",
)  # fmt: skip
# The attribute of psutil's answer; the family, its kind, its help.
Columns = tuple[tuple[str, str, Kind, str], ...]
MEMORY: Final[Columns] = (
    ("total", "node_memory_total_bytes", "gauge", "Memory of the host."),
    ("available", "node_memory_available_bytes", "gauge", "Memory that programs can have without swapping."),
    ("free", "node_memory_free_bytes", "gauge", "Memory that nothing uses."),
    ("active", "node_memory_active_bytes", "gauge", "Memory in use or used lately."),
    ("inactive", "node_memory_inactive_bytes", "gauge", "Memory that was not used lately."),
    ("wired", "node_memory_wired_bytes", "gauge", "Memory that is never swapped out."),
)
SWAP: Final[Columns] = (
    ("total", "node_memory_swap_total_bytes", "gauge", "Room to swap memory out."),
    ("used", "node_memory_swap_used_bytes", "gauge", "Memory that is swapped out."),
    ("sin", "node_memory_swapped_in_bytes_total", "counter", "Bytes swapped in."),
    ("sout", "node_memory_swapped_out_bytes_total", "counter", "Bytes swapped out."),
)
NETWORK: Final[Columns] = (
    ("bytes_recv", "node_network_receive_bytes_total", "counter", "Bytes received."),
    ("packets_recv", "node_network_receive_packets_total", "counter", "Packets received."),
    ("errin", "node_network_receive_errs_total", "counter", "Errors of receiving."),
    ("dropin", "node_network_receive_drop_total", "counter", "Packets received and dropped."),
    ("bytes_sent", "node_network_transmit_bytes_total", "counter", "Bytes sent."),
    ("packets_sent", "node_network_transmit_packets_total", "counter", "Packets sent."),
    ("errout", "node_network_transmit_errs_total", "counter", "Errors of sending."),
    ("dropout", "node_network_transmit_drop_total", "counter", "Packets dropped instead of sent."),
)
DISKS: Final[Columns] = (
    ("read_count", "node_disk_reads_completed_total", "counter", "Reads done."),
    ("read_bytes", "node_disk_read_bytes_total", "counter", "Bytes read."),
    ("read_time", "node_disk_read_time_seconds_total", "counter", "Seconds that reads took, in sum."),
    ("write_count", "node_disk_writes_completed_total", "counter", "Writes done."),
    ("write_bytes", "node_disk_written_bytes_total", "counter", "Bytes written."),
    ("write_time", "node_disk_write_time_seconds_total", "counter", "Seconds that writes took, in sum."),
)
FILESYSTEMS: Final = {
    "device_error": "1 where asking failed.",
    "readonly": "1 where it is mounted read-only.",
    "size_bytes": "Size.",
    "free_bytes": "Space that is free.",
    "avail_bytes": "Space that users other than root can have.",
}
_MILLISECONDS: Final = frozenset({"read_time", "write_time"})


class Mount(NamedTuple):
    """A file system: its size, and what root and others can have of it; None where it does not answer."""

    device: str
    mountpoint: str
    fstype: str
    readonly: bool
    sizes: tuple[int, int, int] | None


def cpu() -> list[Family]:
    """Seconds of each CPU by mode, without the time of guests, which is user time already."""
    return cpu_families([each._asdict() for each in psutil.cpu_times(percpu=True)])


def cpu_families(times: Iterable[Mapping[str, float]]) -> list[Family]:
    """The family of what each CPU spent in its modes."""
    points = tuple(
        Point(seconds, (("cpu", str(number)), ("mode", mode)))
        for number, by_mode in enumerate(times)
        for mode, seconds in by_mode.items()
        if mode in CPU_MODES
    )
    text = "Seconds each CPU spent in a mode."
    return [Family(name="node_cpu_seconds_total", kind="counter", help=text, points=points)]


def loadavg() -> list[Family]:
    """The load averages."""
    return [
        single(f"node_load{minutes}", "gauge", f"Load average of {minutes} min.", load)
        for minutes, load in zip((1, 5, 15), psutil.getloadavg(), strict=True)
    ]


def meminfo() -> list[Family]:
    """Memory and swap, what this system tells of them."""
    return [*_told(MEMORY, psutil.virtual_memory()), *_told(SWAP, psutil.swap_memory())]


def _told(columns: Columns, answer: object) -> list[Family]:
    return [
        single(name, kind, text, getattr(answer, key))
        for key, name, kind, text in columns
        if hasattr(answer, key)
    ]


def netdev(shown: Callable[[str], bool]) -> list[Family]:
    """Traffic of the network devices to be shown."""
    return device_families(NETWORK, psutil.net_io_counters(pernic=True, nowrap=False), shown)


def diskstats(shown: Callable[[str], bool]) -> list[Family]:
    """What the disks to be shown did."""
    return device_families(DISKS, psutil.disk_io_counters(perdisk=True, nowrap=False), shown)


def device_families(
    columns: Columns, answers: Mapping[str, object], shown: Callable[[str], bool]
) -> list[Family]:
    """A family for each column, with a value for each device that is shown and tells it."""
    wanted = {device: answer for device, answer in answers.items() if shown(device)}
    return with_points(
        labelled(
            name,
            kind,
            text,
            "device",
            {
                device: getattr(answer, key) / (1000 if key in _MILLISECONDS else 1)
                for device, answer in wanted.items()
                if hasattr(answer, key)
            },
        )
        for key, name, kind, text in columns
    )


def filesystem(
    *, mount_excluded: Callable[[str], bool], type_excluded: Callable[[str], bool]
) -> list[Family]:
    """How full the file systems on devices are."""
    return filesystem_families(
        _mount(part.device, part.mountpoint, part.fstype, part.opts)
        for part in psutil.disk_partitions()
        if not mount_excluded(part.mountpoint) and not type_excluded(part.fstype)
    )


def _mount(device: str, mountpoint: str, fstype: str, options: str) -> Mount:
    try:
        usage = psutil.disk_usage(mountpoint)
    except OSError:
        sizes = None
    else:
        sizes = (usage.total, usage.total - usage.used, usage.free)
    readonly = "ro" in options.split(",")
    return Mount(device=device, mountpoint=mountpoint, fstype=fstype, readonly=readonly, sizes=sizes)


def filesystem_families(mounts: Iterable[Mount]) -> list[Family]:
    """The families of file systems; one that does not answer shows its error and no sizes."""
    found: dict[str, list[Point]] = {name: [] for name in FILESYSTEMS}
    for mount in mounts:
        labels = (("device", mount.device), ("fstype", mount.fstype), ("mountpoint", mount.mountpoint))
        found["device_error"].append(Point(mount.sizes is None, labels))
        if mount.sizes is not None:
            values = (mount.readonly, *mount.sizes)
            for name, value in zip(
                ("readonly", "size_bytes", "free_bytes", "avail_bytes"), values, strict=True
            ):
                found[name].append(Point(value, labels))
    return with_points(
        Family(name=f"node_filesystem_{name}", kind="gauge", help=FILESYSTEMS[name], points=points)
        for name, points in found.items()
    )


def boot() -> list[Family]:
    """When the host started."""
    return [
        single("node_boot_time_seconds", "gauge", "When the host started, in Unix time.", psutil.boot_time())
    ]


def time(now: float) -> list[Family]:
    """The time that was given."""
    return [single("node_time_seconds", "gauge", "The host's time, in Unix time.", now)]


def uname(names: os.uname_result) -> list[Family]:
    """The names of kernel and host that were given."""
    labels = tuple(
        (label, getattr(names, label)) for label in ("machine", "nodename", "release", "sysname", "version")
    )
    return [single("node_uname_info", "gauge", "1, with the names of kernel and host.", 1, labels)]
