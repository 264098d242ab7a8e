"""Killed at any moment, the store has all it acknowledged, bit for bit, and no half batches or deletions."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

from tests.gateway.storage.samples import Point, contents, open_store, series
from tests.gateway.storage.writer import DELETED_EVERY, THREADS, rows_of
from timeseries.labels import Labels

# `make faults` kills more often.
KILLS = int(os.environ.get("FLEETGAUGE_TEST_KILLS", "4"))


def test_nothing_acknowledged_is_missing_after_kills_at_random_moments(tmp_path: Path) -> None:
    chance = random.Random(KILLS)
    acknowledged: set[tuple[int, int]] = set()
    deleted: set[tuple[int, int]] = set()
    first = 0
    for _ in range(KILLS):
        lines = killed_after(tmp_path, first, chance.uniform(0.0, 0.8))
        acknowledged |= {(thread, number) for thread, number, *rest in lines if not rest}
        deleted |= {(thread, number) for thread, number, *rest in lines if rest}
        first = max((number for _, number in acknowledged), default=0) + 2
        with open_store(tmp_path) as store:
            check(contents(store), acknowledged, deleted, first)
    assert len(acknowledged) > KILLS
    assert deleted


def killed_after(directory: Path, first: int, seconds: float) -> set[tuple[int, ...]]:
    """Run the writer, kill it some time after its first acknowledgement, and return what it acknowledged."""
    command = [sys.executable, "-m", "tests.gateway.storage.writer", str(directory), str(first)]
    writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    lines = [writer.stdout.readline()]
    time.sleep(seconds)
    writer.kill()
    lines += writer.stdout.readlines()
    writer.stdout.close()
    writer.wait()
    whole = [line.split() for line in lines if line.endswith("\n")]
    return {(int(thread), int(number), *map(len, rest)) for thread, number, *rest in whole}


def check(
    found: dict[Labels, list[Point]],
    acknowledged: set[tuple[int, int]],
    deleted: set[tuple[int, int]],
    end: int,
) -> None:
    """Compare a store with what was acknowledged; other batches are whole or not there."""
    samples = {(labels, *row) for labels, rows in found.items() for row in rows}
    for thread in range(THREADS):
        for number in range(end + 10):
            wanted = {
                (series(name), time, value, start) for name, time, value, start in rows_of(thread, number)
            }
            there = wanted & samples
            if (thread, number) in deleted:
                assert not there, (thread, number)
            elif (thread, number) in acknowledged and number % DELETED_EVERY:
                assert there == wanted, (thread, number)
            else:
                assert there in (set(), wanted), (thread, number)
            samples -= wanted
    assert not samples
