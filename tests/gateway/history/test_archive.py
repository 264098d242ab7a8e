"""Whatever was added, joined, sent again or damaged in between: what is found is what a list would find."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.history.archive import Archive, Piece
from gateway.history.chunk import encode
from gateway.history.snapshot import Snapshot
from gateway.history.upkeep import Policy, Tidying
from gateway.storage.database import FILE_NAME
from gateway.storage.ledger import processes as ledger
from gateway.storage.ledger.processes import ProcessPieces
from tests.gateway.history.snapshots import AGENT, HOUR_MS, START_MS, opened, process, snapshot, snapshots

# Three hours, and times that meet.
moments = st.integers(0, 23).map(lambda at: START_MS + at * HOUR_MS // 8)
steps = st.lists(snapshots(moments) | st.just("join"), max_size=15)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[tuple[Archive, ProcessPieces, list[tuple[str, int, str]]]]:
    with opened(tmp_path) as made:
        yield made


def tidying(archive: Archive, pieces: ProcessPieces, **policy: int) -> Tidying:
    return Tidying(archive, pieces, Policy(**({"retention_ms": 1 << 50} | policy)))


def naive(all_found: dict[int, Snapshot], time_ms: int) -> Snapshot | None:
    return max(
        (one for one in all_found.values() if one.time_ms <= time_ms),
        key=lambda one: one.time_ms,
        default=None,
    )


@settings(max_examples=60, deadline=None)
@given(steps)
def test_what_is_found_is_what_a_list_finds(script: list[Snapshot | str]) -> None:
    with TemporaryDirectory() as directory, opened(Path(directory)) as (archive, pieces, told):
        model: dict[int, Snapshot] = {}
        for step in script:
            if isinstance(step, str):
                tidying(archive, pieces).join_all(START_MS + 100 * HOUR_MS)
            else:
                archive.add(AGENT, step)
                archive.add("another", step)
                model.setdefault(step.time_ms, step)
        for at in range(-1, 25):
            time_ms = START_MS + at * HOUR_MS // 8 + 1
            assert archive.at(AGENT, time_ms) == naive(model, time_ms)
            assert archive.at(AGENT, time_ms - 1) == naive(model, time_ms - 1)
            later = min((each for each in model if each > time_ms - 1), default=None)
            assert archive.next_after(AGENT, time_ms - 1) == later
        some = [time for chunk in archive.chunks(AGENT, START_MS, START_MS + HOUR_MS) for time in chunk.times]
        assert set(some) >= {time for time in model if time <= START_MS + HOUR_MS}
        assert not told


def test_an_hour_becomes_one_piece_once_it_has_ended(archive: tuple[Archive, ProcessPieces, object]) -> None:
    kept, pieces, _ = archive
    found = [snapshot(START_MS + at * 15_000, process(1, at)) for at in range(300)]
    for one in found:
        assert kept.add(AGENT, one)
    joined: list[int] = []
    upkeep = Tidying(kept, pieces, Policy(retention_ms=1 << 50), joined=joined.append)
    upkeep.run(START_MS + HOUR_MS + 4 * 60_000)
    assert not joined
    upkeep.run(START_MS + HOUR_MS + 20 * 60_000)
    assert joined == [240]
    assert pieces.readings()["pieces"]() == 61
    assert [kept.at(AGENT, one.time_ms) for one in found] == found
    # One that came late, and one that came again.
    late = snapshot(START_MS + 7, process(2))
    assert kept.add(AGENT, late)
    assert kept.add(AGENT, found[5])
    upkeep.join_all(START_MS + 2 * HOUR_MS)
    assert joined == [240, 241]
    assert kept.at(AGENT, START_MS + 8) == late


def test_a_snapshot_that_comes_twice_is_kept_once(archive: tuple[Archive, ProcessPieces, object]) -> None:
    kept, pieces, _ = archive
    assert kept.add(AGENT, snapshot(START_MS, process(1)))
    assert not kept.add(AGENT, snapshot(START_MS, process(1)))
    assert pieces.readings()["pieces"]() == 1


def test_hours_of_very_many_snapshots_end_as_few_pieces(
    archive: tuple[Archive, ProcessPieces, object],
) -> None:
    kept, pieces, _ = archive
    for at in range(1500):
        kept.add(AGENT, snapshot(START_MS + at, process(1)))
    upkeep = tidying(kept, pieces)
    for _ in range(4):
        upkeep.join_all(START_MS + 2 * HOUR_MS)
    assert pieces.readings()["pieces"]() <= 4
    assert sum(len(chunk.times) for chunk in kept.chunks(AGENT, START_MS, START_MS + 9999)) == 1500
    before = list(pieces.pieces(AGENT, START_MS, START_MS + HOUR_MS))
    upkeep.join_all(START_MS + 2 * HOUR_MS)
    assert list(pieces.pieces(AGENT, START_MS, START_MS + HOUR_MS)) == before


def test_a_join_that_lost_one_of_its_pieces_changes_nothing(
    archive: tuple[Archive, ProcessPieces, object],
) -> None:
    kept, pieces, _ = archive
    for at in range(3):
        kept.add(AGENT, snapshot(START_MS + at, process(1)))
    old = list(pieces.pieces(AGENT, START_MS, START_MS + 9))
    pieces.expire(START_MS + 1)
    kept.join(AGENT, old)
    assert [piece.first_ms for piece in pieces.pieces(AGENT, START_MS, START_MS + 9)] == [
        START_MS + 1,
        START_MS + 2,
    ]


def test_what_is_too_old_or_too_much_is_dropped_oldest_first(
    archive: tuple[Archive, ProcessPieces, object],
) -> None:
    kept, pieces, _ = archive
    for at in range(250):
        kept.add(AGENT, snapshot(START_MS + at * 1000, process(1, at)))
        kept.add("another", snapshot(START_MS + at * 1000, process(1, at)))
    dropped: list[tuple[str, int]] = []

    def run(now_ms: int, **policy: int) -> None:
        Tidying(
            kept,
            pieces,
            Policy(**({"retention_ms": 1 << 50} | policy)),
            dropped=lambda *one: dropped.append(one),
        ).run(now_ms)

    run(START_MS + 300_000, retention_ms=200_000)
    assert sum(many for _, many in dropped) == 200
    assert {why for why, _ in dropped} == {"expired"}
    assert kept.at(AGENT, START_MS + 99_999) is None
    size = pieces.readings()["bytes"]()
    dropped.clear()
    run(START_MS + 300_000, max_bytes=int(size) // 2)
    assert {why for why, _ in dropped} == {"size"}
    assert size // 2 - size / 300 <= pieces.readings()["bytes"]() <= size // 2
    assert kept.at("another", START_MS + 249_000) is not None
    assert kept.at("another", START_MS + 110_000) is None


@pytest.mark.parametrize("how", ["flipped", "emptied", "no chunk", "another number"])
def test_a_damaged_piece_is_set_aside_and_hurts_no_other(tmp_path: Path, how: str) -> None:
    with opened(tmp_path) as (kept, pieces, _):
        for at in range(4):
            kept.add(AGENT, snapshot(START_MS + at * HOUR_MS, process(1, at)))
    with sqlite3.connect(tmp_path / FILE_NAME) as raw:
        (number, body) = raw.execute(
            "SELECT id, body FROM processes ORDER BY first LIMIT 1 OFFSET 1"
        ).fetchone()
        two = encode([snapshot(START_MS + at, process(1)) for at in (0, 1)])
        changed = {
            "flipped": body[:-1] + bytes([body[-1] ^ 1]),
            "emptied": b"",
            "no chunk": ledger._sealed(b"no chunk"),
            "another number": ledger._sealed(two),
        }[how]
        raw.execute("UPDATE processes SET body = ? WHERE id = ?", (changed, number))
    raw.close()
    with opened(tmp_path) as (kept, pieces, told):
        assert kept.at(AGENT, START_MS + HOUR_MS) == snapshot(START_MS, process(1, 0))
        assert [one[:2] for one in told] == [("processes", number)]
        assert kept.next_after(AGENT, START_MS) == START_MS + 2 * HOUR_MS
        assert pieces.readings()["pieces"]() == 3
    with sqlite3.connect(tmp_path / FILE_NAME) as raw:
        assert raw.execute("SELECT origin, id, body FROM damaged").fetchall() == [
            ("processes", number, changed)
        ]
    raw.close()


def test_sizes_are_known_again_after_a_restart(tmp_path: Path) -> None:
    with opened(tmp_path) as (kept, pieces, _):
        for at in range(9):
            kept.add(AGENT, snapshot(START_MS + at, process(1)))
        tidying(kept, pieces).join_all(START_MS + 2 * HOUR_MS)
        sizes = [read() for read in pieces.readings().values()]
    with opened(tmp_path) as (kept, pieces, _):
        assert [read() for read in pieces.readings().values()] == sizes


def test_a_piece_whose_place_is_taken_leaves_the_old_ones(
    archive: tuple[Archive, ProcessPieces, object],
) -> None:
    kept, pieces, _ = archive
    for at in (0, 1):
        kept.add(AGENT, snapshot(START_MS + at, process(1)))
    old = list(pieces.pieces(AGENT, START_MS, START_MS + 9))
    taken = Piece(first_ms=START_MS, last_ms=START_MS + 1, snapshots=2, payload=b"")
    assert pieces.add(AGENT, taken)
    pieces.replace(AGENT, old, taken)
    assert pieces.readings()["pieces"]() == 3
