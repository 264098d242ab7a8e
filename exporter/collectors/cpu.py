"""CPU time by mode, throttling and isolation (`node_cpu_*`), from /proc/stat and /sys/devices/system/cpu."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exporter.collectors.files import attribute, attribute_number, rows
from exporter.collectors.making import labelled, with_points
from exporter.families import Family, Point

# The kernel shows times in hundredths of a second on all platforms (USER_HZ).
TICKS_A_SECOND: Final = 100
MODES: Final = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
GUEST_MODES: Final = ("user", "nice")
_CPU: Final = re.compile(r"cpu([0-9]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """By CPU: seconds in each mode and in guests. By core and package: how often they were throttled."""

    seconds: Mapping[str, tuple[float, ...]]
    guest_seconds: Mapping[str, tuple[float, ...]]
    core_throttles: Mapping[tuple[str, str], int]
    package_throttles: Mapping[str, int]
    isolated: tuple[int, ...]


def read(proc: Path, sys: Path) -> Snapshot:
    """The counters now."""
    seconds, guest_seconds = {}, {}
    for name, *ticks in rows(proc / "stat"):
        if found := _CPU.fullmatch(name):
            # Old kernels show fewer modes.
            values = [int(tick) / TICKS_A_SECOND for tick in ticks] + [0.0] * 10
            seconds[found[1]] = tuple(values[: len(MODES)])
            guest_seconds[found[1]] = tuple(values[len(MODES) : 10])
    cpus = sys / "devices/system/cpu"
    core_throttles: dict[tuple[str, str], int] = {}
    package_throttles: dict[str, int] = {}
    for cpu in seconds:
        _throttles(cpus / f"cpu{cpu}", core_throttles, package_throttles)
    return Snapshot(
        seconds=seconds,
        guest_seconds=guest_seconds,
        core_throttles=core_throttles,
        package_throttles=package_throttles,
        isolated=tuple(_listed(attribute(cpus / "isolated") or "")),
    )


def _throttles(cpu: Path, cores: dict[tuple[str, str], int], packages: dict[str, int]) -> None:
    """Note how often the core and the package of a CPU were throttled. Threads of a core share its count."""
    package = attribute(cpu / "topology/physical_package_id")
    core = attribute(cpu / "topology/core_id")
    if not package or not core:
        return
    core_count = attribute_number(cpu / "thermal_throttle/core_throttle_count")
    package_count = attribute_number(cpu / "thermal_throttle/package_throttle_count")
    if core_count is not None:
        cores.setdefault((core, package), core_count)
    if package_count is not None:
        packages.setdefault(package, package_count)


def _listed(ranges: str) -> Iterator[int]:
    """The numbers of a list as the kernel writes it: 1,3-5."""
    for part in filter(None, ranges.split(",")):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def to_metrics(snapshot: Snapshot) -> list[Family]:
    """The families, named as node_exporter names them."""
    core_points = tuple(
        Point(count, (("core", core), ("package", package)))
        for (core, package), count in snapshot.core_throttles.items()
    )
    return with_points(
        (
            _by_mode("node_cpu_seconds_total", "Seconds each CPU spent in a mode.", MODES, snapshot.seconds),
            _by_mode(
                "node_cpu_guest_seconds_total",
                "Seconds each CPU spent running virtual machines.",
                GUEST_MODES,
                snapshot.guest_seconds,
            ),
            Family(
                name="node_cpu_core_throttles_total",
                kind="counter",
                help="How often a core was throttled.",
                points=core_points,
            ),
            labelled(
                "node_cpu_package_throttles_total",
                "counter",
                "How often a package was throttled.",
                "package",
                snapshot.package_throttles,
            ),
            labelled(
                "node_cpu_isolated",
                "gauge",
                "1 for each CPU that the scheduler leaves alone.",
                "cpu",
                {str(cpu): 1 for cpu in snapshot.isolated},
            ),
        )
    )


def _by_mode(name: str, text: str, modes: tuple[str, ...], by_cpu: Mapping[str, tuple[float, ...]]) -> Family:
    points = tuple(
        Point(seconds, (("cpu", cpu), ("mode", mode)))
        for cpu, values in by_cpu.items()
        for mode, seconds in zip(modes, values, strict=True)
    )
    return Family(name=name, kind="counter", help=text, points=points)
