"""The gateway as its user meets it: a process, its exit codes, its log and its answers."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from typing import Any

import pytest
import requests

from gateway.cli import WELCOME
from gateway.http.listen import open_socket
from gateway.settings import GatewaySettings
from runtime.errors import ListenFailed
from tests.gateway.http.wire import Wire
from tests.gateway.programs import environment, run, running


def test_it_serves_and_ends_well_with_idle_connections_open() -> None:
    with running("gateway", "--listen", "127.0.0.1:0") as gateway, Wire(gateway.port) as idle:
        assert idle.ask(b"GET /-/healthy HTTP/1.1\r\n\r\n").status == 200
        assert requests.get(f"{gateway.url}/-/ready", timeout=5).status_code == 200
        built = requests.get(f"{gateway.url}/api/v1/status/buildinfo", timeout=5).json()
        assert built["data"]["version"] == "0.1.0"
        assert "fleetgauge_build_info" in requests.get(f"{gateway.url}/metrics", timeout=5).text
        started = time.monotonic()
        gateway.process.send_signal(signal.SIGTERM)
        assert gateway.process.wait(10) == 0
        assert time.monotonic() - started < 5
        assert idle.is_closed()


def test_ctrl_c_ends_it_well_too() -> None:
    with running("gateway", "--listen", "127.0.0.1:0") as gateway:
        gateway.process.send_signal(signal.SIGINT)
        rest = gateway.rest()
        assert gateway.process.wait(10) == 0
        assert "event=gateway.stopped reason=SIGINT" in rest
        assert "Traceback" not in rest


@pytest.mark.parametrize(
    "command", [["gateway", "--listen", "127.0.0.1:0"], ["demo"]], ids=["gateway", "demo"]
)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_it_still_imports_ends_it_well(command: Sequence[str], number: signal.Signals) -> None:
    program = f"""
import os, sys, fleetgauge
class Finder:
    def find_spec(name, path, target=None):
        if name == "gateway.app":
            os.kill(os.getpid(), {number:d})
sys.meta_path.insert(0, Finder)
sys.argv[1:] = {command!r}
fleetgauge.main()
"""
    ended = subprocess.run(
        [sys.executable, "-c", program],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (ended.returncode, "Traceback" in ended.stderr) == (0, False)
    assert "Aborted" not in ended.stderr


def test_settings_come_from_the_environment_and_json_logs_parse() -> None:
    with running("gateway", FLEETGAUGE_LISTEN="127.0.0.1:0", FLEETGAUGE_LOG_FORMAT="json") as gateway:
        gateway.process.terminate()
        rest = gateway.rest()
        assert json.loads(rest)["event"] == "gateway.stopped"


def test_requests_that_cannot_be_read_are_counted_and_answered_in_json() -> None:
    with running("gateway", "--listen", "127.0.0.1:0") as gateway:
        for request in (b"nonsense\r\n\r\n", b"FOO /-/healthy HTTP/1.1\r\n\r\n"):
            with Wire(gateway.port) as wire:
                answer = wire.ask(request)
                assert (answer.status, json.loads(answer.body)["errorType"]) == (400, "bad_data")
        metrics = requests.get(f"{gateway.url}/metrics", timeout=5).text
        assert 'fleetgauge_http_requests_total{code="400",method="other",route="unreadable"} 1.0' in metrics


def test_a_taken_port_is_an_error_of_one_sentence() -> None:
    with running("gateway", "--listen", "127.0.0.1:0") as first:
        second = run("gateway", "--listen", f"127.0.0.1:{first.port}")
        assert second.returncode == 1
        assert second.stderr == (
            f"Error: Cannot listen on 127.0.0.1:{first.port}: another program listens there already. "
            "Choose another address with --listen.\n"
        )


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0"])
def test_listening_to_everyone_must_be_asked_for(address: str) -> None:
    refused = run("gateway", "--listen", address)
    assert refused.returncode == 2
    assert refused.stderr.startswith(f"Error: Not listening on {address}: ")
    assert "--allow-anonymous" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_listening_to_everyone_works_when_asked_for() -> None:
    with running("gateway", "--listen", "0.0.0.0:0", "--allow-anonymous") as gateway:
        assert requests.get(f"http://127.0.0.1:{gateway.port}/-/healthy", timeout=5).status_code == 200


def test_a_bad_setting_is_a_usage_error() -> None:
    bad = run("gateway", FLEETGAUGE_LOG_LEVEL="shout")
    assert bad.returncode == 2
    assert bad.stderr == (
        'Error: FLEETGAUGE_LOG_LEVEL: expected one of debug, info, warning, error, got "shout".\n'
    )


def eventually(ask: Callable[[], Any]) -> Any:
    """Ask until the answer holds something."""
    deadline = time.monotonic() + 20
    while not (answer := ask()):
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.1)
    return answer


def test_the_demo_says_what_to_try_and_takes_a_free_port_if_need_be() -> None:
    usual = GatewaySettings().listen
    with ExitStack() as stack:
        with suppress(ListenFailed):  # whoever has it already serves the test as well
            stack.enter_context(open_socket(usual, allow_anonymous=False))
        demo = stack.enter_context(running("demo"))
        assert demo.port != usual.port
        assert requests.get(f"{demo.url}/-/healthy", timeout=5).status_code == 200
        [agent] = eventually(lambda: requests.get(f"{demo.url}/api/v1/agents", timeout=5).json()["data"])
        assert agent["status"] == "online"
        busy = {"query": "count(namedprocess_namegroup_num_procs)"}
        eventually(lambda: requests.get(f"{demo.url}/api/v1/query", busy, timeout=5).json()["data"]["result"])
        shown = WELCOME.format(url=demo.url)
        rule = json.loads(shown.partition(" --json \\\n    '")[2].partition("'\n")[0])
        made = requests.post(f"{demo.url}/api/v1/rules/managed/try", json=rule, timeout=5)
        assert made.status_code == 200
        demo.process.send_signal(signal.SIGINT)
        rest = demo.rest()
        assert demo.process.wait(10) == 0
        with pytest.raises(ProcessLookupError):
            os.kill(agent["pid"], 0)
        assert f"curl {demo.url}/api/v1/alerts/history" in rest
        assert rest.endswith("Stopped.\n")
