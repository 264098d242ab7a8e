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
    "pages",
    "peers",
    "promqltest",
    "proto",
    "screenshots",
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


NPM = """\
echo "$@" >> npm.log
if [[ "$*" == *" build" ]]; then rm -rf gateway/web/built; mkdir -p gateway/web/built; fi"""


def build_pages(tree: Path, npm: str = "") -> str:
    """Run `make pages`, where npm is this script; returns what is said."""
    directory = tree.parent / "bin"
    for name in ("mkdir", "sh"):
        (directory / name).unlink(missing_ok=True)
        (directory / name).symlink_to(shutil.which(name) or name)
    if npm:
        (directory / "npm").write_text(f"#!/bin/bash\n{npm}\n")
        (directory / "npm").chmod(0o755)
    made = run(
        "make", "--no-print-directory", "pages", cwd=tree, env={"PATH": str(directory), "HOME": str(tree)}
    )
    assert made.returncode == 0, made.stderr
    return made.stdout


def sources(tree: Path) -> Path:
    web = tree / "gateway" / "web"
    (web / "source" / "pages" / "host").mkdir(parents=True)
    for name in ("package.json", "source/main.tsx", "source/pages/host.tsx", "source/pages/host/table.tsx"):
        (web / name).write_text("1\n")
    return web


def test_the_pages_are_built_once_and_again_when_a_source_changes(bare_tree: Path) -> None:
    web = sources(bare_tree)
    assert "Building the web pages." in build_pages(bare_tree, NPM)
    assert "Building" not in build_pages(bare_tree, NPM)
    for name in ("package.json", "source/main.tsx", "source/pages/host/table.tsx"):
        (web / name).write_text("2\n")
        assert "Building" in build_pages(bare_tree, NPM), name
        assert len(list((web / "built").glob("made-*"))) == 1, "the stamp of what was there before is gone"
    assert (bare_tree / "npm.log").read_text().count(" build") == 4


def test_without_npm_there_are_no_pages_and_one_line_says_so(bare_tree: Path) -> None:
    sources(bare_tree)
    [line] = build_pages(bare_tree).splitlines()
    assert line.startswith("There is no Node.js (npm) here")
