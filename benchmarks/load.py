"""A fleet at one gateway: 1,000 agents that say that they live, write their pages, and tell their processes.

What they send was captured from a real agent of this machine, round by round, and gets each agent's name and
the time of day. All agents are coroutines of this process, each with a connection a purpose that it keeps if
it may, as real ones do. It shares the machine with the gateway; what it takes is told apart.
"""

import asyncio
import gc
import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from benchmarks.contenders import ask, launch, progress, size_of
from benchmarks.harness import Benchmark, Row
from benchmarks.processes import cpu_seconds
from remotewrite.compression import compress, compress_zstd, decompress
from tests.exporter.gateways import gateway as listener
from tests.gateway.programs import FLEETGAUGE
from tests.peers.servers import Server, free_port
from tests.remotewrite.schema import write_v2_pb2 as v2

AGENTS: Final = 1000
HEARTBEAT_S: Final = 10.0
ROUND_S: Final = 15.0
# All series are new in the first round, and requests get their layouts in the second.
SETTLING_S: Final = 3 * ROUND_S
SECONDS: Final = 180.0
# The ten busiest by processor time, by memory and by I/O.
PROCESSES: Final = 30
_LARGEST_PID: Final = 1 << 22

# Read from a real agent: as many rounds as an agent makes while it is measured, but sooner.
CAPTURED: Final = 12
CAPTURE_S: Final = 2.0
CAPTURE_AT_MOST_S: Final = 90.0

# A page of some 500 series: half as many again where a machine has many network devices.
_LEFT_OUT: Final = ("--no-collector.netclass", "--no-collector.netdev", "--no-collector.timex")

# As long as the names that take its place: then no length in a request is another.
_NAME: Final = "agent-00000000"

_WRITE_HEADERS: Final = (
    "Content-Type: application/x-protobuf;proto=io.prometheus.write.v2.Request\r\n"
    "Content-Encoding: snappy\r\nX-Prometheus-Remote-Write-Version: 2.0.0\r\n"
)
_SNAPSHOT_HEADERS: Final = "Content-Type: application/json\r\nContent-Encoding: zstd\r\n"
_JSON_HEADERS: Final = "Content-Type: application/json\r\n"


def benchmarks() -> Iterator[Benchmark]:
    """One row for each kind of request, and what all of it took; one run."""
    for what in ("heartbeats", "writes", "snapshots"):
        yield Fleet(name=f"load: {what}", row=_waits(what))
    yield Fleet(name="load: the gateway", row=_taken)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A round of an agent, with the bytes of its time, and how many samples it has."""

    body: bytes
    time: bytes
    samples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """What a real agent sent."""

    pages: Sequence[Page]
    snapshots: Sequence[Mapping[str, Any]]


@dataclass(slots=True)
class Seen:
    """What the agents saw of one kind of request: how long each took, and how many failed."""

    waits: list[float] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True, kw_only=True)
class Load:
    """What the fleet does and saw."""

    port: int
    captured: Captured
    agents: int
    seen: dict[str, Seen] = field(default_factory=dict)
    samples: int = 0

    def reset(self) -> dict[str, Seen]:
        """Begin anew; return what was seen until now."""
        before, self.seen, self.samples = self.seen, {}, 0
        return before


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a run came to. Processor time is in cores, bytes in MiB."""

    settling: Mapping[str, Seen]
    seen: Mapping[str, Seen]
    seconds: float
    samples: int
    gateway_cores: float
    load_cores: float
    rss_mib: float
    disk_mib: float
    series: int
    statuses: Mapping[str, int]
    events: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """One row of the run that all rows share."""

    name: str
    row: Callable[[str, Figures], Row]

    def measure(self) -> Row:
        """Measure, unless an earlier row did."""
        return self.row(self.name, figures(AGENTS, SETTLING_S, SECONDS))


def _waits(what: str) -> Callable[[str, Figures], Row]:
    def row(name: str, found: Figures) -> Row:
        seen, settling = found.seen[what], found.settling[what]
        note = (
            f"{_told(seen)}, {len(seen.waits) / found.seconds:.0f}/s; while series were new {_told(settling)}"
        )
        return Row(name=name, micros=[wait * 1e6 for wait in seen.waits], note=note)

    return row


def _told(seen: Seen) -> str:
    ordered = sorted(seen.waits)
    p50, p99 = (ordered[int(len(ordered) * share)] * 1e3 for share in (0.5, 0.99))
    failed = f"failed: {dict(seen.failures)}" if seen.failures else "0 failed"
    return f"p50 {p50:.1f}, p99 {p99:.1f}, worst {ordered[-1] * 1e3:.0f} ms, {failed}"


def _taken(name: str, found: Figures) -> Row:
    growth = found.disk_mib / found.seconds
    note = (
        f"{found.gateway_cores:.0%} of a core (load {found.load_cores:.0%}), {found.rss_mib:.0f} MiB RSS, "
        f"{found.samples / found.seconds:,.0f} samples/s of {found.series:,} series, "
        f"disk +{found.disk_mib:.0f} MiB in {found.seconds:.0f} s, {growth * 1024:.0f} KiB/s; "
        f"agents {dict(found.statuses)}, events {dict(found.events)}"
    )
    return Row(name=name, note=note)


@cache
def figures(agents: int, settling_s: float, seconds: float, packs: str = "all") -> Figures:
    """Start a gateway with these packs of rules, and let the fleet at it."""
    captured = capture()
    progress(f"{agents} agents of {captured.pages[0].samples} series: {settling_s + seconds:.0f} s")
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        command = [str(FLEETGAUGE), "gateway", "--listen", f"127.0.0.1:{port}", "--data-dir", "data"]
        server = launch([*command, "--rule-packs", packs], Path(folder), port, "/-/ready")
        try:
            load = Load(port=port, captured=captured, agents=agents)
            return asyncio.run(_measured(server, load, settling_s, seconds))
        finally:
            server.stop()


async def _measured(server: Server, load: Load, settling_s: float, seconds: float) -> Figures:
    gc.freeze()
    await _register(load)
    data = server.dir / "data"
    running = [asyncio.create_task(one) for number in range(load.agents) for one in _lives(load, number)]
    await asyncio.sleep(settling_s)
    settling = load.reset()
    size, cpu, own = size_of(data), cpu_seconds(server.process.pid), time.process_time()
    started = time.perf_counter()
    await asyncio.sleep(seconds)
    passed = time.perf_counter() - started
    cpu, own = cpu_seconds(server.process.pid) - cpu, time.process_time() - own
    grown = size_of(data) - size
    samples, seen = load.samples, load.reset()
    # Asked while they all live, in a thread: a fleet that waits for this would be late.
    statuses, events, series = await asyncio.to_thread(_state, server)
    for one in running:
        one.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    return Figures(
        settling=settling,
        seen=seen,
        seconds=passed,
        samples=samples,
        gateway_cores=cpu / passed,
        load_cores=own / passed,
        rss_mib=_rss_mib(server.process.pid),
        disk_mib=grown / (1 << 20),
        series=series,
        statuses=statuses,
        events=events,
    )


def _state(server: Server) -> tuple[Counter[str], Counter[str], int]:
    """Return how many agents have each status, how many events there were of each kind, and all series."""
    agents = json.loads(ask(server, "/api/v1/agents?limit=10000"))["data"]
    events = json.loads(ask(server, "/api/v1/agents/events?limit=5000"))["data"]
    series = json.loads(ask(server, "/api/v1/status/tsdb"))["data"]["headStats"]["numSeries"]
    return Counter(one["status"] for one in agents), Counter(one["kind"] for one in events), series


def _rss_mib(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


async def _register(load: Load) -> None:
    room = asyncio.Semaphore(32)

    async def one(number: int) -> None:
        async with room:
            said = {"agent_id": _id(number), "name": _id(number), "labels": {"env": "prod"}}
            wire = Wire(load, "registrations", "/api/v1/agents/register", _JSON_HEADERS)
            await wire.post(json.dumps(said).encode())
            wire.close()

    await asyncio.gather(*(one(number) for number in range(load.agents)))


def _lives(load: Load, number: int) -> Iterator[Coroutine[None, None, None]]:
    """An agent's three threads, each at a place of its own in its interval."""
    rng = random.Random(number)
    rounds = load.captured.pages, load.captured.snapshots

    def page(round_: int) -> bytes:
        # Neighbours are at other rounds: else all hosts would have the same values.
        found = rounds[0][(number + round_) % len(rounds[0])]
        load.samples += found.samples
        now = _varint(time.time_ns() // 1_000_000)
        return compress(found.body.replace(_NAME.encode(), _id(number).encode()).replace(found.time, now))

    def snapshot(round_: int) -> bytes:
        found = rounds[1][(number + round_) % len(rounds[1])]
        said = {**found, "agent": _id(number), "name": _id(number), "time": time.time_ns() // 1_000_000}
        return compress_zstd(json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode())

    own = f"/api/v1/agents/{_id(number)}"
    beats = Wire(load, "heartbeats", f"{own}/heartbeat", _JSON_HEADERS)
    writes = Wire(load, "writes", "/api/v1/write", _WRITE_HEADERS)
    snapshots = Wire(load, "snapshots", f"{own}/processes", _SNAPSHOT_HEADERS)
    yield _again(beats, _heartbeat, HEARTBEAT_S, rng.random())
    yield _again(writes, page, ROUND_S, rng.random())
    yield _again(snapshots, snapshot, ROUND_S, rng.random())


async def _again(wire: "Wire", body: Callable[[int], bytes], interval_s: float, place: float) -> None:
    next_s = time.perf_counter() + interval_s * place
    round_ = 0
    try:
        while True:
            await asyncio.sleep(max(next_s - time.perf_counter(), 0.0))
            await wire.post(body(round_))
            next_s, round_ = next_s + interval_s, round_ + 1
    finally:
        wire.close()


def _heartbeat(_: int) -> bytes:
    said = {
        "pid": 1,
        "status": "running",
        "cpu_percent": 0.5,
        "memory_bytes": 1 << 25,
        "timestamp": round(time.time(), 3),
        "spool": {"bytes": 0, "oldest_s": 0},
        "failing_collectors": [],
        "last_error": "",
    }
    return json.dumps(said).encode()


@dataclass(slots=True)
class Wire:
    """A connection for one purpose, kept as long as the gateway lets it."""

    load: Load
    purpose: str
    path: str
    headers: str
    _kept: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, body: bytes) -> None:
        """Send a body, and note how that went."""
        head = (
            f"POST {self.path} HTTP/1.1\r\nHost: gateway\r\n{self.headers}Content-Length: {len(body)}\r\n\r\n"
        )
        started = time.perf_counter()
        try:
            failure = await self._exchange(head.encode() + body)
        except (OSError, asyncio.IncompleteReadError) as error:
            self.close()
            failure = type(error).__name__
        seen = self.load.seen.setdefault(self.purpose, Seen())
        seen.waits.append(time.perf_counter() - started)
        if failure:
            seen.failures[failure] += 1

    def close(self) -> None:
        """Close it; the next request opens another."""
        if self._kept:
            self._kept[1].close()
            self._kept = None

    async def _exchange(self, request: bytes) -> str:
        if self._kept:
            try:
                return await self._asked(request)
            except (ConnectionError, asyncio.IncompleteReadError):
                # The gateway may have closed one that was idle: no failure yet.
                self.close()
        self._kept = await asyncio.open_connection("127.0.0.1", self.load.port)
        return await self._asked(request)

    async def _asked(self, request: bytes) -> str:
        """Return what was wrong with the answer, nothing if all is well."""
        assert self._kept
        reader, writer = self._kept
        writer.write(request)
        answer = (await reader.readuntil(b"\r\n\r\n")).lower()
        for line in answer.split(b"\r\n"):
            if line.startswith(b"content-length:"):
                await reader.readexactly(int(line.partition(b":")[2]))
        if b"\r\nconnection: close" in answer:
            self.close()
        status = answer.split(b" ", 2)[1].decode()
        return "" if status in ("200", "204") else status


@cache
def capture() -> Captured:
    """Have a real agent send some rounds and snapshots of this machine."""
    progress(f"a real agent: {CAPTURED * CAPTURE_S:.0f} s")
    often = f"{CAPTURE_S:g}s"
    with tempfile.TemporaryDirectory() as folder, listener(writes=[]) as heard:
        assert heard.writes is not None
        port = free_port()
        command = [str(FLEETGAUGE), "agent", "--listen", f"127.0.0.1:{port}", "--gateway", heard.url]
        command += [*_LEFT_OUT, "--name", _NAME, "--interval", often, "--snapshot.interval", often]
        agent = launch(command, Path(folder), port, "/health")
        try:
            until = time.monotonic() + CAPTURE_AT_MOST_S
            while min(len(heard.writes), len(heard.snapshots)) <= CAPTURED:
                if time.monotonic() > until:
                    raise RuntimeError("the agent sends nothing")
                time.sleep(0.2)
        finally:
            agent.stop()
    # The first ones have no rates.
    pages = [_page(decompress(body)) for body in heard.writes[1 : CAPTURED + 1]]
    return Captured(pages=pages, snapshots=[_full(one) for one in heard.snapshots[1 : CAPTURED + 1]])


def _full(snapshot: Mapping[str, Any]) -> Mapping[str, Any]:
    """Repeat its processes under other numbers: a machine for tests has fewer than hosts tell of."""
    known = snapshot["processes"]
    more = [{**known[at % len(known)], "pid": _LARGEST_PID + at} for at in range(PROCESSES - len(known))]
    return {**snapshot, "processes": [*known, *more]}


def _page(body: bytes) -> Page:
    request = v2.Request.FromString(body)
    times = {sample.timestamp for series in request.timeseries for sample in series.samples}
    if len(times) != 1:
        raise RuntimeError("a round of the agent has more than one time")
    return Page(body=body, time=_varint(times.pop()), samples=len(request.timeseries))


def _varint(number: int) -> bytes:
    """Write a time of today: six bytes, as every other."""
    return bytes((number >> shift & 0x7F) | (0x80 if shift < 35 else 0) for shift in range(0, 42, 7))


def _id(number: int) -> str:
    return f"agent-{number + 1:08}"
