"""The agent stays light: what it holds after some rounds, and what it must not have loaded by then."""

import sys
from pathlib import Path
from typing import Final

import pytest

from tests.exporter.gateways import gateway
from tests.exporter.programs import Agent, agent
from tests.test_cli import python

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what a process holds")

MAX_MIB: Final = 38.0
"""It is 32 here (docs/adr/0055): numpy or requests would be too much, another Python or C library is not."""

ROUNDS: Final = 4

HEAVY: Final = frozenset({
    "_hashlib", "_ssl", "asyncio", "bcrypt", "concurrent.futures", "docker", "falcon", "gateway",
    "google.protobuf", "importlib.metadata", "multiprocessing", "numpy", "prometheus_client", "promql",
    "psutil", "re2", "requests", "sqlite3", "subprocess", "unittest", "urllib.request", "waitress", "xml",
})  # fmt: skip
"""`_ssl` is what `ssl` needs: of `ssl` itself Python tells also that it was looked for."""


def test_importing_the_agent_loads_nothing_heavy() -> None:
    loaded = set(python("import exporter.cli, exporter.app, sys; print(*sys.modules)").stdout.split())
    assert "exporter.app" in loaded
    assert sorted(loaded & {*HEAVY, "yaml"}) == []


def test_an_agent_that_sends_is_light(tmp_path: Path) -> None:
    often = ("--interval=1s", "--snapshot.interval=1s")
    with (
        gateway(writes=[]) as receiver,
        agent(tmp_path, "", f"--gateway={receiver.url}", *often, PYTHONPROFILEIMPORTTIME="1") as running,
    ):
        running.get()
        running.after_rounds(ROUNDS)
        assert receiver.writes
        assert receiver.snapshots
        assert sorted(loaded_by(running) & HEAVY) == []
        assert resident_mib(running) < MAX_MIB


def test_whoever_else_wants_http_gets_it_whole() -> None:
    script = """
import runtime.plainhttp, sys
print("ssl" in sys.modules, "http.client" in sys.modules)
import http.client, urllib.request
print(http.client.HTTPSConnection.default_port, hasattr(urllib.request, "HTTPSHandler"))
"""
    assert python(script).stdout.split() == ["False", "False", "443", "True"]


def loaded_by(running: Agent) -> set[str]:
    """All modules that it imported, as Python says in its log."""
    said = [
        line.split("|")[-1].strip() for line in running.log().splitlines() if line.startswith("import time")
    ]
    assert "exporter.app" in said
    return set(said)


def resident_mib(running: Agent) -> float:
    lines = Path(f"/proc/{running.process.pid}/status").read_text().splitlines()
    [kib] = [line.split()[1] for line in lines if line.startswith("VmRSS:")]
    return int(kib) / 1024
