"""Requests as agents send them: 9 to 12 labels, about 250 bytes a series, other values every time."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from remotewrite.model import Sample, Series
from timeseries.labels import Labels

START_MS: Final = 1_790_000_000_000
INTERVAL_MS: Final = 15_000

# How many requests a benchmark runs through in turn.
ROUNDS: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How many series a request has, and how many samples each."""

    series: int
    samples: int

    def __str__(self) -> str:
        return f"{self.series}x{self.samples}"


# An agent's full batch, its usual one, and a backlog of few series.
SHAPES: Final = (Shape(series=2000, samples=1), Shape(series=500, samples=1), Shape(series=10, samples=100))


def requests(shape: Shape, rounds: int = ROUNDS) -> Sequence[list[Series]]:
    """Return one request for each round: the same series, later times, other values."""
    names = [labels_of(index) for index in range(shape.series)]
    rng = random.Random(shape.series)
    step = INTERVAL_MS * shape.samples
    return [
        [
            Series(labels=one, samples=_samples(shape.samples, START_MS + step * round_, rng, index))
            for index, one in enumerate(names)
        ]
        for round_ in range(rounds)
    ]


def request_at(names: Sequence[Labels], time_ms: int, rng: random.Random) -> list[Series]:
    """Return a request with one sample for each of these series, of all kinds in turn."""
    return [
        Series(labels=one, samples=[Sample(time_ms, _value(rng, index))]) for index, one in enumerate(names)
    ]


def labels_of(index: int) -> Labels:
    """Return the labels of one series of a fleet: processes of hosts, and their disks and modes."""
    host = index // 200
    what = ("cpu_seconds", "resident_bytes", "cpu_ratio", "major_faults")[index % 4]
    labels = {
        "__name__": f"fleetgauge_process_group_{what}",
        "instance": f"web-{host:04}.example.net:9256",
        "job": "fleetgauge",
        "cluster": "production-1",
        "region": "eu-west-1",
        "zone": f"eu-west-1{'abc'[host % 3]}",
        "team": "platform",
        "group": f"worker-{index // 4 % 50:03}",
        "user": ("www-data", "postgres", "root")[index // 4 % 3],
    }
    if index % 4 == 0:
        labels |= {"mode": ("user", "system", "iowait")[index // 4 % 3]}
    if index % 4 == 1:
        labels |= {"device": f"nvme{index // 4 % 4}n1", "filesystem": "ext4", "mountpoint": "/srv/data"}
    return Labels(labels)


def _samples(count: int, start_ms: int, rng: random.Random, index: int) -> list[Sample]:
    return [Sample(start_ms + INTERVAL_MS * at, _value(rng, index)) for at in range(count)]


def _value(rng: random.Random, index: int) -> float:
    """A counter, a whole number, a ratio, or something that is nearly always zero."""
    match index % 4:
        case 0:
            return rng.randrange(10**9) / 100
        case 1:
            return float(rng.randrange(10**9))
        case 2:
            return rng.random()
        case _:
            return float(rng.random() < 0.05)
