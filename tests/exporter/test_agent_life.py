"""The running agent: reloads, its end, collectors of users, and what the service manager hears."""

import contextlib
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from tests.delivery.receiver import receiving, refusing_port
from tests.exporter.gateways import gateway
from tests.exporter.http.serving import eventually
from tests.exporter.programs import agent, arrived
from tests.gateway.programs import FLEETGAUGE, environment

ONLY = "collector: {namedprocess: false, netclass: false}\n"
"""Smaller pages, so that the tests are quick."""


def test_a_reload_switches_collectors_off_and_groups_processes_otherwise(tmp_path: Path) -> None:
    (tmp_path / "groups.yml").write_text("process_names: [{name: every, cmdline: [.+]}]\n")
    with agent(tmp_path / "a", "") as running:
        before = running.page()
        assert {"node_load1", "node_memory_MemTotal_bytes"} <= before.keys()
        said = running.reload(
            f"collector: {{loadavg: false}}\nprocess: {{config: '{tmp_path / 'groups.yml'}'}}\n"
        )
        assert (said.status_code, said.json()) == (200, {"status": "success"})
        after = running.page()
        assert "node_load1" not in after
        assert "node_memory_MemTotal_bytes" in after
        groups = {dict(labels)["groupname"] for labels in after["namedprocess_namegroup_num_procs"][1]}
        assert "every" in groups
        taken = "fleetgauge_agent_config_last_reload_success_timestamp_seconds"
        assert sum(after[taken][1].values()) > sum(before[taken][1].values())
        running.settings("")
        running.process.send_signal(signal.SIGHUP)
        eventually(lambda: "node_load1" in running.page())
        assert running.log().count("event=agent.reloaded") == 2


def test_a_bad_reload_changes_nothing_and_says_where_it_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "groups.yml").write_text("process_names: [{name: x, cmdline: ['(']}]\n")
    with agent(tmp_path / "a", "interval: 9s\n") as running:
        for settings, problem in (
            ("interval: 9s\nintervall: 8s\n", "agent.yml, line 2: intervall: there is no such key."),
            ("interval: [\n", "agent.yml, line 2"),
            ("interval: 1ms\n", "interval: expected 1s or more, got 1ms."),
            (f"collector: {{loadavg: false}}\nprocess: {{config: '{tmp_path}/groups.yml'}}\n", "groups.yml"),
            ("collector: {loadavg: false}\nremote_write: [{url: 'http://a', name: a/b}]\n", "give it a name"),
            ("collector: {loadavg: false}\njob: other\n", "--job has changed: that takes a restart."),
        ):
            said = running.reload(settings)
            assert said.status_code == 400
            assert problem in said.json()["error"]
            assert "node_load1" in running.page()
            assert problem in running.health()["reload_error"]
            assert running.value("fleetgauge_agent_config_last_reload_successful") == 0
        running.settings("intervall: 8s\n")
        running.process.send_signal(signal.SIGHUP)
        eventually(lambda: running.log().count("event=agent.reload_refused") == 7)
        assert running.health()["status"] == "degraded"
        assert running.reload("").status_code == 200
        assert running.value("fleetgauge_agent_config_last_reload_successful") == 1
        assert "reload_error" not in running.health()
        running.stop()


def test_a_reload_adds_changes_and_removes_receivers(tmp_path: Path) -> None:
    def wanted(name: str) -> bool:
        return name in {"up", "node_load1", "node_load5"}

    start = ONLY + "interval: 1s\n"
    with receiving() as one, receiving() as two, agent(tmp_path / "a", start) as running:
        block = f"interval: 1s\nname: web-1\nremote_write:\n- {{url: '{one.url}', name: r"
        refused = running.reload(ONLY + block + "}\n").json()["error"]
        assert "--name has changed" in refused
        block = block.replace("name: web-1\n", "")
        assert running.reload(ONLY + block + "}\n").status_code == 200
        eventually(lambda: len(arrived(one.bodies, wanted)) == 3)
        rule = ", write_relabel_configs: [{source_labels: [__name__], regex: node_load1, action: drop}]"
        assert running.reload(ONLY + block + rule + "}\n").status_code == 200

        def ended(labels: dict[str, str]) -> bool:
            """Whether the last sample of a series is no number, as a stale marker is none."""
            found = [
                values
                for pairs, values in arrived(one.bodies, wanted).items()
                if labels.items() <= dict(pairs).items()
            ]
            return bool(found) and all(values[max(values)] != values[max(values)] for values in found)

        eventually(lambda: ended({"__name__": "node_load1"}))
        eventually(lambda: not ended({"__name__": "node_load5"}))
        assert running.reload(ONLY + block.replace(one.url, two.url) + rule + "}\n").status_code == 200
        eventually(lambda: len(arrived(two.bodies, wanted)) == 2)
        assert not ended({"__name__": "node_load5"})
        assert running.reload(ONLY + "interval: 1s\n").status_code == 200
        last = list(arrived(two.bodies, wanted).values())
        assert all(values[max(values)] != values[max(values)] for values in last)
        assert running.health()["receivers"] == {}
        assert running.reload(ONLY + block + "}\n").status_code == 200, "its spool is free again"


@contextlib.contextmanager
def black_hole() -> Iterator[str]:
    """The URL of a server that accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        kept: list[socket.socket] = []

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    kept.append(server.accept()[0])

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
        for each in kept:
            each.close()


HANGING = """
import time
class Hanging:
    def collect(self):
        while True:
            try:
                time.sleep(60)
            except BaseException:
                pass
        yield
"""


@pytest.mark.parametrize(
    ("number", "away"),
    [
        (signal.SIGTERM, "up"),
        (signal.SIGINT, "up"),
        (signal.SIGTERM, "down"),
        (signal.SIGTERM, "hanging"),
        (signal.SIGTERM, "hanging, and a collector too"),
    ],
)
def test_it_ends_well_within_5_seconds(tmp_path: Path, number: signal.Signals, away: str) -> None:
    (tmp_path / "collectors").mkdir()
    if away.endswith("too"):
        (tmp_path / "collectors/hanging.py").write_text(HANGING)
    with ExitStack() as stack:
        there = stack.enter_context(gateway(writes=[]))
        url = {"up": there.url, "down": f"http://127.0.0.1:{refusing_port()}"}.get(away)
        url = url or stack.enter_context(black_hole())
        flags = ("--gateway", url, "--interval", "1s", "--collectors-dir", str(tmp_path / "collectors"))
        running = stack.enter_context(agent(tmp_path / "a", ONLY, *flags))
        if away == "up":
            eventually(lambda: bool(there.heartbeats))
        else:
            time.sleep(0.5)
        took_s = running.stop(number)
        assert took_s < 5
        assert f"event=agent.stopped reason={number.name}" in running.log()
        assert "Traceback" not in running.log()
        if away == "up":
            assert took_s < 1.5
            assert there.heartbeats[-1]["status"] == "stopping"
            assert not list((running.state / "spool").rglob("*.spool")), "what waited was sent"
        elif not away.endswith("too"):
            assert took_s < 2.5 or away != "down"
            assert list((running.state / "spool/gateway").glob("*.spool")), "it waits for the next start"


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    with black_hole() as url, agent(tmp_path, ONLY, "--gateway", url) as running:
        time.sleep(0.5)
        running.process.send_signal(signal.SIGTERM)
        time.sleep(0.4)
        assert running.process.poll() is None
        began = time.monotonic()
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(10) == 128 + signal.SIGINT
        assert time.monotonic() - began < 1


COLLECTORS = {
    "good": "yield Family(name='mine', kind='gauge', help='Mine.', points=[Point(42.0)])",
    "raising": "raise RuntimeError('no luck')",
    "hanging": "time.sleep(3600)",
}


def test_collectors_of_users_harm_nobody_else(tmp_path: Path) -> None:
    folder = tmp_path / "collectors"
    folder.mkdir()
    for name, line in COLLECTORS.items():
        (folder / f"{name}.py").write_text(
            "import time\nfrom exporter.families import Family, Point\n"
            f"class It:\n    timeout = '1s'\n    def collect(self):\n        {line}\n        yield\n"
            if name != "good"
            else "from exporter.families import Family, Point\n"
            f"class It:\n    def collect(self):\n        {line}\n"
        )
    with agent(tmp_path / "a", ONLY, "--collectors-dir", str(folder)) as running:
        for _ in range(2):
            began = time.monotonic()
            page = running.page()
            took_s = time.monotonic() - began
            assert took_s < 2.5
            assert page["mine"][1] == {frozenset(): 42.0}
            assert "node_load1" in page
        assert took_s < 0.5, "what hangs is not asked again at once"
        health = running.health()
        assert health["status"] == "degraded"
        assert set(health["failing_collectors"]) >= {"raising", "hanging"}
        assert "no luck" in health["failing_collectors"]["raising"]
        success = page["node_scrape_collector_success"][1]
        assert {name: success[frozenset({("collector", name)})] for name in COLLECTORS} == {
            "good": 1,
            "raising": 0,
            "hanging": 0,
        }
        (folder / "raising.py").unlink()
        (folder / "good.py").write_text((folder / "good.py").read_text().replace("42.0", "43.0"))
        assert requests.post(f"{running.url}/reload", timeout=20).status_code == 200
        page = running.page()
        assert page["mine"][1] == {frozenset(): 43.0}
        assert "raising" not in running.health()["failing_collectors"]
        assert running.stop() < 5


def test_the_service_manager_hears_how_it_is(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(10)
        with agent(tmp_path / "a", ONLY, NOTIFY_SOCKET=str(tmp_path / "notify")) as running:
            assert manager.recv(1000) == b"READY=1"
            assert running.reload(ONLY).status_code == 200
            reloading = manager.recv(1000).decode().splitlines()
            assert reloading[0] == "RELOADING=1"
            name, _, at_us = reloading[1].partition("=")
            assert name == "MONOTONIC_USEC"
            assert 0 <= time.monotonic_ns() // 1000 - int(at_us) < 10_000_000
            assert manager.recv(1000) == b"READY=1"
            running.stop()
            assert manager.recv(1000) == b"STOPPING=1"


def test_the_agents_id_stays_and_it_works_without_a_gateway(tmp_path: Path) -> None:
    with agent(tmp_path, ONLY) as running:
        first = running.health()["agent_id"]
        assert "node_load1" in running.page()
        running.kill()
    with agent(tmp_path, ONLY) as running:
        assert running.health()["agent_id"] == first


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_signal_in_the_midst_of_the_start_is_not_lost(tmp_path: Path, number: signal.Signals) -> None:
    """The file of groups is a pipe here, so that the start waits for us."""
    groups, settings = tmp_path / "groups.yml", "process_names: [{comm: [x]}]\n"
    os.mkfifo(groups)
    (tmp_path / "agent.yml").write_text("process: {config: groups.yml}\n")
    command = [str(FLEETGAUGE), "agent", "--config", "agent.yml", "--listen", "127.0.0.1:0"]
    log = tmp_path / "log"
    with (
        log.open("wb") as said,
        subprocess.Popen(command, env=environment(), cwd=tmp_path, stderr=said) as process,
    ):
        try:
            with groups.open("w") as pipe:
                process.send_signal(number)
                pipe.write(settings)
                groups.unlink()
                groups.write_text(settings)
            if number == signal.SIGHUP:
                eventually(lambda: "event=agent.reloaded" in log.read_text() or process.poll() is not None)
                process.terminate()
            assert process.wait(10) == 0
            assert "event=agent.stopped" in log.read_text()
        finally:
            process.kill()


def test_a_collector_that_goes_to_another_directory_does_not_take_the_spool_along(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "own" / "goes.py").write_text(
        f"import os\nclass Goes:\n    def collect(self):\n        os.chdir({str(tmp_path / 'elsewhere')!r})\n"
        "        return []\n"
    )
    url = f"http://127.0.0.1:{refusing_port()}/"
    settings = (
        f"interval: 1s\ncollectors_dir: '{tmp_path}/own'\nremote_write: [{{url: '{url}', name: away}}]\n"
    )
    with agent(tmp_path / "a", settings + ONLY) as running:
        running.after_rounds(2)
        running.kill()
        assert any(file.stat().st_size for file in (running.state / "spool" / "away").glob("*.spool"))
        assert not list((tmp_path / "elsewhere").iterdir())
