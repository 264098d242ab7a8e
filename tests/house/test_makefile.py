"""`make` lists its commands, and says in one sentence what it needs when it can't set up."""

import os
import re
import shutil
from pathlib import Path

import pytest

from tests.house.tree import ROOT, run

COMMANDS = {
    "bench",
    "check",
    "clean",
    "demo",
    "differential",
    "faults",
    "fuzz",
    "lint",
    "lock",
    "peers",
    "promqltest",
    "proto",
    "setup",
    "test",
    "types",
}


def test_make_alone_lists_every_command() -> None:
    listed = set(re.findall(r"^make (\S+)", run("make", "--no-print-directory").stdout, re.MULTILINE))
    declared = set(re.findall(r"^\.PHONY: (\S+)$", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert listed == declared == COMMANDS | {"help"}


@pytest.fixture
def bare_tree(tmp_path: Path) -> Path:
    """A copy, in a path with a space, of what setting up reads, and a directory without any Python."""
    tree = tmp_path / "my fleetgauge"
    shutil.copytree(ROOT / "requirements", tree / "requirements")
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, tree)
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("bash", "cat", "cksum", "cut", "env", "make", "rm", "touch"):
        (programs / name).symlink_to(shutil.which(name) or name)
    return tree


def set_up(tree: Path, **programs: str) -> tuple[int, str]:
    """Run `make setup` where only these programs are called Python."""
    directory = tree.parent / "bin"
    for name, script in programs.items():
        file = directory / name.replace("_", ".")
        file.write_text(f"#!/bin/bash\n{script}\n")
        file.chmod(0o755)
    made = run("make", "setup", cwd=tree, env={"PATH": str(directory), "HOME": str(tree)})
    return made.returncode, made.stderr


OLD = "exit 1"
WITHOUT_VENV = '[[ "$2" == *version_info* ]]'


def test_no_python_at_all(bare_tree: Path) -> None:
    code, said = set_up(bare_tree)
    assert code == 2
    assert "No Python from 3.11 on was found" in said


def test_a_python_that_is_too_old_or_a_dead_shim(bare_tree: Path) -> None:
    code, said = set_up(bare_tree, python3=OLD, python3_13="exit 127")
    assert code == 2
    assert "No Python from 3.11 on was found" in said


def test_a_python_without_venv(bare_tree: Path) -> None:
    code, said = set_up(bare_tree, python3_13=OLD, python3=WITHOUT_VENV)
    assert code == 2
    assert "python3 cannot make a virtual environment: on Debian, install the package python3-venv" in said


def test_a_half_made_environment_is_removed(bare_tree: Path) -> None:
    left_over = bare_tree / ".venv" / "bin" / "python"
    left_over.parent.mkdir(parents=True)
    left_over.symlink_to("gone")
    set_up(bare_tree)
    assert not os.path.lexists(left_over)


def test_peers_without_apt_get_are_named(bare_tree: Path) -> None:
    made = run("make", "peers", cwd=bare_tree, env={"PATH": str(bare_tree.parent / "bin")})
    assert made.returncode == 2
    assert "There is no apt-get here" in made.stderr
    assert "victoria-metrics" in made.stderr
