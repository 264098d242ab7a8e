"""The arrows between packages: the contracts of pyproject.toml hold, each can fail, and none is missing."""

import ast
import shutil
import sys
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any, Final

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.tree import PACKAGES, PRODUCT, PYPROJECT, ROOT, python_files, run, tool

CONTRACTS: Final[list[dict[str, Any]]] = PYPROJECT["tool"]["importlinter"]["contracts"]

# For each contract, modules with an import that breaks it.
VIOLATIONS: Final = {
    "layers": {
        "timeseries/bad.py": "import promql",
        "promql/bad.py": "import remotewrite",
        "exporter/bad.py": "import gateway",
        "delivery/bad.py": "import exporter",
    },
    "command-line": {"gateway/bad.py": "import fleetgauge"},
    "core": {
        "remotewrite/bad.py": "from socket import socket",
        "alertrules/bad.py": "import runtime.settings",
    },
    "light-agent": {"exporter/bad.py": "import timeseries.columns"},
    "home-click": {"runtime/bad.py": "import click"},
    "home-http": {"gateway/bad.py": "import falcon"},
    "home-sqlite": {"gateway/http/bad.py": "import sqlite3"},
    "home-host": {"exporter/bad.py": "import psutil"},
    "home-numpy": {"timeseries/bad.py": "import numpy as np"},
    "home-re2": {"promql/bad.py": "import re2"},
    "home-protobuf": {"gateway/bad.py": "from google.protobuf.message import Message"},
    "home-compression": {"remotewrite/bad.py": "import cramjam"},
    "home-bcrypt": {"exporter/http/bad.py": "import bcrypt"},
    "home-apprise": {"gateway/bad.py": "import apprise"},
    "home-argon2": {"gateway/bad.py": "import argon2"},
    "pure-access": {"gateway/access/bad.py": "import sqlite3"},
    "home-settings": {"gateway/bad.py": "import yaml"},
    "home-metrics": {"gateway/http/bad.py": "from prometheus_client import Counter"},
}


def test_every_contract_holds() -> None:
    checked = run(tool("lint-imports"), "--no-logo")
    assert checked.returncode == 0, checked.stdout


def test_every_contract_has_a_violation_to_try() -> None:
    assert sorted(VIOLATIONS) == sorted(contract["id"] for contract in CONTRACTS)


@pytest.fixture(scope="module")
def copied_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("tree")
    shutil.copy(ROOT / "pyproject.toml", copy)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


@pytest.mark.parametrize("contract", VIOLATIONS)
def test_a_contract_breaks_on_its_violation(contract: str, copied_tree: Path) -> None:
    added = {copied_tree / file: statement for file, statement in VIOLATIONS[contract].items()}
    for file, statement in added.items():
        file.write_text(f'"""Breaks a contract."""\n\n{statement}\n')
    checked = run(tool("lint-imports"), "--no-logo", "--contract", contract, cwd=copied_tree)
    for file in added:
        file.unlink()
    assert checked.returncode == 1, checked.stdout
    for file in added:
        importer = ".".join(file.relative_to(copied_tree).with_suffix("").parts)
        assert f"{importer} ->" in checked.stdout


def test_every_dependency_of_the_product_has_a_home() -> None:
    project = PYPROJECT["project"]
    wanted = {
        canonicalize_name(Requirement(line).name)
        for line in [*project["dependencies"], *project["optional-dependencies"]["gateway"]]
    }
    imported = {
        module: canonicalize_name(distribution)
        for module, distributions in packages_distributions().items()
        for distribution in distributions
        if not module.startswith("_")
    }
    at_home = {
        imported[module]
        for contract in CONTRACTS
        if contract["id"].startswith("home-")
        for module in contract["forbidden_modules"]
        if module in imported
    }
    assert wanted - at_home == set(), "add a home-… contract to pyproject.toml"


def test_the_command_line_imports_nothing_but_click_until_a_command_runs() -> None:
    tree = ast.parse((ROOT / "fleetgauge.py").read_text())
    imported = set()
    for node in tree.body:
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").partition(".")[0])
    assert imported - set(sys.stdlib_module_names) <= {"click"}


def test_what_the_agent_imports_is_light() -> None:
    files = python_files(
        "fleetgauge.py", "exporter", "delivery", "runtime", "remotewrite/encode", "timeseries/labels.py"
    )
    modules = [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files]
    imports = "; ".join(f"import {module.removesuffix('.__init__')}" for module in modules)
    loaded = run(sys.executable, "-c", f"{imports}; import sys; print(*sys.modules)")
    assert loaded.returncode == 0, loaded.stderr
    heavy = {"falcon", "google.protobuf", "numpy", "prometheus_client", "re2", "sqlite3", "waitress"}
    assert heavy.isdisjoint(loaded.stdout.split())


@pytest.mark.parametrize(
    "call", ["time.time()", "datetime.datetime.now()", "uuid.uuid4()", "random.random()"]
)
@pytest.mark.parametrize(
    "file", ["fleetgauge.py", "gateway/http/bad.py", "runtime/bad.py", "timeseries/bad.py"]
)
def test_no_clock_is_read_and_no_chance_taken_below_a_composition_root(call: str, file: str) -> None:
    assert "TID251" in banned_calls(call, file)


@pytest.mark.parametrize("file", ["exporter/app.py", "gateway/app.py"])
def test_a_composition_root_reads_the_clock(file: str) -> None:
    assert banned_calls("time.time()", file) == "All checks passed!\n"


def banned_calls(call: str, file: str) -> str:
    source = f'"""D."""\n\nimport {call.partition(".")[0]}\n\nvalue = {call}\n'
    return run(
        tool("ruff"), "check", "--select", "TID251", "--stdin-filename", file, "-", stdin=source
    ).stdout


def test_every_package_of_the_product_is_under_contract() -> None:
    assert sorted(PYPROJECT["tool"]["importlinter"]["root_packages"]) == sorted(PACKAGES)
    assert set(PYPROJECT["tool"]["mypy"]["files"]) == {*PRODUCT, "tests", "benchmarks"}
