"""Writing large answers to range queries; the naive way is json.dumps over lists."""

import gzip
import json
from collections.abc import Iterator
from typing import Final

import numpy as np

from benchmarks.harness import Benchmark, Throughput
from gateway.http.encoding import GZIP_LEVEL
from gateway.query.answer import write_range
from promql.context import Usage
from promql.engine import Answer
from promql.language.ast import ValueType
from promql.values import Steps, Vector
from remotewrite.compression import compress_zstd
from timeseries.columns import Floats
from timeseries.labels import Labels

SERIES: Final = 800
STEPS: Final = Steps(start_ms=1_790_000_000_123, end_ms=1_790_000_000_123 + 52 * 15_000, step_ms=15_000)


def benchmarks() -> Iterator[Benchmark]:
    """Values with all digits, and counters; then what compressing costs."""
    chance = np.random.default_rng(1)
    shape = (SERIES, len(STEPS))
    answers = {
        "all digits": answer_of(chance.random(shape) * 1000),
        "counters": answer_of(chance.integers(0, 10**9, shape).astype(np.float64)),
    }
    samples = SERIES * len(STEPS)
    for name, answer in answers.items():
        yield Throughput(
            name=f"write an answer: {name}", run=write_range, requests=[answer], samples=samples, naive=naive
        )
    body = write_range(answers["all digits"])

    yield Throughput(
        name="compress an answer: zstd",
        run=compress_zstd,
        requests=[body],
        samples=samples,
        naive=lambda plain: gzip.compress(plain, GZIP_LEVEL),
        note=f"{len(body):,} to {len(compress_zstd(body)):,} bytes; naive is gzip, "
        f"{len(gzip.compress(body, GZIP_LEVEL)):,} bytes",
    )


def answer_of(values: Floats) -> Answer:
    """Return an answer without gaps."""
    vector = Vector(
        labels=[
            Labels({"__name__": "node_cpu_seconds_total", "instance": f"web-{row}:9100", "cpu": "3"})
            for row in range(len(values))
        ],
        values=values,
        present=np.ones(values.shape, np.bool_),
        drop_name=np.zeros(len(values), np.bool_),
    )
    return Answer(
        type=ValueType.VECTOR,
        value=vector,
        steps=STEPS,
        ordered=False,
        warnings=[],
        infos=[],
        usage=Usage(),
    )


def naive(answer: Answer) -> bytes:
    """Write it value by value."""
    assert isinstance(answer.value, Vector)
    times = [time_ms / 1000 for time_ms in answer.steps.times.tolist()]
    result = [
        {"metric": dict(labels), "values": [[at, repr(value)] for at, value in zip(times, row, strict=True)]}
        for labels, row in zip(answer.value.labels, answer.value.values.tolist(), strict=True)
    ]
    return json.dumps({"resultType": "matrix", "result": result}).encode()
