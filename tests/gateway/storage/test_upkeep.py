"""When parts are made, merged and dropped, and that space goes back to the disk."""

import random
import threading
from pathlib import Path

import numpy as np
import pytest

from gateway.storage.database import FILE_NAME
from gateway.storage.part import Part
from gateway.storage.store import Store
from gateway.storage.upkeep import HOUR_MS, Policy, Upkeep, mergeable
from tests.gateway.storage.samples import Model, batch, contents, counting, open_store
from tests.strategies import NOW_MS, bits

DAY_MS = 24 * HOUR_MS


def add_part(store: Store, first: int, count: int = 20) -> None:
    """Commit some scrapes and make them a part."""
    store.commit(batch(store, counting(first, count)))
    store.flush()


def parts_in(store: Store) -> int:
    """Count the parts."""
    return len(store.state.parts)


def part(samples: int, hours: int = 0) -> Part:
    """Return a part of which only its size and its place in time count."""
    nothing = np.empty(0, np.int64)
    start = hours * HOUR_MS
    return Part(
        id=1,
        log_seq=1,
        min_time=start,
        max_time=start + HOUR_MS,
        samples=samples,
        bytes=samples,
        refs=nothing,
        block_rows=nothing,
        by_ref=nothing,
    )


def test_the_head_becomes_a_part_when_it_is_large_or_old(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        upkeep = Upkeep(store, Policy(flush_samples=100, flush_age_ms=HOUR_MS))
        store.commit(batch(store, counting(NOW_MS, 9)))
        upkeep.run(NOW_MS)
        assert len(store.state.head) == 90
        store.commit(batch(store, counting(NOW_MS + DAY_MS, 1)))
        upkeep.run(NOW_MS)
        assert (len(store.state.head), parts_in(store)) == (0, 1)
        store.commit(batch(store, counting(NOW_MS, 1)))
        upkeep.run(NOW_MS + HOUR_MS - 1)
        assert parts_in(store) == 1
        upkeep.run(NOW_MS + HOUR_MS)
        assert parts_in(store) == 2


@pytest.mark.parametrize(
    ("sizes", "merged"),
    [
        ([], None),
        ([10, 10, 10], None),
        ([10, 10, 10, 10], [0, 1, 2, 3]),
        ([10, 10, 10, 30], [0, 1, 2, 3]),
        ([10, 10, 10, 31], None),
        ([900, 10, 10, 10, 10], [1, 2, 3, 4]),
        ([10, 10, 10, 10, 900], [0, 1, 2, 3]),
    ],
)
def test_neighbours_of_about_the_same_size_are_merged(sizes: list[int], merged: list[int] | None) -> None:
    parts = [part(size, hours=at) for at, size in enumerate(sizes)]
    found = mergeable(parts)
    assert (None if found is None else [parts.index(one) for one in found]) == merged


@pytest.mark.parametrize(("hours", "worth"), [(23, True), (24, False)])
def test_a_merged_part_spans_a_day_at_the_most(hours: int, worth: bool) -> None:
    parts = [part(10, hours=at) for at in (0, 1, 2, hours)]
    assert (mergeable(parts) is not None) == worth


def test_upkeep_merges_until_nothing_is_worth_it_and_loses_nothing(tmp_path: Path) -> None:
    model = Model()
    with open_store(tmp_path) as store:
        upkeep = Upkeep(store, Policy(flush_samples=1))
        for at in range(16):
            some = counting(NOW_MS + at * 300_000, 20)
            store.commit(batch(store, some))
            model.commit(some)
            upkeep.run(NOW_MS)
        assert len(store.state.parts) == 1
        assert contents(store) == model.contents()
    with open_store(tmp_path) as store:
        assert len(store.state.parts) == 1
        assert contents(store) == model.contents()


def test_parts_past_the_retention_are_dropped_whole(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        for first in (NOW_MS - 3 * DAY_MS, NOW_MS - DAY_MS, NOW_MS):
            add_part(store, first)
        last = store.state.parts[0].max_time
        upkeep = Upkeep(store, Policy(retention_ms=NOW_MS - last))
        upkeep.run(NOW_MS)
        assert parts_in(store) == 3
        upkeep.run(NOW_MS + 1)
        assert parts_in(store) == 2
        assert min(row[0] for rows in contents(store).values() for row in rows) == NOW_MS - DAY_MS


def test_a_disk_budget_drops_the_oldest_and_the_file_shrinks(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        chance = random.Random(1)
        for day in (0, 2, 4, 6):
            some = counting(NOW_MS + day * DAY_MS, 2000)
            noisy = [(number, time, bits(chance.random()), start) for number, time, _, start in some]
            store.commit(batch(store, noisy))
            store.flush()
    size = (tmp_path / FILE_NAME).stat().st_size
    with open_store(tmp_path) as store:
        budget = store.used_bytes() // 2
        Upkeep(store, Policy(max_bytes=budget)).run(NOW_MS)
        assert 0 < len(store.state.parts) < 4
        assert store.used_bytes() <= budget
        assert store.state.parts[-1].max_time > NOW_MS + 6 * DAY_MS
        used = store.used_bytes()
    assert used <= (tmp_path / FILE_NAME).stat().st_size < used + (size - used) // 10


def test_readers_see_the_same_while_parts_are_made_and_merged(tmp_path: Path) -> None:
    some = counting(NOW_MS, 400)
    with open_store(tmp_path) as store:
        stop = threading.Event()

        def work() -> None:
            upkeep = Upkeep(store, Policy(flush_samples=1))
            for at in range(0, len(some), 100):
                store.commit(batch(store, some[at : at + 100]))
                upkeep.run(NOW_MS)
            stop.set()

        worker = threading.Thread(target=work)
        worker.start()
        seen = 0
        while not stop.is_set():
            found = sum(map(len, contents(store).values()))
            assert found >= seen
            assert found % 100 == 0
            seen = found
        worker.join()
        assert sum(map(len, contents(store).values())) == len(some)
