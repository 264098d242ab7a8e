"""How well the kernel's clock is kept (`node_timex_*`), from adjtimex. Only asks, never sets."""

import ctypes
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from exporter.collectors.making import single
from exporter.families import Family, Kind

# Kernel's timex.h: the clock is not synchronised; times are in nanoseconds rather than microseconds.
TIME_ERROR: Final = 5
STA_NANO: Final = 0x2000
# Frequencies are in parts per million with 16 bits behind the point.
PPM: Final = 65536 * 1_000_000


class Timex(ctypes.Structure):
    """The kernel's struct timex, with C's own padding."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("constant", ctypes.c_long),
        ("precision", ctypes.c_long),
        ("tolerance", ctypes.c_long),
        ("time_sec", ctypes.c_long),
        ("time_usec", ctypes.c_long),
        ("tick", ctypes.c_long),
        ("ppsfreq", ctypes.c_long),
        ("jitter", ctypes.c_long),
        ("shift", ctypes.c_int),
        ("stabil", ctypes.c_long),
        ("jitcnt", ctypes.c_long),
        ("calcnt", ctypes.c_long),
        ("errcnt", ctypes.c_long),
        ("stbcnt", ctypes.c_long),
        ("tai", ctypes.c_int),
        ("reserved", ctypes.c_int * 11),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What adjtimex told: the clock's state, and the fields of the struct by their names there."""

    state: int
    offset: int
    freq: int
    maxerror: int
    esterror: int
    status: int
    constant: int
    tick: int
    ppsfreq: int
    jitter: int
    shift: int
    stabil: int
    jitcnt: int
    calcnt: int
    errcnt: int
    stbcnt: int
    tai: int


def ask_kernel(into: Timex) -> int:
    """Fill the struct; the answer is the clock's state."""
    state = int(ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(into)))
    if state < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"adjtimex: {os.strerror(error)}")
    return state


def read(ask: Callable[[Timex], int] = ask_kernel) -> Snapshot:
    """The clock now."""
    timex = Timex()
    state = ask(timex)
    fields = [name for name in Snapshot.__slots__ if name != "state"]
    return Snapshot(state=state, **{name: int(getattr(timex, name)) for name in fields})


def to_metrics(snapshot: Snapshot) -> list[Family]:
    """The families, named as node_exporter names them."""
    fraction = 1e9 if snapshot.status & STA_NANO else 1e6
    values: tuple[tuple[str, Kind, str, float], ...] = (
        ("estimated_error_seconds", "gauge", "Estimated error.", snapshot.esterror / 1e6),
        (
            "frequency_adjustment_ratio",
            "gauge",
            "How fast the clock is made to run.",
            1 + snapshot.freq / PPM,
        ),
        ("loop_time_constant", "gauge", "Time constant of the control loop.", snapshot.constant),
        ("maxerror_seconds", "gauge", "Largest possible error.", snapshot.maxerror / 1e6),
        ("offset_seconds", "gauge", "What is still to be corrected.", snapshot.offset / fraction),
        ("pps_calibration_total", "counter", "Intervals calibrated by a pulse.", snapshot.calcnt),
        ("pps_error_total", "counter", "Calibrations that failed.", snapshot.errcnt),
        ("pps_frequency_hertz", "gauge", "Frequency by the pulse.", snapshot.ppsfreq / PPM),
        ("pps_jitter_seconds", "gauge", "Jitter of the pulse.", snapshot.jitter / fraction),
        ("pps_jitter_total", "counter", "How often the pulse had too much jitter.", snapshot.jitcnt),
        ("pps_shift_seconds", "gauge", "Length of a calibration interval.", snapshot.shift),
        (
            "pps_stability_exceeded_total",
            "counter",
            "How often the frequency moved too far.",
            snapshot.stbcnt,
        ),
        ("pps_stability_hertz", "gauge", "How far the frequency moves.", snapshot.stabil / PPM),
        ("status", "gauge", "Status bits.", snapshot.status),
        ("sync_status", "gauge", "1 where the clock is synchronised.", float(snapshot.state != TIME_ERROR)),
        ("tai_offset_seconds", "gauge", "How far International Atomic Time is ahead.", snapshot.tai),
        ("tick_seconds", "gauge", "Time between two ticks.", snapshot.tick / 1e6),
    )
    return [single(f"node_timex_{name}", kind, text, value) for name, kind, text, value in values]
