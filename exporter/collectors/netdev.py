"""Traffic of network devices (`node_network_receive_*`, `node_network_transmit_*`), from /proc/net/dev."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exporter.collectors.files import attribute_number, text
from exporter.collectors.making import labelled, with_points
from exporter.families import Family

# As the columns of the file stand.
COLUMNS: Final = (
    *(
        f"receive_{what}"
        for what in ("bytes", "packets", "errs", "drop", "fifo", "frame", "compressed", "multicast")
    ),
    *(
        f"transmit_{what}"
        for what in ("bytes", "packets", "errs", "drop", "fifo", "colls", "carrier", "compressed")
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """By counter, by device."""

    counters: Mapping[str, Mapping[str, int]]


def read(proc: Path, sys: Path, shown: Callable[[str], bool]) -> Snapshot:
    """The counters now, of the devices whose name is to be shown."""
    counters: dict[str, dict[str, int]] = {name: {} for name in (*COLUMNS, "receive_nohandler")}
    for line in text(proc / "net/dev").splitlines()[2:]:
        name, _, values = line.rpartition(":")
        device = name.strip()
        if not shown(device):
            continue
        for column, value in zip(COLUMNS, values.split(), strict=True):
            counters[column][device] = int(value)
        unhandled = attribute_number(sys / "class/net" / device / "statistics/rx_nohandler")
        if unhandled is not None:
            counters["receive_nohandler"][device] = unhandled
    return Snapshot(counters=counters)


def to_metrics(snapshot: Snapshot) -> list[Family]:
    """The families, named as node_exporter names them."""
    return with_points(
        labelled(f"node_network_{name}_total", "counter", f"{name} of a network device.", "device", by_device)
        for name, by_device in snapshot.counters.items()
    )
