"""How the C library keeps freed memory. Owns the calls to it; must not know what the memory is for."""

import ctypes
import sys
from typing import Final

# glibc's mallopt: what to set, and to how much.
_TRIM_THRESHOLD: Final = (-1, 256 << 20)
_TOP_PAD: Final = (-2, 16 << 20)
_MMAP_THRESHOLD: Final = (-3, 32 << 20)
_ARENA_MAX: Final = (-8, 1)


def keep_freed_memory() -> bool:
    """Let the process keep the memory of short-lived arrays; return whether the C library can.

    By default glibc gives freed memory back to the system, and gets it again page by page: a program that
    makes and drops arrays of some 100 KiB all the time spends much of its time there (docs/adr/0034).
    """
    return _set(_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD, _ARENA_MAX)


def share_memory() -> bool:
    """Let all threads take memory from one place; return whether the C library can.

    By default glibc gives each thread an arena of its own, so that none waits for another. Python's threads
    take turns anyway, and what one frees, others could not use (docs/adr/0055).
    """
    return _set(_ARENA_MAX)


def _set(*options: tuple[int, int]) -> bool:
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and all(mallopt(what, value) for what, value in options)
