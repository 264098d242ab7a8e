"""The tests of the packs pass by our own runner, too: here the quick ones, by `make differential` all."""

import os
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner

from gateway.commands.rules import test as command
from tests.alertrules.packs.reading import FILES, TESTS

QUICK: Final = ("agents", "containers")


@pytest.mark.parametrize("name", FILES if os.environ.get("FLEETGAUGE_TEST_PACKS") == "all" else QUICK)
def test_the_tests_of_a_pack_pass(name: str) -> None:
    answer = CliRunner().invoke(command, ["rules", str(Path(TESTS) / f"{name}_test.yml")])
    assert answer.exit_code == 0, answer.output
