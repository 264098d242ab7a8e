"""Real agents at a real gateway: they come, stop, die and return, and the gateway restarts in between."""

import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.exporter import gateways
from tests.gateway.programs import Program, running

OFFLINE_S = 3


@contextmanager
def gateway(directory: Path, *, port: int = 0) -> Iterator[Program]:
    options = ("--data-dir", str(directory), "--agents.offline-after", f"{OFFLINE_S}s")
    with running("gateway", "--listen", f"127.0.0.1:{port}", *options) as program:
        yield program


@contextmanager
def agent(url: str, directory: Path) -> Iterator[Program]:
    named = ("--state-dir", str(directory), "--name", "web-1", "--label", "env=prod")
    options = (*named, "--interval", "1s", "--no-snapshot")
    with running("agent", "--gateway", url, "--listen", "127.0.0.1:0", *options) as program:
        yield program


def get(program: Program, path: str, **parameters: str) -> Any:
    answer = requests.get(f"{program.url}/api/v1{path}", parameters, timeout=5)
    return answer.json()["data"] if answer.status_code == 200 else None


def wait(ask: Callable[[], Any], wanted: Any, seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while (found := ask()) != wanted:
        assert time.monotonic() < deadline, f"it is {found} and never was {wanted}"
        time.sleep(0.05)


def status_of(program: Program, name: str = "web-1") -> Callable[[], Any]:
    return lambda: (get(program, f"/agents/{name}") or {}).get("status")


def kinds(program: Program, name: str = "web-1") -> list[str]:
    return [event["kind"] for event in reversed(get(program, f"/agents/{name}/events"))]


def value(program: Program, query: str) -> Any:
    found = get(program, "/query", query=query)["result"]
    return found[0]["value"][1] if found else None


def test_an_agent_comes_stops_returns_and_dies(tmp_path: Path) -> None:
    with gateway(tmp_path / "data") as program:
        with agent(program.url, tmp_path / "state") as first:
            wait(status_of(program), "online")
            wait(lambda: value(program, 'fleetgauge_agent_up{env="prod"}'), "1")
            first.process.send_signal(signal.SIGTERM)
            assert first.process.wait(10) == 0
        wait(status_of(program), "stopped", 2)
        wait(lambda: value(program, "fleetgauge_agent_up"), "0", 5)
        with agent(program.url, tmp_path / "state") as second:
            wait(status_of(program), "online")
            killed = time.monotonic()
            second.process.kill()
            wait(status_of(program), "offline")
            assert OFFLINE_S - 1 < time.monotonic() - killed < OFFLINE_S + 3
        wait(lambda: value(program, "fleetgauge_agent_status == 1"), "1")
        told = kinds(program)
        assert told[:3] == ["registered", "stopped", "started"]
        assert told[-1] == "offline"
        assert requests.delete(f"{program.url}/api/v1/agents/web-1", timeout=5).status_code == 204
        wait(lambda: value(program, "fleetgauge_agent_up"), None, 5)


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_a_gateway_that_restarts_raises_no_false_alarm(tmp_path: Path, end: signal.Signals) -> None:
    with gateway(tmp_path / "data") as first, agent(first.url, tmp_path / "state"):
        wait(status_of(first), "online")
        for number in (2, 3):
            said = {**json.loads(registration(number)), "heartbeat_interval_s": 1}
            assert requests.post(f"{first.url}/api/v1/agents/register", json=said, timeout=5).ok
        bye = {"status": "stopping"}
        requests.post(f"{first.url}/api/v1/agents/agent-0003/heartbeat", json=bye, timeout=5)
        before = kinds(first)
        first.process.send_signal(end)
        first.process.wait(10)
        time.sleep(OFFLINE_S)
        with gateway(tmp_path / "data", port=first.port) as second:
            # Nobody was heard for longer than it takes to be offline, and nobody is.
            assert status_of(second)() == status_of(second, "web-2")() == "online"
            wait(lambda: heard_lately(second), True)
            # The one that is really gone is found out in time; the other never was missed.
            wait(status_of(second, "web-2"), "offline")
            assert (status_of(second)(), kinds(second)) == ("online", before)
            if end is signal.SIGTERM:
                assert kinds(second, "web-3") == ["registered", "stopped"]


def heard_lately(program: Program) -> bool:
    return bool(time.time() - get(program, "/agents/web-1")["last_heartbeat"] < 1)


def registration(number: int) -> bytes:
    from exporter.reporting import messages

    said = json.loads(messages.registration(gateways.FACTS, agent_id=f"agent-000{number}", interval_s=1.0))
    return json.dumps({**said, "name": f"web-{number}"}).encode()
