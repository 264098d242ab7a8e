"""Beside the real process-exporter, on processes of the test's own: the same families and values."""

import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from pwd import getpwuid

import pytest
from prometheus_client.parser import text_string_to_metric_families

from exporter.collectors.processes.collector import Processes, Rules, to_metrics
from exporter.collectors.processes.grouping import load_grouping
from exporter.collectors.processes.membership import Split
from exporter.collectors.processes.procfs import Proc
from exporter.collectors.processes.smaps import Shares
from exporter.collectors.processes.table import ProcessTable
from tests.exporter.collectors.processes.trees import values
from tests.peers.required import find_program
from tests.peers.servers import Server, free_port

CONFIG = """
process_names:
  - name: '{{.Username}} {{.Matches.which}} {{.ExeBase}}'
    cmdline: ['live-test-(?P<which>[[:lower:]]+)$']
"""
# Computes, writes, starts a child that the file does not name, and waits.
WORK = """
import hashlib, os, subprocess, sys
for _ in range(300): hashlib.sha256(bytes(1 << 20)).digest()
with open(sys.argv[1], "wb") as file:
    file.write(bytes(1 << 20)); file.flush(); os.fsync(file.fileno())
with subprocess.Popen(["cat"], stdin=subprocess.PIPE):
    print("ready", flush=True); sys.stdin.read()
"""
DEADLINE_SECONDS = 30.0

direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


# Starts threads that work once they are told to, and then wait.
THREADED = """
import ctypes, hashlib, os, sys, threading
start, done, together = threading.Event(), threading.Event(), threading.Barrier(4)
def work(name, rounds):
    ctypes.CDLL(None).prctl(15, name.encode(), 0, 0, 0)
    start.wait()
    for _ in range(rounds): hashlib.sha256(bytes(1 << 20)).digest()
    with open(f"{sys.argv[1]}-{rounds}", "wb") as file:
        file.write(bytes(1 << 20)); file.flush(); os.fsync(file.fileno())
    together.wait(); done.wait()
for name, rounds in (("alpha", 100), ("beta", 50), ("beta", 60)):
    threading.Thread(target=work, args=(name, rounds), daemon=True).start()
print("ready", flush=True); sys.stdin.readline(); start.set(); together.wait()
print("done", flush=True); sys.stdin.read()
"""


@pytest.fixture
def exporter(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Server]:
    (tmp_path / "groups.yml").write_text(CONFIG)
    more = getattr(request, "param", ["-threads=false", "-gather-smaps=false"])
    port = free_port()
    command = [find_program("prometheus-process-exporter") or "", f"-web.listen-address=127.0.0.1:{port}"]
    command += ["-config.path=groups.yml", *more]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=tmp_path, stdout=log, stderr=log)
    server = Server(url=f"http://127.0.0.1:{port}", dir=tmp_path, process=process)
    try:
        server.wait_ready("/metrics")
        yield server
    finally:
        server.stop()


def page(server: Server) -> tuple[dict[str, float], dict[str, str]]:
    """Return the values, and the types as the page has them."""
    with direct.open(f"{server.url}/metrics") as answer:
        text = answer.read().decode()
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}"] = sample.value
    typed = (line.split()[2:4] for line in text.splitlines() if line.startswith("# TYPE namedprocess_"))
    own = {name: value for name, value in found.items() if name.startswith("namedprocess_namegroup_")}
    return own, dict(typed)


@pytest.mark.peer("process-exporter")
def test_it_shows_what_process_exporter_shows(exporter: Server, tmp_path: Path) -> None:
    # Its clock ticks whenever it is asked, lest a reading be shown again.
    table = ProcessTable(Proc(Path("/proc"), wchan=True), count(step=2).__next__)
    ours = Processes(
        table,
        Rules(
            grouping=load_grouping(tmp_path / "groups.yml"),
            split=Split(user_name=lambda uid: getpwuid(uid).pw_name),
        ),
        wchan=True,
    )
    ours.read()
    # The exporter knows starts to the second: what begins in its own first second has been there before.
    time.sleep(2.1)
    with ExitStack() as stack:
        for which in ("one", "two", "two"):
            command = [sys.executable, "-c", WORK, str(tmp_path / f"live-test-{which}")]
            pipe = subprocess.PIPE
            worker = stack.enter_context(subprocess.Popen(command, stdin=pipe, stdout=pipe))
            stack.callback(worker.terminate)
            assert worker.stdout
            assert worker.stdout.readline() == b"ready\n"
        # Until they all sleep, what they use may change between the readings.
        (own, kinds), (theirs, their_kinds) = settled(ours, exporter)
    assert kinds == their_kinds
    assert own.keys() == theirs.keys()
    assert own == pytest.approx(theirs)
    assert sum(value for name, value in own.items() if "num_procs" in name) == 6
    assert sum(value for name, value in own.items() if "write_bytes" in name) >= 3 << 20


@pytest.mark.peer("process-exporter")
@pytest.mark.parametrize("exporter", [["-threads", "-gather-smaps"]], indirect=True)
def test_threads_and_shares_are_those_of_process_exporter(exporter: Server, tmp_path: Path) -> None:
    table = ProcessTable(Proc(Path("/proc"), wchan=True, threads=True), count(step=2).__next__)
    ours = Processes(
        table,
        Rules(
            grouping=load_grouping(tmp_path / "groups.yml"),
            split=Split(user_name=lambda uid: getpwuid(uid).pw_name),
        ),
        threads=True,
        wchan=True,
        shares=Shares(Path("/proc"), time.monotonic),
    )
    ours.read()
    time.sleep(2.1)
    command = [sys.executable, "-c", THREADED, str(tmp_path / "live-test-threads")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as worker:
        assert worker.stdin
        assert worker.stdout
        assert worker.stdout.readline() == b"ready\n"
        # It counts what threads use from the second time on that it sees them; ours from the first.
        began, _ = settled(ours, exporter)
        worker.stdin.write(b"go\n")
        worker.stdin.flush()
        assert worker.stdout.readline() == b"done\n"
        (own, kinds), (theirs, their_kinds) = settled(ours, exporter)
        worker.terminate()
    assert kinds == their_kinds
    assert own.keys() == theirs.keys()
    counted = {name for name in own if "_thread_" in name and "_total" in name}
    since = {name: own[name] - began[0][name] if name in counted else own[name] for name in own}
    assert since == pytest.approx(theirs)
    assert sum(value for name, value in since.items() if "thread_io" in name) >= 3 << 20
    assert len({name for name in own if "thread_count" in name}) == 3


Page = tuple[dict[str, float], dict[str, str]]


def settled(ours: Processes, exporter: Server) -> tuple[Page, Page]:
    """Both pages, at a time when nothing changes."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        before = to_metrics(ours.read())
        theirs = page(exporter)
        after = to_metrics(ours.read())
        if values(before) == values(after) or time.monotonic() > deadline:
            found = values(after)
            own = {name: value for name, value in found.items() if "namegroup_" in name}
            return (own, {family.name: family.kind for family in after}), theirs
