"""What node_exporter and process-exporter show of this machine, as remote-write bodies with their true times.

`python -m benchmarks.capture FILE ROUNDS SECONDS` gathers a file for `make bench BENCH=disk CAPTURE=FILE`.
Knows nothing of what the bodies are for.
"""

import hashlib
import multiprocessing
import random
import struct
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from prometheus_client.parser import text_string_to_metric_families

from benchmarks.contenders import launch, progress
from remotewrite.compression import compress
from remotewrite.encode.v1 import encode_v1
from remotewrite.model import Sample, Series
from tests.peers.required import find_program
from tests.peers.servers import Server, free_port
from timeseries.labels import Labels

# Before each body in the file: its samples, its bytes.
_ENTRY: Final = struct.Struct("<II")

_NODE: Final = "prometheus-node-exporter"
_PROCESS: Final = "prometheus-process-exporter"

# Every process by its name, as most people have it.
_PROCESSES: Final = "process_names:\n  - name: '{{.Comm}}'\n    cmdline: ['.+']\n"

_MOST_BYTES_WRITTEN: Final = 1 << 22

_direct: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """Bodies of remote write 1.0 in order of time, and how many samples each has."""

    bodies: Sequence[bytes]
    counts: Sequence[int]

    def save(self, file: Path) -> None:
        """Write it to a file."""
        pairs = zip(self.counts, self.bodies, strict=True)
        file.write_bytes(b"".join(_ENTRY.pack(count, len(body)) + body for count, body in pairs))

    @classmethod
    def load(cls, file: Path) -> Self:
        """Read what was saved."""
        raw, at = file.read_bytes(), 0
        bodies, counts = [], []
        while at < len(raw):
            count, size = _ENTRY.unpack_from(raw, at)
            at += _ENTRY.size + size
            bodies.append(raw[at - size : at])
            counts.append(count)
        return cls(bodies=bodies, counts=counts)


def available() -> bool:
    """Tell whether both exporters are installed."""
    return all(map(find_program, (_NODE, _PROCESS)))


def capture(rounds: int, seconds: float) -> Capture:
    """Read both exporters so many times, so many seconds apart, while a process works now and then."""
    bodies, counts = [], []
    with tempfile.TemporaryDirectory() as folder, _exporters(Path(folder)) as exporters, _load(folder):
        started = time.monotonic()
        for round_ in range(rounds):
            time.sleep(max(0.0, started + round_ * seconds - time.monotonic()))
            for exporter in exporters:
                series = _read(exporter)
                bodies.append(compress(encode_v1(series)))
                counts.append(len(series))
            if round_ % max(1, round(15 / seconds)) == 0:
                progress(f"exporters: {round_} of {rounds} rounds read")
    return Capture(bodies=bodies, counts=counts)


@contextmanager
def _exporters(folder: Path) -> Iterator[list[Server]]:
    (folder / "processes.yml").write_text(_PROCESSES)
    commands = {
        _NODE: "--web.listen-address=127.0.0.1:{port}",
        _PROCESS: "-web.listen-address=127.0.0.1:{port} -config.path=../processes.yml",
    }
    with ExitStack() as stack:
        servers = []
        for name, flags in commands.items():
            port = free_port()
            command = [find_program(name) or name, *flags.format(port=port).split()]
            servers.append(launch(command, folder / name, port, "/metrics"))
            stack.callback(servers[-1].stop)
        yield servers


def _read(exporter: Server) -> list[Series]:
    """Return what it shows now, under the time at which it was asked, as a scraper would."""
    now_ms = time.time_ns() // 1_000_000
    with _direct.open(f"{exporter.url}/metrics") as answer:
        page = answer.read().decode()
    target = {"instance": exporter.url.removeprefix("http://"), "job": exporter.dir.name}
    return [
        Series(
            labels=Labels({"__name__": sample.name, **sample.labels, **target}),
            samples=[Sample(now_ms, sample.value)],
        )
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    ]


@contextmanager
def _load(folder: str) -> Iterator[None]:
    process = multiprocessing.get_context("spawn").Process(target=_work, args=(folder,), daemon=True)
    process.start()
    try:
        yield
    finally:
        process.terminate()
        process.join()


def _work(folder: str) -> None:
    """Compute, write files and rest in turn, as programs with something to do."""
    rng = random.Random(_MOST_BYTES_WRITTEN)
    file = Path(folder, "written")
    while True:
        data = rng.randbytes(rng.randrange(_MOST_BYTES_WRITTEN))
        for _ in range(rng.randrange(10)):
            hashlib.sha256(data).digest()
        file.write_bytes(data)
        time.sleep(rng.expovariate(5))


if __name__ == "__main__":
    where, rounds_, seconds_ = sys.argv[1:]
    capture(int(rounds_), float(seconds_)).save(Path(where))
