"""A store that keeps everything in memory and fails when told to."""

from threading import Lock

from remotewrite.decode.batch import Batch
from remotewrite.errors import SeriesRejected
from timeseries.labels import Labels


class MemoryStore:
    """Keeps batches; `failure` is raised by every commit, `limit` is how many series there may be."""

    def __init__(self, *, oldest_ms: int = 0, limit: int = 1_000_000) -> None:
        self.batches: list[Batch] = []
        self.series: list[Labels] = []
        self.failure: Exception | None = None
        self.oldest = oldest_ms
        self._limit = limit
        self._refs: dict[Labels, int] = {}
        self._lock = Lock()

    def register(self, labels: Labels) -> int:
        with self._lock:
            ref = self._refs.get(labels)
            if ref is None:
                if len(self.series) >= self._limit:
                    raise SeriesRejected("series_limit", f"series {labels}: there are {self._limit} already")
                ref = self._refs[labels] = len(self.series)
                self.series.append(labels)
            return ref

    def labels(self, ref: int) -> Labels:
        return self.series[ref]

    def commit(self, batch: Batch) -> None:
        if self.failure:
            raise self.failure
        self.batches.append(batch)

    def oldest_ms(self) -> int:
        return self.oldest
