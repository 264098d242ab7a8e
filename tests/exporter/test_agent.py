"""The agent as its user meets it: how it starts, what its pages show, what it says of bad settings."""

import gzip
import os
import re
import socket
import subprocess
from pathlib import Path

import pytest
import requests

from tests.exporter import pages
from tests.exporter.http.serving import eventually, hashed
from tests.exporter.programs import agent
from tests.gateway.programs import FLEETGAUGE, environment, run

OPENMETRICS = "application/openmetrics-text;version=1.0.0"


def test_it_says_where_it_listens_and_shows_its_pages(tmp_path: Path) -> None:
    with agent(tmp_path) as running:
        assert re.fullmatch(r"http://127\.0\.0\.1:[1-9]\d*", running.url)
        text = running.get()
        assert text.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        page = pages.parsed(text.text)
        assert page["node_cpu_seconds_total"][0] == page["namedprocess_namegroup_cpu_seconds_total"][0]
        assert list(page["fleetgauge_agent_build_info"][1].values()) == [1]
        modern = running.get(Accept=OPENMETRICS)
        assert modern.headers["content-type"].startswith("application/openmetrics-text")
        assert modern.text.endswith("# EOF\n")
        packed = requests.get(f"{running.url}/metrics", stream=True, timeout=10)
        assert packed.headers["content-encoding"] == "gzip"
        assert b"node_load1 " in gzip.decompress(packed.raw.read())
        some = pages.parsed(running.get("/metrics?collect[]=loadavg&collect[]=uname").text)
        own = {"node_scrape_collector_duration_seconds", "node_scrape_collector_success"}
        assert some.keys() == {"node_load1", "node_load5", "node_load15", "node_uname_info"} | own
        without = pages.parsed(running.get("/metrics?exclude[]=namedprocess").text)
        assert not [name for name in without if name.startswith("namedprocess_namegroup")]
        health = running.health()
        assert (health["status"], health["version"]) == ("ok", "0.1.0")
        assert (health["receivers"], health["failing_collectors"]) == ({}, {})
        assert "registered" not in health


def test_once_prints_a_scrape_and_leaves_nothing_behind(tmp_path: Path) -> None:
    printed = subprocess.run(
        [FLEETGAUGE, "agent", "--once"],
        env=environment(),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    page = pages.parsed(printed.stdout)
    [failed] = [values for name, (_, values) in page.items() if name == "node_scrape_collector_success"]
    told = {line.partition(":")[0] for line in printed.stderr.splitlines()}
    assert told <= {dict(labels)["collector"] for labels, value in failed.items() if not value}
    assert printed.returncode == bool(told)
    assert "node_load1" in page
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("interval: 15\n", 'agent.yml, line 1: interval: expected a duration'),
        ("\nintervall: 15s\n", "agent.yml, line 2: intervall: there is no such"),
        ("interval: 10ms\n", "interval: expected 1s or more, got 10ms."),
        ("process: {config: there/is/none.yml}\n", "there/is/none.yml: cannot be read"),
        ("web: {config: {file: none.yml}}\n", "none.yml: "),
        ("remote_write: [{url: 'http://a:1', name: gateway}]\n", '"gateway" is what this program calls'),
        ("remote_write: [{url: 'http://snapshots'}]\n", 'remote_write[0]: "snapshots" is what this program'),
        ("remote_write: [{url: 'http://a:1', name: a/b}]\n", "remote_write[0]: give it a name of letters"),
        (
            "write_relabel_configs: [{action: drop, regex: '('}]\n",
            "write_relabel_configs",
        ),
        ("listen: 0.0.0.0:0\n", "Ask for passwords"),
    ],
)  # fmt: skip
def test_bad_settings_are_told_in_a_sentence(tmp_path: Path, settings: str, said: str) -> None:
    file = tmp_path / "agent.yml"
    file.write_text(settings)
    flags = [] if "listen" in settings else ["--listen", "127.0.0.1:0"]
    ended = run("agent", "--config", str(file), *flags)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("receivers", ["", "gateway: http://127.0.0.1:9\n"])
def test_a_state_directory_is_for_one_agent(tmp_path: Path, receivers: str) -> None:
    with agent(tmp_path, receivers) as first:
        before = (first.state / "agent-id").read_text()
        second = run("agent", "--listen", "127.0.0.1:0", "--state-dir", str(first.state))
        assert second.returncode == 1
        assert f"The state directory {first.state} is in use by another agent." in second.stderr
        first.stop()
    with agent(tmp_path) as again:
        assert (again.state / "agent-id").read_text() == before


def test_a_state_directory_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in ("file", "file/below"):
        ended = run("agent", "--listen", "127.0.0.1:0", "--state-dir", str(tmp_path / place))
        assert ended.returncode == 1
        assert f"The state directory {tmp_path / place} cannot be used: " in ended.stderr
        assert "Choose another with --state-dir" in ended.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_state_directory_that_is_closed_to_the_agent_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    ended = run("agent", "--listen", "127.0.0.1:0", "--state-dir", str(tmp_path))
    assert ended.returncode == 1
    assert f"The state directory {tmp_path} cannot be used: Permission denied." in ended.stderr


def test_a_start_that_fails_has_not_used_up_the_counters(tmp_path: Path) -> None:
    with agent(tmp_path) as running:
        running.stop()
    kept = (tmp_path / "state/counters").read_bytes()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ended = run("agent", "--listen", address, "--state-dir", str(tmp_path / "state"))
    assert ended.returncode == 1
    assert address in ended.stderr
    ended = run(
        "agent", "--listen", "127.0.0.1:0", "--state-dir", str(tmp_path / "state"), "--gateway", "http://[x"
    )
    assert ended.returncode == 2
    assert (tmp_path / "state/counters").read_bytes() == kept


def test_it_listens_beyond_loopback_with_passwords(tmp_path: Path) -> None:
    web = tmp_path / "web.yml"
    web.write_text(f"basic_auth_users: {{ann: '{hashed('geheim')}'}}\n")
    with agent(tmp_path / "a", "", "--listen=0.0.0.0:0", f"--web.config.file={web}") as running:
        url = running.url.replace("0.0.0.0", "127.0.0.1")
        assert requests.get(f"{url}/metrics", timeout=5).status_code == 401
        assert requests.get(f"{url}/health", auth=("ann", "geheim"), timeout=5).status_code == 200
    with agent(tmp_path / "b", "", "--listen=0.0.0.0:0", "--allow-anonymous") as running:
        url = running.url.replace("0.0.0.0", "127.0.0.1")
        assert requests.get(f"{url}/metrics", timeout=5).status_code == 200


SPINNER = """
import time
while time.process_time() < 0.4:
    pass
time.sleep(60)
"""
GROUPS = "process_names:\n- name: spinner\n  cmdline: [e2e-spinner]\n"


def test_counters_of_processes_go_on_after_a_restart_but_not_after_a_kill(tmp_path: Path) -> None:
    (tmp_path / "groups.yml").write_text(GROUPS)
    flags = ("--process.config", str(tmp_path / "groups.yml"))

    def spent() -> float:
        _, values = running.page().get("namedprocess_namegroup_cpu_seconds_total", ("", {}))
        return round(sum(values.values()), 6)

    with agent(tmp_path / "a", "", *flags) as running:
        running.get()
        with subprocess.Popen(["python3", "-c", SPINNER, "e2e-spinner"]) as spinner:
            try:
                eventually(lambda: spent() >= 0.35, 20)
            finally:
                spinner.kill()
        first = spent()
        running.stop()
        assert (running.state / "counters").exists()
    with agent(tmp_path / "a", "", *flags) as running:
        assert first <= spent() < first + 0.3
        assert not (running.state / "counters").exists()
        running.kill()
    with agent(tmp_path / "a", "", *flags) as running:
        assert spent() == 0
