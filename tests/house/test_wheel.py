"""The wheel holds the product and nothing else, and its base install is an agent that runs."""

import shutil
import sys
import zipfile
from pathlib import Path

import pytest

from runtime.version import VERSION
from tests.house.environments import make_environment, offline, succeed
from tests.house.tree import PACKAGES, PRODUCT, ROOT, run
from tests.peers.required import go_without


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("dist")
    succeed(
        sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", place, cwd=ROOT, env=offline()
    )
    [built] = place.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment that holds the base install, made as docs and Dockerfile make it."""
    place = tmp_path_factory.mktemp("base")
    programs = make_environment(place / "env", with_pip=False)
    pip = (sys.executable, "-m", "pip", "--python", programs / "python", "install", "--quiet")
    succeed(*pip, "--require-hashes", "-r", ROOT / "requirements" / "agent.txt", cwd=place, env=offline())
    succeed(*pip, "--no-deps", wheel, cwd=place, env=offline())
    return programs


def test_the_wheel_holds_the_product_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    information = f"fleetgauge-{VERSION}.dist-info"
    assert {name.partition("/")[0] for name in names} == {*PRODUCT, information}
    assert {f"{package}/py.typed" for package in PACKAGES} <= set(names)
    assert {path.relative_to(ROOT).as_posix() for path in ROOT.glob("alertrules/packs/*.yml")} <= set(names)
    assert f"{information}/licenses/LICENSE" in names
    assert [name for name in names if name.endswith(".pyc")] == []


def test_the_wheel_holds_the_pages_as_they_are_built_and_not_what_they_are_built_from(wheel: Path) -> None:
    built = ROOT / "gateway" / "web" / "built"
    pages = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("gateway/web/")}
    if not (built / "index.html").exists():
        assert pages == set()
        go_without("the web pages are not built; with Node.js at hand, `make setup` builds them")
    wanted = {file for file in built.iterdir() if file.suffix in {".html", ".js", ".css"}}
    assert pages == {file.relative_to(ROOT).as_posix() for file in wanted}


def test_a_wheel_is_built_without_npm(tmp_path: Path) -> None:
    """It has no pages, says so, and is whole otherwise."""
    tree = tmp_path / "tree"
    for name in (*PRODUCT, "pyproject.toml", "README.md", "LICENSE"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("node_modules", "built"))
        else:
            tree.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, tree)
    flags = ("--wheel", "--no-isolation", "--outdir", tmp_path)
    nothing = offline() | {"PATH": str(tmp_path)}
    said = run(sys.executable, "-m", "build", *flags, cwd=tree, env=nothing)
    assert said.returncode == 0, said.stderr
    assert "There is no npm here: this wheel has no web pages." in said.stdout + said.stderr
    names = zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist()
    assert "gateway/app.py" in names
    assert not [name for name in names if name.startswith("gateway/web/")]


def test_the_base_install_runs_without_the_checkout(programs: Path, tmp_path: Path) -> None:
    printed = succeed(programs / "fleetgauge", "--version", cwd=tmp_path, env=offline())
    assert VERSION in printed


def test_the_base_install_has_nothing_of_the_gateway(programs: Path, tmp_path: Path) -> None:
    started = run(programs / "fleetgauge", "gateway", cwd=tmp_path, env=offline())
    assert started.returncode == 2
    assert "pip install 'fleetgauge[gateway]'" in started.stderr
    assert "Traceback" not in started.stderr
