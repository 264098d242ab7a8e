"""The whole agent beside Debian's node_exporter and process-exporter together, as it would replace them.

It collects, takes snapshots and sends by remote write to a gateway of this project, every 5 s instead of
every 15 s to save time; the other two are scraped as often. The share of a core is a round's time in 15 s:
what it takes to wait comes on top, and what caches have lost in the longer time.
Then the pages of all are scraped in turn, so far apart that nobody answers from memory.
"""

import http.client
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.contenders import ask, launch, port_of, progress
from benchmarks.harness import Benchmark, Row
from benchmarks.processes import process_exporter, sleeper
from tests.gateway.programs import FLEETGAUGE
from tests.peers.required import find_program
from tests.peers.servers import Server, free_port

SLEEPERS: Final = (300, 500, 2000)
INTERVAL_S: Final = 5.0
# As the settings have it, unless somebody says otherwise.
USUAL_INTERVAL_S: Final = 15.0
SETTLING_ROUNDS: Final = 3
ROUNDS: Final = 12
SCRAPES: Final = 11
# A reading of all processes is shared by those who ask within a second.
APART_S: Final = 1.1

# Which of a process' clocks: the exact one.
_SCHEDULED: Final = 2

_NODE_EXPORTER: Final = "prometheus-node-exporter"
_PROCESS_EXPORTER: Final = "prometheus-process-exporter"


@dataclass(slots=True)
class Scrapes:
    """Seconds on the clock and of processor time of each scrape of one program."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Figures:
    """What one program takes: processor time of a round, MiB, and that of scrapes."""

    round_s: float
    rss: float
    pss: float
    scrapes: Scrapes


def benchmarks() -> Iterator[Benchmark]:
    """A row for each figure, each of all three."""
    for sleepers in SLEEPERS:
        for what, measure in (
            ("scrape", _scrape),
            ("CPU of a scrape", _scrape_cpu),
            ("CPU of a round", _round_cpu),
            ("memory", _memory),
        ):
            yield Beside(name=f"agent: {sleepers}, {what}", sleepers=sleepers, row=measure)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """One figure of one run with so many processes, in which all are measured."""

    name: str
    sleepers: int
    row: Callable[[str, Sequence[Figures]], Row]

    def measure(self) -> Row:
        """Measure, unless an earlier row did; the naive way is that of the two exporters together."""
        if not find_program(_NODE_EXPORTER) or not find_program(_PROCESS_EXPORTER):
            return Row(name=self.name, note="needs both exporters: make peers")
        return self.row(self.name, _figures(self.sleepers))


def _scrape(name: str, figures: Sequence[Figures]) -> Row:
    ours, *theirs = (median(one.scrapes.wall) * 1e6 for one in figures)
    micros = [each * 1e6 for each in figures[0].scrapes.wall]
    return Row(name=name, micros=micros, naive_micros=sum(theirs), note=_beside(ours, theirs, 1e3, "ms"))


def _scrape_cpu(name: str, figures: Sequence[Figures]) -> Row:
    # Where a round of the agent falls into a scrape, it is no time of the scrape: hence the median.
    ours, *theirs = (median(one.scrapes.cpu) * 1e6 for one in figures)
    micros = [each * 1e6 for each in figures[0].scrapes.cpu]
    return Row(name=name, micros=micros, naive_micros=sum(theirs), note=_beside(ours, theirs, 1e3, "ms"))


def _round_cpu(name: str, figures: Sequence[Figures]) -> Row:
    ours, *theirs = (one.round_s * 1e6 for one in figures)
    share = 100 * ours / 1e6 / USUAL_INTERVAL_S
    note = f"{share:.2f} % of a core for a round every {USUAL_INTERVAL_S:g} s; "
    note += _beside(ours, theirs, 1e3, "ms")
    return Row(name=name, micros=[ours], naive_micros=sum(theirs), note=note)


def _memory(name: str, figures: Sequence[Figures]) -> Row:
    ours, *theirs = (one.rss for one in figures)
    pss = " + ".join(f"{one.pss:.1f}" for one in figures[1:])
    note = f"RSS {ours:.1f} MiB, {_beside(ours, theirs, 1, 'MiB')}; PSS {figures[0].pss:.1f} MiB, {pss}"
    return Row(name=name, note=note)


def _beside(ours: float, theirs: Sequence[float], unit: float, called: str) -> str:
    node, processes = theirs
    return (
        f"{ours / (node + processes):.2f} of {node / unit:.1f} + {processes / unit:.1f} {called}, "
        f"{ours / processes:.2f} of process-exporter's"
    )


@cache
def _figures(sleepers: int) -> Sequence[Figures]:
    """Return those of the agent, of node_exporter and of process-exporter."""
    progress(f"{sleepers} processes: some 90 s")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for _ in range(sleepers):
            stack.enter_context(sleeper())
        others = [_node_exporter(folder), stack.enter_context(process_exporter(folder))]
        stack.callback(others[0].stop)
        gateway = _gateway(folder)
        stack.callback(gateway.stop)
        agent = _agent(folder, gateway)
        stack.callback(agent.stop)
        programs = [agent, *others]
        _rounds(others, SETTLING_ROUNDS)
        before = [_running_s(each) for each in programs]
        _rounds(others, ROUNDS)
        rounds = [(_running_s(each) - start) / ROUNDS for each, start in zip(programs, before, strict=True)]
        memory = [_memory_mib(each) for each in programs]
        scrapes = _scrapes(programs)
        _check_sent(gateway)
    return [
        Figures(round_s, *held, scraped)
        for round_s, held, scraped in zip(rounds, memory, scrapes, strict=True)
    ]


def _rounds(others: Sequence[Server], count: int) -> None:
    """Let the agent have so many rounds, and scrape the others as often."""
    next_s = time.monotonic()
    for _ in range(count):
        for other in others:
            ask(other, "/metrics")
        next_s += INTERVAL_S
        time.sleep(max(next_s - time.monotonic(), 0.0))


def _scrapes(programs: Sequence[Server]) -> list[Scrapes]:
    """Scrape all in turn, over connections that are kept, as Prometheus does; the first ones don't count."""
    found = [Scrapes() for _ in programs]
    connections = [http.client.HTTPConnection("127.0.0.1", port_of(each)) for each in programs]
    for number in range(SCRAPES + 1):
        time.sleep(APART_S)
        for each, connection, program in zip(found, connections, programs, strict=True):
            cpu, wall = _running_s(program), time.perf_counter()
            connection.request("GET", "/metrics")
            connection.getresponse().read()
            if number:
                each.wall.append(time.perf_counter() - wall)
                each.cpu.append(_running_s(program) - cpu)
    for connection in connections:
        connection.close()
    return found


def _running_s(server: Server) -> float:
    """Processor time of all threads that there are and were, by the process' clock: finer than its ticks."""
    return time.clock_gettime((~server.process.pid << 3) | _SCHEDULED)


def _memory_mib(server: Server) -> tuple[float, float]:
    lines = Path(f"/proc/{server.process.pid}/smaps_rollup").read_text().splitlines()
    kib = {line.split(":")[0]: int(line.split()[1]) for line in lines[1:]}
    return kib["Rss"] / 1024, kib["Pss"] / 1024


def _check_sent(gateway: Server) -> None:
    """Raise unless the agent's samples got there: an agent that cannot send works less."""
    if b'"__name__":"up"' not in ask(gateway, "/api/v1/query?query=up").replace(b" ", b""):
        raise RuntimeError("the gateway has nothing of the agent")


def _node_exporter(folder: Path) -> Server:
    port = free_port()
    command = [find_program(_NODE_EXPORTER) or _NODE_EXPORTER, f"--web.listen-address=127.0.0.1:{port}"]
    return launch(command, folder / "node", port, "/metrics")


def _gateway(folder: Path) -> Server:
    port = free_port()
    command = [str(FLEETGAUGE), "gateway", "--listen", f"127.0.0.1:{port}", "--data-dir", "data"]
    return launch(command, folder / "gateway", port, "/-/ready")


def _agent(folder: Path, gateway: Server) -> Server:
    port, often = free_port(), f"{INTERVAL_S:g}s"
    command = [str(FLEETGAUGE), "agent", "--listen", f"127.0.0.1:{port}", "--gateway", gateway.url]
    command += ["--interval", often, "--snapshot.interval", often]
    return launch(command, folder / "agent", port, "/health")
