"""Series gathered into requests of a size that suits receivers. Reads no clock and keeps nothing on disk."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from delivery.records import Batch
from remotewrite.compression import compress
from remotewrite.encode.v2 import encode_v2
from remotewrite.errors import Unencodable
from remotewrite.model import Series

# As Prometheus sends them: a request is small enough for any receiver, and worth its overhead.
MAX_SAMPLES: Final = 2000
MAX_SECONDS: Final = 5.0


class Batcher:
    """Full batches at once, the rest when its first sample has waited 5 s.

    `now_s` is of any clock that only rises.
    """

    def __init__(self) -> None:
        self._series: list[Series] = []
        self._samples = 0
        self._since_s = 0.0
        self.unencodable = 0

    def add(self, series: Iterable[Series], *, now_s: float) -> list[Batch]:
        """Take series and return the batches that are ready."""
        ready = []
        for one in series:
            rest: Series | None = one
            while rest is not None:
                now, rest = _split(rest, MAX_SAMPLES - self._samples)
                if not self._series:
                    self._since_s = now_s
                self._series.append(now)
                self._samples += len(now.samples) + len(now.histograms)
                if self._samples >= MAX_SAMPLES:
                    ready += self.flush()
        return ready + self.due(now_s=now_s)

    def due(self, *, now_s: float) -> list[Batch]:
        """Return what has waited long enough."""
        waited = self._series and now_s - self._since_s >= MAX_SECONDS
        return self.flush() if waited else []

    def flush(self) -> list[Batch]:
        """Return whatever is there: none or one batch."""
        series, self._series, self._samples = self._series, [], 0
        try:
            body = encode_v2(series)
        except Unencodable:
            good = [one for one in series if _encodable(one)]
            self.unencodable += len(series) - len(good)
            series, body = good, encode_v2(good)
        times = [sample.time_ms for one in series for sample in one.samples]
        times += [sample.time_ms for one in series for sample in one.histograms]
        return [Batch(body=compress(body), samples=len(times), oldest_ms=min(times))] if times else []


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
