"""What is measured of a container, wherever it was read. Knows no file and no metric."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

# The kernel counts in 64 bits; what is larger was damaged.
MOST: Final = 2**64

# By interface: bytes, packets, errors, dropped; received, then transmitted.
Network = Mapping[str, tuple[int, int, int, int, int, int, int, int]]


@dataclass(slots=True, kw_only=True)
class Io:
    """Reads and writes of one device."""

    read_bytes: int = 0
    written_bytes: int = 0
    reads: int = 0
    writes: int = 0


@dataclass(slots=True, kw_only=True)
class Cpu:
    """Times in seconds; None where the source has not the number."""

    used_s: float | None = None
    user_s: float | None = None
    system_s: float | None = None
    periods: int | None = None
    throttled: int | None = None
    throttled_s: float | None = None


@dataclass(slots=True, kw_only=True)
class Memory:
    """Bytes, and two counts; None where the source has not the number."""

    usage: int | None = None
    inactive_file: int | None = None
    anonymous: int | None = None
    cache: int | None = None
    mapped: int | None = None
    swap: int | None = None
    peak: int | None = None
    failures: int | None = None
    """How often the limit was hit."""
    oom_kills: int | None = None


@dataclass(slots=True, kw_only=True)
class Limits:
    """What a container may use; 0 is no limit, None is not known."""

    memory: int | None = None
    cpu_quota: int | None = None
    cpu_period: int | None = None
    cpu_shares: int | None = None


@dataclass(slots=True, kw_only=True)
class Usage:
    """All that one look at a container found."""

    cpu: Cpu = field(default_factory=Cpu)
    memory: Memory = field(default_factory=Memory)
    limits: Limits = field(default_factory=Limits)
    io: Mapping[str, Io] = field(default_factory=dict)
    """By device: `/dev/vda`."""
    threads: int | None = None
    states: Mapping[str, int] | None = None
    """Processes by state."""
    network: Network | None = None


def whole(text: str) -> int:
    """The number that the kernel wrote; raises ValueError."""
    value = int(text)
    if not -MOST < value < MOST:
        raise ValueError(f"not a number of the kernel: {text[:40]}")
    return value
