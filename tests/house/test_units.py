"""The units for systemd in examples are such that systemd takes them."""

import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.house.tree import ROOT

UNITS: Final = sorted((ROOT / "examples/systemd").glob("*.service"))
ANALYZE: Final = shutil.which("systemd-analyze")


@pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_takes_the_unit(unit: Path, tmp_path: Path) -> None:
    lines = unit.read_text().splitlines()
    started = [line for line in lines if line.startswith("ExecStart=")]
    assert len(started) == 1
    # The program is not there on a machine that tests; systemd looks for it.
    tried = tmp_path / unit.name
    tried.write_text("\n".join("ExecStart=/bin/true" if line in started else line for line in lines) + "\n")
    verified = subprocess.run(
        [ANALYZE or "", "verify", "--man=no", str(tried)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    complaints = [line for line in verified.stderr.splitlines() if unit.name in line]
    assert (verified.returncode, complaints) == (0, [])
