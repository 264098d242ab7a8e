"""The example that users start from runs as it is, and tells the truth."""

import os
import re
import runpy
import shutil
import time
from pathlib import Path
from typing import Final

from exporter.gathering.clientmetrics import families_in
from exporter.gathering.custom import Loader
from exporter.gathering.families import checked
from exporter.gathering.runner import Runner
from tests.exporter.gathering.parts import everything
from tests.house.tree import ROOT

EXAMPLE: Final = ROOT / "examples" / "collectors.d" / "queues.py"


def load(file: Path) -> Runner:
    file.chmod(0o644)
    file.parent.chmod(0o755)
    collectors = Loader(time.monotonic, 5, entry_points=list).load(str(file.parent), taken=())
    return Runner(collectors, stopwatch=time.monotonic)


def test_the_example_runs_in_the_agent(tmp_path: Path) -> None:
    runner = load(Path(shutil.copy(EXAMPLE, tmp_path)))
    [outcome] = runner.gather(everything)
    assert (outcome.collector, outcome.error) == ("queues", "")
    [collector] = runner.collectors()
    assert (collector.interval_s, collector.timeout_s, collector.version) == (60, 10, "1.0")


def test_the_example_counts_files(tmp_path: Path) -> None:
    (tmp_path / "mail" / "a").mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    for name, size, written in (("1", 10, 1000), ("a/2", 20, 500)):
        (tmp_path / "mail" / name).write_text("x" * size)
        os.utime(tmp_path / "mail" / name, (written, written))
    queues = {name: str(tmp_path / name) for name in ("mail", "empty", "missing")}
    example = runpy.run_path(str(EXAMPLE))["Queues"](queues)
    shown = {
        (family.name, point.labels[0][1]): point.value
        for family in checked(families_in(example.collect()))
        for point in family.points
    }
    assert shown == {
        ("queue_files", "mail"): 2,
        ("queue_files", "empty"): 0,
        ("queue_size_bytes", "mail"): 30,
        ("queue_size_bytes", "empty"): 0,
        ("queue_oldest_file_timestamp_seconds", "mail"): 500,
    }


def test_the_collectors_in_the_documentation_run(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "custom-collectors.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert blocks
    for number, block in enumerate(blocks):
        (tmp_path / f"block{number}.py").write_text(block)
    (tmp_path / "block0.py").chmod(0o644)
    outcomes = load(tmp_path / "block0.py").gather(everything)
    assert [outcome.error for outcome in outcomes] == [""] * len(blocks)
    assert all(outcome.families for outcome in outcomes)
