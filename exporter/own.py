"""What the agent tells about itself, as families. Pure; must not know where the values come from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from exporter.collectors.making import labelled, single
from exporter.families import Family, Kind, Point


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """How one receiver fares. Counts are since the start, `oldest_s` is how long the oldest has waited."""

    name: str
    waiting_bytes: int
    waiting_samples: int
    oldest_s: float
    sent: int
    refused: int
    failures: int
    lost: Mapping[str, int]
    trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """All there is to tell."""

    version: str
    python: str
    rounds: int = 0
    missed: int = 0
    round_s: float = 0.0
    config_good: bool = True
    config_time_s: float = 0.0
    registered: bool | None = None
    heartbeats: int = 0
    report_failures: int = 0
    snapshots: int = 0
    snapshot_failures: int = 0
    receivers: Sequence[Receiver] = ()


_PREFIX = "fleetgauge_agent_"


def families(own: Own) -> list[Family]:
    """Return the families, those of receivers and of a gateway where there are any."""
    names = (("version", own.version), ("python", own.python))
    found = [
        _one("build_info", "gauge", "1; the version of the agent and of Python.", 1, names),
        _one("rounds_total", "counter", "Rounds of collecting for the receivers.", own.rounds),
        _one(
            "rounds_missed_total", "counter", "Rounds left out, as the one before took too long.", own.missed
        ),
        _one("round_duration_seconds", "gauge", "How long the last round took.", own.round_s),
        _one(
            "config_last_reload_successful",
            "gauge",
            "Whether the last reload worked.",
            float(own.config_good),
        ),
        _one(
            "config_last_reload_success_timestamp_seconds",
            "gauge",
            "When the settings in use were taken.",
            own.config_time_s,
        ),
        *_receivers(own.receivers),
    ]
    if own.registered is not None:
        found += [
            _one("registered", "gauge", "Whether the gateway knows the agent.", float(own.registered)),
            _one("heartbeats_total", "counter", "Heartbeats that the gateway heard.", own.heartbeats),
            _one(
                "report_failures_total",
                "counter",
                "Registrations and heartbeats that failed.",
                own.report_failures,
            ),
            _one("snapshots_total", "counter", "Process snapshots taken.", own.snapshots),
            _one(
                "snapshot_failures_total", "counter", "Process snapshots that failed.", own.snapshot_failures
            ),
        ]
    return found


def _one(name: str, kind: Kind, text: str, value: float, labels: tuple[tuple[str, str], ...] = ()) -> Family:
    return single(_PREFIX + name, kind, text, value, labels)


def _receivers(receivers: Sequence[Receiver]) -> list[Family]:
    if not receivers:
        return []
    shapes: tuple[tuple[str, Kind, str, Callable[[Receiver], float]], ...] = (
        ("waiting_bytes", "gauge", "Bytes that wait.", lambda each: each.waiting_bytes),
        ("waiting_samples", "gauge", "Samples that wait.", lambda each: each.waiting_samples),
        ("oldest_waiting_seconds", "gauge", "Age of the oldest that waits.", lambda each: each.oldest_s),
        ("sent_samples_total", "counter", "Samples that the receiver took.", lambda each: each.sent),
        ("refused_samples_total", "counter", "Samples that the receiver refused.", lambda each: each.refused),
        ("send_failures_total", "counter", "Attempts that failed.", lambda each: each.failures),
    )
    found = [
        labelled(_PREFIX + name, kind, text, "receiver", {each.name: value(each) for each in receivers})
        for name, kind, text, value in shapes
    ]
    lost = [
        Point(number, (("receiver", each.name), ("reason", reason)))
        for each in receivers
        for reason, number in each.lost.items()
    ]
    text = "Samples dropped before they were sent."
    return [*found, Family(name=_PREFIX + "lost_samples_total", kind="counter", help=text, points=lost)]
