"""The gateway's own metrics in its own store, as if it scraped itself: so that rules can watch it. A thread.

Knows no HTTP and no SQLite.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

import numpy as np

from gateway.ingest.errors import Unavailable
from gateway.registry.series import Series
from gateway.storage.errors import StorageUnavailable
from remotewrite.decode.batch import Batch, SampleColumns
from remotewrite.errors import SeriesRejected
from runtime.logs import Log
from timeseries.labels import Labels
from timeseries.metadata import Metadata
from timeseries.stale import STALE

EVERY_SECONDS: Final = 15.0
"""As often as agents send, and as rules are evaluated."""

JOB: Final = "fleetgauge-gateway"

Families = Iterable[tuple[Metadata, Sequence[tuple[Labels, float]]]]


class SelfWatch:
    """Writes the gateway's metrics, again and again, in a thread of its own."""

    def __init__(
        self,
        take: Callable[[], Families],
        store: Series,
        *,
        instance: str,
        now_ms: Callable[[], int],
        log: Log,
        failed: Callable[[], None],
    ) -> None:
        """`instance` is what the gateway is called in the series."""
        self._take = take
        self._store = store
        self._instance = instance
        self._now_ms = now_ms
        self._log = log
        self._failed = failed
        # By the labels as the metrics have them; those of the last time, to end what is gone.
        self._refs: dict[Labels, int] = {}
        self._told: frozenset[str] = frozenset()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="selfwatch", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """End."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(timeout)

    def _work(self) -> None:
        while not self._stop.wait(EVERY_SECONDS):
            self.once()

    def once(self) -> None:
        """Write all of now. Isolation boundary: the gateway goes on, whatever fails here."""
        try:
            self._write()
        except (StorageUnavailable, Unavailable) as error:
            self._failed()
            self._log.warning("selfwatch.unavailable", reason=str(error))
        except Exception as error:
            self._failed()
            self._log.error("selfwatch.failed", exception=error)

    def _write(self) -> None:
        families = [*self._take()]
        values = dict(self._values(families))
        known = {labels: ref for labels, ref in self._refs.items() if ref in values}
        ended = [ref for ref in self._refs.values() if ref not in values]
        new = [metadata for metadata, _ in families if metadata.family not in self._told]
        refs = [*values, *ended]
        columns = SampleColumns(
            refs=np.array(refs, np.int64),
            times=np.full(len(refs), self._now_ms(), np.int64),
            values=np.array([*values.values(), *[STALE] * len(ended)], np.float64),
            starts=np.zeros(len(refs), np.int64),
        )
        self._store.commit(Batch(samples=columns, metadata=new))
        self._refs = known
        self._told |= {metadata.family for metadata in new}

    def _values(self, families: Families) -> Iterator[tuple[int, float]]:
        for _, samples in families:
            for labels, value in samples:
                ref = self._refs.get(labels)
                if ref is None:
                    named = labels.updated({"instance": self._instance, "job": JOB})
                    try:
                        ref = self._refs[labels] = self._store.register(named)
                    except SeriesRejected:
                        # The limit of series: the others are written all the same.
                        continue
                yield ref, value
