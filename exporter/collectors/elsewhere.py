"""The collectors that there are on hosts that are not Linux: psutil's. Owns this list only.

Apart from `table`, since psutil is not installed on Linux.
"""

from collections.abc import Mapping
from typing import Final

from exporter.collectors import portable
from exporter.collectors.choosing import shown
from exporter.collectors.table import Gather, Host, Make
from exporter.settings import Collectors


def _diskstats(_host: Host, settings: Collectors) -> Gather:
    wanted = shown(settings.diskstats.device_include.matches, settings.diskstats.device_exclude.matches)
    return lambda: portable.diskstats(wanted)


def _filesystem(_host: Host, settings: Collectors) -> Gather:
    mounts, types = settings.filesystem.mount_points_exclude, settings.filesystem.fs_types_exclude
    return lambda: portable.filesystem(mount_excluded=mounts.matches, type_excluded=types.matches)


def _netdev(_host: Host, settings: Collectors) -> Gather:
    wanted = shown(settings.netdev.device_include.matches, settings.netdev.device_exclude.matches)
    return lambda: portable.netdev(wanted)


MAKERS: Final[Mapping[str, Make]] = {
    "cpu": lambda _host, _settings: portable.cpu,
    "diskstats": _diskstats,
    "filesystem": _filesystem,
    "loadavg": lambda _host, _settings: portable.loadavg,
    "meminfo": lambda _host, _settings: portable.meminfo,
    "netdev": _netdev,
    "stat": lambda _host, _settings: portable.boot,
    "time": lambda host, _settings: lambda: portable.time(host.now().timestamp()),
    "uname": lambda host, _settings: lambda: portable.uname(host.names()),
}
"""By the name of the collector, as in `table`."""
