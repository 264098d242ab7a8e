"""Decompressing and decoding requests of known series; the naive way are protobuf's classes and dicts."""

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Any

from benchmarks.bodies import SHAPES, requests
from benchmarks.harness import Benchmark, Throughput
from remotewrite.compression import compress, decompress
from remotewrite.decode.batch import Batch
from remotewrite.decode.table import SeriesTable
from remotewrite.decode.v1 import decode_v1
from remotewrite.decode.v2 import decode_v2
from remotewrite.encode.v1 import encode_v1
from remotewrite.encode.v2 import encode_v2
from remotewrite.model import Series
from tests.remotewrite.schema import write_v1_pb2 as v1
from tests.remotewrite.schema import write_v2_pb2 as v2
from timeseries.labels import Labels

Decode = Callable[[bytes, SeriesTable], Batch]


def benchmarks() -> Iterator[Benchmark]:
    """Both versions in every shape, and full batches of series never seen before."""
    for shape in SHAPES:
        samples = shape.series * shape.samples
        batches = requests(shape)
        for name, decode, blocks, naive in _versions(batches):
            yield Throughput(
                name=f"decode {name} {shape}",
                run=_known(decode),
                requests=blocks,
                samples=samples,
                naive=naive,
            )
    full = SHAPES[0]
    for name, decode, blocks, naive in _versions(requests(full)):
        yield Throughput(
            name=f"decode {name} {full}, new series",
            run=_new(decode),
            requests=blocks,
            samples=full.series,
            naive=naive,
        )


def _versions(
    batches: Sequence[list[Series]],
) -> Iterator[tuple[str, Decode, Sequence[bytes], Callable[[bytes], object]]]:
    yield "1.0", decode_v1, [compress(encode_v1(batch)) for batch in batches], naive_v1
    yield "2.0", decode_v2, [compress(encode_v2(batch)) for batch in batches], naive_v2


def _table() -> SeriesTable:
    refs: dict[Labels, int] = {}
    numbers = count()
    return SeriesTable(lambda labels: refs.setdefault(labels, next(numbers)))


def _known(decode: Decode) -> Callable[[bytes], object]:
    table = _table()
    return lambda block: decode(decompress(block), table).learnt.keep()


def _new(decode: Decode) -> Callable[[bytes], object]:
    return lambda block: decode(decompress(block), _table())


def naive_v1(block: bytes) -> list[Any]:
    """What a 1.0 receiver with protobuf's classes does: labels to a dict, samples to a list."""
    request = v1.WriteRequest.FromString(decompress(block))
    return [
        ({label.name: label.value for label in one.labels}, [(s.timestamp, s.value) for s in one.samples])
        for one in request.timeseries
    ]


def naive_v2(block: bytes) -> list[Any]:
    """What a 2.0 receiver with protobuf's classes does."""
    request = v2.Request.FromString(decompress(block))
    symbols = list(request.symbols)
    found = []
    for one in request.timeseries:
        names = [symbols[ref] for ref in one.labels_refs]
        labels = dict(zip(names[::2], names[1::2], strict=True))
        found.append((labels, [(s.timestamp, s.value) for s in one.samples]))
    return found
