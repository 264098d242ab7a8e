"""`fleetgauge backup` beside a gateway under load, and `restore`: nothing acknowledged is missing."""

import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests

from gateway.storage.database import FILE_NAME, SCHEMA_VERSION
from tests.gateway.programs import FLEETGAUGE, environment, run, running
from tests.gateway.storage.samples import batch, contents, open_store
from tests.gateway.test_crash import Agent, writing

QUERIES = ("sum by (agent) (load)", "count(load)", "max_over_time(load[1m])", "topk(3, load)")


def ask(url: str, at_s: float) -> list[Any]:
    """Return the answers to all queries about one time, apart from the order of their series."""
    answers: list[object] = []
    for query in QUERIES:
        answer = requests.post(
            f"{url}/api/v1/query", data={"query": query, "time": f"{at_s:.3f}"}, timeout=30
        )
        result = answer.json()["data"]["result"]
        assert result
        answers.append(sorted(result, key=str))
    return answers


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Some samples, in the log and in a part."""
    directory = tmp_path / "data"
    with open_store(directory, sync="off") as store:
        for time_ms in range(1000, 3000):
            store.commit(batch(store, [(number, time_ms, time_ms, 0) for number in range(3)]))
            if time_ms == 2000:
                store.flush()
    return directory


def backup(data: Path, file: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return run("backup", str(file), "--data-dir", str(data), *more)


def restore(file: Path, data: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return run("restore", str(file), "--data-dir", str(data), *more)


@pytest.mark.parametrize("name", ["copy", "copy.zst"])
def test_a_backup_under_load_has_all_that_was_acknowledged_before_it(tmp_path: Path, name: str) -> None:
    start_ms = time.time_ns() // 1_000_000 - 600_000
    agents = [Agent(number, start_ms) for number in range(3)]
    data, file, restored = tmp_path / "data", tmp_path / name, tmp_path / "restored"
    with (
        running("gateway", "--listen", "127.0.0.1:0", "--data-dir", str(data)) as gateway,
        writing(agents, gateway.url),
    ):
        time.sleep(0.5)
        known = [[*agent.acknowledged] for agent in agents]
        made = backup(data, file)
        after = [len(agent.acknowledged) for agent in agents]
        # The last request that all have acknowledged: nothing at or before its time comes any more.
        at_s = (start_ms + min(before[-1] for before in known) - 1) / 1000
        wanted = ask(gateway.url, at_s)
        gateway.process.kill()
        gateway.process.wait(10)
    assert (made.returncode, made.stdout) == (0, "")
    assert all(len(before) < later for before, later in zip(known, after, strict=True))
    put_back = restore(file, restored)
    assert (put_back.returncode, put_back.stdout) == (0, "")
    for agent, before in zip(agents, known, strict=True):
        agent.acknowledged = before
    with open_store(restored) as store:
        for agent in agents:
            agent.check(store)
    with running("gateway", "--listen", "127.0.0.1:0", "--data-dir", str(restored)) as gateway:
        assert ask(gateway.url, at_s) == wanted
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted(["data", name, "restored"])
    assert file.stat().st_mode & 0o777 == 0o600
    # The killed gateway left a write-ahead log, which is not that of the backup.
    assert (data / f"{FILE_NAME}-wal").stat().st_size
    assert restore(file, data, "--force").returncode == 0
    with open_store(data) as one, open_store(restored) as other:
        assert contents(one) == contents(other)


def test_a_backup_killed_at_any_moment_leaves_none(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "copy"
    begun = finished = 0
    for wait in (0.0, 0.02, 0.1, 0.5):
        file.unlink(missing_ok=True)
        with subprocess.Popen(
            [FLEETGAUGE, "backup", file, "--data-dir", data],
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            draft = tmp_path / "copy.tmp"
            draft.unlink(missing_ok=True)
            while process.poll() is None and not draft.exists() and not file.exists():
                time.sleep(0.0005)
            begun += draft.exists()
            time.sleep(wait / 10)
            process.send_signal(signal.SIGKILL)
        if file.exists():
            finished += 1
            assert restore(file, tmp_path / f"restored-{wait}").returncode == 0
    assert begun > 0
    assert backup(data, file, "--force").returncode == 0
    assert sorted(one.name for one in tmp_path.iterdir())[:2] == ["copy", "data"]


def test_a_backup_without_a_gateway_is_the_same_data(data: Path, tmp_path: Path) -> None:
    assert backup(data, tmp_path / "copy").returncode == 0
    answer = restore(tmp_path / "copy", tmp_path / "new" / "place")
    assert answer.returncode == 0
    assert "has 3 series with 6000 samples" in answer.stderr
    with open_store(data) as one, open_store(tmp_path / "new" / "place") as other:
        assert contents(one) == contents(other)


@pytest.mark.parametrize("name", ["copy", "copy.zst"])
def test_a_damaged_backup_is_not_restored(data: Path, tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    assert backup(data, file).returncode == 0
    whole = file.read_bytes()
    # Bytes of all places, but those that say nothing: what restores all the same holds the same.
    refused = 0
    for number, at in enumerate(range(20, len(whole), len(whole) // 4)):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 0x41]) + whole[at + 1 :])
        answer = restore(file, tmp_path / f"restored-{number}")
        if answer.returncode == 0:
            with open_store(data) as one, open_store(tmp_path / f"restored-{number}") as other:
                assert contents(one) == contents(other)
        else:
            refused += 1
            assert answer.returncode == 1
            assert answer.stderr.count("\n") == 1
            assert not (tmp_path / f"restored-{number}" / FILE_NAME).exists()
    assert refused > 1
    file.write_bytes(whole[: len(whole) // 2])
    assert restore(file, tmp_path / "half").returncode == 1


def test_a_backup_that_was_changed_afterwards_is_not_restored(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "copy"
    assert backup(data, file).returncode == 0
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("DELETE FROM log WHERE seq = 1500")
    answer = restore(file, tmp_path / "restored")
    assert answer.returncode == 1
    assert "does not hold what was backed up" in answer.stderr


def test_a_backup_of_a_newer_version_is_refused(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "copy"
    assert backup(data, file).returncode == 0
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    answer = restore(file, tmp_path / "restored")
    assert answer.returncode == 1
    assert f"newer fleetgauge (schema {SCHEMA_VERSION + 1}" in answer.stderr


def test_what_is_no_backup_is_refused(data: Path, tmp_path: Path) -> None:
    for number, content in enumerate((b"", b"text\n" * 1000, (data / FILE_NAME).read_bytes())):
        file = tmp_path / str(number)
        file.write_bytes(content)
        answer = restore(file, tmp_path / "restored")
        assert (answer.returncode, "or no backup" in answer.stderr) == (1, True)


def test_data_are_replaced_only_when_that_is_said(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "copy"
    assert backup(data, file).returncode == 0
    with open_store(data) as store:
        wanted = contents(store)
        store.commit(batch(store, [(7, 1, 1, 0)]))
        # A restore that cannot be is told before anything changes, also with --force.
        assert "in use by another gateway" in restore(file, data, "--force").stderr
    with open_store(data) as store:
        assert len(contents(store)) == len(wanted) + 1
    answer = restore(file, data)
    assert (answer.returncode, "is not empty: it has fleetgauge.db" in answer.stderr) == (1, True)
    assert restore(file, data, "--force").returncode == 0
    with open_store(data) as store:
        assert contents(store) == wanted


def test_a_file_that_is_there_is_replaced_only_when_that_is_said(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "copy"
    file.write_text("mine")
    answer = backup(data, file)
    assert (answer.returncode, file.read_text()) == (2, "mine")
    assert backup(tmp_path, file, "--force").returncode == 1
    assert file.read_text() == "mine"
    # The live database itself would be replaced by its copy.
    assert backup(data, data / FILE_NAME, "--force").returncode == 1
    assert backup(data, file, "--force").returncode == 0
    assert restore(file, tmp_path / "restored").returncode == 0


def test_damaged_data_are_backed_up_only_when_that_is_said(data: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(data / FILE_NAME)) as connection, connection:
        connection.execute("UPDATE block SET body = substr(body, 1, 50)")
    file = tmp_path / "copy"
    answer = backup(data, file)
    assert (answer.returncode, file.exists()) == (1, False)
    assert "no backup was kept: block " in answer.stderr
    answer = backup(data, file, "--keep-damaged")
    assert (answer.returncode, file.exists()) == (1, True)
    assert "damaged: block " in answer.stderr
    assert restore(file, tmp_path / "restored").returncode == 1
    assert restore(file, tmp_path / "restored", "--take-damaged").returncode == 0
