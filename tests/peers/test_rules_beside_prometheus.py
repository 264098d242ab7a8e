"""Hundreds of generated rules in a real Prometheus and in ours: the same alerts, series and texts each time.

Prometheus runs by its own clock over samples that are there beforehand, some of them in the future; then ours
runs at exactly the times at which it did. `make differential` runs several rounds; a seed that is printed
with a difference runs alone with FLEETGAUGE_TEST_SEEDS=seed-seed.
"""

import bisect
import math
import os
import random
import re
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from remotewrite.model import Series
from tests.peers.running.data import series
from tests.peers.running.ours import Ours, Samples, ours
from tests.peers.running.rules import WINDOWS_MS, Maker
from tests.peers.running.theirs import Looking, Moment, Theirs, ms_of
from tests.peers.servers import Servers
from timeseries.matcher import Matcher, MatchType
from timeseries.stale import is_stale

SEEDS: Final = os.environ.get("FLEETGAUGE_TEST_SEEDS", "0-0")
GROUPS: Final = ("one", "two", "three", "four", "five", "six")
RULES: Final = 45
SECONDS: Final = (5.0, 4.0)
"""How long the first rules run, and how long those that they are changed to."""

TOLERANCE: Final = 1e-9
SHOWN: Final = 20
SPAN_MS: Final = 60_000

RECORDED: Final = Matcher(
    name="__name__", type=MatchType.REGEX, value="clock|done|ALERTS|ALERTS_FOR_STATE|.+:r.+"
)
_IGNORED: Final = ("evaluationTime", "lastEvaluation", "keepFiringFor", "keepFiringSince")
# What Go writes of a pointer is another at each run.
_ADDRESS: Final = re.compile(r"0xc[0-9a-f]{9}")

Times = Mapping[str, Mapping[int, Sequence[int]]]
"""When each group ran, by its edition."""


@pytest.mark.peer("prometheus")
@pytest.mark.timeout(600)
def test_running_rules_come_to_the_same_as_in_a_prometheus(tmp_path: Path) -> None:
    first, last = map(int, SEEDS.split("-"))
    for seed in range(first, last + 1):
        counts = compared(seed, tmp_path / str(seed))
        assert counts["alerts"] > 500
        assert counts["annotations"] > 1000
        assert counts["failures"] > 100
        assert counts["samples"] > 2000
        assert counts["ends"] > 150


def compared(seed: int, directory: Path) -> Counter[str]:
    """Let both run; fail when they differ, else count what was compared."""
    directory.mkdir()
    with Servers(directory) as servers:
        editions, data, found, samples = watched(random.Random(seed), Theirs(servers, directory))
    times = times_of(samples, "clock")
    until_ms = first_cut(times, times_of(samples, "done"))
    with ours(directory / "store") as own:
        own.write(data)
        shown = replay(own, editions, times, until_ms)
        assert not own.defects
        mine = own.samples([RECORDED], until_ms - SPAN_MS, until_ms - 1)
    wanted = {
        labels: kept
        for labels, points in samples.items()
        if (kept := [point for point in points if point[0] < until_ms])
    }
    counts: Counter[str] = Counter(evaluations=len(shown), rules=sum(map(len, shown.values())))
    differences = [*looks(found, shown, times, counts), *series_differing(mine, wanted, counts)]
    told = "\n".join(differences[:SHOWN])
    assert not differences, f"seed {seed}: {len(differences)} differences:\n{told}"
    return counts


def first_cut(times: Times, done: Times) -> int:
    """When the first evaluation was that a change of the rules ended in its midst, else the time now."""
    cut = [
        time_ms
        for group, editions in times.items()
        for edition, some in editions.items()
        for time_ms in some
        if time_ms not in done[group].get(edition, ())
    ]
    return min(cut, default=int(time.time() * 1000))


class Watched(NamedTuple):
    """What Prometheus was given, and what it came to."""

    editions: Sequence[Sequence[Mapping[str, Any]]]
    data: Sequence[Series]
    found: Mapping[Moment, dict[str, Any]]
    samples: Samples


def watched(chance: random.Random, theirs: Theirs) -> Watched:
    """Let Prometheus run, with changes of its rules on the way."""
    makers = [Maker(chance, group, RULES) for group in GROUPS]
    editions = [[maker.named(0, empty=True) for maker in makers]]
    theirs.take(editions[0])
    phases = theirs.phases(0, len(GROUPS))
    data = series(chance, int(time.time()), free_phase(phases, chance))
    theirs.write(data)
    with Looking(theirs) as looking:
        for edition, seconds in enumerate(SECONDS, 1):
            editions.append([maker.named(edition) for maker in makers])
            theirs.take(editions[-1])
            time.sleep(seconds)
            theirs.wait_for_a_pause(edition, phases)
            for maker in makers:
                maker.change()
    # Without its groups it has no evaluation in work, and the series do not end yet.
    theirs.take([])
    now_ms = int(time.time() * 1000)
    return Watched(editions, data, looking.found, theirs.samples([RECORDED], now_ms - SPAN_MS, now_ms))


def free_phase(phases: Collection[int], chance: random.Random) -> int:
    """A millisecond of the second at which no window begins."""
    taken = {(phase - window) % 1000 for phase in phases for window in (0, *WINDOWS_MS)}
    return chance.choice([phase for phase in range(1000) if phase not in taken])


def times_of(samples: Samples, name: str) -> Times:
    """When each group ran in Prometheus, as its clocks have it."""
    times: dict[str, dict[int, Sequence[int]]] = {group: {} for group in GROUPS}
    for labels, points in samples.items():
        if labels.metric_name == name:
            named = dict(labels)
            at = [time_ms for time_ms, value in points if not is_stale(value)]
            times[named["g"]][int(named["edition"])] = at
    return times


def replay(
    own: Ours, editions: Sequence[Sequence[Mapping[str, Any]]], times: Times, until_ms: int
) -> dict[tuple[str, int], Sequence[dict[str, Any]]]:
    """Run ours at these times, in their order; the rules of a group by when it ran."""
    runs = sorted(
        (time_ms, group, edition)
        for group, by_edition in times.items()
        for edition, some in by_edition.items()
        for time_ms in some
        if time_ms < until_ms
    )
    groups = [{group["name"]: group for group in edition} for edition in editions]
    current: dict[str, int] = {}
    shown = {}
    for time_ms, group, edition in runs:
        if current.get(group) != edition:
            own.take(groups[edition][group])
            current[group] = edition
        shown[group, time_ms] = own.run(group, time_ms)
    return shown


def looks(
    found: Mapping[Moment, dict[str, Any]],
    shown: Mapping[tuple[str, int], Sequence[dict[str, Any]]],
    times: Times,
    counts: Counter[str],
) -> list[str]:
    """How rules looked different."""
    differences = []
    for (edition, group, place, at_ms), rule in found.items():
        at = times[group][edition]
        before = bisect.bisect_right(at, at_ms) - 1
        if before < 0 or (group, at[before]) not in shown:
            continue
        right, mine = plain(rule), plain(shown[group, at[before]][place])
        counts["looks"] += 1
        counts["failures"] += "lastError" in right
        counts["alerts"] += len(right.get("alerts", ()))
        counts["annotations"] += sum(len(alert["annotations"]) for alert in right.get("alerts", ()))
        if mine != right:
            told = "; ".join(unlike(mine, right))
            differences.append(f"{group} {place} at {at[before]}: {rule['query']}: {told}")
    return differences


def unlike(mine: Any, right: Any, path: str = "") -> Iterator[str]:
    """Where two rules differ."""
    if isinstance(mine, dict) and isinstance(right, dict):
        for key in sorted({*mine, *right}):
            yield from unlike(mine.get(key), right.get(key), f"{path}/{key}")
    elif isinstance(mine, list) and isinstance(right, list) and len(mine) == len(right):
        for place, (one, other) in enumerate(zip(mine, right, strict=True)):
            yield from unlike(one, other, f"{path}/{place}")
    elif mine != right:
        yield f"{path}: {mine!r}, wanted {right!r}"


def plain(value: Any, key: str = "") -> Any:
    """What is compared: without what is of one run."""
    if isinstance(value, dict):
        return {name: plain(one, name) for name, one in value.items() if name not in _IGNORED}
    if key == "alerts":
        return sorted((plain(one) for one in value), key=lambda one: str(sorted(one["labels"].items())))
    if key == "value":
        return f"{float(value):.12g}"
    if key == "activeAt":
        # Ours knows milliseconds.
        return ms_of(value)
    return _ADDRESS.sub("ADDRESS", value) if isinstance(value, str) else value


def series_differing(mine: Samples, wanted: Samples, counts: Counter[str]) -> list[str]:
    """Which recorded series differ, and how."""
    differences = []
    for labels in sorted({*mine, *wanted}, key=str):
        own, right = mine.get(labels, ()), wanted.get(labels, ())
        counts["series"] += 1
        counts["samples"] += len(right)
        counts["ends"] += sum(is_stale(value) for _, value in right)
        if [time_ms for time_ms, _ in own] != [time_ms for time_ms, _ in right] or not all(
            same(one, other) for (_, one), (_, other) in zip(own, right, strict=True)
        ):
            differences.append(f"{labels}: {told_points(own, right)}")
    return differences


def same(one: float, other: float) -> bool:
    if math.isnan(one) or math.isnan(other):
        return math.isnan(one) and math.isnan(other) and is_stale(one) == is_stale(other)
    return math.isclose(one, other, rel_tol=TOLERANCE)


def told_points(own: Sequence[tuple[int, float]], right: Sequence[tuple[int, float]]) -> str:
    """The points that only one of them has."""
    mine, wanted = ({(time_ms, told_value(value)) for time_ms, value in some} for some in (own, right))
    return f"more: {sorted(mine - wanted)[:4]}, missing: {sorted(wanted - mine)[:4]}"


def told_value(value: float) -> str:
    return "end" if is_stale(value) else f"{value:.12g}"
