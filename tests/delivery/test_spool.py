"""The spool: what is acknowledged is there after any end, limits drop the oldest, the present gets out."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery.errors import SpoolInUse
from delivery.records import HEADER_BYTES, MARK_AT, Batch, record_bytes
from delivery.spool import MAX_HELD, MIN_SEGMENTS, Limits, Order, Spool

KILLS = 4
NOW_MS = 1_790_000_000_000
WIDE = Limits()


def batch(number: int, *, size: int = 20, age_ms: int = 0) -> Batch:
    body = f"{number:06}".encode().ljust(size, b".")
    return Batch(body=body, samples=number + 1, oldest_ms=NOW_MS - age_ms)


def fill(spool: Spool, *batches: Batch) -> None:
    for each in batches:
        spool.append(each, now_ms=NOW_MS)


def drain(spool: Spool) -> list[bytes]:
    """The bodies in the order in which they are sent."""
    return list(bodies(spool))


def bodies(spool: Spool) -> Iterator[bytes]:
    while (waiting := spool.take()) is not None:
        body = spool.body(waiting)
        spool.done(waiting)
        if body is not None:
            yield body


def opened(directory: Path, limits: Limits = WIDE, order: Order = "oldest-first") -> Spool:
    return Spool(directory, limits, order=order)


def files(directory: Path) -> list[Path]:
    return sorted(directory.glob("*.spool"))


def test_a_batch_is_there_after_a_restart_with_its_facts_until_it_is_done(tmp_path: Path) -> None:
    first = opened(tmp_path)
    fill(first, batch(0), batch(1), batch(2))
    waiting = first.take()
    assert waiting is not None
    first.done(waiting)
    first.close()
    second = opened(tmp_path)
    assert second.filling().batches == 2
    assert second.filling().samples == 2 + 3
    assert second.filling().oldest_ms == NOW_MS
    assert drain(second) == [batch(1).body, batch(2).body]
    second.close()
    assert files(tmp_path) == [], "a file in which nothing waits is removed"


def test_a_spool_cut_at_any_byte_has_all_records_before_the_cut(tmp_path: Path) -> None:
    written = [batch(number) for number in range(3)]
    whole = b"".join(map(record_bytes, written))
    size = len(whole) // 3
    for cut in range(len(whole) + 1):
        (tmp_path / f"{1:016}.spool").write_bytes(whole[:cut])
        spool = opened(tmp_path)
        assert spool.filling().damaged_bytes == cut % size
        assert sum(file.stat().st_size for file in files(tmp_path)) == cut - cut % size
        fill(spool, batch(9))
        assert drain(spool) == [each.body for each in (*written[: cut // size], batch(9))]
        spool.close()


@given(place=st.integers(0, 3 * (HEADER_BYTES + 20) - 1), byte=st.integers(0, 255))
def test_a_changed_byte_never_changes_a_body(
    place: int, byte: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory = tmp_path_factory.mktemp("changed")
    written = [batch(number) for number in range(3)]
    whole = bytearray(b"".join(map(record_bytes, written)))
    whole[place] = byte
    (directory / f"{1:016}.spool").write_bytes(whole)
    spool = opened(directory)
    assert set(drain(spool)) <= {each.body for each in written}
    spool.close()


WRITER = """
import sys
from pathlib import Path
from tests.delivery.test_spool import NOW_MS, WIDE, batch, opened
spool = opened(Path(sys.argv[1]))
number = int(sys.argv[2])
while True:
    spool.append(batch(number, size=3000), now_ms=NOW_MS)
    print(number, flush=True)
    number += 1
"""


def test_a_killed_writer_has_lost_nothing_it_was_told_is_kept(tmp_path: Path) -> None:
    told: list[int] = []
    for kill in range(KILLS):
        command = [sys.executable, "-c", WRITER, str(tmp_path), str(len(told) + kill)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            told += [int(writer.stdout.readline()) for _ in range(20 + 7 * kill)]
            writer.send_signal(signal.SIGKILL)
            told += [int(line) for line in writer.stdout if line.endswith("\n")]
    spool = opened(tmp_path)
    kept = [int(body[:6]) for body in drain(spool)]
    assert set(told) <= set(kept)
    assert len(kept) <= len(told) + KILLS, "at most the one it was at is kept untold"
    spool.close()


def test_a_body_damaged_on_the_disk_is_dropped_and_counted(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    fill(spool, batch(0), batch(1))
    [file] = files(tmp_path)
    content = bytearray(file.read_bytes())
    content[HEADER_BYTES] ^= 1
    file.write_bytes(content)
    assert drain(spool) == [batch(1).body]
    assert spool.filling().lost["damage"] == 1
    spool.close()


def test_what_was_sent_does_not_wait_any_more_though_its_file_is_still_there(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    fill(spool, batch(0), batch(1))
    sent = spool.take()
    assert sent is not None
    spool.done(sent)
    assert spool.filling().bytes == HEADER_BYTES + 20 < sum(file.stat().st_size for file in files(tmp_path))
    spool.close()


def test_the_size_cap_drops_the_oldest_first_and_counts_their_samples(tmp_path: Path) -> None:
    record = HEADER_BYTES + 20
    spool = opened(tmp_path, Limits(bytes=record * MIN_SEGMENTS))
    fill(spool, *map(batch, range(MIN_SEGMENTS)))
    assert spool.filling().lost["size"] == 0, "at the limit nothing is dropped"
    fill(spool, batch(MIN_SEGMENTS))
    filling = spool.filling()
    assert filling.lost["size"] == batch(0).samples
    assert filling.bytes == sum(file.stat().st_size for file in files(tmp_path)) == record * MIN_SEGMENTS
    assert drain(spool) == [batch(number).body for number in range(1, MIN_SEGMENTS + 1)]
    spool.close()


def test_a_batch_larger_than_the_spool_is_dropped_and_costs_no_other(tmp_path: Path) -> None:
    spool = opened(tmp_path, Limits(bytes=1000))
    fill(spool, batch(0), batch(1, size=1001))
    assert spool.filling().lost["size"] == batch(1).samples
    assert drain(spool) == [batch(0).body]
    spool.close()


def test_the_age_cap_drops_what_is_older_and_counts_its_samples(tmp_path: Path) -> None:
    spool = opened(tmp_path, Limits(age_ms=1000))
    fill(spool, batch(0, age_ms=1000), batch(1))
    spool.append(batch(2), now_ms=NOW_MS)
    assert spool.filling().lost["age"] == 0, "at the limit nothing is dropped"
    spool.append(batch(3), now_ms=NOW_MS + 1)
    assert spool.filling().lost["age"] == batch(0).samples
    assert drain(spool) == [batch(number).body for number in (1, 2, 3)]
    spool.close()


def test_newest_and_oldest_leave_by_turns(tmp_path: Path) -> None:
    spool = opened(tmp_path, order="interleaved")
    fill(spool, *map(batch, range(5)))
    assert [int(body[:6]) for body in drain(spool)] == [4, 0, 3, 1, 2]
    spool.close()


def test_a_batch_that_always_fails_keeps_no_other_from_getting_out(tmp_path: Path) -> None:
    spool = opened(tmp_path, order="interleaved")
    fill(spool, *map(batch, range(6)))
    got = set()
    for _ in range(20):
        waiting = spool.take()
        if waiting is not None and waiting.sequence != 1:
            got.add(spool.body(waiting))
            spool.done(waiting)
    assert got == {batch(number).body for number in range(1, 6)}
    spool.close()


def test_a_second_spool_in_the_directory_is_refused(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    with pytest.raises(SpoolInUse, match="another process"):
        opened(tmp_path)
    spool.close()
    opened(tmp_path).close()


def test_what_the_disk_does_not_take_waits_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = opened(tmp_path)
    fill(spool, batch(0))

    def fails(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("os.fsync", fails)
        fill(spool, *map(batch, range(1, MAX_HELD + 1)))
        assert spool.filling().lost["disk"] == 0, "at the limit nothing is dropped"
        fill(spool, batch(MAX_HELD + 1))
    assert spool.filling().lost["disk"] == batch(1).samples
    assert [file.read_bytes() for file in files(tmp_path)] == [record_bytes(batch(0))]
    fill(spool, batch(MAX_HELD + 2))
    assert [int(body[:6]) for body in drain(spool)] == [0, *range(2, MAX_HELD + 3)]
    spool.close()
    again = opened(tmp_path)
    assert (drain(again), again.filling().damaged_bytes) == ([], 0)
    again.close()


def test_a_mark_is_one_byte_outside_the_checksum(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    fill(spool, batch(0), batch(1))
    waiting = spool.take()
    assert waiting is not None
    spool.done(waiting)
    [file] = files(tmp_path)
    expected = bytearray(record_bytes(batch(0)) + record_bytes(batch(1)))
    expected[MARK_AT] = 1
    assert file.read_bytes() == expected
    spool.close()


@pytest.mark.parametrize("name", ["²", "٣", "x", "-1", "1" * 17])
def test_a_file_that_is_not_ours_is_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / f"{name}.spool").write_bytes(b"theirs")
    spool = opened(tmp_path)
    fill(spool, batch(0))
    assert drain(spool) == [batch(0).body]
    spool.close()
    assert [path.read_bytes() for path in files(tmp_path)] == [b"theirs"]


def test_batches_kept_together_share_a_sync_and_all_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    fsync = os.fsync

    def counted(handle: int) -> None:
        synced.append(handle)
        fsync(handle)

    monkeypatch.setattr(os, "fsync", counted)
    spool = opened(tmp_path)
    spool.keep([batch(0)], now_ms=NOW_MS)
    synced.clear()
    spool.keep([batch(number) for number in range(1, 50)], now_ms=NOW_MS)
    assert len(synced) == 1
    spool.close()
    again = opened(tmp_path)
    assert drain(again) == [batch(number).body for number in range(50)]
    again.close()


def test_the_one_who_sends_never_waits_for_the_disk_of_those_who_append(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = opened(tmp_path)
    fill(spool, batch(0))
    at_work, go_on = threading.Event(), threading.Event()

    def hang(_: int) -> None:
        at_work.set()
        assert go_on.wait(10)

    monkeypatch.setattr(os, "fsync", hang)
    appending = threading.Thread(target=fill, args=[spool, batch(1)])
    appending.start()
    try:
        assert at_work.wait(10)
        waiting = spool.take()
        assert waiting is not None
        assert spool.body(waiting) == batch(0).body
        spool.done(waiting)
        assert spool.take() is None, "what is not on the disk is not sent"
    finally:
        go_on.set()
        appending.join()
    assert drain(spool) == [batch(1).body]
    spool.close()


def test_what_the_disk_does_not_take_is_said_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = opened(tmp_path)
    fill(spool, batch(0))

    def fail(_: int) -> None:
        raise OSError("no room")

    with monkeypatch.context() as failing:
        failing.setattr(os, "fsync", fail)
        with pytest.raises(OSError, match="no room"):
            spool.keep([batch(1)], now_ms=NOW_MS)
    spool.keep([batch(2)], now_ms=NOW_MS)
    spool.close()
    again = opened(tmp_path)
    assert drain(again) == [batch(0).body, batch(2).body]
    again.close()


@given(sizes=st.lists(st.integers(10, 400), max_size=40), limit=st.integers(1000, 5000))
def test_the_files_are_never_larger_than_told(
    sizes: list[int], limit: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory = tmp_path_factory.mktemp("sizes")
    spool = Spool(directory, Limits(bytes=limit), order="interleaved")
    for number, size in enumerate(sizes):
        spool.keep([batch(number, size=size), batch(number, size=20)], now_ms=NOW_MS)
        if number % 3 == 0 and (waiting := spool.take()) is not None:
            spool.done(waiting)
        assert spool.filling().bytes <= sum(file.stat().st_size for file in files(directory)) <= limit
    spool.close()
