"""Every collector that comes with the agent: its name, its switch, and what it is given of host and settings.

Owns this list only. What the agent tells about itself is not in it.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import ModuleType
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
    sockdiag,
    sockstat,
    softnet,
    stat,
    systemd,
    tcpstat,
    textfile,
    thermal,
    timex,
    udpqueues,
    uname,
    vmstat,
)
from exporter.collectors.choosing import shown
from exporter.collectors.statvfs import Ask, Prober
from exporter.families import Family
from exporter.gathering.collector import Collector
from exporter.settings import AgentSettings, Collectors, Paths


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What collectors ask besides files, and where the files are."""

    proc: Path
    sys: Path
    root: Path
    udev: Path
    now: Callable[[], datetime]
    names: Callable[[], os.uname_result] = os.uname
    page_bytes: int = os.sysconf("SC_PAGE_SIZE")
    ask: Ask = os.statvfs
    adjtimex: Callable[[timex.Timex], int] = timex.ask_kernel
    sockets: Callable[[], Iterable[sockdiag.TcpSocket]] = sockdiag.ask_kernel


def host_at(paths: Paths, *, now: Callable[[], datetime]) -> Host:
    """The machine that this runs on, its files where the settings say."""
    return Host(
        proc=Path(paths.procfs),
        sys=Path(paths.sysfs),
        root=Path(paths.rootfs),
        udev=Path(paths.udev.data),
        now=now,
    )


Gather = Callable[[], Iterable[Family]]
Make = Callable[[Host, Collectors], Gather]


def _of(module: ModuleType, *places: str) -> Make:
    """A collector that reads files below these places of the host and nothing else."""

    def make(host: Host, _settings: Collectors) -> Gather:
        roots = [getattr(host, place) for place in places]
        return lambda: module.to_metrics(module.read(*roots))

    return make


def _diskstats(host: Host, settings: Collectors) -> Gather:
    wanted = shown(settings.diskstats.device_include.matches, settings.diskstats.device_exclude.matches)
    return lambda: diskstats.to_metrics(diskstats.read(host.proc, host.udev, wanted))


def _filesystem(host: Host, settings: Collectors) -> Gather:
    mounts, types = settings.filesystem.mount_points_exclude, settings.filesystem.fs_types_exclude
    prober = Prober(host.ask)
    return lambda: filesystem.to_metrics(
        filesystem.read(
            host.proc, host.root, prober, mount_excluded=mounts.matches, type_excluded=types.matches
        )
    )


def _netclass(host: Host, settings: Collectors) -> Gather:
    wanted = shown(None, settings.netclass.ignored_devices.matches)
    return lambda: netclass.to_metrics(netclass.read(host.sys, wanted))


def _netdev(host: Host, settings: Collectors) -> Gather:
    wanted = shown(settings.netdev.device_include.matches, settings.netdev.device_exclude.matches)
    return lambda: netdev.to_metrics(netdev.read(host.proc, host.sys, wanted))


def _systemd(_host: Host, settings: Collectors) -> Gather:
    wanted = shown(settings.systemd.unit_include.matches, settings.systemd.unit_exclude.matches)
    return lambda: systemd.to_metrics(systemd.read(wanted))


def _textfile(_host: Host, settings: Collectors) -> Gather:
    directories = settings.textfile.directory
    return lambda: textfile.to_metrics(textfile.read(directories))


MAKERS: Final[Mapping[str, Make]] = {
    "arp": _of(arp, "proc"),
    "bonding": _of(bonding, "sys"),
    "conntrack": _of(conntrack, "proc"),
    "cpu": _of(cpu, "proc", "sys"),
    "cpufreq": _of(cpufreq, "sys"),
    "diskstats": _diskstats,
    "dmi": _of(dmi, "sys"),
    "edac": _of(edac, "sys"),
    "entropy": _of(entropy, "proc"),
    "filefd": _of(filefd, "proc"),
    "filesystem": _filesystem,
    "hwmon": _of(hwmon, "sys"),
    "interrupts": _of(interrupts, "proc"),
    "loadavg": _of(loadavg, "proc"),
    "mdadm": _of(mdadm, "proc"),
    "meminfo": _of(meminfo, "proc"),
    "netclass": _netclass,
    "netdev": _netdev,
    "netstat": _of(netstat, "proc"),
    "nfs": _of(nfs, "proc"),
    "nfsd": _of(nfsd, "proc"),
    "nvme": _of(nvme, "sys"),
    "os": _of(osrelease, "root"),
    "powersupplyclass": _of(powersupply, "sys"),
    "pressure": _of(pressure, "proc"),
    "processes": _of(pids, "proc"),
    "schedstat": _of(schedstat, "proc"),
    "selinux": _of(selinux, "sys", "root"),
    "sockstat": _of(sockstat, "proc", "page_bytes"),
    "softnet": _of(softnet, "proc"),
    "stat": _of(stat, "proc"),
    "systemd": _systemd,
    "tcpstat": _of(tcpstat, "proc", "sockets"),
    "thermal_zone": _of(thermal, "sys"),
    "time": lambda host, _: lambda: clock.to_metrics(clock.read(host.sys, host.now())),
    "timex": lambda host, _: lambda: timex.to_metrics(timex.read(host.adjtimex)),
    "udp_queues": _of(udpqueues, "proc"),
    "uname": lambda host, _: lambda: uname.to_metrics(uname.read(host.proc, host.names())),
    "vmstat": _of(vmstat, "proc"),
    # Last: where its files clash with what the agent itself has, the agent's own stays.
    "textfile": _textfile,
}
"""By the name of the collector, which is also the name of its switch in the settings."""


def collectors(host: Host, settings: AgentSettings, makers: Mapping[str, Make] = MAKERS) -> list[Collector]:
    """Make those that are switched on."""
    timeout_s = settings.timeout.ms / 1000
    return [
        Collector(name=name, gather=make(host, settings.collector), timeout_s=timeout_s)
        for name, make in makers.items()
        if getattr(settings.collector, name).enabled
    ]
