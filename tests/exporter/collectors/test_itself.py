"""The agent's own numbers are those that Prometheus' client library tells of the same process."""

import os
from pathlib import Path

import pytest
from prometheus_client import ProcessCollector

from exporter.collectors import itself
from tests.exporter import pages


def test_it_is_what_the_client_library_tells() -> None:
    theirs = {
        sample.name: sample.value
        for family in ProcessCollector(registry=None).collect()
        for sample in family.samples
    }
    read = itself.read(Path("/proc"), os.sysconf("SC_PAGE_SIZE"), itself.soft_file_limit())
    ours = {name: values[frozenset()] for name, (_, values) in pages.page(itself.to_metrics(read)).items()}
    assert ours.keys() == theirs.keys() | {"process_threads"}
    assert ours["process_threads"] >= 1
    for name, value in theirs.items():
        assert ours[name] == pytest.approx(value, rel=0.05, abs=0.2), name


def test_a_short_file_is_a_value_error(tmp_path: Path) -> None:
    (tmp_path / "self").mkdir()
    (tmp_path / "self/stat").write_text("1 (x) S 1 2")
    with pytest.raises(ValueError, match="words"):
        itself.read(tmp_path, 4096, 1024)
