"""Proportional memory, within its time."""

from pathlib import Path

from exporter.collectors.processes.procfs import Proc
from exporter.collectors.processes.reading import Reading
from exporter.collectors.processes.smaps import BUDGET_SECONDS, LARGEST_BYTES, Shares
from exporter.collectors.processes.table import ProcessTable
from tests.exporter.collectors.processes.trees import copied

ROLLUP = "55-7f ---p 00000000 00:00 0    [rollup]\nRss: 900 kB\nPss:  %d kB\nSwapPss: 7 kB\n"


def prepared(tmp_path: Path) -> tuple[Path, list[Reading]]:
    root = copied(tmp_path)
    readings = [each for each in ProcessTable(Proc(root), float).readings(0).readings if each.whole]
    for each in readings:
        (root / f"{each.seen.key.pid}/smaps_rollup").write_text(ROLLUP % each.seen.key.pid)
    return root, readings


def test_shares_are_read_in_bytes(tmp_path: Path) -> None:
    root, readings = prepared(tmp_path)
    for each in Shares(root, float).add_to(readings):
        assert each.proportional == (each.seen.key.pid * 1024, 7 * 1024)


def test_when_time_is_up_the_others_come_next_time(tmp_path: Path) -> None:
    root, readings = prepared(tmp_path)
    now = [0.0]

    def stopwatch() -> float:
        now[0] += BUDGET_SECONDS * 0.6
        return now[0]

    shares = Shares(root, stopwatch)
    known = [sum(each.proportional is not None for each in shares.add_to(readings)) for _ in range(4)]
    assert known == [1, 2, 3, 4][: len(known)]
    first = readings[0].seen.key.pid
    (root / f"{first}/smaps_rollup").write_text(ROLLUP % 5)
    for _ in readings:
        found = shares.add_to(readings)
    assert found[0].proportional == (5 * 1024, 7 * 1024)


def test_the_largest_are_never_read(tmp_path: Path) -> None:
    root, readings = prepared(tmp_path)
    large = [each._replace(seen=each.seen._replace(resident=LARGEST_BYTES)) for each in readings]
    assert all(each.proportional for each in Shares(root, float).add_to(large))
    larger = [each._replace(seen=each.seen._replace(resident=LARGEST_BYTES + 1)) for each in readings]
    assert not any(each.proportional for each in Shares(root, float).add_to(larger))


def test_what_has_none_has_none(tmp_path: Path) -> None:
    root, readings = prepared(tmp_path)
    (root / f"{readings[0].seen.key.pid}/smaps_rollup").unlink()
    assert Shares(root, float).add_to(readings)[0].proportional is None
