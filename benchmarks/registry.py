"""Heartbeats of a fleet over HTTP: how long each waits at 1,000 agents, and how many a second there can be.

The agents are coroutines of this process, each with a connection that it keeps if it may, as real ones do.
"""

import asyncio
import json
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.contenders import launch
from benchmarks.harness import Benchmark, Row
from tests.gateway.programs import FLEETGAUGE
from tests.peers.servers import Server, free_port

AGENTS: Final = 1000
INTERVAL_S: Final = 10.0
SECONDS: Final = 30.0
BUSY_AGENTS: Final = 32
BUSY_SECONDS: Final = 10.0


def benchmarks() -> Iterator[Benchmark]:
    """The usual fleet, and a few agents that never wait."""
    yield Heartbeats(
        name="registry: 1,000 agents at 10 s", agents=AGENTS, interval_s=INTERVAL_S, seconds=SECONDS
    )
    yield Heartbeats(
        name="registry: as many as can be", agents=BUSY_AGENTS, interval_s=0.0, seconds=BUSY_SECONDS
    )


@dataclass(slots=True)
class _Load:
    """What the agents saw: how long each heartbeat took, and how many failed."""

    port: int
    waits: list[float] = field(default_factory=list)
    failures: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeats:
    """Agents that register, and then say that they live."""

    name: str
    agents: int
    interval_s: float
    seconds: float

    def measure(self) -> Row:
        """Note each heartbeat's time, and the gateway's."""
        with tempfile.TemporaryDirectory() as folder:
            port = free_port()
            command = [str(FLEETGAUGE), "gateway", "--listen", f"127.0.0.1:{port}"]
            server = launch([*command, "--data-dir", f"{folder}/data"], Path(folder), port, "/-/ready")
            try:
                load = _Load(port)
                asyncio.run(self._register(load))
                load.waits.clear()
                before, started = _cpu(server), time.perf_counter()
                asyncio.run(self._beat(load))
                used, passed = _cpu(server) - before, time.perf_counter() - started
                return self._row(load, used, passed)
            finally:
                server.stop()

    def _row(self, load: _Load, used_s: float, passed_s: float) -> Row:
        ordered = sorted(load.waits)
        p99 = ordered[int(len(ordered) * 0.99)]
        return Row(
            name=self.name,
            micros=[wait * 1e6 for wait in ordered],
            note=f"p99 {p99 * 1e3:.1f} ms, worst {ordered[-1] * 1e3:.0f} ms, "
            f"{len(ordered) / passed_s:.0f}/s, {used_s / passed_s:.0%} of a core, {load.failures} failed",
        )

    async def _register(self, load: _Load) -> None:
        room = asyncio.Semaphore(BUSY_AGENTS)

        async def one(number: int) -> None:
            async with room:
                said = {"agent_id": _id(number), "name": f"host-{number}", "labels": {"env": "prod"}}
                connection = await _post(load, None, "/api/v1/agents/register", said)
                if connection:
                    connection[1].close()

        await asyncio.gather(*(one(number) for number in range(self.agents)))

    async def _beat(self, load: _Load) -> None:
        until = time.perf_counter() + self.seconds

        async def one(number: int) -> None:
            await asyncio.sleep(self.interval_s * number / self.agents)
            connection: _Connection | None = None
            path = f"/api/v1/agents/{_id(number)}/heartbeat"
            while time.perf_counter() < until:
                began = time.perf_counter()
                said = {
                    "pid": 1,
                    "status": "running",
                    "cpu_percent": 0.5,
                    "memory_bytes": 1 << 25,
                    "timestamp": time.time(),
                    "spool": {"bytes": 0, "oldest_s": 0},
                    "failing_collectors": [],
                    "last_error": "",
                }
                connection = await _post(load, connection, path, said)
                await asyncio.sleep(max(began + self.interval_s - time.perf_counter(), 0))
            if connection:
                connection[1].close()

        await asyncio.gather(*(one(number) for number in range(self.agents)))


_Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def _id(number: int) -> str:
    return f"agent-{number:08}"


async def _post(load: _Load, kept: _Connection | None, path: str, said: object) -> _Connection | None:
    """Post on a connection that was kept, or a new one; return it if it can be kept."""
    body = json.dumps(said).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\n"
    started = time.perf_counter()
    reader, writer = kept or await asyncio.open_connection("127.0.0.1", load.port)
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    answer = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = next(line for line in answer.split(b"\r\n") if line.startswith(b"content-length:"))
    await reader.readexactly(int(length.partition(b":")[2]))
    load.waits.append(time.perf_counter() - started)
    load.failures += b" 200 " not in answer[:20]
    if b"\r\nconnection: close" in answer:
        writer.close()
        return None
    return reader, writer


def _cpu(server: Server) -> float:
    """Return the processor seconds of a process, own and the kernel's."""
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100
