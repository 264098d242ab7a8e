"""The host as a whole, so that a snapshot explains itself. Reads three files of /proc; knows no process."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exporter.collectors import loadavg, meminfo
from exporter.collectors.files import text

# In hundredths of a second, whatever the kernel counts in: user nice system idle iowait irq softirq steal.
_HUNDREDTHS: Final = 100
_IDLE: Final = 3
_IO_WAIT: Final = 4
_MODES: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """Processor time of all CPUs since boot, how many there are, load averages, memory in bytes."""

    cpus: int
    busy_s: float
    io_wait_s: float
    load: tuple[float, float, float]
    memory: int
    memory_used: int
    swap_used: int


def read(proc: Path) -> Host:
    """The host now; raises OSError, ValueError or IndexError where there is no such /proc."""
    lines = text(proc / "stat").splitlines()
    times = [int(word) / _HUNDREDTHS for word in lines[0].split()[1:][:_MODES]]
    averages = loadavg.read(proc)
    memory = meminfo.read(proc).values
    total, free = memory.get("MemTotal_bytes", 0), memory.get("MemFree_bytes", 0)
    return Host(
        cpus=sum(line.startswith("cpu") for line in lines) - 1,
        busy_s=sum(times) - times[_IDLE] - _at(times, _IO_WAIT),
        io_wait_s=_at(times, _IO_WAIT),
        load=(averages.load1, averages.load5, averages.load15),
        memory=total,
        memory_used=total - memory.get("MemAvailable_bytes", free),
        swap_used=memory.get("SwapTotal_bytes", 0) - memory.get("SwapFree_bytes", 0),
    )


def _at(times: Sequence[float], mode: int) -> float:
    return times[mode] if mode < len(times) else 0.0
