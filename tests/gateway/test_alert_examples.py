"""The examples for alerts are right, and tell a receiver what they say."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

import pytest
import requests
from click.testing import CliRunner

from fleetgauge import commands
from tests.gateway.programs import environment, running
from tests.house.tree import ROOT

ALERTS: Final = ROOT / "examples" / "alerts"
EVIDENCE: Final = {
    "summary": "CPU: backup[3] 95 %",
    "processes": [{"pid": 3, "name": "backup", "user": "root"}],
}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("check", "rules", ALERTS / "disk.rules.yml"), "OK (2 rules)"),
        (
            ("check", "alertmanager", ALERTS / "alertmanager.yml"),
            "OK (receivers: 2, ways to them: 2, routes: 2, files of templates: 0)",
        ),
        (("test", "rules", ALERTS / "tests" / "disk.yml"), "OK (1 test)"),
    ],
    ids=["rules", "alertmanager", "unit tests"],
)
def test_the_commands_for_files_take_them(arguments: tuple[str | Path, ...], said: str) -> None:
    answer = CliRunner().invoke(commands, [*map(str, arguments)])
    assert (answer.exit_code, answer.output) == (0, f"{arguments[-1]}: {said}\n")


@contextmanager
def receiver() -> Iterator[tuple[int, IO[str]]]:
    """Run the example on a free port; what it prints is to be read."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with subprocess.Popen(
        [sys.executable, ALERTS / "receiver.py", str(port)],
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield port, process.stdout
        finally:
            process.kill()


def test_the_receiver_prints_alerts_of_the_gateway_and_who_did_it(tmp_path: Path) -> None:
    alert: dict[str, Any] = {
        "labels": {"alertname": "DiskFull", "instance": "web-1", "severity": "page"},
        "annotations": {"summary": "web-1 has 4% of a disk left"},
    }
    quiet = {"labels": {"alertname": "CpuBusy", "severity": "info"}}
    with receiver() as (port, printed):
        file = tmp_path / "alertmanager.yml"
        text = (ALERTS / "alertmanager.yml").read_text()
        file.write_text(text.replace(":8080", f":{port}").replace("group_wait: 30s", "group_wait: 0s"))
        with running("gateway", "--listen", "127.0.0.1:0", "--alertmanager-config", str(file)) as gateway:
            posted = requests.post(f"{gateway.url}/api/v2/alerts", json=[quiet, alert], timeout=5)
            assert posted.status_code == 200
            # The two ways of a receiver have threads of their own: which is first is chance.
            assert {printed.readline(), printed.readline()} == {
                "FIRING DiskFull web-1: web-1 has 4% of a disk left\n",
                "FIRING DiskFull\n",
            }
        message = {"alerts": [alert | {"status": "firing", "evidence": EVIDENCE}]}
        requests.post(f"http://127.0.0.1:{port}/", json=message, timeout=5)
        assert [printed.readline() for _ in range(3)] == [
            "FIRING DiskFull web-1: web-1 has 4% of a disk left\n",
            "  CPU: backup[3] 95 %\n",
            "  backup[3] of root\n",
        ]
