"""PromQL over HTTP: panels of 800 series, an hour of 1,000, and queries over a whole fleet, beside the peers.

In time on the clock, of a client that reads the whole answer. Each line tells how many times longer the
others take; the last lines tell the geometric mean over all queries of their kind.
"""

import http.client
import math
import random
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlencode

from benchmarks.bodies import INTERVAL_MS, START_MS
from benchmarks.contenders import (
    GATEWAY,
    PROMETHEUS,
    VICTORIA_METRICS,
    Contender,
    ask,
    contenders,
    port_of,
    running,
    send,
)
from benchmarks.harness import Benchmark, Row
from remotewrite.compression import compress
from remotewrite.encode.v1 import encode_v1
from remotewrite.model import Sample, Series
from tests.peers.servers import Server
from timeseries.labels import Labels

METRICS: Final = 25
HOSTS: Final = 40
GROUPS: Final = 20
ROUNDS: Final = 70
STEPS: Final = 53
RUNS: Final = 7

HOUR_HOSTS: Final = 50
# Prometheus takes nothing that is an hour older than its newest sample.
HOUR_ROUNDS: Final = 239
HOUR_STEPS: Final = 240
# So many that the slowest of twenty is told apart from the slowest of all.
HOUR_RUNS: Final = 40

_END: Final = (START_MS + (ROUNDS - 1) * INTERVAL_MS) // 1000
_HOUR_END: Final = (START_MS + (HOUR_ROUNDS - 1) * INTERVAL_MS) // 1000
_STEP: Final = INTERVAL_MS // 1000

# Even metrics are counters, odd ones are gauges.
PANELS: Final = (
    "rate(bench_00_total[2m])",
    "sum by (instance) (rate(bench_02_total[2m]))",
    "sum by (group) (rate(bench_04_total[5m]))",
    "sum(increase(bench_06_total[5m]))",
    "topk(5, rate(bench_08_total[2m]))",
    "bench_01",
    "bench_03 > 50",
    "avg by (instance) (bench_05)",
    "max by (group) (bench_07)",
    "quantile by (instance) (0.9, bench_09)",
    "quantile_over_time(0.95, bench_11[5m])",
    "max_over_time(bench_13[5m])",
    "avg_over_time(bench_15[10m])",
    "deriv(bench_17[5m])",
    "max_over_time(sum by (instance) (bench_19)[5m:1m])",
    "sum by (instance) (rate(bench_10_total[2m])) / sum by (instance) (rate(bench_12_total[2m]))",
    "bench_21 / on (instance, group) bench_23",
    "rate(bench_14_total[2m]) * on (instance) group_left () (sum by (instance) (bench_21) > 0)",
    "count by (instance) (bench_23 > 50)",
    "stddev by (group) (bench_01)",
)
FLEET: Final = (
    'count({job="bench"})',
    'sum by (__name__) ({job="bench"})',
    'quantile by (__name__) (0.9, {job="bench"})',
    'topk by (__name__) (3, {job="bench"})',
)

HOUR: Final = ("rate(hour_total[2m])", "hour_total")

Kind = Literal["panel", "fleet", "hour"]
QUERIES: Final[dict[Kind, Sequence[str]]] = {"panel": PANELS, "fleet": FLEET, "hour": HOUR}


def benchmarks() -> Iterator[Benchmark]:
    """Every query for every contender, the gateway last; then the means."""
    told: dict[Kind, dict[str, list[float]]] = {"panel": {}, "fleet": {}, "hour": {}}
    for contender in contenders():
        with ExitStack() as stack:
            loaded = _Loaded(contender=contender, stack=stack)
            for kind, queries in QUERIES.items():
                for number, query in enumerate(queries):
                    name = f"query {kind}: {contender.name}: {query}"
                    yield _Query(
                        name=name, loaded=loaded, query=query, number=number, kind=kind, medians=told[kind]
                    )
    for kind, medians in told.items():
        yield _Means(name=f"query {kind}: geometric mean", medians=medians)


@dataclass(slots=True, kw_only=True)
class _Loaded:
    """A contender that is started and given all samples when it is first asked."""

    contender: Contender
    stack: ExitStack
    _server: Server | None = field(default=None)

    def server(self) -> Server:
        if self._server is None:
            folder = self.stack.enter_context(tempfile.TemporaryDirectory())
            self._server = self.stack.enter_context(running(self.contender, Path(folder, "servers")))
            send(self._server, _bodies())
            send(self._server, _hour_bodies())
            if self.contender.name == VICTORIA_METRICS:
                ask(self._server, "/internal/force_flush")
        return self._server


@dataclass(frozen=True, slots=True, kw_only=True)
class _Query:
    """One query, asked again and again; `medians` has a list for each contender."""

    name: str
    loaded: _Loaded
    query: str
    number: int
    kind: Kind
    medians: dict[str, list[float]]

    def measure(self) -> Row:
        """Ask over one connection; of an hour also tell which time 19 of 20 answers stay below."""
        hour = self.kind == "hour"
        end = _HOUR_END if hour else _END
        parameters = {
            "query": self.query,
            "start": end - ((HOUR_STEPS if hour else STEPS) - 1) * _STEP,
            "end": end,
            "step": _STEP,
            "nocache": 1,
        }
        path = f"/api/v1/query_range?{urlencode(parameters)}"
        connection = http.client.HTTPConnection("127.0.0.1", port_of(self.loaded.server()))
        runs = [_seconds(connection, path) for _ in range(1 + (HOUR_RUNS if hour else RUNS))][1:]
        connection.close()
        micros = [seconds * 1e6 for seconds in runs]
        own = statistics.median(micros)
        self.medians.setdefault(self.loaded.contender.name, []).append(own)
        beside = [
            f"{theirs[self.number] / own:.2f} x {name}"
            for name, theirs in self.medians.items()
            if name != self.loaded.contender.name and len(theirs) > self.number
        ]
        if hour:
            beside.insert(0, f"p95 {statistics.quantiles(micros, n=20)[-1] / 1000:.0f} ms")
        return Row(name=self.name, micros=micros, note=", ".join(beside))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Means:
    """The gateway beside each of the others, over all queries of a kind."""

    name: str
    medians: dict[str, list[float]]

    def measure(self) -> Row:
        """Compare what was measured."""
        own = self.medians.get(GATEWAY, [])
        beside = []
        for name in (PROMETHEUS, VICTORIA_METRICS):
            theirs = self.medians.get(name, [])
            if own and len(theirs) == len(own):
                ratios = [other / ours for other, ours in zip(theirs, own, strict=True)]
                beside.append(f"{math.exp(statistics.fmean(map(math.log, ratios))):.2f} x {name}")
        return Row(name=self.name, note=", ".join(beside))


def _seconds(connection: http.client.HTTPConnection, path: str) -> float:
    started = time.perf_counter()
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    seconds = time.perf_counter() - started
    if answer.status != 200:
        raise RuntimeError(f"{path}: {answer.status} {body[:500].decode()}")
    return seconds


def _bodies() -> Iterator[bytes]:
    rng = random.Random(METRICS)
    for host in range(HOSTS):
        # The series of a host are scraped together, each host at a moment of its own.
        off = rng.randrange(INTERVAL_MS)
        series = [
            Series(labels=labels, samples=_samples(rng, counter, START_MS - INTERVAL_MS + off))
            for labels, counter in _named(host)
        ]
        for at in range(0, len(series), 100):
            yield compress(encode_v1(series[at : at + 100]))


def _named(host: int) -> Iterator[tuple[Labels, bool]]:
    for metric in range(METRICS):
        counter = metric % 2 == 0
        for group in range(GROUPS):
            labels = {
                "__name__": f"bench_{metric:02}{'_total' if counter else ''}",
                "instance": f"web-{host:02}.example.net:9256",
                "job": "bench",
                "region": f"eu-{host % 3}",
                "group": f"worker-{group:02}",
            }
            yield Labels(labels), counter


def _hour_bodies() -> Iterator[bytes]:
    rng = random.Random(HOUR_ROUNDS)
    for host in range(HOUR_HOSTS):
        off = rng.randrange(INTERVAL_MS)
        instance = {"__name__": "hour_total", "instance": f"web-{host:02}.example.net:9256", "job": "hour"}
        series = [
            Series(
                labels=Labels({**instance, "group": f"worker-{group:02}"}),
                samples=_samples(rng, True, START_MS - INTERVAL_MS + off, HOUR_ROUNDS),
            )
            for group in range(GROUPS)
        ]
        yield compress(encode_v1(series))


def _samples(rng: random.Random, counter: bool, start_ms: int, rounds: int = ROUNDS) -> Sequence[Sample]:
    value, found = rng.random() * 100, []
    for round_ in range(rounds):
        value = value + rng.randrange(100) if counter else rng.random() * 100
        found.append(Sample(start_ms + round_ * INTERVAL_MS, value))
    return found
