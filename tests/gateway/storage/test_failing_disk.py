"""A disk that fails for a while, then the end of power: what was acknowledged is there, the rest is whole.

The system calls of a real writer are traced, some of them fail, and the disk is rebuilt as it was at some
moments (tests/gateway/storage/disk.py): without the pages whose fsync failed, and with any not yet synced.
"""

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.gateway.storage.disk import CALLS, Disk, calls_of
from tests.gateway.storage.lone_writer import BATCHES
from tests.gateway.storage.samples import batch, contents, open_store, series
from tests.gateway.storage.test_crash import KILLS
from tests.gateway.storage.writer import rows_of
from tests.gateway.tracing import failing, strace
from timeseries.labels import Labels

# Moments at which the power goes, for each run of the writer.
CUTS = 8

# A call, how it fails, and how many of them a run makes at the least.
FAULTS = [
    ("fdatasync", "EIO", 80),
    ("pwrite64", "ENOSPC", 180),
    ("pwrite64", "EIO", 180),
    ("fdatasync", "ENOSPC", 80),
    ("pwrite64", "EROFS", 180),
]


def traced(directory: Path, trace: Path, *faults: str) -> list[str]:
    """Run the writer to its end; return what it said."""
    options = ("-y", "-xx", "-s", "70000", "-o", str(trace), f"--trace={CALLS}", *faults)
    command = [*strace(*options), sys.executable, "-m", "tests.gateway.storage.lone_writer", str(directory)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    return ended.stdout.splitlines()


def check(directory: Path, kept: set[int]) -> None:
    """Open what is left of a store: all that was kept is there, and of the rest whole batches or nothing."""
    with open_store(directory) as store:
        found = samples_of(contents(store))
        for number in range(BATCHES):
            wanted = {(series(name), *row) for name, *row in rows_of(0, number)}
            there = wanted & found
            assert there == wanted if number in kept else there in (set(), wanted), number
            found -= wanted
        assert not found
        store.commit(batch(store, rows_of(0, BATCHES)))
    with open_store(directory) as store:
        wanted = {(series(name), *row) for name, *row in rows_of(0, BATCHES)}
        assert wanted <= samples_of(contents(store))


def samples_of(found: dict[Labels, list[tuple[int, int, int]]]) -> set[tuple[object, ...]]:
    """Return samples as the tuples of their labels and values."""
    return {(labels, *row) for labels, rows in found.items() for row in rows}


@pytest.mark.peer("strace")
@pytest.mark.parametrize("seed", range(KILLS))
def test_what_was_kept_survives_failing_calls_and_the_end_of_power(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    call, error, number = FAULTS[seed % len(FAULTS)]
    first = chance.randrange(2, number)
    directory, trace = tmp_path / "data", tmp_path / "trace"
    open_store(directory).close()
    disk = Disk.of(directory)
    said = traced(directory, trace, failing(call, error, first, first + chance.randrange(6)))
    assert said[-1].startswith("kept"), "it goes on once the disk does"
    calls = list(calls_of(trace))
    assert any(one.name == call and one.result < 0 for one in calls)
    cuts = {*chance.sample(range(len(calls)), CUTS), len(calls) - 1}
    kept = set()
    for at, one in enumerate(calls):
        disk.make(one)
        if one.name == "write" and one.data.startswith(b"kept "):
            kept.add(int(one.data.split()[1]))
        if at in cuts:
            disk.cut_power(tmp_path / str(at), chance)
            check(tmp_path / str(at), kept)
    assert len(kept) >= BATCHES - 10
