"""A thousand rules over 20,000 series at 15 s: what share of the time they take, beside Prometheus.

Both have the same rule file, ten minutes of samples, and new ones every 15 s meanwhile.
"""

import json
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks.contenders import Beside, Contender, ask, contenders, launch, running, send
from benchmarks.harness import Benchmark, Row
from remotewrite.compression import compress
from remotewrite.encode.v1 import encode_v1
from remotewrite.model import Sample, Series
from tests.gateway.programs import FLEETGAUGE
from tests.peers.servers import Server, Servers, free_port
from timeseries.labels import Labels

GROUPS: Final = 50
RULES: Final = 20
METRICS: Final = 100
HOSTS: Final = 200
JOBS: Final = 10

SUMMARY: Final = "{{ $labels.host }} has {{ $value | humanize }}"

INTERVAL_S: Final = 15
HISTORY_ROUNDS: Final = 40
WARM_S: Final = 31
SECONDS: Final = 45


def benchmarks() -> Iterator[Benchmark]:
    """Those that evaluate rules."""
    beside = Beside()
    for contender in contenders():
        if contender.name in _STARTS:
            yield Evaluation(
                name=f"rules: 1,000 at 15 s, {contender.name}", contender=contender, beside=beside
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """A server with the rules."""

    name: str
    contender: Contender
    beside: Beside = field(default_factory=Beside)

    def measure(self) -> Row:
        """Note what the groups and the process take in some rounds."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "rules.yml"
            file.write_text(rule_file())
            contender = _with_rules(self.contender, file)
            with running(contender, Path(folder) / "run") as server:
                now_ms = time.time_ns() // 1_000_000
                send(server, (body(now_ms - INTERVAL_S * 1000 * ago) for ago in range(HISTORY_ROUNDS, 0, -1)))
                _feed(server, WARM_S)
                before, began = _cpu(server), time.perf_counter()
                _feed(server, SECONDS)
                used = (_cpu(server) - before) / (time.perf_counter() - began)
                groups = json.loads(ask(server, "/api/v1/rules"))["data"]["groups"]
        return self._row(groups, used)

    def _row(self, groups: list[dict[str, Any]], used: float) -> Row:
        seconds = [group["evaluationTime"] for group in groups]
        rules = [rule for group in groups for rule in group["rules"]]
        wrong = sum(rule["health"] != "ok" for rule in rules)
        active = sum(len(rule.get("alerts", ())) for rule in rules)
        return Row(
            name=self.name,
            micros=[each * 1e6 for each in seconds],
            note=f"{sum(seconds) / INTERVAL_S:.1%} of the interval in evaluations, worst group "
            f"{max(seconds) * 1e3:.0f} ms, {used:.0%} of a core with what comes in"
            f"{self.beside.add(self.contender.name, used)}; {len(rules)} rules, {wrong} not ok, "
            f"{active} alerts",
        )


def rule_file() -> str:
    """Half of the rules record, half are alerts; each reads the 200 series of one metric."""
    lines = ["groups:"]
    for group in range(GROUPS):
        lines += [f"- name: group-{group}", f"  interval: {INTERVAL_S}s", "  rules:"]
        for number in range(RULES // 2):
            metric = f"bench_metric_{(group * RULES // 2 + number) % METRICS}"
            grouped = "host" if number == 0 else "job"
            record = f"{grouped}:{metric}:rate5m_{group}_{number}"
            alert = f"Alert{group}x{number}, expr: '{metric} > {95 + number % 5 * 20}', for: 1m"
            lines += [
                f"  - {{record: '{record}', expr: 'sum by ({grouped}) (rate({metric}[5m]))'}}",
                f"  - {{alert: {alert}, annotations: {{summary: '{SUMMARY}'}}}}",
            ]
    return "\n".join(lines) + "\n"


def body(time_ms: int) -> bytes:
    """Return a request with a sample for each series."""
    round_ = time_ms // (INTERVAL_S * 1000)
    series = [
        Series(
            labels=Labels(
                {
                    "__name__": f"bench_metric_{metric}",
                    "host": f"host-{host:03}",
                    "job": f"job-{host % JOBS}",
                    "region": "eu-west-1",
                }
            ),
            samples=[Sample(time_ms, float((host * 7 + metric * 13 + round_ % 3) % 100))],
        )
        for metric in range(METRICS)
        for host in range(HOSTS)
    ]
    return compress(encode_v1(series))


def _feed(server: Server, seconds: float) -> None:
    """Send all series every 15 s for so long."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        send(server, [body(time.time_ns() // 1_000_000)])
        time.sleep(min(INTERVAL_S, max(left, 0)))


def _with_rules(contender: Contender, file: Path) -> Contender:
    start = _STARTS[contender.name]
    return Contender(
        name=contender.name,
        ready=contender.ready,
        start=lambda servers, directory: start(servers, directory, file),
    )


def _prometheus(servers: Servers, _: Path, file: Path) -> Server:
    return servers.prometheus(f"scrape_configs: []\nrule_files: ['{file}']\n")


def _gateway(_: Servers, directory: Path, file: Path) -> Server:
    port = free_port()
    command = [
        str(FLEETGAUGE),
        "gateway",
        "--listen",
        f"127.0.0.1:{port}",
        "--rules",
        str(file),
        "--rule-packs",
        "none",
    ]
    return launch([*command, "--data-dir", str(directory / "data")], directory, port, "/-/ready")


_STARTS: Final = {"prometheus": _prometheus, "gateway": _gateway}


def _cpu(server: Server) -> float:
    """Return the processor seconds of a process, own and the kernel's."""
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100
