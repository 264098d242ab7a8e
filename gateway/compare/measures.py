"""What hosts are compared by: names for PromQL expressions. docs/http-api.md lists them.

They say what Grafana's dashboards for node_exporter say: CPU is what is not idle, memory in use is what is
not available. `$instance` is the host, `$window` the time over which rates are taken.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from timeseries.text import quote

INSTANCE: Final = "$instance"
_WINDOW: Final = "$window"

_MIN_WINDOW_MS: Final = 60_000
"""Four samples of the usual 15 s, so that one that is late leaves no gap."""
_SAMPLE_MS: Final = 15_000

_AGGREGATION: Final = re.compile(r"\b(avg|max|sum)\(")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """An expression for one host, and what its value is in."""

    expression: str
    unit: str

    def of(self, instance: str, step_ms: int) -> str:
        """Return the query for a host, when it is asked for every so often."""
        return self._every(step_ms).replace(INSTANCE, quote(instance)[1:-1])

    def of_all(self, step_ms: int) -> str:
        """Return the query of one of ours for all hosts at once: a series for each."""
        apart = _AGGREGATION.sub(r"\1 by (instance) (", self._every(step_ms))
        return apart.replace(f'instance="{INSTANCE}"', 'instance!=""')

    def _every(self, step_ms: int) -> str:
        # No sample may fall between two windows; and rates need one before the first.
        return self.expression.replace(_WINDOW, f"{max(step_ms + _SAMPLE_MS, _MIN_WINDOW_MS)}ms")


def own(expression: str) -> Measure:
    """Return the measure of an expression that somebody wrote."""
    return Measure(expression=expression, unit="")


def _rate(metric: str, matchers: str = "") -> str:
    return f"rate({_series(metric, matchers)}[{_WINDOW}])"


def _series(metric: str, matchers: str = "") -> str:
    return f'{metric}{{instance="{INSTANCE}"{"," if matchers else ""}{matchers}}}'


def _per_cent(part: str, whole: str) -> str:
    return f"100 * {part} / {whole}"


# What lies on other devices would count twice; loops and memory are no disks.
_DISKS: Final = 'device!~"(dm-|md|loop|ram|sr|zram).*"'
_NETWORKS: Final = 'device!="lo"'
_ROOT: Final = 'mountpoint="/",fstype!="rootfs"'
_REAL: Final = 'fstype!~"tmpfs|ramfs|rootfs|squashfs|overlay|iso9660"'

_SWAP: Final = _series("node_memory_SwapTotal_bytes")
_SWAP_FREE: Final = _series("node_memory_SwapFree_bytes")
_TOTAL: Final = _series("node_memory_MemTotal_bytes")
_AVAILABLE: Final = _series("node_memory_MemAvailable_bytes")
_READ: Final = f"sum({_rate('node_disk_read_bytes_total', _DISKS)})"
_WRITTEN: Final = f"sum({_rate('node_disk_written_bytes_total', _DISKS)})"
_RECEIVED: Final = f"sum({_rate('node_network_receive_bytes_total', _NETWORKS)})"
_SENT: Final = f"sum({_rate('node_network_transmit_bytes_total', _NETWORKS)})"


def _mode(mode: str) -> str:
    rate = _rate("node_cpu_seconds_total", f'mode="{mode}"')
    return f"100 * avg({rate})"


def _full(matchers: str) -> str:
    avail, size = (_series(f"node_filesystem_{what}_bytes", matchers) for what in ("avail", "size"))
    return f"max(100 - {_per_cent(avail, size)})"


def _pressure(resource: str) -> str:
    return f"100 * max({_rate(f'node_pressure_{resource}_seconds_total')})"


_EXPRESSIONS: Final = {
    "cpu": (f"100 - {_mode('idle')}", "percent"),
    "cpu_user": (_mode("user"), "percent"),
    "cpu_system": (_mode("system"), "percent"),
    "cpu_iowait": (_mode("iowait"), "percent"),
    "cpu_steal": (_mode("steal"), "percent"),
    "load": (f"max({_series('node_load1')})", ""),
    "load5": (f"max({_series('node_load5')})", ""),
    "load15": (f"max({_series('node_load15')})", ""),
    "memory": (f"max({_TOTAL} - {_AVAILABLE})", "bytes"),
    "memory_percent": (f"max({_per_cent(f'({_TOTAL} - {_AVAILABLE})', _TOTAL)})", "percent"),
    "swap": (f"max({_SWAP} - {_SWAP_FREE})", "bytes"),
    "swap_percent": (f"max({_per_cent(f'({_SWAP} - {_SWAP_FREE})', _SWAP)})", "percent"),
    "disk": (_full(_ROOT), "percent"),
    "disk_fullest": (_full(_REAL), "percent"),
    "disk_io": (f"{_READ} + {_WRITTEN}", "bytes per second"),
    "disk_read": (_READ, "bytes per second"),
    "disk_write": (_WRITTEN, "bytes per second"),
    "disk_busy": (f"100 * max({_rate('node_disk_io_time_seconds_total', _DISKS)})", "percent"),
    "network": (f"{_RECEIVED} + {_SENT}", "bytes per second"),
    "network_receive": (_RECEIVED, "bytes per second"),
    "network_transmit": (_SENT, "bytes per second"),
    "pressure": (_pressure("cpu_waiting"), "percent"),
    "pressure_io": (_pressure("io_waiting"), "percent"),
    "pressure_memory": (_pressure("memory_waiting"), "percent"),
    "processes": (f"sum({_series('namedprocess_namegroup_num_procs')})", ""),
    "threads": (f"sum({_series('namedprocess_namegroup_num_threads')})", ""),
    "processes_running": (f"max({_series('node_procs_running')})", ""),
    "open_files": (f"max({_series('node_filefd_allocated')})", ""),
    "temperature": (f"max({_series('node_hwmon_temp_celsius')})", "celsius"),
    "uptime": (f"max({_series('node_time_seconds')} - {_series('node_boot_time_seconds')})", "seconds"),
}

MEASURES: Final[Mapping[str, Measure]] = {
    name: Measure(expression=expression, unit=unit) for name, (expression, unit) in _EXPRESSIONS.items()
}
