"""The lock files in requirements/ pin all that pyproject.toml asks for, by hash, and name no machine."""

import re
from dataclasses import dataclass
from typing import Final

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.house.tree import PYPROJECT, ROOT

_PROJECT: Final = PYPROJECT["project"]
_EXTRAS: Final = _PROJECT["optional-dependencies"]
ASKED_FOR: Final[dict[str, list[str]]] = {
    "agent": _PROJECT["dependencies"],
    "gateway": [*_PROJECT["dependencies"], *_EXTRAS["gateway"]],
    "dev": [*_PROJECT["dependencies"], *_EXTRAS["gateway"], *_EXTRAS["dev"]],
    "build": PYPROJECT["build-system"]["requires"],
}
_PIN: Final = re.compile(r"(?P<name>[\w.-]+)==(?P<version>[\w.!+-]+)( ; [^\\]+)?")
_HASH: Final = re.compile(r"--hash=sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    version: Version
    hashes: int


def pins_of(text: str) -> dict[str, Pin]:
    """The pins of a lock file; a line that is neither a pin, a hash nor a comment is an error."""
    found: dict[str, Pin] = {}
    entries = re.sub(r"\\\n", " ", text).splitlines()
    for entry in entries:
        if not entry or entry.lstrip().startswith("#"):
            continue
        requirement, *hashes = re.split(r"\s+(?=--)", entry.strip())
        pin = _PIN.fullmatch(requirement.strip())
        if pin is None or not all(_HASH.fullmatch(part) for part in hashes):
            raise ValueError(f"not a pinned requirement with hashes: {entry[:80]}")
        name = canonicalize_name(pin["name"])
        found[name] = Pin(version=Version(pin["version"]), hashes=len(hashes))
    return found


def missing_from(lock: dict[str, Pin], wanted: list[str]) -> list[str]:
    """What is asked for and not pinned, or pinned at a version that was not asked for."""
    missing = []
    for line in wanted:
        requirement = Requirement(line)
        pin = lock.get(canonicalize_name(requirement.name))
        if requirement.name != _PROJECT["name"] and (pin is None or pin.version not in requirement.specifier):
            missing.append(line)
    return missing


@pytest.fixture(params=sorted(ASKED_FOR))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def read(name: str) -> str:
    return (ROOT / "requirements" / f"{name}.txt").read_text()


def test_a_lock_covers_what_is_asked_for(name: str) -> None:
    missing = missing_from(pins_of(read(name)), ASKED_FOR[name])
    assert not missing, f"run `make lock`: requirements/{name}.txt lacks {missing}"


def test_every_package_in_a_lock_has_hashes(name: str) -> None:
    pins = pins_of(read(name))
    assert pins
    assert [package for package, pin in pins.items() if not pin.hashes] == []


def test_a_lock_names_no_address(name: str) -> None:
    assert not re.search(r"://| @ |index-url|find-links|trusted-host", read(name))


def test_the_locks_agree(name: str) -> None:
    development = pins_of(read("dev"))
    assert {
        package: pin.version
        for package, pin in pins_of(read(name)).items()
        if pin != development.get(package)
    } == {}


def test_every_lock_is_looked_after() -> None:
    assert sorted(file.stem for file in (ROOT / "requirements").iterdir()) == sorted(ASKED_FOR)


HASH: Final = "--hash=sha256:" + "0" * 64


@pytest.mark.parametrize(
    "text",
    [
        "click>=8.1\n",
        "click==8.1 --hash=md5:00\n",
        "-e .\n",
        "--index-url somewhere\n",
        f"click @ file.whl {HASH}\n",
    ],
)
def test_a_line_that_pins_nothing_is_found(text: str) -> None:
    with pytest.raises(ValueError, match="not a pinned requirement"):
        pins_of(text)


def test_a_pin_without_hash_is_found() -> None:
    assert pins_of("click==8.1\n")["click"].hashes == 0
    assert pins_of(f"click==8.1 \\\n    {HASH} \\\n    {HASH}\n    # via fleetgauge\n")["click"].hashes == 2


@pytest.mark.parametrize("wanted", ["msgspec", "click>=9"])
def test_a_dependency_that_the_lock_lacks_is_found(wanted: str) -> None:
    lock = pins_of(f"click==8.1 ; python_version < '4' \\\n    {HASH}\n")
    assert missing_from(lock, ["click>=8.1", wanted]) == [wanted]
