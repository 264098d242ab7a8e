"""The shipped packs are rule files to the real promtool, and their tests pass there."""

import subprocess

import pytest

from tests.alertrules.packs.reading import FILES, PACKS, TESTS
from tests.peers.required import find_program

pytestmark = pytest.mark.peer("prometheus")


def promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = find_program("promtool") or "promtool"
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False, timeout=60)


def test_promtool_takes_every_pack() -> None:
    checked = promtool(
        "check", "rules", "--lint=all", "--lint-fatal", *(f"{PACKS / name}.yml" for name in FILES)
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("name", FILES)
def test_the_tests_of_a_pack_pass(name: str) -> None:
    tested = promtool("test", "rules", str(TESTS / f"{name}_test.yml"))
    assert tested.returncode == 0, tested.stdout + tested.stderr
