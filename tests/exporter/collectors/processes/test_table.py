"""One reading of /proc for all who ask."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from exporter.collectors.processes.procfs import Proc
from exporter.collectors.processes.reading import Look
from exporter.collectors.processes.table import ProcessTable
from tests.exporter.collectors.processes.trees import TREES, copied, replace

ASKERS = 8


def test_what_was_read_just_now_is_handed_out_again() -> None:
    now = [100.0]
    table = ProcessTable(Proc(TREES / "processes"), lambda: now[0])
    first = table.readings(1.0)
    now[0] = 101.0
    assert table.readings(1.0) is first
    now[0] = 101.5
    assert table.readings(2.0) is first
    second = table.readings(1.0)
    assert (first.at_s, second.at_s) == (100.0, 101.5)
    assert second.readings == first.readings


def test_all_who_ask_at_once_get_one_reading() -> None:
    table = ProcessTable(Proc(TREES / "processes"), lambda: 5.0)
    together = Barrier(ASKERS)

    def ask() -> Look:
        together.wait()
        return table.readings(1.0)

    with ThreadPoolExecutor(ASKERS) as pool:
        assert len({id(asked.result()) for asked in [pool.submit(ask) for _ in range(ASKERS)]}) == 1


def test_a_kernel_thread_is_there_with_what_costs_nothing(tmp_path: Path) -> None:
    root = copied(tmp_path)
    for name in ("io", "limits"):
        (root / "2" / name).unlink()
    table = ProcessTable(Proc(root, ticks=100), lambda: 0.0)
    [thread] = [each for each in table.readings(0.0).readings if each.seen.key.pid == 2]
    assert (thread.seen.program.comm, thread.seen.program.args, thread.whole) == ("kthreadd", (), False)
    assert (thread.counts.user, thread.counts.read, thread.open_fds) == (thread.seen.user, None, None)
    assert table.complete(thread) is None


def test_a_kernel_thread_can_be_read_in_full() -> None:
    table = ProcessTable(Proc(TREES / "processes"), lambda: 0.0)
    readings = table.readings(0.0).readings
    [thread] = [each for each in readings if not each.whole]
    whole = table.complete(thread)
    assert whole is not None
    assert (whole.whole, whole.seen) == (True, thread.seen)
    assert whole.counts.voluntary is not None
    assert table.complete(whole) is whole


@pytest.mark.parametrize("field", [11, 12, 13, 14])
def test_processor_time_of_children_is_read(field: int, tmp_path: Path) -> None:
    root = copied(tmp_path)
    words = (root / "700/stat").read_text().rpartition(")")[2].split()
    words[field] = "4711"
    line = (root / "700/stat").read_text().rpartition(")")
    replace(root / "700/stat", line[2], " " + " ".join(words))
    look = ProcessTable(Proc(root, ticks=100), lambda: 0.0).readings(0.0)
    [seen] = [each.seen for each in look.readings if each.seen.key.pid == 700]
    assert (seen.user, seen.system, seen.children_user, seen.children_system)[field - 11] == 4711
    assert look.ticks == 100
