"""The pipeline killed with SIGKILL in the middle: nothing is told twice, nothing is forgotten."""

import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.gateway.alerting.parts import until
from tests.house.tree import ROOT

SEED = 7
KILLS = 5


class Killed:
    """A running pipeline, spoken to by lines."""

    def __init__(self, directory: Path) -> None:
        self._told = directory / "told"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.gateway.alerting.program", str(directory)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._expect("ready")

    def say(self, **message: object) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()
        self._expect("done")

    def _expect(self, word: str) -> None:
        assert self.process.stdout
        assert self.process.stdout.readline().strip() == word


@contextmanager
def running(directory: Path) -> Iterator[Killed]:
    killed = Killed(directory)
    try:
        yield killed
    finally:
        killed.process.kill()
        killed.process.communicate()


def told(directory: Path) -> list[dict[str, list[str]]]:
    file = directory / "told"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def fires(*hosts: str) -> dict[str, list[str]]:
    return {"firing": list(hosts), "resolved": []}


def test_killed_within_the_wait_it_tells_once(tmp_path: Path) -> None:
    with running(tmp_path) as first:
        first.say(put="a")
    assert told(tmp_path) == []
    with running(tmp_path):
        until(lambda: told(tmp_path))
        time.sleep(0.7)
    with running(tmp_path):
        time.sleep(0.7)
    assert told(tmp_path) == [fires("a")]


def test_killed_while_it_tries_again_it_tells_once(tmp_path: Path) -> None:
    (tmp_path / "fails").touch()
    with running(tmp_path) as first:
        first.say(put="a")
        time.sleep(0.6)
    (tmp_path / "fails").unlink()
    with running(tmp_path):
        until(lambda: told(tmp_path))
        time.sleep(0.5)
    assert told(tmp_path) == [fires("a")]


def test_killed_within_a_silence_it_stays_silent_and_an_end_is_told(tmp_path: Path) -> None:
    with running(tmp_path) as first:
        first.say(silence="b")
        first.say(put="a")
        first.say(put="b")
        until(lambda: told(tmp_path))
        time.sleep(0.2)
        first.say(put="a", ends=True)
    with running(tmp_path):
        until(lambda: len(told(tmp_path)) == 2)
        time.sleep(0.5)
    assert told(tmp_path) == [fires("a"), {"firing": [], "resolved": ["a"]}]


def test_killed_at_any_moment_it_has_told_all_and_twice_only_what_it_could_not_write_down(
    tmp_path: Path,
) -> None:
    chance = random.Random(SEED)
    for number in range(KILLS):
        with running(tmp_path) as pipeline:
            pipeline.say(put=f"host-{number}")
            time.sleep(chance.uniform(0.0, 0.5))
    with running(tmp_path):
        hosts = [f"host-{number}" for number in range(KILLS)]
        until(lambda: {host for each in told(tmp_path) for host in each["firing"]} == set(hosts))
        time.sleep(0.7)
    lines = [json.dumps(each) for each in told(tmp_path)]
    # At most one line for each kill stands twice: taken, but not written down.
    assert len(lines) - len(set(lines)) <= KILLS
    assert len(set(lines)) <= KILLS
