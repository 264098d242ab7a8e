"""The host's time, its zone and its clock sources (`node_time_*`). The time itself is a parameter."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from exporter.collectors.files import text
from exporter.collectors.making import single
from exporter.families import Family, Point


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The time with its zone; by device, the clock sources there are and the one in use."""

    now: datetime
    available: Mapping[str, tuple[str, ...]]
    current: Mapping[str, str]


def read(sys: Path, now: datetime) -> Snapshot:
    """The clock sources now. The time must know its zone."""
    available, current = {}, {}
    for directory in sorted((sys / "devices/system/clocksource").glob("clocksource[0-9]*")):
        device = directory.name.removeprefix("clocksource")
        available[device] = tuple(text(directory / "available_clocksource").split())
        current[device] = text(directory / "current_clocksource").strip()
    return Snapshot(now=now, available=available, current=current)


def to_metrics(snapshot: Snapshot) -> list[Family]:
    """The families, named as node_exporter names them."""
    zone = (("time_zone", snapshot.now.tzname() or ""),)
    offset = snapshot.now.utcoffset()
    return [
        single("node_time_seconds", "gauge", "The host's time, in Unix time.", snapshot.now.timestamp()),
        single(
            "node_time_zone_offset_seconds",
            "gauge",
            "How far the time zone is ahead of UTC.",
            offset.total_seconds() if offset else 0,
            zone,
        ),
        Family(
            name="node_time_clocksource_available_info",
            kind="gauge",
            help="1 for each clock source there is.",
            points=tuple(
                Point(1, (("clocksource", source), ("device", device)))
                for device, sources in snapshot.available.items()
                for source in sources
            ),
        ),
        Family(
            name="node_time_clocksource_current_info",
            kind="gauge",
            help="1 for the clock source in use.",
            points=tuple(
                Point(1, (("clocksource", source), ("device", device)))
                for device, source in snapshot.current.items()
            ),
        ),
    ]
