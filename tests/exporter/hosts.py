"""Every system collector, asked of one host: a tree in `trees`, or the machine the tests run on."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from exporter.collectors import (
    arp,
    bonding,
    clock,
    conntrack,
    cpu,
    cpufreq,
    diskstats,
    dmi,
    edac,
    entropy,
    filefd,
    filesystem,
    hwmon,
    interrupts,
    loadavg,
    mdadm,
    meminfo,
    netclass,
    netdev,
    netstat,
    nfs,
    nfsd,
    nvme,
    osrelease,
    pids,
    powersupply,
    pressure,
    schedstat,
    selinux,
    sockstat,
    softnet,
    stat,
    tcpstat,
    thermal,
    timex,
    udpqueues,
    uname,
    vmstat,
)
from exporter.collectors.choosing import shown
from exporter.collectors.sockdiag import TcpSocket, ask_kernel
from exporter.collectors.statvfs import Ask, Prober
from exporter.families import Family
from exporter.settings import Collectors, Diskstats, Filesystem, Netdev
from runtime.values import Pattern

TREES: Final = Path(__file__).parent / "trees"
DEFAULTS: Final = Collectors()


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """Where a host's files are, what it answers to system calls, and what is to be shown."""

    proc: Path
    sys: Path
    root: Path
    udev: Path
    names: os.uname_result
    now: datetime
    page_bytes: int
    ask: Ask
    adjtimex: Callable[[timex.Timex], int]
    sockets: Callable[[], Iterable[TcpSocket]]
    chosen: Collectors = DEFAULTS


def tree(root: Path) -> Host:
    """A host whose files are in a directory."""
    return Host(
        proc=root / "proc",
        sys=root / "sys",
        root=root,
        udev=root / "run/udev/data",
        names=os.uname_result(("Linux", "box", "6.1.0", "#1 SMP", "x86_64")),
        now=datetime(2024, 5, 6, 7, 8, 9, 500_000, UTC),
        page_bytes=4096,
        ask=_statvfs,
        adjtimex=_adjtimex,
        sockets=_sockets,
    )


def _statvfs(path: str) -> os.statvfs_result:
    if path.endswith("/mnt/data"):
        raise OSError(116, "Stale file handle")
    return os.statvfs_result((4096, 1024, 1000, 400, 300, 64, 32, 31, 0, 255))


def _sockets() -> Iterable[TcpSocket]:
    raise OSError(93, "Protocol not supported")


def _adjtimex(into: timex.Timex) -> int:
    for at, name in enumerate(timex.Snapshot.__slots__):
        if name not in {"state", "status"}:
            setattr(into, name, at * 1000)
    into.status = timex.STA_NANO
    return 0


def live() -> Host:
    """The machine this runs on."""
    return Host(
        proc=Path("/proc"),
        sys=Path("/sys"),
        root=Path("/"),
        udev=Path("/run/udev/data"),
        names=os.uname(),
        now=datetime.now().astimezone(),
        page_bytes=os.sysconf("SC_PAGE_SIZE"),
        ask=os.statvfs,
        adjtimex=timex.ask_kernel,
        sockets=ask_kernel,
    )


# What Debian's node_exporter leaves out by default.
DEBIAN: Final = Collectors(
    diskstats=Diskstats(
        device_exclude=Pattern.parse(r"(ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+"),
    ),
    filesystem=Filesystem(
        mount_points_exclude=Pattern.parse(
            r"/(dev|proc|run|sys|mnt|media|var/lib/docker/.+|var/lib/containers/storage/.+)($|/.*)"
        )
    ),
    netdev=Netdev(device_exclude=Pattern.parse("lo")),
)


def filesystems(host: Host) -> list[Family]:
    """The mounts that the settings do not exclude."""
    chosen = host.chosen.filesystem
    read = filesystem.read(
        host.proc,
        host.root,
        Prober(host.ask),
        mount_excluded=chosen.mount_points_exclude.matches,
        type_excluded=chosen.fs_types_exclude.matches,
    )
    return filesystem.to_metrics(read)


def disks(host: Host) -> list[Family]:
    """The devices that the settings let through."""
    chosen = host.chosen.diskstats
    wanted = shown(chosen.device_include.matches, chosen.device_exclude.matches)
    return diskstats.to_metrics(diskstats.read(host.proc, host.udev, wanted))


def traffic(host: Host) -> list[Family]:
    """The devices that the settings let through."""
    chosen = host.chosen.netdev
    wanted = shown(chosen.device_include.matches, chosen.device_exclude.matches)
    return netdev.to_metrics(netdev.read(host.proc, host.sys, wanted))


def devices(host: Host) -> list[Family]:
    """The devices that the settings do not ignore."""
    return netclass.to_metrics(
        netclass.read(host.sys, shown(None, host.chosen.netclass.ignored_devices.matches))
    )


COLLECTORS: Final[dict[str, Callable[[Host], list[Family]]]] = {
    "arp": lambda host: arp.to_metrics(arp.read(host.proc)),
    "bonding": lambda host: bonding.to_metrics(bonding.read(host.sys)),
    "conntrack": lambda host: conntrack.to_metrics(conntrack.read(host.proc)),
    "cpu": lambda host: cpu.to_metrics(cpu.read(host.proc, host.sys)),
    "cpufreq": lambda host: cpufreq.to_metrics(cpufreq.read(host.sys)),
    "diskstats": disks,
    "dmi": lambda host: dmi.to_metrics(dmi.read(host.sys)),
    "edac": lambda host: edac.to_metrics(edac.read(host.sys)),
    "entropy": lambda host: entropy.to_metrics(entropy.read(host.proc)),
    "filefd": lambda host: filefd.to_metrics(filefd.read(host.proc)),
    "filesystem": filesystems,
    "hwmon": lambda host: hwmon.to_metrics(hwmon.read(host.sys)),
    "interrupts": lambda host: interrupts.to_metrics(interrupts.read(host.proc)),
    "loadavg": lambda host: loadavg.to_metrics(loadavg.read(host.proc)),
    "mdadm": lambda host: mdadm.to_metrics(mdadm.read(host.proc)),
    "meminfo": lambda host: meminfo.to_metrics(meminfo.read(host.proc)),
    "netclass": devices,
    "netdev": traffic,
    "netstat": lambda host: netstat.to_metrics(netstat.read(host.proc)),
    "nfs": lambda host: nfs.to_metrics(nfs.read(host.proc)),
    "nfsd": lambda host: nfsd.to_metrics(nfsd.read(host.proc)),
    "nvme": lambda host: nvme.to_metrics(nvme.read(host.sys)),
    "os": lambda host: osrelease.to_metrics(osrelease.read(host.root)),
    "powersupplyclass": lambda host: powersupply.to_metrics(powersupply.read(host.sys)),
    "pressure": lambda host: pressure.to_metrics(pressure.read(host.proc)),
    "processes": lambda host: pids.to_metrics(pids.read(host.proc)),
    "schedstat": lambda host: schedstat.to_metrics(schedstat.read(host.proc)),
    "selinux": lambda host: selinux.to_metrics(selinux.read(host.sys, host.root)),
    "sockstat": lambda host: sockstat.to_metrics(sockstat.read(host.proc, host.page_bytes)),
    "softnet": lambda host: softnet.to_metrics(softnet.read(host.proc)),
    "stat": lambda host: stat.to_metrics(stat.read(host.proc)),
    "tcpstat": lambda host: tcpstat.to_metrics(tcpstat.read(host.proc, host.sockets)),
    "thermal_zone": lambda host: thermal.to_metrics(thermal.read(host.sys)),
    "time": lambda host: clock.to_metrics(clock.read(host.sys, host.now)),
    "timex": lambda host: timex.to_metrics(timex.read(host.adjtimex)),
    "udp_queues": lambda host: udpqueues.to_metrics(udpqueues.read(host.proc)),
    "uname": lambda host: uname.to_metrics(uname.read(host.proc, host.names)),
    "vmstat": lambda host: vmstat.to_metrics(vmstat.read(host.proc)),
}
