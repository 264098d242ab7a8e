"""The overview of 500 hosts with an hour of samples: what a page waits for that asks every second.

In time on the clock, of a client that reads the whole answer over one connection.
"""

import http.client
import json
import math
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.contenders import launch, port_of, progress, send
from benchmarks.harness import Benchmark, Row
from remotewrite.compression import compress
from remotewrite.encode.v1 import encode_v1
from remotewrite.model import Sample, Series
from tests.gateway.programs import FLEETGAUGE
from tests.peers.servers import Server, free_port
from timeseries.labels import Labels

HOSTS: Final = 500
CPUS: Final = 4
ROUNDS: Final = 240
INTERVAL_S: Final = 15
HOSTS_A_BODY: Final = 10
RUNS: Final = 20
# So long an overview is kept at most, and a bit.
_PAUSE_S: Final = 1.5

_GAUGES: Final = (
    ("node_load1", {}, 4.0),
    ("node_memory_MemTotal_bytes", {}, 16e9),
    ("node_memory_MemAvailable_bytes", {}, 9e9),
    ("node_memory_SwapTotal_bytes", {}, 4e9),
    ("node_memory_SwapFree_bytes", {}, 3e9),
    *(
        (f"node_filesystem_{what}_bytes", {"device": device, "mountpoint": mount, "fstype": "ext4"}, size)
        for device, mount in (("/dev/sda1", "/"), ("/dev/sda2", "/srv"), ("/dev/sda3", "/var"))
        for what, size in (("size", 1e11), ("avail", 4e10))
    ),
)
_COUNTERS: Final = (
    *(
        ("node_cpu_seconds_total", {"cpu": str(cpu), "mode": mode})
        for cpu in range(CPUS)
        for mode in ("idle", "iowait", "irq", "nice", "softirq", "steal", "system", "user")
    ),
    *(
        (f"node_network_{way}_bytes_total", {"device": device})
        for device in ("lo", "eth0", "eth1")
        for way in ("receive", "transmit")
    ),
    *((f"node_pressure_{what}_waiting_seconds_total", {}) for what in ("cpu", "io", "memory")),
)


def benchmarks() -> Iterator[Benchmark]:
    """The whole of it, the last values alone, and nothing new."""
    with ExitStack() as stack:
        fleet = _Fleet(stack)
        yield _Asks(name="overview: first, with courses", fleet=fleet, ask=_first)
        yield _Asks(name="overview: new values, with courses", fleet=fleet, ask=_renewed("points=40"))
        yield _Asks(name="overview: new values alone", fleet=fleet, ask=_renewed("points=0"))
        yield _Asks(name="overview: nothing new (304)", fleet=fleet, ask=_unchanged)


@dataclass(slots=True)
class _Fleet:
    """A gateway that has all samples once it is first asked for."""

    stack: ExitStack
    _server: Server | None = field(default=None)

    def server(self) -> Server:
        if self._server is None:
            folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
            port = free_port()
            command = [str(FLEETGAUGE), "gateway", "--listen", f"127.0.0.1:{port}", "--data-dir", "data"]
            self._server = launch([*command, "--rule-packs", "none"], folder, port, "/-/ready")
            self.stack.callback(self._server.stop)
            progress(f"{HOSTS} hosts, {ROUNDS * INTERVAL_S // 60} minutes")
            _register(self._server)
            send(self._server, _bodies(time.time_ns() // 1_000_000))
        return self._server


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asks:
    name: str
    fleet: _Fleet
    ask: Callable[[Server], tuple[Sequence[float], int]]

    def measure(self) -> Row:
        """Ask as often as it takes."""
        seconds, size = self.ask(self.fleet.server())
        worst = max(seconds) * 1e3
        note = f"{size / 1024:.0f} KiB compressed, worst {worst:.1f} ms"
        return Row(name=self.name, micros=[one * 1e6 for one in seconds], note=note)


def _first(server: Server) -> tuple[Sequence[float], int]:
    # Each range is another overview.
    found = [_get(server, f"points=40&range={3600 + number}s") for number in range(5)]
    return [seconds for seconds, _, _ in found], found[0][1]


def _renewed(query: str) -> Callable[[Server], tuple[Sequence[float], int]]:
    def ask(server: Server) -> tuple[Sequence[float], int]:
        seconds, size = [], 0
        _get(server, query)
        for _ in range(RUNS):
            time.sleep(_PAUSE_S)
            now_ms = time.time_ns() // 1_000_000
            send(
                server, [_body([Series(labels=Labels({"__name__": "tick"}), samples=[Sample(now_ms, 1.0)])])]
            )
            took, size, _ = _get(server, query)
            seconds.append(took)
        return seconds, size

    return ask


def _unchanged(server: Server) -> tuple[Sequence[float], int]:
    found = []
    for _ in range(RUNS):
        tag = _get(server, "points=0")[2]
        found.append(_get(server, "points=0", tag))
    return [seconds for seconds, _, _ in found], found[0][1]


def _get(server: Server, query: str, tag: str = "") -> tuple[float, int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port_of(server))
    connection.connect()
    headers = {"Accept-Encoding": "zstd", **({"If-None-Match": tag} if tag else {})}
    started = time.perf_counter()
    connection.request("GET", f"/api/v1/overview?{query}", headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    seconds = time.perf_counter() - started
    connection.close()
    if answer.status != (304 if tag else 200):
        raise RuntimeError(f"the gateway answered {answer.status}: {body.decode()}")
    return seconds, len(body), answer.headers["ETag"]


def _register(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port_of(server))
    for number in range(HOSTS):
        said = {"agent_id": _name(number), "name": _name(number), "labels": {"env": "prod"}}
        connection.request("POST", "/api/v1/agents/register", json.dumps(said))
        answer = connection.getresponse()
        if answer.status != 200:
            raise RuntimeError(f"the gateway answered {answer.status}: {answer.read().decode()}")
        answer.read()
    connection.close()


def _bodies(now_ms: int) -> Iterator[bytes]:
    rng = random.Random(1)
    start_ms = now_ms - (ROUNDS - 1) * INTERVAL_S * 1000
    times = [start_ms + number * INTERVAL_S * 1000 for number in range(ROUNDS)]
    for first in range(0, HOSTS, HOSTS_A_BODY):
        yield _body(
            [series for number in range(first, first + HOSTS_A_BODY) for series in _host(number, times, rng)]
        )


def _body(series: Sequence[Series]) -> bytes:
    return compress(encode_v1(series))


def _host(number: int, times: Sequence[int], rng: random.Random) -> Iterator[Series]:
    name = _name(number)
    for metric, labels, size in _GAUGES:
        phase = rng.random() * 6
        values = [size * (0.9 + 0.1 * math.sin(phase + at / 9)) for at in range(len(times))]
        if "Total" in metric or "size" in metric:
            values = [size] * len(times)
        yield _series(metric, name, labels, times, values)
    for metric, labels in _COUNTERS:
        pace = rng.random() * INTERVAL_S
        values = [pace * at + rng.random() for at in range(len(times))]
        yield _series(metric, name, labels, times, values)


def _series(
    metric: str, host: str, labels: dict[str, str], times: Sequence[int], values: Sequence[float]
) -> Series:
    named = Labels({"__name__": metric, "instance": host, "job": "fleetgauge", **labels})
    return Series(labels=named, samples=[Sample(at, value) for at, value in zip(times, values, strict=True)])


def _name(number: int) -> str:
    return f"host-{number + 1:04}"
