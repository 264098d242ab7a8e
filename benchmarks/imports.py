"""What the agent pays before it does anything: time and memory of its imports, beyond a bare Python's."""

import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from benchmarks.harness import RUNS, Benchmark, Row

SENDING: Final = ("remotewrite.encode.v1", "remotewrite.encode.v2", "remotewrite.compression")

_PRINT_RSS: Final = """
for line in open("/proc/self/status"):
    if line.startswith("VmRSS:"):
        print(line.split()[1])
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """Modules imported into a new interpreter, several times."""

    name: str
    modules: tuple[str, ...]

    def measure(self) -> Row:
        """Time it with `-X importtime`, and read the memory afterwards."""
        bare = [_import(()) for _ in range(RUNS)]
        runs = [_import(self.modules) for _ in range(RUNS)]
        micros = statistics.median(micros for micros, _ in bare)
        kib = statistics.median(kib for _, kib in runs) - statistics.median(kib for _, kib in bare)
        return Row(
            name=self.name, micros=[run - micros for run, _ in runs], note=f"RSS +{kib / 1024:.1f} MiB"
        )


def benchmarks() -> Iterator[Benchmark]:
    """What a sender imports, and for comparison what it must not."""
    yield Import(name="import what an agent sends with", modules=SENDING)
    yield Import(name="import protobuf's classes", modules=("tests.remotewrite.schema.write_v1_pb2",))
    yield Import(name="import numpy", modules=("numpy",))


def _import(modules: tuple[str, ...]) -> tuple[int, int]:
    """Return the µs of all imports, and the KiB of memory in use."""
    script = "".join(f"import {module}\n" for module in modules) + _PRINT_RSS
    command = [sys.executable, "-X", "importtime", "-c", script]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = [line.split("|")[0].split() for line in ran.stderr.splitlines()]
    return sum(int(line[2]) for line in lines if line[2].isdigit()), int(ran.stdout)
