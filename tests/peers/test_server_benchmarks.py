"""The benchmarks that start whole servers run, on little data, and check that nothing they sent was lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import disk, fleet, memory, restart
from benchmarks.capture import Capture, capture
from benchmarks.contenders import GATEWAY, PROMETHEUS, VICTORIA_METRICS, Beside, contenders
from benchmarks.harness import RUNS, Benchmark, Row, print_table
from remotewrite.compression import decompress
from remotewrite.decode.v1 import decode_v1
from tests.remotewrite.reading import Receiver

EVERYONE = [PROMETHEUS, VICTORIA_METRICS, GATEWAY]


def measured(benchmarks: Iterator[Benchmark]) -> dict[str, Row]:
    return {row.name.rpartition(" ")[2]: row for row in (one.measure() for one in benchmarks)}


def samples_of(body: bytes) -> int:
    return len(decode_v1(decompress(body), Receiver().table).samples)


@pytest.fixture
def captured() -> Capture:
    return capture(rounds=2, seconds=0.1)


@pytest.mark.peer("node-exporter", "process-exporter")
def test_a_capture_counts_its_samples_and_comes_back_from_a_file(captured: Capture, tmp_path: Path) -> None:
    assert captured.counts == [samples_of(body) for body in captured.bodies]
    assert len(captured.bodies) == 4
    captured.save(tmp_path / "capture")
    assert Capture.load(tmp_path / "capture") == captured


@pytest.mark.peer("node-exporter", "process-exporter", "prometheus", "victoria-metrics")
def test_disk_finds_files_of_all(captured: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    captured.save(tmp_path / "capture")
    monkeypatch.setenv(disk.CAPTURE, str(tmp_path / "capture"))
    rows = measured(disk.benchmarks())
    assert list(rows) == EVERYONE
    for row in rows.values():
        assert row.note.startswith(f"{sum(captured.counts):,} samples")
        assert "0.000" not in row.note


@pytest.mark.peer("prometheus", "victoria-metrics")
def test_memory_weighs_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "SERIES", 20_000)
    monkeypatch.setattr(memory, "_STILL_SECONDS", 0.1)
    rows = measured(memory.benchmarks())
    assert list(rows) == EVERYONE
    assert all(row.samples == 18_000 and "bytes a series" in row.note for row in rows.values())


@pytest.mark.peer("prometheus", "victoria-metrics")
def test_restart_starts_all_again_with_all_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restart, "SERIES", 4_000)
    monkeypatch.setattr(restart, "ROUNDS", 5)
    rows = measured(restart.benchmarks())
    assert list(rows) == EVERYONE
    assert all(len(row.micros) == restart.RUNS for row in rows.values())


@pytest.mark.peer("prometheus", "victoria-metrics")
def test_fleet_selects_from_every_state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet, "SERIES", 4_000)
    rows = measured(fleet.benchmarks())
    assert list(rows) == ["head", "cold", "warm", PROMETHEUS, VICTORIA_METRICS]
    assert all(len(row.micros) == RUNS for row in rows.values())


def test_the_gateway_comes_last_so_that_it_is_told_beside_all() -> None:
    assert [one.name for one in contenders()][-1] == GATEWAY
    beside = Beside()
    assert beside.add("first", 6.0) == ""
    assert beside.add("second", 2.0) == ", 3.00 x first"
    assert beside.add("third", 4.0) == ", 1.50 x first, 0.50 x second"


def test_a_row_without_times_has_only_a_note(capsys: pytest.CaptureFixture[str]) -> None:
    class Weighed:
        name = "weighed"

        def measure(self) -> Row:
            return Row(name=self.name, note="3 bytes")

    print_table([Weighed()])
    _, line = capsys.readouterr().out.splitlines()
    assert line.split() == ["weighed", "3", "bytes"]
