"""psutil's way and ours see the same processes on this machine."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter.collectors.processes.procfs import Proc
from exporter.collectors.processes.reading import Look
from exporter.collectors.processes.table import ProcessTable, Source

pytest.importorskip("psutil")

from exporter.collectors.processes.portable import Portable

WORK = """
import hashlib, os, sys, threading
threading.Thread(target=threading.Event().wait, daemon=True).start()
for _ in range(100): hashlib.sha256(bytes(1 << 20)).digest()
with open(sys.argv[1], "wb") as file:
    file.write(bytes(1 << 20)); file.flush(); os.fsync(file.fileno())
print("ready", flush=True); sys.stdin.read()
"""


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[int]:
    command = [sys.executable, "-c", WORK, str(tmp_path / "file")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        yield process.pid
        process.terminate()


def look(source: Source) -> Look:
    return ProcessTable(source, time.monotonic).readings(0)


def test_both_ways_tell_the_same(worker: int) -> None:
    ours, theirs = look(Proc(Path("/proc"))), look(Portable(time.time))
    assert theirs.ticks == ours.ticks
    assert theirs.boot_time_s == pytest.approx(ours.boot_time_s, abs=1)
    assert theirs.uptime_s == pytest.approx(ours.uptime_s, abs=2)
    mine, other = ({each.seen.key.pid: each for each in found.readings} for found in (ours, theirs))
    assert len(mine.keys() & other.keys()) >= 0.9 * len(mine)
    one, two = mine[worker], other[worker]
    assert two.seen.program.args == one.seen.program.args
    assert two.seen.program.comm == one.seen.program.comm
    for name in ("parent", "state", "user", "system", "children_user", "threads", "virtual"):
        assert getattr(two.seen, name) == getattr(one.seen, name), name
    # The kernel's two files round it differently, by some pages for each processor.
    assert two.seen.resident == pytest.approx(one.seen.resident, rel=0.05)
    assert two.seen.key.started == pytest.approx(one.seen.key.started, abs=200)
    assert two.counts[6:] == one.counts[6:]
    assert (two.open_fds, two.fd_limit, two.whole) == (one.open_fds, one.fd_limit, True)


def test_kernel_threads_are_there_without_reading_much() -> None:
    found = [each for each in look(Portable(time.time)).readings if not each.seen.program.args]
    assert all(not each.whole for each in found)


def test_what_has_ended_is_left_out(worker: int) -> None:
    source = Portable(time.time)
    [seen] = [each for each in source.look() if each.key.pid == worker]
    process = source._processes[seen.key]
    process.kill()
    process.wait()
    assert source.read(seen) is None
