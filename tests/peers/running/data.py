"""The series that rules look at: they cross thresholds, flap, end, come back and are doubled for a while.

Knows no rule. Values are quarters, so that sums are exact in any order.
"""

import math
import random
from collections.abc import Iterator, Sequence
from typing import Final

from remotewrite.model import Sample, Series
from timeseries.labels import Labels
from timeseries.stale import STALE

HOSTS: Final = ("a", "b.example:91", "c", "d")
BEFORE_S: Final = 60
AFTER_S: Final = 60
_LOOKBACK_S: Final = 300

Values = Sequence[float | None]
"""One a second; None for no sample."""


def series(chance: random.Random, now_s: int, phase_ms: int) -> list[Series]:
    """Return all series around a time, with samples only at this phase of a second."""
    start_ms = (now_s - BEFORE_S) * 1000 + phase_ms
    made = [
        Series(
            labels=Labels(labels),
            samples=[
                Sample(start_ms + 1000 * place, value)
                for place, value in enumerate(values)
                if value is not None
            ],
        )
        for labels, values in _named(chance)
    ]
    # It leaves the lookback some seconds after the first rules are there.
    last_ms = (now_s - _LOOKBACK_S + 7) * 1000 + phase_ms
    made.append(Series(labels=Labels({"__name__": "old", "h": "a"}), samples=[Sample(last_ms, 3.0)]))
    return made


def _named(chance: random.Random) -> Iterator[tuple[dict[str, str], Values]]:
    count = BEFORE_S + AFTER_S
    for place, host in enumerate(HOSTS):
        where = {"h": host, "job": "web" if place % 2 else "db"}
        yield {"__name__": "load", **where}, _walk(chance, count)
        yield (
            {"__name__": "flap", **where},
            [chance.choice([0.0, 1.0, 1.0, None, STALE]) for _ in range(count)],
        )
        yield {"__name__": "gone", **where}, _coming_and_going(chance, count)
        yield {"__name__": "info", "h": host, "rack": f"r{place // 2}"}, [1.0] * count
        yield {"__name__": "odd", **where}, [_odd(chance) for _ in range(count)]
        yield {"__name__": "bytes", **where}, [2.0 ** chance.randrange(50) for _ in range(count)]
        yield {"__name__": "stamp", **where}, [1.6e9 + chance.randrange(10**8) for _ in range(count)]
        for code in ("200", "500"):
            yield {"__name__": "hits_total", "code": code, **where}, _counter(chance, count)
        for number in range(2):
            doubled = [float(number) if place % 9 < 9 - 4 * number else STALE for place in range(count)]
            yield {"__name__": "twin", "h": host, "n": str(number)}, doubled
    for instance, value in (("h:1", 1.5), ("a.b:2", 2.0)):
        yield {"__name__": "up", "instance": instance, "job": "j"}, [value] * count


def _walk(chance: random.Random, count: int) -> Values:
    value, found = 50.0, []
    for _ in range(count):
        value = min(100.0, max(0.0, value + chance.randint(-120, 120) / 4))
        found.append(value)
    return found


def _coming_and_going(chance: random.Random, count: int) -> Values:
    found: list[float | None] = []
    while len(found) < count:
        found += [chance.randrange(400) / 4] * chance.randint(1, 6)
        found += [STALE] + [None] * chance.randint(0, 4)
    return found[:count]


def _counter(chance: random.Random, count: int) -> Values:
    value, found = float(chance.randrange(1000)), []
    for _ in range(count):
        value = 0.0 if chance.random() < 0.05 else value + chance.randrange(20)
        found.append(value)
    return found


def _odd(chance: random.Random) -> float:
    return chance.choice([0.0, -0.0, 1.0, math.inf, -math.inf, math.nan, 1e-300, 1e300, 12345678.0])
