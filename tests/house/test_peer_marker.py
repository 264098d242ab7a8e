"""A test whose peer is missing is skipped with one clear line, and fails where peers are required."""

from pathlib import Path

import pytest

from tests import conftest

TEST = """
import pytest

@pytest.mark.peer("prometheus")
def test_talks_to_prometheus():
    pass
"""
REASON = "prometheus is not installed; `make peers` installs it"


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A suite with our conftest, on a machine that has no program at all."""
    monkeypatch.delenv("FLEETGAUGE_REQUIRE_PEERS", raising=False)
    monkeypatch.setattr("tests.peers.required.find_program", lambda _: None)
    pytester.makeini("[pytest]\naddopts = -ra --strict-markers\nmarkers = peer(name, ...): needs them")
    pytester.makeconftest(Path(conftest.__file__).read_text())
    pytester.makepyfile(TEST)
    return pytester


def test_a_missing_peer_skips_with_one_line(suite: pytest.Pytester) -> None:
    result = suite.runpytest_inprocess()
    result.assert_outcomes(skipped=1)
    [line] = [line for line in result.outlines if "prometheus" in line]
    assert line.startswith("SKIPPED [1]")
    assert line.endswith(f": {REASON}")


def test_a_missing_peer_fails_where_peers_are_required(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLEETGAUGE_REQUIRE_PEERS", "1")
    result = suite.runpytest_inprocess()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines([f"*{REASON}"])


def test_a_peer_that_is_there_lets_the_test_run(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.peers.required.find_program", lambda name: f"/usr/bin/{name}")
    suite.runpytest_inprocess().assert_outcomes(passed=1)


def test_an_unknown_peer_fails(suite: pytest.Pytester) -> None:
    suite.makepyfile(TEST.replace("prometheus", "promethesu"))
    result = suite.runpytest_inprocess()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*no peer is called 'promethesu'; there are prometheus, *"])
