"""Memory that was freed stays with the process."""

import subprocess
import sys

import pytest

from runtime.memory import keep_freed_memory, share_memory

FAULTS = """
import resource
from runtime.memory import keep_freed_memory
if {keep}:
    keep_freed_memory()
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(100):
        [bytearray(300_000) for _ in range(4)]
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
faults()
print(faults())
"""


def faults(*, keep: bool) -> int:
    """Return how often new pages were asked for while arrays came and went."""
    script = FAULTS.format(keep=keep)
    return int(
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    )


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only the C library of Linux is told")
def test_arrays_that_come_and_go_ask_for_no_new_pages() -> None:
    if not keep_freed_memory():
        pytest.skip("this C library has no mallopt")
    assert faults(keep=True) < 100 < faults(keep=False)


ARENAS = """
import threading
from pathlib import Path
from runtime.memory import share_memory
if {share}:
    share_memory()
started, end = threading.Barrier(9), threading.Event()
def work():
    held = [bytearray(2000) for _ in range(100)]
    started.wait()
    end.wait()
for _ in range(8):
    threading.Thread(target=work, daemon=True).start()
started.wait()
# An arena is 64 MiB of addresses, and begins at a multiple of that.
maps = [line.split("-")[0] for line in Path("/proc/self/maps").read_text().splitlines()]
print(sum(int(start, 16) % (64 << 20) == 0 for start in maps))
"""


def arenas(*, share: bool) -> int:
    """Return how many arenas threads have made."""
    script = ARENAS.format(share=share)
    return int(
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    )


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only the C library of Linux is told")
def test_threads_have_no_memory_of_their_own() -> None:
    if not share_memory():
        pytest.skip("this C library has no mallopt")
    assert arenas(share=True) == 0 < arenas(share=False)
