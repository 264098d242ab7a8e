"""Encoding and compressing; the naive way are protobuf's own classes."""

from collections.abc import Iterator

from benchmarks.bodies import SHAPES, requests
from benchmarks.harness import Benchmark, Throughput
from remotewrite.compression import compress, decompress
from remotewrite.encode.v1 import encode_v1
from remotewrite.encode.v2 import encode_v2
from remotewrite.model import Series
from tests.strategies import reference_v1, reference_v2


def benchmarks() -> Iterator[Benchmark]:
    """Both versions in every shape, and snappy over full batches."""
    for shape in SHAPES:
        samples = shape.series * shape.samples
        batches = requests(shape)
        yield Throughput(
            name=f"encode 1.0 {shape}", run=encode_v1, requests=batches, samples=samples, naive=naive_v1
        )
        yield Throughput(
            name=f"encode 2.0 {shape}", run=encode_v2, requests=batches, samples=samples, naive=naive_v2
        )
    full = SHAPES[0]
    for version, encode in (("1.0", encode_v1), ("2.0", encode_v2)):
        bodies = [encode(batch) for batch in requests(full)]
        blocks = [compress(body) for body in bodies]
        yield Throughput(
            name=f"snappy compress {version} {full}",
            run=compress,
            requests=bodies,
            samples=full.series,
            note=f"{len(bodies[0]):,} to {len(blocks[0]):,} bytes",
        )
        yield Throughput(
            name=f"snappy decompress {version} {full}", run=decompress, requests=blocks, samples=full.series
        )


def naive_v1(series: list[Series]) -> bytes:
    """What a 1.0 sender with protobuf's classes does."""
    return reference_v1(series).SerializeToString()


def naive_v2(series: list[Series]) -> bytes:
    """What a 2.0 sender with protobuf's classes does."""
    return reference_v2(series).SerializeToString()
