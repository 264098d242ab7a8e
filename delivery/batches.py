"""Series gathered into requests of a size that suits receivers. Keeps nothing."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from delivery.records import Batch
from remotewrite.compression import compress
from remotewrite.encode.v2 import encode_v2
from remotewrite.errors import Unencodable
from remotewrite.model import Series

# As Prometheus sends them: a request is small enough for any receiver, and worth its overhead.
MAX_SAMPLES: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Batched:
    """The requests, and how many series no receiver would take."""

    batches: Sequence[Batch]
    unencodable: int = 0


def batched(series: Iterable[Series]) -> Batched:
    """Make requests of all series: each full but the last."""
    batches = []
    unencodable = 0
    for group in _groups(series):
        batch, left_out = _encoded(group)
        unencodable += left_out
        if batch is not None:
            batches.append(batch)
    return Batched(batches=batches, unencodable=unencodable)


def _groups(series: Iterable[Series]) -> Iterator[list[Series]]:
    group: list[Series] = []
    room = MAX_SAMPLES
    for one in series:
        rest: Series | None = one
        while rest is not None:
            now, rest = _split(rest, room)
            group.append(now)
            room -= len(now.samples) + len(now.histograms)
            if room <= 0:
                yield group
                group, room = [], MAX_SAMPLES
    if group:
        yield group


def _encoded(series: list[Series]) -> tuple[Batch | None, int]:
    left_out = 0
    try:
        body = encode_v2(series)
    except Unencodable:
        good = [one for one in series if _encodable(one)]
        left_out = len(series) - len(good)
        series, body = good, encode_v2(good)
    times = [sample.time_ms for one in series for sample in one.samples]
    times += [sample.time_ms for one in series for sample in one.histograms]
    return (Batch(body=compress(body), samples=len(times), oldest_ms=min(times)) if times else None), left_out


def _encodable(series: Series) -> bool:
    try:
        encode_v2([series])
    except Unencodable:
        return False
    return True


def _split(series: Series, room: int) -> tuple[Series, Series | None]:
    """Return what has room and the rest; exemplars go with the last part."""
    if len(series.samples) > room:
        return (
            replace(series, samples=series.samples[:room], exemplars=()),
            replace(series, samples=series.samples[room:]),
        )
    if len(series.histograms) > room:
        return (
            replace(series, histograms=series.histograms[:room], exemplars=()),
            replace(series, histograms=series.histograms[room:]),
        )
    return series, None
