"""Bytes a sample on the disk, of what real exporters show, beside Prometheus and VictoriaMetrics if there.

Every server gets the same bodies and merges them as far as it can. Both exporters are read once a second for
two minutes, and times stay as they were. That is not a host's day: counters grow less in a second than in the
usual 15, and the index and the start of each series stand against few samples. A longer capture, gathered
with `benchmarks/capture.py`, says more.
"""

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.capture import Capture, available, capture
from benchmarks.contenders import (
    GATEWAY,
    PROMETHEUS,
    VICTORIA_METRICS,
    Beside,
    Contender,
    ask,
    contenders,
    merge_victoria_metrics,
    running,
    send,
    size_of,
)
from benchmarks.harness import Benchmark, Row
from gateway.storage.upkeep import merge
from tests.gateway.storage.samples import open_store
from tests.peers.servers import Server

ROUNDS: Final = 120
SECONDS: Final = 1.0

# A file that was captured before: set, it is measured instead.
CAPTURE: Final = "CAPTURE"

# More than there are: all free pages go back.
_ALL_PAGES: Final = 1 << 20


class Sizes(NamedTuple):
    """Bytes of samples alone, and of all that is needed to read them."""

    data: int
    everything: int


@dataclass
class _Bodies:
    """What is sent to all, gathered by the first that needs it."""

    @cached_property
    def gathered(self) -> Capture:
        file = os.environ.get(CAPTURE)
        return Capture.load(Path(file)) if file else capture(ROUNDS, SECONDS)


def benchmarks() -> Iterator[Benchmark]:
    """Nothing without exporters or a capture."""
    if not (os.environ.get(CAPTURE) or available()):
        return
    bodies, data, everything = _Bodies(), Beside(), Beside()
    for contender in contenders():
        yield _Disk(contender=contender, bodies=bodies, data=data, everything=everything)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Disk:
    """One server, and the figures of those before it."""

    contender: Contender
    bodies: _Bodies
    data: Beside
    everything: Beside

    @property
    def name(self) -> str:
        """What the table calls it."""
        return f"disk: {self.contender.name}"

    def measure(self) -> Row:
        """Send, merge, and look at the files."""
        gathered = self.bodies.gathered
        samples = sum(gathered.counts)
        with (
            tempfile.TemporaryDirectory() as folder,
            running(self.contender, Path(folder, "servers")) as server,
        ):
            send(server, gathered.bodies)
            sizes = _MERGED[self.contender.name](server)
        note = (
            f"{samples:,} samples, bytes each: "
            f"{self._told(self.data, sizes.data / samples)}; "
            f"with index {self._told(self.everything, sizes.everything / samples)}"
        )
        return Row(name=self.name, note=note)

    def _told(self, beside: Beside, figure: float) -> str:
        return f"{figure:.3f}{beside.add(self.contender.name, figure)}"


def _prometheus(server: Server) -> Sizes:
    """A snapshot writes the newest samples as a block, too: chunks and index as after any compaction."""
    ask(server, "/api/v1/admin/tsdb/snapshot", "POST")
    snapshots = server.dir / "data" / "snapshots"
    chunks = size_of(*snapshots.glob("*/*/chunks"))
    return Sizes(chunks, size_of(snapshots))


def _victoria_metrics(server: Server) -> Sizes:
    merge_victoria_metrics(server)
    server.stop()
    data = size_of(server.dir / "data" / "data")
    return Sizes(data, data + size_of(server.dir / "data" / "indexdb"))


def _gateway(server: Server) -> Sizes:
    """Stopped, then merged as upkeep would, and closed, which moves SQLite's own log into the file."""
    server.stop()
    directory = server.dir / "data"
    with open_store(directory) as store:
        store.flush()
        if len(store.state.parts) > 1:
            merge(store, store.state.parts)
        data = sum(part.bytes for part in store.state.parts)
        store.give_back(_ALL_PAGES)
    return Sizes(data, size_of(directory))


_MERGED: Final = {
    PROMETHEUS: _prometheus,
    VICTORIA_METRICS: _victoria_metrics,
    GATEWAY: _gateway,
}
