"""Changes of the small tables are durable, all or nothing, and do not hurt each other."""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.storage.database import Database
from gateway.storage.errors import StorageUnavailable
from gateway.storage.ledger.ledger import Ledger


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path)
    opened.writer.execute("CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)")
    yield opened
    opened.close()


@pytest.fixture
def ledger(database: Database) -> Ledger:
    return Ledger(database, threading.Lock())


def notes(ledger: Ledger) -> list[str]:
    return [text for (text,) in ledger.reader.execute("SELECT text FROM note ORDER BY id")]


def test_a_change_returns_what_its_work_returns(ledger: Ledger) -> None:
    assert ledger.change(lambda c: c.execute("INSERT INTO note (text) VALUES ('a')").lastrowid) == 1
    assert notes(ledger) == ["a"]


def test_what_a_change_raises_undoes_it_alone(ledger: Ledger) -> None:
    def half(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO note (text) VALUES ('half')")
        raise LookupError("no such agent")

    with pytest.raises(LookupError):
        ledger.change(half)
    ledger.change(lambda c: c.execute("INSERT INTO note (text) VALUES ('whole')"))
    assert notes(ledger) == ["whole"]


def test_a_constraint_that_a_change_breaks_is_its_own_failure(ledger: Ledger) -> None:
    insert = "INSERT INTO note (text) VALUES ('twice')"
    ledger.change(lambda c: c.execute(insert))
    with pytest.raises(sqlite3.IntegrityError):
        ledger.change(lambda c: c.execute(insert))
    assert notes(ledger) == ["twice"]


def test_changes_that_wait_together_share_a_commit_and_not_their_failures(database: Database) -> None:
    lock = threading.Lock()
    ledger = Ledger(database, lock)
    errors: list[str] = []
    commits: list[str] = []
    database.writer.set_trace_callback(lambda said: commits.append(said) if said == "COMMIT" else None)

    def one(number: int) -> None:
        def work(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT INTO note (text) VALUES (?)", (f"n{number}",))
            if number % 2:
                raise LookupError(str(number))

        try:
            ledger.change(work)
        except LookupError as error:
            errors.append(str(error))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(8)]
    with lock:
        for thread in threads:
            thread.start()
        while len(ledger._waiting) < len(threads):
            pass
    for thread in threads:
        thread.join()
    assert sorted(notes(ledger)) == ["n0", "n2", "n4", "n6"]
    assert sorted(errors) == ["1", "3", "5", "7"]
    assert commits == ["COMMIT"]


def test_a_failing_disk_keeps_nothing_of_the_group(database: Database) -> None:
    ledger = Ledger(database, threading.Lock())

    def fail(_connection: sqlite3.Connection) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    with pytest.raises(StorageUnavailable, match="disk I/O error"):
        ledger.change(fail)
    assert notes(ledger) == []
    ledger.change(lambda c: c.execute("INSERT INTO note (text) VALUES ('after')"))
    assert notes(ledger) == ["after"]
