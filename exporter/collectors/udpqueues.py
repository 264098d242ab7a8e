"""Bytes that wait in UDP sockets (`node_udp_queues`), from /proc/net/udp and udp6."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from exporter.collectors.files import column, rows
from exporter.families import Family, Point


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """By version of IP: bytes that wait to be sent, and to be read."""

    queued: Mapping[str, tuple[int, int]]


def read(proc: Path) -> Snapshot:
    """The sums now, over all sockets. A host without IPv6 has no udp6."""
    files = {"v4": proc / "net/udp", "v6": proc / "net/udp6"}
    return Snapshot(queued={version: _sums(path) for version, path in files.items() if path.exists()})


def _sums(path: Path) -> tuple[int, int]:
    sent = received = 0
    for words in list(rows(path))[1:]:
        transmit, _, receive = column(words, 4).partition(":")
        sent += int(transmit, 16)
        received += int(receive, 16)
    return sent, received


def to_metrics(snapshot: Snapshot) -> list[Family]:
    """The family, named as node_exporter names it."""
    points = tuple(
        Point(value, (("ip", version), ("queue", queue)))
        for version, values in snapshot.queued.items()
        for queue, value in zip(("tx", "rx"), values, strict=True)
    )
    return [
        Family(name="node_udp_queues", kind="gauge", help="Bytes that wait in UDP sockets.", points=points)
    ]
