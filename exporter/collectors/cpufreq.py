"""CPU frequencies (`node_cpu_*_hertz`), from /sys/devices/system/cpu/cpu*/cpufreq."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exporter.collectors.files import attributes
from exporter.collectors.making import labelled, with_points
from exporter.families import Family

# The file, the family, its help. The files are in kHz.
FREQUENCIES: Final = (
    ("cpuinfo_cur_freq", "node_cpu_frequency_hertz", "Frequency of a CPU, as the hardware tells it."),
    ("cpuinfo_min_freq", "node_cpu_frequency_min_hertz", "Lowest frequency of a CPU."),
    ("cpuinfo_max_freq", "node_cpu_frequency_max_hertz", "Highest frequency of a CPU."),
    ("scaling_cur_freq", "node_cpu_scaling_frequency_hertz", "Frequency that the kernel chose for a CPU."),
    ("scaling_min_freq", "node_cpu_scaling_frequency_min_hertz", "Lowest frequency the kernel may choose."),
    ("scaling_max_freq", "node_cpu_scaling_frequency_max_hertz", "Highest frequency the kernel may choose."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Kilohertz by file and CPU."""

    kilohertz: Mapping[str, Mapping[str, int]]


def read(sys: Path) -> Snapshot:
    """The frequencies now; of a CPU that tells none, nothing."""
    found: dict[str, dict[str, int]] = {file: {} for file, _, _ in FREQUENCIES}
    for directory in sorted((sys / "devices/system/cpu").glob("cpu[0-9]*")):
        if (directory / "cpufreq").is_dir():
            for file, value in attributes(directory / "cpufreq", found).items():
                # A CPU that is asleep may say <unknown>.
                if value.isdecimal():
                    found[file][directory.name.removeprefix("cpu")] = int(value)
    return Snapshot(kilohertz=found)


def to_metrics(snapshot: Snapshot) -> list[Family]:
    """The families, named as node_exporter names them."""
    return with_points(
        labelled(
            name,
            "gauge",
            text,
            "cpu",
            {cpu: kilohertz * 1000 for cpu, kilohertz in snapshot.kilohertz[file].items()},
        )
        for file, name, text in FREQUENCIES
    )
