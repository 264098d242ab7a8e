"""What the agent itself uses (`process_*`), named as Prometheus' client libraries do, from /proc/self."""

import os
import resource
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exporter.collectors.files import rows, text
from exporter.collectors.making import single
from exporter.families import Family, Kind

# The kernel shows times in hundredths of a second on all platforms (USER_HZ).
TICKS_A_SECOND: Final = 100
# Words of the stat file, counted behind the name of the program.
_USER, _SYSTEM, _THREADS, _STARTED, _VIRTUAL, _RESIDENT = 11, 12, 17, 19, 20, 21


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The process now. Times are seconds, the start is Unix time."""

    cpu_seconds: float
    started: float
    virtual_bytes: int
    resident_bytes: int
    threads: int
    open_files: int
    max_files: float


def read(proc: Path, page_bytes: int, max_files: float) -> Snapshot:
    """This process, in the /proc that it is shown in."""
    words = text(proc / "self/stat").rpartition(")")[2].split()
    if len(words) <= _RESIDENT:
        raise ValueError(f"expected more words in self/stat, got {len(words)}")
    [booted] = [int(line[1]) for line in rows(proc / "stat") if line[0] == "btime" and len(line) == 2]
    return Snapshot(
        cpu_seconds=(int(words[_USER]) + int(words[_SYSTEM])) / TICKS_A_SECOND,
        started=booted + int(words[_STARTED]) / TICKS_A_SECOND,
        virtual_bytes=int(words[_VIRTUAL]),
        resident_bytes=int(words[_RESIDENT]) * page_bytes,
        threads=int(words[_THREADS]),
        open_files=len(os.listdir(proc / "self/fd")),  # noqa: PTH208
        max_files=max_files,
    )


def soft_file_limit() -> float:
    """How many files this process may open."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return float("inf") if limit == resource.RLIM_INFINITY else limit


def to_metrics(snapshot: Snapshot) -> list[Family]:
    """The families, named as Prometheus' client libraries name them."""
    families: tuple[tuple[str, Kind, str, float], ...] = (
        ("cpu_seconds_total", "counter", "Processor time of the agent, in seconds.", snapshot.cpu_seconds),
        ("max_fds", "gauge", "Files that the agent may open.", snapshot.max_files),
        ("open_fds", "gauge", "Files that the agent has open.", snapshot.open_files),
        ("resident_memory_bytes", "gauge", "Memory that the agent holds.", snapshot.resident_bytes),
        ("start_time_seconds", "gauge", "When the agent started, in Unix time.", snapshot.started),
        ("threads", "gauge", "Threads of the agent.", snapshot.threads),
        ("virtual_memory_bytes", "gauge", "Addresses that the agent has in use.", snapshot.virtual_bytes),
    )
    return [single(f"process_{name}", kind, help_text, value) for name, kind, help_text, value in families]
