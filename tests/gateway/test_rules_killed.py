"""Rules in the real program: what it keeps over kill -9, and what it does with bad files."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from tests.gateway.programs import FLEETGAUGE, Program, environment, running

RULES = """
groups:
- name: waiting
  interval: 200ms
  rules:
  - record: one
    expr: vector(1)
  - alert: Waits
    expr: one > 0
    for: 1h
  - alert: Fires
    expr: one > 0
"""


def ask(program: Program, path: str) -> Any:
    return requests.get(f"{program.url}/api/v1/{path}", timeout=5).json()["data"]


def until(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def active_since(program: Program) -> float:
    """Since when the alert waits, as its series says; 0 without it."""
    found = ask(program, "query?query=ALERTS_FOR_STATE{alertname='Waits'}")["result"]
    return float(found[0]["value"][1]) if found else 0.0


def test_killed_in_the_midst_of_for_it_goes_on_waiting(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(RULES)
    flags = ("--listen", "127.0.0.1:0", "--data-dir", str(tmp_path / "data"), "--rules", f"{tmp_path}/*.yml")
    with running("gateway", *flags) as gateway:
        until(lambda: active_since(gateway) > 0)
        before = active_since(gateway)
        time.sleep(1.5)
        gateway.process.kill()
        gateway.process.wait(10)
        killed = time.time()
    time.sleep(1)
    with running("gateway", *flags) as gateway:
        down_s = time.time() - killed
        until(lambda: {one["state"] for one in ask(gateway, "alerts")["alerts"]} == {"pending", "firing"})
        until(lambda: before <= active_since(gateway) <= before + down_s + 1)
        gateway.process.terminate()
        assert gateway.process.wait(10) == 0


def test_a_bad_file_stops_the_start_and_not_what_runs(tmp_path: Path) -> None:
    file, settings = tmp_path / "rules" / "a.yml", tmp_path / "gateway.yml"
    file.parent.mkdir()
    file.write_text(RULES.replace("one > 0", "one >"))
    settings.write_text("listen: 127.0.0.1:0\nrules: [rules/*.yml, none/*.yml]\n")
    command = [str(FLEETGAUGE), "gateway", "--config", str(settings), "--data-dir", str(tmp_path / "data")]
    ended = subprocess.run(
        command, env=environment(), cwd="/", capture_output=True, text=True, timeout=20, check=False
    )
    assert ended.returncode == 2
    assert [line.count("a.yml, line ") for line in ended.stderr.splitlines() if "a.yml" in line] == [1, 1]
    file.write_text(RULES)
    with running("gateway", "--config", str(settings), "--data-dir", str(tmp_path / "data")) as gateway:
        until(lambda: len(ask(gateway, "alerts")["alerts"]) == 2)
        file.write_text("groups: [")
        os.kill(gateway.process.pid, signal.SIGHUP)
        until(lambda: not ask(gateway, "status/runtimeinfo")["reloadConfigSuccess"])
        answer = requests.post(f"{gateway.url}/-/reload", timeout=5)
        assert answer.status_code == 400
        assert f"{file}, line 1" in answer.json()["error"]
        assert len(ask(gateway, "alerts")["alerts"]) == 2
        file.write_text("groups: []")
        assert requests.post(f"{gateway.url}/-/reload", timeout=5).status_code == 200
        assert ask(gateway, "alerts")["alerts"] == []
        gateway.process.terminate()
        log = gateway.rest()
        assert 'event=rules.no_files pattern="none/*.yml"' in log
        assert "event=gateway.reload_refused" in log
