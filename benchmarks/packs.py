"""The packs of rules over a fleet: what each rule takes for 1,000 hosts, and a month of the pack for hosts.

Hosts have what a real agent of this machine sends, with more file systems, disks, processors and groups of
processes than a machine for tests has. Metrics have samples as far back as rules look: every 15 s within the
longest window, each five minutes beyond.
"""

import json
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import numpy as np

from alertrules.rules.evaluation import GroupEvaluation
from alertrules.rules.model import Group, RecordingRule
from alertrules.rules.outcome import GroupResult, Health
from alertrules.templates.prometheus import RuleTemplates
from benchmarks.backtest import backtests_over
from benchmarks.contenders import ask, launch, progress
from benchmarks.harness import Benchmark, Row
from gateway.query.memory import Memory
from gateway.query.service import Rules
from gateway.query.source import StoredSeries
from gateway.ruler.asking import Asking
from gateway.ruler.files import read_rules
from gateway.ruler.making import load, packs_of
from gateway.ruler.recording import Recorder
from gateway.settings import GatewaySettings
from gateway.storage.store import Store
from promql.language.ast import NO_SHIFT, MatrixSelector, Shift, Subquery, VectorSelector
from promql.language.durations import resolve
from remotewrite.decode.batch import Batch, SampleColumns
from tests.gateway.programs import FLEETGAUGE
from tests.peers.servers import free_port
from timeseries.labels import Labels

HOSTS: Final = 1000
ROUND_MS: Final = 15_000
SPARSE_MS: Final = 300_000
LOOKBACK_MS: Final = 300_000
INTERVAL_MS: Final = 60_000
NOW_MS: Final = 1_790_000_000_000
RUNS: Final = 5
SLOWEST: Final = 3

PAST_HOSTS: Final = 20
PAST_DAYS: Final = 2

# Another value of the label for each copy; a host of a fleet has about as many of each.
COPIES: Final = {"mountpoint": 4, "groupname": 30, "device": 4, "cpu": 8}

# Until what is recorded each minute is there.
AGENT_S: Final = 80.0
_NAME: Final = "agent-00000000"
_BATCH: Final = 1_000_000
_FLUSHED: Final = 8_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How far back rules look at a metric: with all samples, and now and then."""

    dense_ms: int = LOOKBACK_MS
    sparse_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """What the groups came to, in each of some evaluations, in processor time."""

    results: Mapping[str, Sequence[GroupResult]]
    series: int
    samples: int


def benchmarks() -> Iterator[Benchmark]:
    """One line for all packs, one for each group; and the past of one pack."""
    yield Line(name="packs: all", row=_all_of)
    for group in groups():
        yield Line(name=f"packs: {group.name}", row=_one_of(group.key))
    yield Past()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the evaluations that all lines share."""

    name: str
    row: Callable[[str, Evaluated], Row]

    def measure(self) -> Row:
        """Measure, unless an earlier line did."""
        return self.row(self.name, evaluated(HOSTS))


class Past:
    """The pack for hosts, tried over the past."""

    name = f"packs: host.yml over {PAST_DAYS} days of {PAST_HOSTS} hosts"

    def measure(self) -> Row:
        """Fill a store with so many days, and try the pack over it, once."""
        pack = [group for group in groups() if group.file.endswith("host.yml")]
        whole = Reach(dense_ms=PAST_DAYS * 86_400_000)
        with tempfile.TemporaryDirectory() as folder, _store(Path(folder)) as store:
            samples = fill(store, PAST_HOSTS, dict.fromkeys(reach_of(pack), whole))
            progress(f"{samples:,} samples")
            began = time.perf_counter()
            outcomes = backtests_over(store).run(pack, since_ms=NOW_MS - whole.dense_ms, until_ms=NOW_MS)
            seconds = time.perf_counter() - began
        problems = [outcome.problem for outcome in outcomes if outcome.problem]
        note = f"{len(outcomes)} rules, {samples:,} samples; on the clock; problems: {problems or 'none'}"
        return Row(name=self.name, micros=[seconds * 1e6], samples=samples, note=note)


def _all_of(name: str, found: Evaluated) -> Row:
    """Count each group as often as it is evaluated in a minute."""
    times = {group.key: INTERVAL_MS / (group.interval_ms or INTERVAL_MS) for group in groups()}
    rounds = [
        sum(result.seconds * times[key] for key, result in zip(found.results, each, strict=True))
        for each in zip(*found.results.values(), strict=True)
    ]
    last = [rule for each in found.results.values() for rule in each[-1].rules]
    failed = [rule.last_error for rule in last if rule.health is not Health.OK]
    slowest = sorted(((rule.seconds, rule.rule.name) for rule in last), reverse=True)
    told = ", ".join(f"{name} {seconds * 1e3:.0f}" for seconds, name in slowest[:SLOWEST])
    share = sum(rounds) / len(rounds) * 1000 / INTERVAL_MS
    note = (
        f"a minute of rules: {share:.1%} of a core; {found.series:,} series; slowest, ms: {told}; "
        f"failed: {failed or 'none'}"
    )
    return Row(name=name, micros=[seconds * 1e6 for seconds in rounds], note=note)


def _one_of(key: str) -> Callable[[str, Evaluated], Row]:
    def row(name: str, found: Evaluated) -> Row:
        results = found.results[key]
        rules = zip(*(result.rules for result in results), strict=True)
        told = [(sorted(one.seconds for one in runs)[len(runs) // 2], runs[-1]) for runs in rules]
        note = ", ".join(
            f"{one.rule.name} {seconds * 1e3:.1f}{'' if one.health is Health.OK else ' FAILED'}"
            for seconds, one in told
        )
        return Row(name=name, micros=[result.seconds * 1e6 for result in results], note=f"ms: {note}")

    return row


@cache
def groups() -> tuple[Group, ...]:
    """Return the groups of all packs."""
    return read_rules(packs_of(GatewaySettings()), Path(), load).groups


@cache
def recorded() -> Mapping[str, int]:
    """Return the interval of each metric that rules record."""
    return {
        rule.name: group.interval_ms or INTERVAL_MS
        for group in groups()
        for rule in group.rules
        if isinstance(rule, RecordingRule)
    }


@cache
def evaluated(hosts: int) -> Evaluated:
    """Fill a store, and evaluate all groups some times, a minute after the other."""
    with tempfile.TemporaryDirectory() as folder, _store(Path(folder)) as store:
        samples = fill(store, hosts, reach_of(groups()))
        progress(f"{samples:,} samples of {hosts} hosts")
        asking = Asking(
            StoredSeries(store),
            rules=lambda: Rules(timeout_s=120, max_samples=50_000_000, lookback_ms=LOOKBACK_MS),
            memory=Memory(2 << 30),
            stopwatch=time.perf_counter,
        )
        templates = RuleTemplates(external_labels=Labels({}), external_url="http://gateway", query=asking.ask)
        results: dict[str, list[GroupResult]] = {}
        for group in groups():
            evaluation = GroupEvaluation(group, templates=templates, stopwatch=time.process_time)
            recorder = Recorder(store)
            found = results[group.key] = []
            # The first one registers series, and parses what is asked.
            for run in range(-1, RUNS):
                recorder.begin()
                result = evaluation.evaluate(NOW_MS + run * INTERVAL_MS // RUNS, asking.ask, recorder.write)
                found += [result] if run >= 0 else []
        return Evaluated(results=results, series=len(store.index), samples=samples)


# --- which samples there are ---


def reach_of(some: Sequence[Group]) -> dict[str, Reach]:
    """Return how far back rules look, by metric."""
    found: dict[str, Reach] = {}
    for group in some:
        for rule in group.rules:
            for name, dense_ms, offset_ms in _looks(rule.expr, 0, 0):
                before = found.get(name, Reach())
                sparse_ms = offset_ms + dense_ms if offset_ms else 0
                found[name] = Reach(
                    dense_ms=max(before.dense_ms, dense_ms if dense_ms > LOOKBACK_MS else 0),
                    sparse_ms=max(before.sparse_ms, sparse_ms),
                )
    return found


def _looks(node: Any, window_ms: int, offset_ms: int) -> Iterator[tuple[str, int, int]]:
    """Yield metric, window and offset of each selector under a node of an expression."""
    match node:
        case VectorSelector():
            yield node.name, window_ms + LOOKBACK_MS, offset_ms + _offset(node.shift)
        case MatrixSelector():
            yield from _looks(node.selector, window_ms + resolve(node.range, 0, 0), offset_ms)
        case Subquery():
            inner = offset_ms + _offset(node.shift)
            yield from _looks(node.expr, window_ms + resolve(node.range, 0, 0), inner)
        case tuple():
            for each in node:
                yield from _looks(each, window_ms, offset_ms)
        case _ if is_dataclass(node):
            for each in fields(node):
                yield from _looks(getattr(node, each.name), window_ms, offset_ms)


def _offset(shift: Shift) -> int:
    return resolve(shift.offset, 0, 0) if shift != NO_SHIFT and shift.offset is not None else 0


def fill(store: Store, hosts: int, reaches: Mapping[str, Reach]) -> int:
    """Write what the rules will look at; return how many samples."""
    total = 0
    for name, reach in reaches.items():
        series = [(labels, value) for labels, value in host_series() if labels["__name__"] == name]
        if not series:
            continue
        refs = np.array(
            [
                store.register(Labels({**labels, "instance": f"host-{host:04}"}))
                for host in range(hosts)
                for labels, _ in series
            ],
            np.int64,
        )
        values = np.tile(np.array([value for _, value in series]), hosts)
        waiting = 0
        for times in _times(name, reach, max(_BATCH // len(refs), 1)):
            written = len(refs) * len(times)
            total, waiting = total + written, waiting + written
            store.commit(_batch(refs, values, times))
            if waiting > _FLUSHED:
                store.flush()
                waiting = 0
    store.flush()
    return total


def _times(name: str, reach: Reach, most: int) -> Iterator[np.ndarray[Any, np.dtype[np.int64]]]:
    every = recorded().get(name, ROUND_MS)
    dense = NOW_MS + INTERVAL_MS - np.arange(0, reach.dense_ms + 2 * INTERVAL_MS, every, dtype=np.int64)
    sparse = NOW_MS - np.arange(0, reach.sparse_ms, SPARSE_MS // 2, dtype=np.int64)
    times = np.union1d(dense, sparse[sparse < dense.min()])
    yield from (times[at : at + most] for at in range(0, len(times), most))


def _batch(refs: Any, values: Any, times: Any) -> Batch:
    # Numbers that move a little; what is 0 or 1 says that something is so.
    steps = (times - NOW_MS) // ROUND_MS % 7
    moves = np.where(values > 1, values / 1e6, 0.0)
    return Batch(
        samples=SampleColumns(
            refs=np.repeat(refs, len(times)),
            times=np.tile(times, len(refs)),
            values=(values[:, None] + moves[:, None] * steps[None, :]).ravel(),
            starts=np.zeros(len(refs) * len(times), np.int64),
        )
    )


@cache
def host_series() -> Sequence[tuple[Mapping[str, str], float]]:
    """Return all series of a host, with a value of each: those of a real agent, and copies."""
    found: list[tuple[dict[str, str], float]] = []
    seen: dict[tuple[str, str], set[str]] = {}
    for labels, value in _captured():
        found.append((labels, value))
        for label in COPIES:
            if label in labels and not (label == "device" and "mountpoint" in labels):
                seen.setdefault((labels["__name__"], label), set()).add(labels[label])
                break
    for (name, label), values in seen.items():
        first = sorted(values)[0]
        alike = [one for one in found if one[0]["__name__"] == name and one[0].get(label) == first]
        for number in range(COPIES[label] - len(values)):
            found += [({**labels, label: f"copy-{number}"}, value) for labels, value in alike]
    return found


def _captured() -> list[tuple[dict[str, str], float]]:
    progress(f"a real agent: {AGENT_S:.0f} s")
    with tempfile.TemporaryDirectory() as folder:
        port, own = free_port(), free_port()
        command = [str(FLEETGAUGE), "gateway", "--listen", f"127.0.0.1:{port}", "--data-dir", "data"]
        gateway = launch(command, Path(folder), port, "/-/ready")
        try:
            command = [str(FLEETGAUGE), "agent", "--listen", f"127.0.0.1:{own}", "--gateway", gateway.url]
            agent = launch([*command, "--name", _NAME], Path(folder) / "agent", own, "/health")
            try:
                time.sleep(AGENT_S)
                query = quote(f'{{instance="{_NAME}"}}')
                answer = json.loads(ask(gateway, f"/api/v1/query?query={query}"))
            finally:
                agent.stop()
        finally:
            gateway.stop()
    found = [(one["metric"], float(one["value"][1])) for one in answer["data"]["result"]]
    # Recorded each half hour: nobody waits for it.
    running = [
        ({**labels, "__name__": "instance_groupname:namedprocess_running:num_procs"}, value)
        for labels, value in found
        if labels["__name__"] == "namedprocess_namegroup_num_procs" and value > 0
    ]
    return [one for one in found if not one[0]["__name__"].startswith("ALERTS")] + running


def _store(directory: Path) -> Store:
    def damage(origin: str, number: int, reason: str) -> None:
        raise AssertionError(f"{origin} {number}: {reason}")

    return Store(directory, damage=damage, sync="off")
