"""A fleet whose numbers are known: hosts with an hour of samples, processes, alerts, a silence.

All values follow from the host and the number of the sample; only the time they end at is that of the test.
Knows no page and no browser.
"""

import json
import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import requests

from remotewrite.compression import compress
from remotewrite.encode.v1 import encode_v1
from remotewrite.model import Sample, Series
from tests.gateway.programs import running
from timeseries.labels import Labels

GIB: Final = 1 << 30
STEP_S: Final = 15
PAST_S: Final = 3900
"""An hour, and what rates at its begin look back on."""
AHEAD_S: Final = 300
"""Samples go on while the tests run; the gateway takes them up to ten minutes early."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A host of the fleet; `cpu` is how busy it is in the middle, of 100."""

    name: str
    cpu: float
    memory: float
    disk: float
    labels: Mapping[str, str]
    status: str = "online"

    @property
    def id(self) -> str:
        return f"agent-{self.name}"


HOSTS: Final = (
    Host(name="db-1", cpu=62, memory=91, disk=88, labels={"env": "prod", "role": "db"}),
    Host(name="web-1", cpu=35, memory=48, disk=41, labels={"env": "prod", "role": "web"}),
    Host(name="web-2", cpu=28, memory=44, disk=39, labels={"env": "prod", "role": "web"}),
    Host(
        name="batch-1", cpu=95, memory=70, disk=62, labels={"env": "prod", "role": "batch"}, status="degraded"
    ),
    Host(name="stage-1", cpu=6, memory=22, disk=17, labels={"env": "stage", "role": "web"}, status="stopped"),
)

# The hour has one thing to find: half an hour ago a backup made db-1 busy for five minutes.
CULPRIT: Final = "pg_dump"
CULPRIT_AGO_S: Final = (2100, 1800)

RULES: Final = """
groups:
- name: fleet
  interval: 1s
  rules:
  - alert: HostMemoryAlmostFull
    expr: 100 * (1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes) > 90
    labels: {severity: critical}
    annotations: {summary: '{{ $labels.instance }} has used {{ printf "%.0f" $value }} % of its memory'}
  - alert: HostDiskFills
    expr: 100 - 100 * node_filesystem_avail_bytes / node_filesystem_size_bytes > 60
    labels: {severity: warning}
    annotations: {summary: 'A disk of {{ $labels.instance }} is {{ printf "%.0f" $value }} % full'}
  - alert: HostIsBusy
    expr: node_load1 > 1.5
    for: 1h
    labels: {severity: warning}
    annotations: {summary: '{{ $labels.instance }} is busy'}
"""
SILENCED: Final = "batch-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """The gateway that holds it: where it is, and the time at which the hour ended."""

    url: str
    now: int

    def get(self, path: str, **params: str) -> Any:
        answer = requests.get(f"{self.url}{path}", params=params, timeout=10)
        assert answer.ok, answer.text
        return answer.json()

    def send(self, method: str, path: str, body: object) -> Any:
        answer = requests.request(method, f"{self.url}{path}", json=body, timeout=10)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None


@contextmanager
def running_fleet(directory: Path, port: int = 0) -> Iterator[Fleet]:
    """Run a gateway that holds the fleet; its alerts fire when it is there."""
    rules = directory / "fleet.yml"
    rules.write_text(RULES)
    flags = (f"127.0.0.1:{port}", "--data-dir", str(directory / "data"), "--rules", str(rules))
    with running("gateway", "--listen", *flags, FLEETGAUGE_AGENTS_OFFLINE_AFTER="1h") as program:
        fleet = Fleet(url=program.url, now=int(time.time()) // STEP_S * STEP_S)
        for host in HOSTS:
            _register(fleet, host)
            _tell_processes(fleet, host)
            _write(
                fleet, [series for made in (_gauges(host, fleet), _counters(host, fleet)) for series in made]
            )
        _silence(fleet)
        _wait_for_alerts(fleet)
        yield fleet


def _register(fleet: Fleet, host: Host) -> None:
    number = [each.name for each in HOSTS].index(host.name)
    said = {
        "agent_id": host.id,
        "name": host.name,
        "labels": dict(host.labels),
        "version": "0.1.0",
        "pid": 700 + number,
        "started_at": fleet.now - 86400.0,
        "system": {
            "hostname": host.name,
            "os": "Debian GNU/Linux 12 (bookworm)",
            "kernel": "6.1.0-18-amd64",
            "arch": "x86_64",
            "cpu_cores": 2,
            "memory_bytes": 8 * GIB,
            "boot_time": fleet.now - 9 * 86400.0,
        },
        "metrics_url": f"http://10.0.0.{number + 1}:9256/metrics",
        "heartbeat_interval_s": 300.0,
        "collectors": ["cpu", "meminfo", "filesystem"],
    }
    fleet.send("POST", "/api/v1/agents/register", said)
    beat = {
        "pid": 700 + number,
        "status": {"stopped": "stopping"}.get(host.status, "running"),
        "cpu_percent": 0.6,
        "memory_bytes": 40 << 20,
        "timestamp": time.time(),
        "spool": {"bytes": 0, "oldest_s": 0.0},
        "failing_collectors": ["filesystem"] if host.status == "degraded" else [],
        "last_error": "",
    }
    fleet.send("POST", f"/api/v1/agents/{host.id}/heartbeat", beat)


def busy(host: Host, ago_s: float) -> float:
    """How busy a host was so long ago, of 100."""
    if host.name == "db-1" and CULPRIT_AGO_S[1] < ago_s <= CULPRIT_AGO_S[0]:
        return 97.0
    return min(99.0, host.cpu + host.cpu / 5 * math.sin(ago_s / 300 + host.disk))


def _times(host: Host, fleet: Fleet) -> range:
    end = fleet.now - 120 if host.status == "stopped" else fleet.now + AHEAD_S
    return range(fleet.now - PAST_S, end, STEP_S)


def _gauges(host: Host, fleet: Fleet) -> Iterator[Series]:
    def used(ago: float) -> float:
        return min(host.memory + 1.5 * math.sin(ago / 700), 99.0) / 100

    values = {
        "node_load1": lambda ago: busy(host, ago) / 50,
        "node_load5": lambda ago: busy(host, ago) / 55,
        "node_load15": lambda ago: busy(host, ago) / 60,
        "node_memory_MemTotal_bytes": lambda _: 8.0 * GIB,
        "node_memory_MemAvailable_bytes": lambda ago: 8 * GIB * (1 - used(ago)),
        "node_memory_SwapTotal_bytes": lambda _: 2.0 * GIB,
        "node_memory_SwapFree_bytes": lambda _: 1.9 * GIB,
        "node_boot_time_seconds": lambda _: fleet.now - 9 * 86400.0,
        "node_time_seconds": lambda ago: fleet.now - ago,
        "node_procs_running": lambda ago: 1 + busy(host, ago) // 30,
    }
    for name, value in values.items():
        yield _series(host, fleet, value, __name__=name)
    disk = {"mountpoint": "/", "device": "/dev/vda1", "fstype": "ext4"}
    yield _series(host, fleet, lambda _: 80.0 * GIB, __name__="node_filesystem_size_bytes", **disk)
    avail = 80 * GIB * (1 - host.disk / 100)
    yield _series(host, fleet, lambda ago: avail + ago * 4096, __name__="node_filesystem_avail_bytes", **disk)


def _counters(host: Host, fleet: Fleet) -> Iterator[Series]:
    total: list[float] = [1e5]  # Near nought, rates would be those of a counter that just began.
    for time_s in _times(host, fleet):
        total.append(total[-1] + busy(host, fleet.now - time_s) / 100 * STEP_S)
    start = fleet.now - PAST_S

    def grown(ago: float) -> float:
        return total[round((fleet.now - ago - start) / STEP_S)]

    def elapsed(ago: float) -> float:
        return 4e5 + fleet.now - ago - start

    for cpu in ("0", "1"):
        for mode, share in (("user", 0.7), ("system", 0.2), ("iowait", 0.1)):
            labels = {"__name__": "node_cpu_seconds_total", "cpu": cpu, "mode": mode}
            yield _series(host, fleet, lambda ago, share=share: grown(ago) * share, **labels)
        idle = {"__name__": "node_cpu_seconds_total", "cpu": cpu, "mode": "idle"}
        yield _series(host, fleet, lambda ago: elapsed(ago) - grown(ago), **idle)
    for name, factor, labels in (
        ("node_disk_read_bytes_total", 2e6, {"device": "vda"}),
        ("node_disk_written_bytes_total", 5e6, {"device": "vda"}),
        ("node_disk_io_time_seconds_total", 0.3, {"device": "vda"}),
        ("node_network_receive_bytes_total", 1e6, {"device": "eth0"}),
        ("node_network_transmit_bytes_total", 3e6, {"device": "eth0"}),
        ("node_pressure_cpu_waiting_seconds_total", 0.2, {}),
        ("node_pressure_io_waiting_seconds_total", 0.1, {}),
        ("node_pressure_memory_waiting_seconds_total", 0.01, {}),
    ):
        yield _series(host, fleet, lambda ago, factor=factor: grown(ago) * factor, __name__=name, **labels)


def _series(host: Host, fleet: Fleet, value: Any, **labels: str) -> Series:
    everywhere = {"instance": host.name, "job": "fleetgauge", **host.labels}
    samples = [Sample(time_s * 1000, float(value(fleet.now - time_s))) for time_s in _times(host, fleet)]
    return Series(labels=Labels({**everywhere, **labels}), samples=samples)


def _write(fleet: Fleet, series: list[Series]) -> None:
    headers = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}
    answer = requests.post(
        f"{fleet.url}/api/v1/write", data=compress(encode_v1(series)), headers=headers, timeout=20
    )
    assert answer.ok, answer.text


def _tell_processes(fleet: Fleet, host: Host) -> None:
    for time_s in range(fleet.now - PAST_S + 300, fleet.now + 1, 60):
        ago = fleet.now - time_s
        rows = [
            _process(fleet, 812, "postgres" if "db" in host.name else "nginx", busy(host, ago) / 3, 600),
            _process(fleet, 901, "python3", busy(host, ago) / 5, 250),
            _process(fleet, 1, "systemd", 0.1, 12),
        ]
        if host.name == "db-1" and CULPRIT_AGO_S[1] < ago <= CULPRIT_AGO_S[0]:
            rows.append(_process(fleet, 4711, CULPRIT, 120.0, 90))
        document = {
            "version": 1,
            "agent": host.id,
            "name": host.name,
            "time": time_s * 1000,
            "interval_ms": 60_000,
            "totals": {
                "processes": 120,
                "threads": 300,
                "cpu": busy(host, ago) * 2,
                "cpus": 2,
                "load": [busy(host, ago) / each for each in (50, 55, 60)],
                "memory": 8 * GIB,
                "memory_used": int(8 * GIB * host.memory / 100),
            },
            "omitted": 0,
            "processes": rows,
        }
        fleet.send("POST", f"/api/v1/agents/{host.id}/processes", document)


def _process(fleet: Fleet, pid: int, name: str, cpu: float, mib: int) -> dict[str, object]:
    return {
        "pid": pid,
        "parent": 0 if pid == 1 else 1,
        "start": (fleet.now - 86400) * 1000 + pid,
        "name": name,
        "command": f"/usr/bin/{name} --of-the-fleet",
        "user": "root" if pid == 1 else name,
        "unit": f"{name}.service",
        "state": "S",
        "cpu": round(cpu, 1),
        "rss": mib << 20,
        "read": 1 << 20,
        "write": 4096,
        "threads": 4,
        "fds": 42,
    }


def _silence(fleet: Fleet) -> None:
    def at(time_s: int) -> str:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time_s))

    silence = {
        "matchers": [{"name": "instance", "value": SILENCED, "isRegex": False}],
        "startsAt": at(fleet.now),
        "endsAt": at(fleet.now + 7200),
        "createdBy": "ann",
        "comment": "A larger disk comes tonight",
    }
    fleet.send("POST", "/api/v2/silences", silence)


def _wait_for_alerts(fleet: Fleet) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        alerts = fleet.get("/api/v1/alerts")["data"]["alerts"]
        if {alert["state"] for alert in alerts} == {"firing", "pending"}:
            return
        time.sleep(0.1)
    raise AssertionError(f"no alert fires: {json.dumps(fleet.get('/api/v1/rules'))}")
