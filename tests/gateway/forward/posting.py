"""Requests whose samples can be told apart, sent to a gateway as an agent sends them."""

import time
from collections.abc import Callable, Iterable

import requests

from remotewrite.compression import compress, decompress
from remotewrite.decode.v1 import decode_v1
from remotewrite.decode.v2 import decode_v2
from remotewrite.encode.v1 import encode_v1
from remotewrite.encode.v2 import encode_v2
from remotewrite.model import Sample, Series
from tests.delivery.receiver import Got
from tests.remotewrite.reading import Receiver
from timeseries.labels import Labels

V1 = "application/x-protobuf"
V2 = "application/x-protobuf;proto=io.prometheus.write.v2.Request"

WAIT_SECONDS = 20.0

# Time, and the series' number and value.
Seen = set[tuple[Labels, int, float]]


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def series(number: int, *, time_ms: int, count: int = 3, **labels: str) -> list[Series]:
    """Some series with a sample each, whose value is the number."""
    return [
        Series(
            labels=Labels({"__name__": "load", "place": str(place), **labels}),
            samples=[Sample(time_ms, float(number))],
        )
        for place in range(count)
    ]


def body_of(request: list[Series], version: int = 1) -> bytes:
    return compress((encode_v1 if version == 1 else encode_v2)(request))


def post(url: str, body: bytes, version: int = 1) -> requests.Response:
    return requests.post(
        f"{url}/api/v1/write",
        data=body,
        headers={"Content-Type": V1 if version == 1 else V2, "Content-Encoding": "snappy"},
        timeout=10,
    )


def samples_of(request: Iterable[Series]) -> Seen:
    return {(one.labels, sample.time_ms, sample.value) for one in request for sample in one.samples}


def seen(requests_got: Iterable[Got]) -> Seen:
    """All samples that a receiver was sent."""
    found: Seen = set()
    for got in requests_got:
        decode = decode_v2 if "v2" in got.headers["content-type"] else decode_v1
        receiver = Receiver()
        batch = decode(decompress(got.body), receiver.table)
        rows = zip(batch.samples.refs, batch.samples.times, batch.samples.values, strict=True)
        found |= {(receiver.series[ref], int(time_ms), float(value)) for ref, time_ms, value in rows}
    return found


def wait_until(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not true():
        assert time.monotonic() < deadline, f"{what}: not within {WAIT_SECONDS} s"
        time.sleep(0.02)
