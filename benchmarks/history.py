"""Process history: reading and packing snapshots, bytes a snapshot, and questions over 7 days."""

import json
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from benchmarks.harness import Benchmark, Row, Throughput
from gateway.history.archive import Archive, Piece
from gateway.history.chunk import encode
from gateway.history.questions import Chosen, changes, history
from gateway.history.reading import decompress, read
from gateway.history.receiving import SnapshotReceiver
from gateway.history.snapshot import Snapshot
from gateway.history.upkeep import Policy, Tidying
from gateway.storage.ledger.processes import ProcessPieces
from remotewrite.compression import compress_zstd
from tests.gateway.storage.samples import open_store

START_MS: Final = 1_789_992_000_000
INTERVAL_MS: Final = 15_000
HOUR: Final = 240
PROCESSES: Final = 250
DAYS: Final = 7
THREADS: Final = 8
RUNS: Final = 7


class Host:
    """A host whose processes are busy by turns, grow, write, end and start again."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.pid = 1000
        self.processes = [self.started(START_MS - self.chance.randrange(10**9)) for _ in range(PROCESSES)]

    def started(self, time_ms: int) -> dict[str, Any]:
        """Return a new process."""
        self.pid += self.chance.randrange(1, 40)
        kind = self.chance.randrange(40)
        return {
            "pid": self.pid,
            "parent": 1 if kind < 20 else 900,
            "start": time_ms,
            "name": f"worker-{kind}",
            "command": f"/opt/app/{kind}/worker-{kind} --config=/etc/app/{kind}.yml --shard={self.pid % 7}",
            "user": ("root", "app", "postgres")[kind % 3],
            "container": f"{kind * 7919:012x}" if kind % 2 else "",
            "unit": f"app-{kind}.service",
            "state": "S",
            "cpu": 0.0,
            "rss": self.chance.randrange(1000, 400_000) * 4096,
            "read": 0,
            "write": 0,
            "threads": self.chance.randrange(1, 30),
            "fds": self.chance.randrange(5, 300),
            "busy": self.chance.random() ** 4,
        }

    def sent(self, time_ms: int) -> bytes:
        """Return the JSON of a snapshot: the busiest 50."""
        chance = self.chance
        for at, one in enumerate(self.processes):
            if chance.random() < 0.0005:
                self.processes[at] = self.started(time_ms - chance.randrange(INTERVAL_MS))
                continue
            busy = one["busy"] * chance.uniform(0.7, 1.3)
            one["cpu"] = round(60 * busy, 1)
            one["state"] = "R" if busy > 0.5 and chance.random() < 0.5 else "S"
            if chance.random() < busy:
                one["rss"] += chance.randrange(-20, 25) * 4096
                one["read"] = chance.randrange(1 << 20) if chance.random() < 0.2 else 0
                one["write"] = chance.randrange(1 << 18)
                one["fds"] = max(one["fds"] + chance.randrange(-1, 2), 3)
        wanted = {
            id(one): one
            for measure, many in (("cpu", 20), ("rss", 15), ("write", 15))
            for one in sorted(self.processes, key=lambda one: -one[measure])[:many]
        }
        rows = [
            {key: value for key, value in one.items() if key != "busy" and value != ""}
            for one in wanted.values()
        ]
        totals = {
            "processes": len(self.processes),
            "threads": 1040,
            "cpu": round(sum(one["cpu"] for one in self.processes), 1),
            "io_wait": round(chance.random() * 4, 1),
            "read": sum(one["read"] for one in self.processes),
            "write": sum(one["write"] for one in self.processes),
            "cpus": 8,
            "load": [round(chance.random() * 4, 2) for _ in range(3)],
            "memory": 1 << 34,
            "memory_used": sum(one["rss"] for one in self.processes) // 1024 * 1024,
            "swap_used": 0,
        }
        document = {
            "version": 1,
            "agent": "agent-1",
            "name": "web-1",
            "time": time_ms,
            "interval_ms": INTERVAL_MS + chance.randrange(-3, 4),
            "totals": totals,
            "omitted": 0,
            "processes": rows,
        }
        return json.dumps(document, separators=(",", ":")).encode()


def hour() -> list[bytes]:
    """Return what an agent sends in an hour."""
    host = Host(1)
    return [host.sent(START_MS + at * INTERVAL_MS) for at in range(HOUR)]


def benchmarks() -> Iterator[Benchmark]:
    """What a snapshot costs, first by itself, then all together; then what is asked of a week."""
    bodies = hour()
    packed = [compress_zstd(body) for body in bodies]
    snapshots = [read(body).snapshot for body in bodies]
    wire = statistics.fmean(map(len, packed))
    yield Throughput(
        name="history: read a snapshot",
        run=lambda body: read(decompress(body, "zstd")),
        requests=packed,
        samples=1,
        note=f"{statistics.fmean(map(len, bodies)):,.0f} bytes of JSON, {wire:,.0f} as they come",
    )
    yield Throughput(
        name="history: pack a snapshot",
        run=lambda one: encode([one]),
        requests=snapshots,
        samples=1,
    )
    yield Together("history: receive, disk as it is", lambda: receive(packed, "full"))
    yield Together("history: receive, no fsync", lambda: receive(packed, "off"))
    yield Together("history: join an hour", lambda: join(snapshots))
    yield from Week(snapshots).benchmarks()


@dataclass(frozen=True, slots=True)
class Together:
    """Something that measures itself."""

    name: str
    run: Callable[[], tuple[list[float], str]]

    def measure(self) -> Row:
        """Run it."""
        micros, note = self.run()
        return Row(name=self.name, micros=micros, note=note)


@contextmanager
def archive_of(sync: str) -> Iterator[tuple[Archive, ProcessPieces]]:
    """Open an archive in a directory of its own."""
    with (
        tempfile.TemporaryDirectory(prefix="fleetgauge-history-") as directory,
        open_store(Path(directory), sync=sync) as store,
    ):
        pieces = ProcessPieces(store.ledger, print)
        yield Archive(pieces), pieces


def receive(bodies: list[bytes], sync: str) -> tuple[list[float], str]:
    """Take the snapshots of several agents at once, as the gateway's threads do; wall-clock µs each."""
    with archive_of(sync) as (archive, pieces):
        receiver = SnapshotReceiver(
            archive=archive, now_ms=lambda: START_MS + HOUR * INTERVAL_MS, retention_ms=1 << 50
        )

        def take() -> None:
            for body in bodies:
                receiver.receive("agent-1", body, "zstd")

        micros = []
        for _ in range(3):
            threads = [threading.Thread(target=take) for _ in range(THREADS)]
            started = time.perf_counter()
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            micros.append((time.perf_counter() - started) * 1e6 / (THREADS * len(bodies)))
            while pieces.expire(1 << 60):
                pass
    rate = 1e6 / statistics.median(micros)
    return micros, f"{THREADS} threads, {rate:,.0f} snapshots/s of wall-clock time"


def join(snapshots: list[Snapshot]) -> tuple[list[float], str]:
    """Join an hour; processor time, and bytes a snapshot before and after."""
    micros, before, after = [], 0.0, 0.0
    for _ in range(RUNS):
        with archive_of("off") as (archive, pieces):
            for snapshot in snapshots:
                archive.add("agent-1", snapshot)
            before = pieces.readings()["bytes"]() / len(snapshots)
            started = time.process_time()
            Tidying(archive, pieces, Policy(retention_ms=1 << 50)).join_all(START_MS + 10**9)
            micros.append((time.process_time() - started) * 1e6)
            after = pieces.readings()["bytes"]() / len(snapshots)
    return micros, f"{before:,.0f} bytes a snapshot before, {after:,.0f} after"


class Week:
    """A week of one agent, joined."""

    def __init__(self, snapshots: list[Snapshot]) -> None:
        self._snapshots = snapshots

    def benchmarks(self) -> Iterator[Benchmark]:
        """Ask it."""
        with archive_of("off") as (archive, pieces):
            span = HOUR * INTERVAL_MS
            for hour_number in range(DAYS * 24):
                moved = [replace(one, time_ms=one.time_ms + hour_number * span) for one in self._snapshots]
                piece = Piece(
                    first_ms=moved[0].time_ms,
                    last_ms=moved[-1].time_ms,
                    snapshots=len(moved),
                    payload=encode(moved),
                )
                pieces.add("agent-1", piece)
            end = START_MS + DAYS * 24 * span
            identity = self._snapshots[0].processes[0].identity
            one = Chosen(pid=identity.pid, start_ms=identity.start_ms)
            named = Chosen(name=identity.program.name)

            def all_chunks() -> Any:
                return archive.chunks("agent-1", START_MS, end)

            def compared() -> None:
                before, after = archive.at("agent-1", START_MS), archive.at("agent-1", end)
                assert before is not None
                assert after is not None
                changes(before, after, "cpu")

            size = f"{pieces.readings()['bytes']() / 1e6:.1f} MB"
            for name, run, note in (
                ("the table at a time", lambda: archive.at("agent-1", end - 10**8), ""),
                ("what changed in a week", compared, ""),
                ("times of a week", lambda: sum(len(each.times) for each in all_chunks()), size),
                ("one process over a week", lambda: history(all_chunks(), one, START_MS, end), size),
                ("a name over a week", lambda: history(all_chunks(), named, START_MS, end), size),
            ):
                yield Throughput(name=f"history: {name}", run=_call, requests=[run], samples=0, note=note)


def _call(run: Callable[[], object]) -> None:
    run()
