"""Deletions: what is gone stays gone, what comes later is there, and nothing of either is left in the end."""

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.storage.database import FILE_NAME
from gateway.storage.errors import DamagedData, StorageUnavailable, TooManyTombstones
from gateway.storage.store import Store
from gateway.storage.tombstones import MAX_TOMBSTONES, Tombstone, decode_tombstone, encode_tombstone
from gateway.storage.upkeep import HOUR_MS, Policy, Upkeep, merge
from tests.gateway.storage.samples import (
    ALL_TIME,
    EVERYTHING,
    Model,
    batch,
    contents,
    counting,
    naming,
    note,
    noted,
    open_store,
    rows_in,
    series,
)
from tests.strategies import NOW_MS, garbage, truncations
from timeseries.columns import Ints

numbers = st.integers(0, (1 << 62) - 1)
tombstones = st.builds(
    Tombstone,
    id=numbers,
    log_seq=numbers,
    part_id=numbers,
    record_id=numbers,
    start_ms=st.integers(-(1 << 63), (1 << 63) - 1),
    end_ms=st.integers(-(1 << 63), (1 << 63) - 1),
    refs=st.sets(st.integers(0, 999), max_size=40).map(lambda refs: np.array(sorted(refs), np.int64)),
)


def fields(one: Tombstone) -> list[object]:
    """Return a tombstone as plain values."""
    return [one.id, one.log_seq, one.part_id, one.record_id, one.start_ms, one.end_ms, one.refs.tolist()]


@given(tombstones)
def test_a_tombstone_reads_back(one: Tombstone) -> None:
    assert fields(decode_tombstone(one.id, encode_tombstone(one), 1000)) == fields(one)


@given(tombstones, garbage)
def test_a_damaged_tombstone_is_an_error_that_says_so(one: Tombstone, other: bytes) -> None:
    whole = encode_tombstone(one)
    for body in (*truncations(whole), other, whole + b"x"):
        with pytest.raises(DamagedData):
            decode_tombstone(one.id, body, 1000)
    with pytest.raises(DamagedData, match="calls itself"):
        decode_tombstone(one.id + 1, whole, 1000)
    if len(one.refs):
        with pytest.raises(DamagedData, match="not there"):
            decode_tombstone(one.id, whole, int(one.refs[-1]))


def test_both_ends_of_the_range_are_deleted_and_their_neighbours_are_not(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        store.commit(batch(store, counting(NOW_MS, 5, every=1, many=2)))
        store.flush()
        store.commit(batch(store, counting(NOW_MS + 5, 5, every=1, many=2)))
        assert store.delete([naming([0])], NOW_MS + 2, NOW_MS + 7) == 1
        left = {labels: [time - NOW_MS for time, *_ in rows] for labels, rows in contents(store).items()}
        assert left == {series(0): [0, 1, 8, 9], series(1): list(range(10))}


def test_a_deletion_that_matches_nothing_leaves_nothing_behind(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        store.commit(batch(store, counting(NOW_MS, 5)))
        assert store.delete([naming([77])], *ALL_TIME) == 0
        assert store.delete([], *ALL_TIME) == 0
        assert store.state.tombstones == ()


def test_a_deletion_holds_after_a_crash_that_takes_a_series_of_which_nothing_was_kept(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        store.commit(batch(store, counting(NOW_MS, 3)))
        store.register(series(77))
        assert store.delete([EVERYTHING], *ALL_TIME) == 10
    with open_store(tmp_path) as store:
        assert contents(store) == {}


def test_a_deletion_of_series_of_which_nothing_was_kept_leaves_nothing_behind(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        store.register(series(77))
        assert store.delete([EVERYTHING], *ALL_TIME) == 0
        assert store.state.tombstones == ()


def test_a_sample_for_a_deleted_time_that_comes_later_is_there(tmp_path: Path) -> None:
    some = counting(NOW_MS, 3, many=2)
    model = Model()
    with open_store(tmp_path) as store:
        store.commit(batch(store, some))
        store.flush()
        store.commit(batch(store, some))
        store.delete([EVERYTHING], *ALL_TIME)
        store.commit(batch(store, some[:3]))
        model.commit(some[:3])
        assert contents(store) == model.contents()
        store.flush()
        assert contents(store) == model.contents()
    with open_store(tmp_path) as store:
        assert contents(store) == model.contents()
        merge(store, store.state.parts)
        assert contents(store) == model.contents()
        Upkeep(store, Policy()).clean()
        assert contents(store) == model.contents()
        assert store.state.parts[0].samples == 3


def while_reading(store: Store, act: Callable[[], object]) -> None:
    """Do something in the midst of the next flush or merge, which asks for the order of what it has read."""
    order = store.index.order
    asked = 0

    def ask(refs: Ints) -> Ints:
        nonlocal asked
        asked += 1
        if asked == (2 if len(store.state.parts) else 1):  # a merge asks once before it begins
            act()
        return order(refs)

    store.index.order = ask  # type: ignore[method-assign]


@pytest.mark.parametrize("merging", [False, True])
def test_a_deletion_in_the_midst_of_a_flush_or_a_merge_holds(tmp_path: Path, merging: bool) -> None:
    model = Model()
    with open_store(tmp_path) as store:
        for first in (NOW_MS, NOW_MS + 1_000_000):
            some = counting(first, 20)
            store.commit(batch(store, some))
            model.commit(some)
            if merging:
                store.flush()
        late = counting(NOW_MS, 1)

        def act() -> None:
            store.delete([naming([1, 2])], NOW_MS + 15_000, NOW_MS + 1_000_000)
            model.delete([1, 2], NOW_MS + 15_000, NOW_MS + 1_000_000)
            store.commit(batch(store, late))
            model.commit(late)
            assert contents(store) == model.contents()

        while_reading(store, act)
        if merging:
            merge(store, store.state.parts)
        else:
            store.flush()
        assert len(store.state.parts) == 1
        assert contents(store) == model.contents()
        store.forget_tombstones()
        assert len(store.state.tombstones) == 1
    with open_store(tmp_path) as store:
        assert contents(store) == model.contents()
        Upkeep(store, Policy()).clean()
        assert store.state.tombstones == ()
        assert contents(store) == model.contents()


def test_readers_see_a_deletion_whole_or_not_at_all(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        for at in range(4):
            store.commit(batch(store, counting(NOW_MS + at * 300_000, 20)))
            if at % 2:
                store.flush()
        stop = threading.Event()
        seen: set[int] = set()

        def look() -> None:
            while not stop.is_set():
                seen.update(map(len, contents(store).values()))

        reader = threading.Thread(target=look)
        reader.start()
        for number in range(9):
            store.delete([naming([number])], *ALL_TIME)
            Upkeep(store, Policy()).clean()
        stop.set()
        reader.join()
        assert seen == {80}
        assert list(contents(store)) == [series(9)]


def test_cleaning_leaves_nothing_of_a_deletion_on_the_disk(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        for at in range(3):
            store.commit(batch(store, counting(NOW_MS + at * 300_000, 20)))
            if at < 2:
                store.flush()
        untouched = store.state.parts[0]
        store.delete([naming([1])], NOW_MS + 300_000, NOW_MS + 10 * HOUR_MS)
        Upkeep(store, Policy()).clean()
        assert store.state.parts[0] is untouched
        assert [part.samples for part in store.state.parts] == [200, 180, 180]
        assert store.state.tombstones == ()
    assert [rows_in(tmp_path, table) for table in ("log", "tombstone")] == [0, 0]


def test_a_tombstone_is_not_forgotten_before_all_that_it_covers_is_gone(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        store.commit(batch(store, counting(NOW_MS, 3)))
        note(store, 0, NOW_MS)
        store.delete([naming([0])], *ALL_TIME)

        def held() -> bool:
            store.forget_tombstones()
            return len(store.state.tombstones) == 1

        store.clear_records()
        assert held(), "the log has some of it"
        store.flush()
        assert not held()
        store.commit(batch(store, counting(NOW_MS, 3)))
        store.flush()
        note(store, 0, NOW_MS)
        store.delete([naming([0])], NOW_MS, NOW_MS)
        Upkeep(store, Policy()).clean()
        note(store, 0, NOW_MS)
        store.delete([naming([0])], NOW_MS, NOW_MS)
        merge(store, store.state.parts[-1:])
        assert held(), "the histograms have some of it"
        store.clear_records()
        assert not held()
        store.delete([naming([1])], *ALL_TIME)
        assert held(), "the part has some of it"
        merge(store, store.state.parts)
        assert not held()


def test_a_tombstone_is_not_forgotten_while_a_flush_writes_what_it_covers(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        store.commit(batch(store, counting(NOW_MS, 3)))

        def act() -> None:
            store.delete([naming([0])], *ALL_TIME)
            with store._write_lock, store._database.transaction() as transaction:
                transaction.execute("DELETE FROM log")
            store.forget_tombstones()

        while_reading(store, act)
        store.flush()
        assert series(0) not in contents(store)


def test_a_merge_takes_what_was_deleted_out_and_its_tombstone_with_it(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        upkeep = Upkeep(store, Policy(flush_samples=1))
        for at in range(4):
            store.commit(batch(store, counting(NOW_MS + at * 300_000, 20)))
            if at == 3:
                store.delete([naming([1])], *ALL_TIME)
            upkeep.run(NOW_MS)
        assert [part.samples for part in store.state.parts] == [4 * 180]
        assert store.state.tombstones == ()
    assert rows_in(tmp_path, "tombstone") == 0


def test_upkeep_cleans_by_itself_when_deletions_are_many(tmp_path: Path) -> None:
    with open_store(tmp_path, sync="off") as store:
        store.commit(batch(store, counting(NOW_MS, 200)))
        store.flush()
        upkeep = Upkeep(store, Policy())
        for at in range(100):
            upkeep.run(NOW_MS)
            assert len(store.state.tombstones) == at
            store.delete([naming([0])], NOW_MS + at * 15_000, NOW_MS + at * 15_000)
        upkeep.run(NOW_MS)
        assert store.state.tombstones == ()
        assert store.state.parts[0].samples == 1900


def test_no_more_can_be_deleted_than_the_limit(tmp_path: Path) -> None:
    with open_store(tmp_path, sync="off") as store:
        store.commit(batch(store, counting(NOW_MS, 1)))
        for at in range(MAX_TOMBSTONES):
            store.delete([naming([0])], at, at)
        with pytest.raises(TooManyTombstones, match="to be cleaned up first"):
            store.delete([EVERYTHING], *ALL_TIME)
        assert len(contents(store)) == 10


@pytest.mark.parametrize("way", ["delete", "drop"])
def test_when_all_is_gone_what_comes_next_is_kept(tmp_path: Path, way: str) -> None:
    """The numbers of the log go on where no part is left that would tell the last one."""
    some = counting(NOW_MS, 3)
    model = Model()
    model.commit(some)
    with open_store(tmp_path) as store:
        for _ in range(3):
            store.commit(batch(store, some))
            store.flush()
        if way == "delete":
            store.delete([EVERYTHING], *ALL_TIME)
            Upkeep(store, Policy()).clean()
        else:
            Upkeep(store, Policy(retention_ms=1)).run(NOW_MS + 10 * HOUR_MS)
        assert store.state.parts == ()
    with open_store(tmp_path) as store:
        assert store.state.head.log_seq == 3
        store.commit(batch(store, some))
        assert contents(store) == model.contents()
    with open_store(tmp_path) as store:
        assert contents(store) == model.contents()


def test_a_part_with_the_number_of_one_that_went_is_not_deleted(tmp_path: Path) -> None:
    some = counting(NOW_MS, 3)
    model = Model()
    model.commit(some)
    with open_store(tmp_path) as store:
        for _ in range(3):
            store.commit(batch(store, some))
            store.flush()
        store.delete([EVERYTHING], *ALL_TIME)
        for part in store.state.parts[1:]:
            store.drop(part)
    with open_store(tmp_path) as store:
        store.commit(batch(store, some))
        store.flush()
        assert store.state.parts[1].id < store.state.tombstones[0].part_id
        assert contents(store) == model.contents()


def test_an_empty_head_leaves_the_log_too(tmp_path: Path) -> None:
    some = counting(NOW_MS, 3)
    with open_store(tmp_path) as store:
        store.commit(batch(store, some))
        store.delete([EVERYTHING], *ALL_TIME)
        assert store.flush()
        assert not store.flush()
        assert store.state.parts == ()
        store.forget_tombstones()
        assert store.state.tombstones == ()
    assert [rows_in(tmp_path, table) for table in ("log", "part", "tombstone")] == [0, 0, 0]


def test_a_flush_that_fails_is_done_again_without_what_was_deleted_since(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    some, more = counting(NOW_MS, 3), counting(NOW_MS + 1_000_000, 3)
    model = Model()
    with open_store(tmp_path) as store:
        store.commit(batch(store, some))

        def fail(*_: object) -> None:
            raise StorageUnavailable("full")

        with monkeypatch.context() as failing:
            failing.setattr(store._library, "write", fail)
            with pytest.raises(StorageUnavailable):
                store.flush()
        store.commit(batch(store, more))
        store.delete([naming([0])], *ALL_TIME)
        model.commit([*some, *more])
        model.delete([0], *ALL_TIME)
        assert contents(store) == model.contents()
        assert store.flush()
        assert [part.samples for part in store.state.parts] == [27]
        assert contents(store) == model.contents()
    with open_store(tmp_path) as store:
        assert contents(store) == model.contents()


def test_a_flush_of_nothing_that_fails_is_done_again_and_no_other_samples_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = counting(NOW_MS, 3)
    with open_store(tmp_path) as store:
        store.commit(batch(store, some))
        store.delete([EVERYTHING], *ALL_TIME)

        def fail(*_: object) -> None:
            raise StorageUnavailable("full")

        with monkeypatch.context() as failing:
            failing.setattr(store._library, "write", fail)
            with pytest.raises(StorageUnavailable):
                store.flush()
        store.commit(batch(store, some))
        assert store.flush()
        assert (store.state.parts, len(store.state.head)) == ((), 30)
        assert store.flush()
        assert (len(store.state.parts), len(store.state.head)) == (1, 0)


def test_a_log_that_lost_its_last_row_takes_new_ones_that_are_not_deleted(tmp_path: Path) -> None:
    some = counting(NOW_MS, 3)
    model = Model()
    model.commit(some)
    with open_store(tmp_path) as store:
        store.commit(batch(store, some))
        store.delete([EVERYTHING], *ALL_TIME)
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as database:
        database.execute("DELETE FROM log")
        database.commit()
    with open_store(tmp_path) as store:
        store.commit(batch(store, some))
        assert contents(store) == model.contents()
    with open_store(tmp_path, damage=lambda *_: None) as store:
        assert contents(store) == model.contents()


def test_a_damaged_tombstone_is_told_and_the_others_hold(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        store.commit(batch(store, counting(NOW_MS, 3)))
        store.delete([naming([0])], *ALL_TIME)
        store.delete([naming([1])], *ALL_TIME)
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as database:
        database.execute("UPDATE tombstone SET body = x'00' WHERE id = 1")
        database.commit()
    told: list[tuple[str, int, str]] = []
    with open_store(tmp_path, damage=lambda *what: told.append(what)) as store:
        assert [(origin, number) for origin, number, _ in told] == [("tombstone", 1)]
        assert set(contents(store)) == {series(number) for number in range(10) if number != 1}
        store.delete([naming([2])], *ALL_TIME)
    with open_store(tmp_path, damage=lambda *_: None) as store:
        assert {series(1), series(2)}.isdisjoint(contents(store))


def test_a_damaged_last_number_of_the_log_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    some = counting(NOW_MS, 3)
    with open_store(tmp_path) as store:
        store.commit(batch(store, some))
        store.flush()
        store.drop(store.state.parts[0])
        store.commit(batch(store, some))
        wanted = contents(store)
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as database:
        database.execute("UPDATE flushed SET body = x'ffffffffffffff7f00000000'")
        database.commit()
    told: list[str] = []
    with open_store(tmp_path, damage=lambda origin, *_: told.append(origin)) as store:
        assert "flushed" in told
        assert contents(store) == wanted


# --- an older database ---

VERSION_1 = """
    CREATE TABLE log (seq INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
    CREATE TABLE series (first INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
    CREATE TABLE part (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
    CREATE TABLE block (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
    CREATE TABLE record (
        id INTEGER PRIMARY KEY,
        kind INTEGER NOT NULL,
        min_time INTEGER NOT NULL,
        max_time INTEGER NOT NULL,
        body BLOB NOT NULL
    ) STRICT;
    CREATE TABLE damaged (origin TEXT NOT NULL, id INTEGER NOT NULL, reason TEXT NOT NULL, body BLOB) STRICT;
    CREATE TABLE metadata (
        family TEXT PRIMARY KEY, type INTEGER NOT NULL, help TEXT NOT NULL, unit TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    PRAGMA application_id=0x666C6761;
    PRAGMA user_version=1;
"""


def test_a_database_of_version_1_is_read_and_can_be_deleted_from(tmp_path: Path) -> None:
    new, old = tmp_path / "new", tmp_path / "old"
    model = Model()
    with open_store(new) as store:
        for first in (NOW_MS, NOW_MS + 1_000_000):
            some = counting(first, 10)
            store.commit(batch(store, some))
            model.commit(some)
            if first == NOW_MS:
                store.flush()
        note(store, 0, NOW_MS)
    old.mkdir()
    with closing(sqlite3.connect(old / FILE_NAME)) as database:
        database.executescript(VERSION_1)
        database.execute("ATTACH ? AS new", (str(new / FILE_NAME),))
        for table in ("log", "series", "part", "block", "record"):
            database.execute(f"INSERT INTO {table} SELECT * FROM new.{table}")
        database.commit()
    with open_store(old) as store:
        assert contents(store) == model.contents()
        store.delete([naming([0])], *ALL_TIME)
        model.delete([0], *ALL_TIME)
    with open_store(old) as store:
        assert contents(store) == model.contents()
        assert noted(store) == []
