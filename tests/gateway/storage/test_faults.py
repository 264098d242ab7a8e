"""What disks do to a store: full, read-only, cut short, overwritten. Each is told, and costs no more."""

import os
import random
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Thread

import pytest

from gateway.storage.database import FILE_NAME
from gateway.storage.errors import StorageError, StorageUnavailable, UnknownSchema
from gateway.storage.store import Store
from tests.gateway.storage.samples import Model, Row, batch, contents, counting, open_store
from tests.gateway.storage.test_crash import KILLS
from tests.gateway.storage.test_readings import waiting
from tests.strategies import NOW_MS
from timeseries.metadata import Metadata, MetricType

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")


@contextmanager
def small_disk(directory: Path, size: str) -> Iterator[Path]:
    """Mount a disk of this size for as long as it is needed."""
    directory.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "fleetgauge-test", directory], check=True)
    try:
        yield directory
    finally:
        subprocess.run(["umount", "--lazy", directory], check=True)


def filled(directory: Path) -> Model:
    """Make a store with some of its samples in a part and some in the log, and close it."""
    model = Model()
    with open_store(directory) as store:
        for first in (NOW_MS, NOW_MS + 1_000_000):
            some = counting(first, 30)
            store.commit(batch(store, some))
            model.commit(some)
            if first == NOW_MS:
                store.flush()
    return model


def fill(store: Store, model: Model) -> list[Row]:
    """Commit until the disk is full; return what was refused."""
    for at in range(1000):
        some = counting(NOW_MS + at * 1_000_000, 50, many=100)
        try:
            store.commit(batch(store, some))
        except StorageUnavailable:
            return some
        model.commit(some)
    raise AssertionError("the disk never was full")


@needs_root
def test_a_full_disk_stops_writing_not_reading_and_it_goes_on_when_there_is_room(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "8m") as disk:
        filler = disk / "filler"
        filler.write_bytes(bytes(4 << 20))
        model = Model()
        with open_store(disk / "data") as store:
            some = fill(store, model)
            assert model.samples
            assert contents(store) == model.contents()
            with pytest.raises(StorageUnavailable, match="full"):
                store.commit(batch(store, some))
            filler.unlink()
            store.commit(batch(store, some))
            model.commit(some)
            assert contents(store) == model.contents()
        with open_store(disk / "data") as store:
            assert contents(store) == model.contents()


@needs_root
def test_a_read_only_disk_is_told_and_opens_again_when_it_is_not(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "16m") as disk:
        model = filled(disk)
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        with pytest.raises(StorageUnavailable, match=r"can't be opened: .*Read-only"):
            open_store(disk)
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
        with open_store(disk) as store:
            assert contents(store) == model.contents()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_without_the_right_to_write_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StorageUnavailable, match=r"can't be opened: .*Permission denied"):
        open_store(tmp_path)


def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageUnavailable, match="can't be opened"):
        open_store(tmp_path / "file" / "data")


def test_a_second_gateway_on_the_same_data_is_kept_out(tmp_path: Path) -> None:
    with open_store(tmp_path), pytest.raises(StorageUnavailable, match="in use by another gateway"):
        open_store(tmp_path)
    open_store(tmp_path).close()


def test_another_programs_database_and_a_newer_schema_are_told_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with closing(sqlite3.connect(tmp_path / "other" / FILE_NAME)) as other:
        other.execute("CREATE TABLE theirs (x)")
    with pytest.raises(UnknownSchema, match="another program"):
        open_store(tmp_path / "other")
    open_store(tmp_path / "newer").close()
    with closing(sqlite3.connect(tmp_path / "newer" / FILE_NAME)) as newer:
        newer.execute("PRAGMA user_version=99")
    with pytest.raises(UnknownSchema, match="newer fleetgauge"):
        open_store(tmp_path / "newer")


def test_a_write_ahead_log_cut_at_any_byte_of_its_last_commit_loses_only_that(tmp_path: Path) -> None:
    source = tmp_path / "source"
    before, after = Model(), Model()
    store = open_store(source)
    for at in range(3):
        some = counting(NOW_MS + at * 1000, 1)
        store.commit(batch(store, some))
        after.commit(some)
        if at < 2:
            before.commit(some)
            whole = (source / f"{FILE_NAME}-wal").stat().st_size
    end = (source / f"{FILE_NAME}-wal").stat().st_size
    assert end > whole
    cuts = {whole, whole + 1, end - 1, end, *random.Random(1).sample(range(whole, end), 10 * KILLS)}
    for number, cut in enumerate(sorted(cuts)):
        copy = tmp_path / str(number)
        shutil.copytree(source, copy, ignore=shutil.ignore_patterns("*-shm"))
        os.truncate(copy / f"{FILE_NAME}-wal", cut)
        with open_store(copy) as cut_store:
            assert contents(cut_store) == (after if cut == end else before).contents(), cut
        shutil.rmtree(copy)
    store.close()


@pytest.mark.parametrize("keep", [0, 1, 9, 10, 100, -1])
def test_a_damaged_log_row_is_set_aside_and_told_and_the_rest_is_there(tmp_path: Path, keep: int) -> None:
    model = Model()
    with open_store(tmp_path) as store:
        for at in range(3):
            some = counting(NOW_MS + at * 1000, 1)
            store.commit(batch(store, some))
            if at != 1:
                model.commit(some)
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as database:
        (body,) = database.execute("SELECT body FROM log WHERE seq = 2").fetchone()
        database.execute("UPDATE log SET body = ? WHERE seq = 2", (body[:keep],))
        database.commit()
    told: list[tuple[str, int, str]] = []
    with open_store(tmp_path, damage=lambda *what: told.append(what)) as store:
        assert [(origin, number) for origin, number, _ in told] == [("log", 2)]
        assert contents(store) == model.contents()
        some = counting(NOW_MS + 9000, 1)
        store.commit(batch(store, some))
        model.commit(some)
    with open_store(tmp_path) as store:
        assert contents(store) == model.contents()


def test_a_damaged_block_is_told_and_the_rest_is_there(tmp_path: Path) -> None:
    model = filled(tmp_path)
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as database:
        number, body = database.execute("SELECT id, body FROM block").fetchone()
        database.execute(
            "UPDATE block SET body = ? WHERE id = ?", (body[:-1] + bytes([body[-1] ^ 1]), number)
        )
        database.commit()
    told: list[tuple[str, int, str]] = []
    with open_store(tmp_path, damage=lambda *what: told.append(what)) as store:
        rest = {key: value for key, value in model.samples.items() if key[1] >= NOW_MS + 1_000_000}
        model.samples = rest
        assert contents(store) == model.contents()
        assert [(origin, found) for origin, found, _ in told] == [("block", number)]


def test_a_file_with_overwritten_bytes_is_read_or_refused_in_a_sentence(tmp_path: Path) -> None:
    source = tmp_path / "source"
    wanted = filled(source).contents()
    size = (source / FILE_NAME).stat().st_size
    chance = random.Random(2)
    for number in range(40):
        copy = tmp_path / str(number)
        shutil.copytree(source, copy)
        with (copy / FILE_NAME).open("r+b") as file:
            file.seek(chance.randrange(size - 64))
            file.write(chance.randbytes(64))
        told: list[tuple[str, int, str]] = []
        try:
            with open_store(copy, damage=lambda *what, told=told: told.append(what)) as store:
                found = contents(store)
        except StorageError:
            continue
        if not told:
            assert found == wanted, number
        for labels, rows in found.items():
            assert set(rows) <= set(wanted[labels])
        shutil.rmtree(copy)


def test_a_batch_that_was_written_together_with_a_defect_is_not_acknowledged(tmp_path: Path) -> None:
    """Whoever finds the defect gets it; who waited for the same commit must not think that it was made."""
    # No text of a request is like this: SQLite's module can't encode it.
    defect = Metadata(family="\ud800", type=MetricType.GAUGE, help="", unit="")
    model, failures = Model(), list[type[Exception]]()

    def commit(store: Store, number: int) -> None:
        some = counting(NOW_MS + number, 1)
        try:
            store.commit(batch(store, some, [defect] if number == 1 else []))
        except (UnicodeEncodeError, StorageUnavailable) as error:
            failures.append(type(error))
        else:
            model.commit(some)

    with open_store(tmp_path) as store:
        with waiting(store, [Thread(target=commit, args=(store, number)) for number in range(3)]):
            pass
        assert failures.count(UnicodeEncodeError) == 1
        commit(store, 3)
        assert contents(store) == model.contents()
    with open_store(tmp_path) as store:
        assert contents(store) == model.contents()
