"""A scrape of 500 and 2,000 processes: the agent's collector, and Debian's process-exporter on the same ones.

They sleep, as nearly all processes do between two scrapes; for `processes: awake`, 500 of them run
between any two.

Ours is measured with joining the page, theirs over HTTP, without threads and smaps, as ours.
"""

import os
import signal
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.contenders import launch
from benchmarks.harness import Benchmark, Row
from exporter.collectors.processes.collector import Processes, Rules, to_metrics
from exporter.collectors.processes.grouping import BY_COMM
from exporter.collectors.processes.membership import Split
from exporter.collectors.processes.procfs import Proc
from exporter.collectors.processes.table import ProcessTable
from tests.peers.required import find_program
from tests.peers.servers import Server, free_port

SLEEPERS: Final = (500, 2000)
SCRAPES: Final = 21

_PROGRAM: Final = "prometheus-process-exporter"
_CONFIG: Final = "process_names:\n  - name: '{{.Comm}}'\n    cmdline: ['.+']\n"

_direct: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def benchmarks() -> Iterator[Benchmark]:
    """One scrape of many processes."""
    for sleepers in SLEEPERS:
        yield Scrape(name=f"processes: {sleepers}", sleepers=sleepers, scrapes=SCRAPES)
    yield Scrape(name="processes: awake", sleepers=SLEEPERS[0], scrapes=SCRAPES, awake=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrape:
    """So many processes, read so many times by each in turn."""

    name: str
    sleepers: int
    scrapes: int
    awake: bool = False

    def measure(self) -> Row:
        """Take the processor time of a scrape; the note has the time on the clock, and theirs."""
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            pids = [stack.enter_context(sleeper()) for _ in range(self.sleepers)]
            before = _resident_mib("self")
            theirs = stack.enter_context(process_exporter(folder)) if find_program(_PROGRAM) else None
            table = ProcessTable(Proc(Path("/proc")), count(step=2).__next__)
            ours = Processes(table, Rules(grouping=BY_COMM, split=Split(user_name=str)))
            cpu, wall = self._times(lambda: _page(ours), time.process_time, pids)
            note = f"{median(wall) * 1e3:.0f} ms on the clock, {_resident_mib('self') - before:.1f} MiB"
            their_cpu = 0.0
            if theirs is not None:
                pid, url = theirs.process.pid, theirs.url
                spent, their_wall = self._times(lambda: _get(url), lambda: cpu_seconds(pid), pids)
                # Theirs is told in ticks of 10 ms: only the mean of many says something.
                their_cpu = sum(spent) / len(spent)
                times, cpu_times = median(their_wall) / median(wall), their_cpu / (sum(cpu) / len(cpu))
                note += f"; {_PROGRAM} {median(their_wall) * 1e3:.0f} ms, {times:.1f} times ours; "
                note += f"{cpu_times:.1f} times the processor time, {_resident_mib(str(pid)):.1f} MiB"
        return Row(
            name=self.name,
            micros=[each * 1e6 for each in cpu],
            naive_micros=their_cpu * 1e6,
            note=note,
        )

    def _times(
        self, scrape: Callable[[], object], processor: Callable[[], float], pids: Sequence[int]
    ) -> tuple[list[float], list[float]]:
        """Return processor and clock seconds of each scrape but the first, which fills caches."""
        scrape()
        cpu, wall = [], []
        for _ in range(self.scrapes):
            if self.awake:
                _wake(pids)
            cpu_before, before = processor(), time.perf_counter()
            scrape()
            wall.append(time.perf_counter() - before)
            cpu.append(processor() - cpu_before)
        return cpu, wall


def _wake(pids: Sequence[int]) -> None:
    """Have each run for a moment."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
        os.kill(pid, signal.SIGCONT)
    time.sleep(0.1)


def _resident_mib(pid: str) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def _page(ours: Processes) -> str:
    families = to_metrics(ours.read())
    return "".join(f"{one.name}{point.labels} {point.value}\n" for one in families for point in one.points)


def _get(url: str) -> bytes:
    with _direct.open(f"{url}/metrics") as answer:
        page: bytes = answer.read()
        return page


def cpu_seconds(pid: int) -> float:
    """Processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def sleeper() -> Iterator[int]:
    """Run a process that does nothing."""
    process = subprocess.Popen(["sleep", "600"])
    try:
        yield process.pid
    finally:
        process.kill()
        process.wait()


@contextmanager
def process_exporter(folder: Path) -> Iterator[Server]:
    (folder / "processes.yml").write_text(_CONFIG)
    port = free_port()
    command = [find_program(_PROGRAM) or _PROGRAM, f"-web.listen-address=127.0.0.1:{port}"]
    command += ["-config.path=processes.yml", "-threads=false", "-gather-smaps=false"]
    server = launch(command, folder, port, "/metrics")
    try:
        yield server
    finally:
        server.stop()
