"""Starts the real program as a user does, and waits until it says where it is."""

import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from sysconfig import get_path
from tempfile import TemporaryDirectory
from typing import IO

FLEETGAUGE = Path(get_path("scripts")) / "fleetgauge"


def environment(**variables: str) -> dict[str, str]:
    """What surrounds the program: no setting that happens to be in the environment of the tests."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FLEETGAUGE_")}
    return clean | variables


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command that ends by itself, in a directory of its own."""
    with TemporaryDirectory() as directory:
        return subprocess.run(
            [FLEETGAUGE, *arguments],
            env=environment(**variables),
            cwd=directory,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )


@dataclass(kw_only=True)
class Program:
    """A running command."""

    process: subprocess.Popen[str]
    url: str
    said: str = ""
    """What it said before it said where it listens."""

    def rest(self) -> str:
        """What it says from here to its end."""
        assert self.process.stdout is not None
        return self.process.stdout.read()

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])


@contextmanager
def running(*arguments: str, under: Sequence[str] = (), **variables: str) -> Iterator[Program]:
    """Run a command that serves, in a directory of its own; `under` goes before it.

    Its output and its log come in one stream, in `process.stdout`.
    """
    # Tests count what they wrote; the gateway's own series, and those of rules, would come later.
    if arguments[0] == "gateway":
        variables = {"FLEETGAUGE_SELF_SCRAPE": "false", "FLEETGAUGE_RULE_PACKS": "none"} | variables
    with (
        TemporaryDirectory() as directory,
        subprocess.Popen(
            [*under, FLEETGAUGE, *arguments],
            env=environment(**variables),
            cwd=directory,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        try:
            said, url = _until_url(process.stdout)
            yield Program(process=process, url=url, said=said)
        finally:
            process.kill()


def _until_url(output: IO[str]) -> tuple[str, str]:
    lines = []
    while line := output.readline():
        lines.append(line)
        if found := re.search(r"https?://[^\s\"]+:\d+", line):
            return "".join(lines), found[0]
    raise AssertionError(f"it never said where it listens: {''.join(lines)}")
