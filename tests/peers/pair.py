"""A gateway and a real Alertmanager with the same configuration, side by side, asked the same.

Knows what may differ in their answers: ids, times, versions.
"""

import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import requests

from tests.gateway.programs import running
from tests.peers.required import find_program
from tests.peers.servers import Servers

WAIT_SECONDS: Final = 30.0

_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z| UTC)")


def alike(text: str) -> str:
    """Return a text without what may differ."""
    return _TIME.sub("TIME", _ID.sub("ID", text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of both."""

    url: str

    def amtool(self, *arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run amtool against it, without a configuration of the user's."""
        return subprocess.run(
            [
                find_program("amtool") or "",
                f"--alertmanager.url={self.url}",
                "--no-version-check",
                *arguments,
            ],
            capture_output=True,
            text=True,
            input=given,
            timeout=20,
            env={**os.environ, "HOME": "/nonexistent", "TZ": "UTC"},
            check=False,
        )

    def said(self, *arguments: str, given: str | None = None) -> str:
        """Return what amtool prints; it must succeed."""
        answer = self.amtool(*arguments, given=given)
        assert answer.returncode == 0, answer.stderr
        return answer.stdout

    def ask(self, method: str, path: str, body: object = None, **more: Any) -> requests.Response:
        """Send a request to its API."""
        with requests.Session() as session:
            session.trust_env = False
            if body is not None:
                more = {"data": json.dumps(body), "headers": {"Content-Type": "application/json"}} | more
            return session.request(method, f"{self.url}/api/v2/{path}", timeout=10, **more)

    def names(self) -> set[str]:
        """Return the names of all alerts that fire."""
        return {each["labels"]["alertname"] for each in self.ask("GET", "alerts").json()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Both, Alertmanager first."""

    theirs: Side
    ours: Side

    def both(self, do: Callable[[Side], Any]) -> tuple[Any, Any]:
        """Do the same with each."""
        return do(self.theirs), do(self.ours)

    def ask(
        self, method: str, path: str, body: object = None, **more: Any
    ) -> tuple[requests.Response, requests.Response]:
        """Ask each the same."""
        return self.both(lambda side: side.ask(method, path, body, **more))


@contextmanager
def pair(directory: Path, config: str, *arguments: str) -> Iterator[Pair]:
    """Start both."""
    file = directory / "both.yml"
    file.write_text(config)
    with (
        Servers(directory) as servers,
        running(
            "gateway",
            "--listen=127.0.0.1:0",
            f"--data-dir={directory / 'data'}",
            f"--alertmanager-config={file}",
            *arguments,
        ) as program,
    ):
        theirs = servers.alertmanager(config)
        yield Pair(theirs=Side(url=theirs.url), ours=Side(url=program.url))


def soon(done: Callable[[], object]) -> None:
    """Return when it is so."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not done():
        assert time.monotonic() < deadline, f"it did not happen within {WAIT_SECONDS:.0f} s"
        time.sleep(0.02)
