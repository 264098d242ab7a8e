"""The repository as the house tests see it: its root, its packages, its files."""

import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
PYPROJECT: Final[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text())
# fleetgauge.py and the packages: what the wheel holds.
PRODUCT: Final[list[str]] = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
PACKAGES: Final = [name for name in PRODUCT if not name.endswith(".py")]
WHEELHOUSE: Final = ROOT / ".venv" / "wheelhouse"


def python_files(*places: str) -> Iterator[Path]:
    """The modules under these files and folders of the repository; generated ones are passed over."""
    for place in places:
        path = ROOT / place
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            if not file.name.endswith("_pb2.py"):
                yield file


def tracked_files() -> Iterator[Path]:
    """The files that git tracks or would add."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in listed.split("\0"):
        if name and (ROOT / name).is_file():
            yield ROOT / name


def run(
    *command: str | Path, cwd: Path = ROOT, env: dict[str, str] | None = None, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, whatever its exit code, and keep what it says."""
    return subprocess.run(command, cwd=cwd, env=env, input=stdin, capture_output=True, text=True, check=False)


def tool(name: str) -> Path:
    """A command of the environment that runs the tests."""
    return Path(sys.executable).parent / name
