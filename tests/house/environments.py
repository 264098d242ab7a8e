"""Empty environments to try what we ship in, filled without network from what `make setup` keeps."""

import os
import sys
from pathlib import Path

import pytest

from tests.house.tree import WHEELHOUSE, run


def offline() -> dict[str, str]:
    """The environment variables under which pip sees the wheelhouse and nothing else."""
    if not WHEELHOUSE.is_dir():
        pytest.fail("there is no .venv/wheelhouse; `make setup` fills it", pytrace=False)
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PIP_", "PYTHON", "FLEETGAUGE_"))
    }
    return kept | {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_FIND_LINKS": WHEELHOUSE.as_uri(),
        "PIP_NO_INDEX": "1",
    }


def succeed(*command: str | Path, cwd: Path, env: dict[str, str]) -> str:
    """Run a command that must succeed and return what it printed."""
    done = run(*command, cwd=cwd, env=env)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def make_environment(place: Path, *, with_pip: bool) -> Path:
    """An empty virtual environment; returns its directory of programs."""
    options = [] if with_pip else ["--without-pip"]
    succeed(sys.executable, "-m", "venv", *options, place, cwd=place.parent, env=offline())
    return place / "bin"
