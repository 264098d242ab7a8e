"""What a store says of itself: sizes as they are, and counts of what it did."""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from gateway.metrics import STORE_COUNTERS, STORE_GAUGES
from gateway.storage.database import FILE_NAME
from gateway.storage.errors import StorageUnavailable
from gateway.storage.store import Store
from gateway.storage.upkeep import Policy, Upkeep
from tests.gateway.storage.samples import Row, batch, contents, counting, open_store
from tests.strategies import NOW_MS, bits

NAN, STALE = 0x7FF8000000000001, 0x7FF0000000000002


def write(store: Store, *batches: Sequence[Row]) -> None:
    for some in batches:
        store.commit(batch(store, some))


def log_in(directory: Path) -> tuple[int, int]:
    """Return the rows and bytes of the log as the database has it."""
    with closing(sqlite3.connect(directory / FILE_NAME)) as database:
        rows, size = database.execute("SELECT count(*), sum(length(body)) FROM log").fetchone()
        return rows, size or 0


def log_of(store: Store) -> tuple[float, float]:
    readings = store.readings()
    return readings["log_rows"](), readings["log_bytes"]()


def test_every_reading_has_its_metric(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        assert set(store.readings()) == {*STORE_GAUGES, *STORE_COUNTERS}


def test_the_size_of_the_log_is_that_of_the_database_at_any_time(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        write(store, counting(NOW_MS, 1), counting(NOW_MS + 1, 7))
        assert log_of(store) == log_in(tmp_path)
        assert log_of(store)[0] == 2
    with open_store(tmp_path) as store:
        assert log_of(store) == log_in(tmp_path)
        store.flush()
        assert log_of(store) == log_in(tmp_path) == (0, 0)
        write(store, counting(NOW_MS, 1))
        assert log_of(store) == log_in(tmp_path)
        assert log_of(store)[0] == 1


def test_a_flush_that_fails_leaves_the_log_as_large_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        raise StorageUnavailable("full")

    with open_store(tmp_path) as store:
        write(store, counting(NOW_MS, 1))
        with monkeypatch.context() as patch:
            patch.setattr(store._library, "write", failing)
            with pytest.raises(StorageUnavailable):
                store.flush()
        write(store, counting(NOW_MS + 1, 3))
        assert log_of(store) == log_in(tmp_path)
        store.flush()
        assert log_of(store) == log_in(tmp_path)
        assert log_of(store)[0] == 1


@pytest.mark.parametrize(
    ("values", "replaced"),
    [
        ((bits(1.0), bits(1.0)), 0),
        ((bits(1.0), bits(2.0)), 1),
        ((bits(1.0), bits(2.0), bits(2.0), bits(3.0)), 2),
        ((bits(0.0), bits(-0.0)), 1),
        ((NAN, NAN), 0),
        ((NAN, STALE), 1),
    ],
)
@pytest.mark.parametrize("with_flushes", [False, True], ids=["in the log", "in parts"])
def test_another_value_for_a_time_is_counted_when_it_is_sorted_and_the_same_is_not(
    tmp_path: Path, values: Sequence[int], replaced: int, with_flushes: bool
) -> None:
    with open_store(tmp_path) as store:
        count = store.readings()["replaced_samples"]
        for value in values:
            write(store, [(1, NOW_MS, value, 0), (2, NOW_MS, bits(5.0), 0)])
            if with_flushes:
                store.flush()
        found = contents(store)
        assert count() == 0, "reading counts nothing"
        Upkeep(store, Policy(flush_age_ms=0)).run(NOW_MS)
        if with_flushes:
            while len(store.state.parts) > 1:
                write(store, [(2, NOW_MS, bits(5.0), 0)])
                store.flush()
                Upkeep(store, Policy()).run(NOW_MS)
        assert count() == replaced
        assert contents(store) == found


def test_batches_that_wait_for_the_next_commit_are_counted_and_then_share_it(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        readings = store.readings()
        with waiting(store, [batch_of(store, number) for number in range(3)]):
            assert readings["waiting_batches"]() == 3
        assert readings["waiting_batches"]() == 0
        assert (readings["commits"](), readings["batches"]()) == (1, 3)


@contextmanager
def waiting(store: Store, commits: Sequence[threading.Thread]) -> Iterator[None]:
    """Let these wait for the lock, then let them write."""
    with store._write_lock:
        for thread in commits:
            thread.start()
        while store.readings()["waiting_batches"]() < len(commits):
            pass
        yield
    for thread in commits:
        thread.join(30)


def batch_of(store: Store, number: int) -> threading.Thread:
    return threading.Thread(target=store.commit, args=(batch(store, counting(NOW_MS + number, 1)),))


def test_the_size_of_the_write_ahead_log_is_that_of_its_file(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        write(store, counting(NOW_MS, 1))
        size = (tmp_path / f"{FILE_NAME}-wal").stat().st_size
        assert store.readings()["wal_bytes"]() == size > 0
        wal_bytes = store.readings()["wal_bytes"]
    assert wal_bytes() == 0, "closing moves it into the database"
