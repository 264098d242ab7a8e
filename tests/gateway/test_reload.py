"""Settings taken anew while the gateway runs: all of them or none."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from gateway.settings import LIVE, GatewaySettings
from runtime.settings import settings_of
from tests.gateway.programs import FLEETGAUGE, Program, environment, running

BEGIN = "listen: 127.0.0.1:0\nquery: {slow: 5s}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reloaded:
    """A gateway, and the file with its settings."""

    program: Program
    file: Path

    def write(self, text: str) -> None:
        self.file.write_text(BEGIN + text)

    def reload(self, method: str = "POST", **headers: str) -> requests.Response:
        return requests.request(method, f"{self.program.url}/-/reload", headers=headers, timeout=5)

    def flag(self, name: str) -> str:
        flags = requests.get(f"{self.program.url}/api/v1/status/flags", timeout=5).json()
        return str(flags["data"][name])

    def metric(self, name: str) -> float:
        text = requests.get(f"{self.program.url}/metrics", timeout=5).text
        [value] = [
            line.split()[1] for line in text.splitlines() if line.startswith(f"fleetgauge_config_{name} ")
        ]
        return float(value)


@contextmanager
def gateway(directory: Path) -> Iterator[Reloaded]:
    file = directory / "gateway.yml"
    file.write_text(BEGIN)
    with running("gateway", "--config", str(file)) as program:
        yield Reloaded(program=program, file=file)
        program.process.terminate()
        assert program.process.wait(10) == 0


def until(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_reload_changes_what_can_be_changed_or_nothing(tmp_path: Path) -> None:
    with gateway(tmp_path) as reloaded:
        before = time.time()
        reloaded.write("retention: 7d\nlog_level: debug\n")
        answer = reloaded.reload("PUT")
        assert (answer.status_code, answer.json()) == (200, {"status": "success", "data": {}})
        assert (reloaded.flag("retention"), reloaded.flag("log-level")) == ("7d", "debug")
        assert (reloaded.metric("last_reload_successful"), reloaded.flag("query.slow")) == (1, "5s")
        taken = reloaded.metric("last_reload_success_timestamp_seconds")
        assert before - 1 < taken < time.time() + 1

        reloaded.write("retention: 8d\nlimts: {}\nmax_disk: much\n")
        answer = reloaded.reload()
        assert (answer.status_code, answer.json()["errorType"]) == (400, "bad_data")
        first, second = answer.json()["error"].splitlines()
        assert "line 4" in first
        assert "line 5" in second
        assert reloaded.flag("retention") == "7d"
        assert reloaded.metric("last_reload_successful") == 0
        assert reloaded.metric("last_reload_success_timestamp_seconds") == taken
        info = requests.get(f"{reloaded.program.url}/api/v1/status/runtimeinfo", timeout=5).json()["data"]
        assert info["reloadConfigSuccess"] is False

        reloaded.write("retention: 8d\ndata_dir: elsewhere\nstorage: {sync: 'off'}\n")
        answer = reloaded.reload()
        assert answer.status_code == 400
        fixed = ("data-dir", "storage.sync")
        assert answer.json()["error"].splitlines() == [
            f"--{flag} has changed: that takes a restart. Nothing was changed." for flag in fixed
        ]
        assert reloaded.flag("retention") == "7d"

        reloaded.write("retention: 9d\n")
        reloaded.program.process.send_signal(signal.SIGHUP)
        until(lambda: reloaded.flag("retention") == "9d")
        until(lambda: reloaded.metric("last_reload_successful") == 1)


def test_another_site_may_not_reload(tmp_path: Path) -> None:
    with gateway(tmp_path) as reloaded:
        answer = reloaded.reload(Origin="http://evil.example")
        assert answer.status_code == 403
        assert answer.json()["status"] == "error"
        own = reloaded.program.url.rstrip("/")
        assert reloaded.reload(Origin=own).status_code == 200


def test_sighup_in_the_midst_of_the_start_does_not_end_it(tmp_path: Path) -> None:
    """The certificate is a pipe here, so that the start waits for us."""
    pipe = tmp_path / "cert.pem"
    os.mkfifo(pipe)
    command: list[str | Path] = [FLEETGAUGE, "gateway", "--tls-cert", pipe, "--tls-key", pipe]
    with subprocess.Popen(command, env=environment(), cwd=tmp_path, stderr=subprocess.PIPE) as process:
        try:
            with pipe.open("w"):
                process.send_signal(signal.SIGHUP)
                time.sleep(0.2)
                pipe.unlink()
            # It can't start with such a certificate: what counts is that it came to say so.
            assert process.wait(10) == 2
        finally:
            process.kill()


def test_a_new_limit_counts_at_once(tmp_path: Path) -> None:
    with gateway(tmp_path) as reloaded:
        url = f"{reloaded.program.url}/api/v1/query"
        asked = {"query": "max_over_time(vector(1)[1m:1s])"}
        assert requests.get(url, params=asked, timeout=5).status_code == 200
        reloaded.file.write_text("listen: 127.0.0.1:0\nquery: {max_samples: 10}\n")
        assert reloaded.reload().status_code == 200
        assert requests.get(url, params=asked, timeout=5).status_code == 422


@pytest.mark.parametrize("name", sorted(LIVE))
def test_what_can_be_changed_is_a_setting(name: str) -> None:
    assert name in {setting.flag for setting in settings_of(GatewaySettings)}
