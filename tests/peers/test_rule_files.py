"""Rule files are right and wrong as the real promtool has it."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.alertrules.rules.test_loading import BAD, GOOD


@pytest.mark.peer("prometheus")
def test_promtool_has_the_same_verdict_on_every_file() -> None:
    found = verdicts([*GOOD, *BAD])
    # What newer versions have, 2.42 does not know.
    known = [file for file in (*GOOD, *BAD) if not file.stem.startswith("newer-")]
    assert len(known) > 100
    assert {file.stem: found[file] for file in known} == {file.stem: file in GOOD for file in known}


def verdicts(files: list[Path]) -> dict[Path, bool]:
    """Whether promtool takes each file; a repeated rule is worth a warning to it."""
    ran = subprocess.run(
        ["promtool", "check", "rules", *map(str, files)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    parts = re.split(r"^Checking (.*)$", ran.stdout, flags=re.MULTILINE)
    return {
        Path(name): "SUCCESS" in told or "lint error" in told
        for name, told in zip(parts[1::2], parts[2::2], strict=True)
    }
