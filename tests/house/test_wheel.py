"""The wheel holds the product and nothing else, and its base install is an agent that runs."""

import sys
import zipfile
from pathlib import Path

import pytest

from runtime.version import VERSION
from tests.house.environments import make_environment, offline, succeed
from tests.house.tree import PACKAGES, PRODUCT, ROOT, run


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


def test_the_base_install_runs_without_the_checkout(programs: Path, tmp_path: Path) -> None:
    printed = succeed(programs / "fleetgauge", "--version", cwd=tmp_path, env=offline())
    assert VERSION in printed


def test_the_base_install_has_nothing_of_the_gateway(programs: Path, tmp_path: Path) -> None:
    started = run(programs / "fleetgauge", "gateway", cwd=tmp_path, env=offline())
    assert started.returncode == 2
    assert "pip install 'fleetgauge[gateway]'" in started.stderr
    assert "Traceback" not in started.stderr
