"""Sockets by protocol (`node_sockstat_*`), from /proc/net/sockstat and sockstat6."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from exporter.collectors.files import attribute, text
from exporter.collectors.making import single
from exporter.families import Family


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Values by protocol and state, as TCP_inuse. The kernel tells memory in pages."""

    values: Mapping[str, int]
    page_bytes: int


def read(proc: Path, page_bytes: int) -> Snapshot:
    """The numbers now. A host without IPv6 has no sockstat6."""
    values = {}
    for line in f"{text(proc / 'net/sockstat')}\n{attribute(proc / 'net/sockstat6') or ''}".splitlines():
        protocol, _, pairs = line.partition(":")
        words = pairs.split()
        for name, value in zip(words[::2], words[1::2], strict=True):
            values[f"{protocol}_{name}"] = int(value)
    return Snapshot(values=values, page_bytes=page_bytes)


def to_metrics(snapshot: Snapshot) -> list[Family]:
    """The families, named as node_exporter names them."""
    values = dict(snapshot.values)
    for name, value in snapshot.values.items():
        if name.endswith("_mem"):
            values[f"{name}_bytes"] = value * snapshot.page_bytes
    return [
        single(f"node_sockstat_{name}", "gauge", f"{name} of the sockets.", value)
        for name, value in values.items()
    ]
