"""The index of a million series: what it weighs, how fast it takes and finds series, its longest pause."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Final

from benchmarks.harness import Benchmark, Row, Throughput
from gateway.storage.index import SeriesIndex
from timeseries.columns import Ints
from timeseries.labels import Labels
from timeseries.matcher import Matcher, MatchType

SERIES: Final = 1_000_000
BATCH: Final = 20_000

# Rows as they are on disk after many small ones were put together.
ROW_SERIES: Final = 65_536

_HOST_SERIES: Final = 1_000

# What a process of its own prints: its memory must not have been used by others before.
_REPORT: Final = "from benchmarks.index import report; report({unique})"


def labels_of(number: int, unique: bool) -> Labels:
    """Return 9 labels, most with 20 values; and one with a value of its own for each series, if wanted."""
    host = number // _HOST_SERIES
    labels = {
        "__name__": f"node_metric_{number % 20:02}_total",
        "cluster": f"production-{host * 7 % 20}",
        "device": f"nvme{number // 400 % 3}n1",
        "env": "production",
        "instance": f"web-{host:04}.example.net:9256",
        "job": ("fleetgauge", "node")[host % 2],
        "mode": f"mode-{number // 20 % 20}",
        "rack": f"rack-{host * 3 % 20}",
        "zone": f"eu-west-{host % 20}",
    }
    if unique:
        labels["container"] = f"{number * 0x9E3779B97F4A7C15 % 2**64:016x}"
    return Labels(labels)


def benchmarks() -> Iterator[Benchmark]:
    """Taking, keeping and loading series in a process of their own, and then questions of all kinds."""
    for unique in (False, True):
        kind = "unique" if unique else "1M"
        measured = _Measured(unique)
        yield _Reported(name=f"index new series, {kind}", key="new", measured=measured)
        yield _Reported(name=f"index known series, {kind}", key="known", measured=measured)
        yield _Reported(name=f"index load series, {kind}", key="load", measured=measured)
    for matchers in _QUERIES:
        text = ",".join(map(str, matchers))
        yield Throughput(
            name=f"select {text[:25]}", run=_select, requests=[matchers], samples=0, note=f"{{{text}}}"
        )
    yield Throughput(name="labels of 20,000 series", run=_labels, requests=[BATCH], samples=BATCH)


def _matcher(name: str, kind: MatchType, value: str) -> Matcher:
    return Matcher(name=name, type=kind, value=value)


_METRIC: Final = _matcher("__name__", MatchType.EQUAL, "node_metric_03_total")
_QUERIES: Final = (
    (_METRIC,),
    (_METRIC, _matcher("instance", MatchType.EQUAL, "web-0500.example.net:9256")),
    (_METRIC, _matcher("mode", MatchType.NOT_EQUAL, "mode-1")),
    (_matcher("job", MatchType.EQUAL, "node"),),
    (_matcher("instance", MatchType.REGEX, "web-0.*[13].*"),),
    (_matcher("__name__", MatchType.REGEX, ".+"),),
)


@cache
def _index() -> SeriesIndex:
    index = SeriesIndex()
    for number in range(SERIES):
        index.ref(labels_of(number, unique=False))
    return index


def _select(matchers: Sequence[Matcher]) -> Ints:
    return _index().select(matchers)


def _labels(count: int) -> list[Labels]:
    index = _index()
    return index.labels_of(index.select(_QUERIES[0])[:count])


@dataclass(frozen=True)
class _Measured:
    """What one process reported, for several lines of the table."""

    unique: bool

    @cached_property
    def report(self) -> dict[str, dict[str, float | str]]:
        script = _REPORT.format(unique=self.unique)
        ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        found: dict[str, dict[str, float | str]] = json.loads(ran.stdout)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reported:
    """One line of a report."""

    name: str
    key: str
    measured: _Measured

    def measure(self) -> Row:
        """Run the process, if no line before did."""
        line = self.measured.report[self.key]
        return Row(
            name=self.name,
            micros=[float(line["micros"])],
            samples=int(line["series"]),
            note=str(line["note"]),
        )


def report(unique: bool) -> None:
    """Measure taking, knowing, writing and loading, and print it as JSON."""
    before = _rss()
    index = SeriesIndex()
    taking = longest = 0.0
    for first in range(0, SERIES, BATCH // 20):
        for labels in [labels_of(number, unique) for number in range(first, first + BATCH // 20)]:
            started = time.thread_time()
            index.ref(labels)
            took = time.thread_time() - started
            taking += took
            longest = max(longest, took)
    weight = (_rss() - before) / SERIES
    known = [labels_of(number * 49, unique) for number in range(BATCH)]
    started = time.thread_time()
    for labels in known:
        index.ref(labels)
    knowing = time.thread_time() - started
    rows = [index.rows(first, min(first + ROW_SERIES, SERIES)) for first in range(0, SERIES, ROW_SERIES)]
    started = time.thread_time()
    restored = SeriesIndex()
    for row in rows:
        restored.restore(row)
    loading = time.thread_time() - started
    lines = {
        "new": (taking / (SERIES / BATCH), BATCH, f"{weight:.0f} bytes each, pause {longest * 1e3:.0f} ms"),
        "known": (knowing, BATCH, ""),
        "load": (loading, SERIES, f"{sum(map(len, rows)) / SERIES:.2f} bytes each on disk"),
    }
    print(
        json.dumps(
            {
                key: {"micros": seconds * 1e6, "series": series, "note": note}
                for key, (seconds, series, note) in lines.items()
            }
        )
    )


def _rss() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))
