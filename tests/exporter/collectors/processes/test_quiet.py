"""What is not read again because a process has not run: the same as if it were."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter.collectors.processes.procfs import LIMITS_EVERY, Proc
from exporter.collectors.processes.reading import Reading
from tests.exporter.collectors.processes.trees import copied, replace

# Does what it is told, in its main thread or in another; otherwise it sleeps.
WORK = """
import os, resource, sys, threading, time
kept = []
def act(what):
    if what == "write":
        with open(sys.argv[1], "ab") as file:
            file.write(bytes(1 << 16)); file.flush(); os.fsync(file.fileno())
    if what == "open": kept.append(open(sys.argv[1], "ab"))
    if what == "thread": threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    if what == "spawn": os.system("true")
    if what == "sleep": time.sleep(0.001)
def work():
    for line in sys.stdin:
        act(line.strip()); print("done", flush=True)
if sys.argv[2] == "other":
    other = threading.Thread(target=work); other.start(); other.join()
else:
    work()
"""


@pytest.fixture(params=["main", "other"])
def worker(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-c", WORK, str(tmp_path / "file"), request.param]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield process
        process.kill()


def settled(fresh: bool, proc: Proc, pid: int) -> Reading:
    reader = Proc(Path("/proc"), threads=True) if fresh else proc
    [seen] = [each for each in reader.look() if each.key.pid == pid]
    reading = reader.read(seen)
    assert reading is not None
    return reading


def test_a_reader_that_remembers_sees_what_a_new_one_sees(worker: subprocess.Popen[bytes]) -> None:
    assert worker.stdin
    assert worker.stdout
    proc = Proc(Path("/proc"), threads=True)
    for what in ("write", "open", "thread", "sleep", "spawn", "write", "sleep", "thread") * 3:
        worker.stdin.write(what.encode() + b"\n")
        worker.stdin.flush()
        assert worker.stdout.readline() == b"done\n"
        for _ in range(50):
            before = settled(True, proc, worker.pid)
            remembered = settled(False, proc, worker.pid)
            if before == settled(True, proc, worker.pid):
                break
        key = lambda each: each.key  # noqa: E731 - of threads, listed in any order
        assert sorted(remembered.threads, key=key) == sorted(before.threads, key=key), what
        assert remembered._replace(threads=()) == before._replace(threads=()), what


def with_schedstat(tmp_path: Path, text: str) -> Path:
    root = copied(tmp_path)
    (root / "700/schedstat").write_text(text)
    return root


def written(proc: Proc) -> tuple[int | None, int]:
    [seen] = [each for each in proc.look() if each.key.pid == 700]
    reading = proc.read(seen)
    assert reading is not None
    return reading.counts.written, reading.swapped


@pytest.mark.parametrize(
    ("first", "then", "state", "read_again"),
    [
        ("5 6 7\n", "5 6 7\n", "S", False),
        ("5 6 7\n", "5 6 7\n", "R", True),
        ("5 6 7\n", "6 6 7\n", "S", True),
        ("5 6 7\n", "5 6 8\n", "S", True),
        ("0 0 0\n", "0 0 0\n", "S", True),
    ],
)
def test_only_what_has_not_run_is_not_read(
    first: str, then: str, state: str, read_again: bool, tmp_path: Path
) -> None:
    root = with_schedstat(tmp_path, first)
    replace(root / "700/stat", " S 1 ", f" {state} 1 ")
    proc = Proc(root)
    for _ in range(2):
        assert written(proc) == (409600, 512 * 1024)
    (root / "700/schedstat").write_text(then)
    replace(root / "700/io", "write_bytes: 409600", "write_bytes: 500000")
    assert written(proc)[0] == (500000 if read_again else 409600)


def test_what_has_stopped_is_read_once_more(tmp_path: Path) -> None:
    root = with_schedstat(tmp_path, "5 6 7\n")
    proc = Proc(root)
    written(proc)
    replace(root / "700/io", "write_bytes: 409600", "write_bytes: 500000")
    assert written(proc)[0] == 500000
    replace(root / "700/io", "write_bytes: 500000", "write_bytes: 600000")
    assert written(proc)[0] == 500000


def test_memory_that_others_swap_out_is_seen(tmp_path: Path) -> None:
    root = with_schedstat(tmp_path, "5 6 7\n")
    proc = Proc(root)
    for _ in range(2):
        written(proc)
    replace(root / "700/stat", " 7000 ", " 6900 ")
    replace(root / "700/status", "512 kB", "912 kB")
    assert written(proc)[1] == 912 * 1024


def test_a_changed_limit_is_seen_within_so_many_looks(tmp_path: Path) -> None:
    root = copied(tmp_path)
    proc = Proc(root)

    def limit() -> int | None:
        [seen] = [each for each in proc.look() if each.key.pid == 700]
        reading = proc.read(seen)
        assert reading is not None
        return reading.fd_limit

    before = limit()
    replace(root / "700/limits", f" {before} ", " 77 ")
    assert [limit() for _ in range(LIMITS_EVERY)][-1] == 77


def test_a_server_that_becomes_another_user_is_seen(tmp_path: Path) -> None:
    root = copied(tmp_path)
    proc = Proc(root)
    written(proc)
    replace(root / "700/status", "105\t105\t105\t105", "33\t33\t33\t33")
    [seen] = [each for each in proc.look() if each.key.pid == 700]
    reading = proc.read(seen)
    assert reading is not None
    assert reading.seen.program.uid == 33
    assert next(each for each in proc.look() if each.key.pid == 700).program is reading.seen.program
