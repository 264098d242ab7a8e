"""Every system collector, asked of one host: a tree in `trees`, or the machine the tests run on."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from exporter.collectors import table, timex
from exporter.collectors.sockdiag import TcpSocket
from exporter.collectors.table import MAKERS
from exporter.families import Family
from exporter.settings import Collectors, Diskstats, Filesystem, Netdev, Paths
from runtime.values import Pattern

TREES: Final = Path(__file__).parent / "trees"
DEFAULTS: Final = Collectors()


@dataclass(frozen=True, slots=True, kw_only=True)
class Host(table.Host):
    """A host, and what is to be shown of it."""

    chosen: Collectors = DEFAULTS


def tree(root: Path) -> Host:
    """A host whose files are in a directory."""
    return Host(
        proc=root / "proc",
        sys=root / "sys",
        root=root,
        udev=root / "run/udev/data",
        names=lambda: os.uname_result(("Linux", "box", "6.1.0", "#1 SMP", "x86_64")),
        now=lambda: datetime(2024, 5, 6, 7, 8, 9, 500_000, UTC),
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
    here = table.host_at(Paths(), now=lambda: datetime.now().astimezone())
    return Host(proc=here.proc, sys=here.sys, root=here.root, udev=here.udev, now=here.now)


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


def _gathered(name: str, host: Host) -> list[Family]:
    return list(MAKERS[name](host, host.chosen)())


# Systemd is asked over its bus, text files are wherever the settings say: both have tests of their own.
COLLECTORS: Final[dict[str, Callable[[Host], list[Family]]]] = {
    name: partial(_gathered, name) for name in MAKERS if name not in {"systemd", "textfile"}
}
